"""Comparisons that run behind the API: one at a time, with progress, kept by name when they are
done.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from itertools import count
from typing import Literal

import msgspec

from twinward.core.errors import AbsentError, BusyError, ConflictError, TwinwardError
from twinward.core.ids import derive_id
from twinward.decision.planning.comparison import Comparison
from twinward.decision.planning.replicates import KnownFit
from twinward.service.planning.comparison_store import (
    CompareRequest,
    find_comparison,
    keep_comparison,
)
from twinward.service.platform import Caller, Platform

KEPT, WAITING = 50, 4


class CompareJob(msgspec.Struct, frozen=True, kw_only=True):
    """A comparison under way or done. `done` of `of` runs; `left_s`: seconds that the runs to come
    will take if they take as long as those before; `sheet_id` names the kept sheet.
    """

    id: str
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    asked_at: datetime | None = None
    left_s: float | None = None
    stage: str = ""
    done: int = 0
    of: int = 0
    error: dict[str, str] | None = None
    sheet_id: str | None = None
    sheet: Comparison | None = None


class Cancelled(Exception):
    """Whoever asked for a comparison does not want it any more."""


class ComparisonQueue:
    """Takes comparisons in and answers how far they are. One worker: the machine has other work
    to do.
    """

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self._jobs: OrderedDict[str, CompareJob] = OrderedDict()
        self._owner: dict[str, str] = {}
        self._turns = count(1)
        self._turn: dict[str, int] = {}  # a question that was cancelled may be asked again
        self._fit: KnownFit | None = None  # the last; the same state is asked about more than once
        self._lock = threading.Lock()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="compare")

    def start(self, caller: Caller, request: CompareRequest) -> CompareJob:
        """A job that will run; the same question at the same instant is the same job. BusyError
        when too many wait.
        """
        with self.platform.store.read() as rows:
            seq = rows.last_seq()
        name = derive_id("cmp", msgspec.json.encode(request).decode(), caller.name, seq)
        with self._lock:
            known = self._jobs.get(name)
            if known is not None and known.state not in ("failed", "cancelled"):
                return known
            if sum(job.state in ("waiting", "running") for job in self._jobs.values()) >= WAITING:
                raise BusyError(
                    "other comparisons are under way", "try again when they are done", code="busy"
                )
            now = self.platform.clock.now()
            job = self._jobs[name] = CompareJob(id=name, state="waiting", asked_at=now)
            self._owner[name] = caller.name
            turn = self._turn[name] = next(self._turns)
            while len(self._jobs) > KEPT:
                self._forget(self._jobs.popitem(last=False)[0])
        self._worker.submit(self._run, name, request, turn)
        return job

    def _forget(self, name: str) -> None:
        self._owner.pop(name, None)
        self._turn.pop(name, None)

    def get(self, caller: Caller, name: str) -> CompareJob:
        """How far one's own comparison is; a kept sheet answers by its own name."""
        with self._lock:
            job = self._jobs.get(name)
            mine = self._owner.get(name) == caller.name
        if job is not None and mine:
            return job
        sheet = find_comparison(self.platform.workspace, name)
        if sheet is None:
            raise AbsentError(
                f"there is no comparison {name}", "start one with POST /v1/plans/compare"
            )
        return CompareJob(id=name, state="done", sheet_id=name, sheet=sheet)

    def cancel(self, caller: Caller, name: str) -> CompareJob:
        """Stop one's own comparison: one that waits never starts, one that runs ends with the run
        it is at. ConflictError when it is over.
        """
        with self._lock:
            job = self._jobs.get(name)
            if job is None or self._owner.get(name) != caller.name:
                raise AbsentError(
                    f"there is no comparison {name}", "start one with POST /v1/plans/compare"
                )
            if job.state not in ("waiting", "running"):
                raise ConflictError(
                    f"comparison {name} is {job.state}", "nothing was changed", code="already_over"
                )
            stopped = msgspec.structs.replace(job, state="cancelled", left_s=None)
            self._jobs[name] = stopped
            return stopped

    def _go_on(self, name: str, turn: int, **fields: object) -> None:
        """Note how far it is; Cancelled when this turn of it is not wanted any more."""
        with self._lock:
            job = self._jobs.get(name)
            if job is None or job.state == "cancelled" or self._turn.get(name) != turn:
                raise Cancelled
            self._jobs[name] = msgspec.structs.replace(job, **fields)

    def _fail(self, name: str, turn: int, **error: str) -> None:
        with suppress(Cancelled):
            self._go_on(name, turn, state="failed", error=error)

    def _run(self, name: str, request: CompareRequest, turn: int) -> None:
        try:
            self._go_on(name, turn, state="running", stage="reading the live state")
            from twinward.service.planning.comparison import get_ready, run_ready

            # one process: forking out of a server with threads is not safe
            ready = get_ready(self.platform, msgspec.structs.replace(request, workers=1))
            began = self.platform.clock.now()

            def tell(done: int, of: int, stage: str) -> None:
                spent_s = (self.platform.clock.now() - began).total_seconds()
                left_s = spent_s / done * (of - done) if done and spent_s > 0 else None
                self._go_on(name, turn, done=done, of=of, stage=stage, left_s=left_s)

            sheet = run_ready(ready, tell, known=self._fit)
            self._fit = ready.arena.known_fit() or self._fit
            self._go_on(
                name,
                turn,
                left_s=None,
                state="done",
                sheet=sheet,
                sheet_id=keep_comparison(self.platform.workspace, sheet),
            )
        except Cancelled:
            return
        except TwinwardError as error:
            told = {"code": error.code, "message": error.message, "advice": error.advice}
            self._fail(name, turn, **told)
        except Exception:  # whatever else goes wrong must be told to who waits for it
            told = {"code": "internal", "message": "the comparison failed", "advice": "report this"}
            self._fail(name, turn, **told)
            raise
