"""Local actions, done at once by a thread of their own: only what was authorised beforehand, each
once, and never late.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections.abc import Callable
from pathlib import Path

from twinward.core.errors import TwinwardError
from twinward.edge.agent.config import EdgeConfig, LocalAction

LOG = logging.getLogger("twinward.edge")
Publish = Callable[[str, str], None]
NO_LINE = "no_broker"
AGAIN_S = 1.0
Done = Callable[[str, str], None]  # id, state


class LocalActions:
    """Does what is wanted; `publish`, `find` and `done` are handed in by the agent."""

    def __init__(self, config: EdgeConfig) -> None:
        self.config = config
        self.publish: Publish | None = None
        self.find: Callable[[str], tuple[str, str, float] | None] | None = None
        self.done: Done | None = None
        self._wanted: queue.Queue[str | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="actions", daemon=True)
        self._started = False

    def start(self) -> None:
        self._started = True
        self._thread.start()

    def stop(self) -> None:
        if self._started:
            self._wanted.put(None)
            self._thread.join(timeout=5)

    def want(self, ids: list[str]) -> None:
        for one in ids:
            self._wanted.put(one)

    def _run(self) -> None:
        while (one := self._wanted.get()) is not None:
            try:
                self._attempt(one)
            except Exception:  # the next action is done all the same
                LOG.exception("a local action could not be done")

    def _attempt(self, one: str) -> None:
        found = self.find(one) if self.find else None
        if found is None:
            return
        name, text, age_s = found
        action = next((a for a in self.config.actions if a.name == name), None)
        state = "expired"
        if action is not None and age_s <= action.expire_s:
            state = self._do(action, text)
        if state == NO_LINE:  # once more, until it would be late
            again = threading.Timer(AGAIN_S, self._wanted.put, (one,))
            again.daemon = True
            again.start()
            return
        if self.done:
            self.done(one, state)

    def _do(self, action: LocalAction, text: str) -> str:
        try:
            if action.kind == "screen":
                write_screen(self.config.path(action.target), text)
            elif self.publish is not None:
                self.publish(action.target, text)
            else:
                return "failed"
        except (OSError, TwinwardError, ValueError, RuntimeError) as error:
            return NO_LINE if getattr(error, "code", "") == NO_LINE else "failed"
        return "done"


def write_screen(path: Path, text: str) -> None:
    """The text that a screen at the gate shows, in place at once."""
    fresh = path.with_name(path.name + ".new")
    with open(fresh, "w", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)
