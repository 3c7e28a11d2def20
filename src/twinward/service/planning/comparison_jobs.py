"""Comparisons that run behind the API: one at a time, with progress, kept by name when they are
done.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import msgspec

from twinward.core.errors import AbsentError, BusyError, TwinwardError
from twinward.core.ids import derive_id
from twinward.decision.planning.comparison import Comparison
from twinward.service.planning.comparison_store import (
    CompareRequest,
    find_comparison,
    keep_comparison,
)
from twinward.service.platform import Caller, Platform

KEPT, WAITING = 50, 4


class CompareJob(msgspec.Struct, frozen=True, kw_only=True):
    """A comparison under way or done. `done` of `of` runs; `sheet_id` names the kept sheet."""

    id: str
    state: Literal["waiting", "running", "done", "failed"]
    stage: str = ""
    done: int = 0
    of: int = 0
    error: dict[str, str] | None = None
    sheet_id: str | None = None
    sheet: Comparison | None = None


class ComparisonQueue:
    """Takes comparisons in and answers how far they are. One worker: the machine has other work
    to do.
    """

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self._jobs: OrderedDict[str, CompareJob] = OrderedDict()
        self._owner: dict[str, str] = {}
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
            if known is not None and known.state != "failed":
                return known
            if sum(job.state in ("waiting", "running") for job in self._jobs.values()) >= WAITING:
                raise BusyError(
                    "other comparisons are under way", "try again when they are done", code="busy"
                )
            job = self._jobs[name] = CompareJob(id=name, state="waiting")
            self._owner[name] = caller.name
            while len(self._jobs) > KEPT:
                self._owner.pop(self._jobs.popitem(last=False)[0], None)
        self._worker.submit(self._run, name, request)
        return job

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

    def _set(self, name: str, **fields: object) -> None:
        with self._lock:
            if name in self._jobs:
                self._jobs[name] = msgspec.structs.replace(self._jobs[name], **fields)

    def _run(self, name: str, request: CompareRequest) -> None:
        self._set(name, state="running", stage="reading the live state")
        try:
            from twinward.service.planning.comparison import get_ready, run_ready

            # one process: forking out of a server with threads is not safe
            ready = get_ready(self.platform, msgspec.structs.replace(request, workers=1))
            sheet = run_ready(
                ready, lambda done, of, stage: self._set(name, done=done, of=of, stage=stage)
            )
            self._set(
                name,
                state="done",
                sheet=sheet,
                sheet_id=keep_comparison(self.platform.workspace, sheet),
            )
        except TwinwardError as error:
            self._set(
                name,
                state="failed",
                error={"code": error.code, "message": error.message, "advice": error.advice},
            )
        except Exception:  # whatever else goes wrong must be told to who waits for it
            self._set(
                name,
                state="failed",
                error={
                    "code": "internal",
                    "message": "the comparison failed",
                    "advice": "report this",
                },
            )
            raise
