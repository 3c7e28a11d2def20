"""Questions that take work: a few at once beside the event loop, each with an end, stopped when
nobody waits for the answer any more.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from starlette.requests import Request

from twinward.core.errors import BusyError, InputError, TooManyTriesError
from twinward.core.stopping import StopReason, check_stopped, stoppable

T = TypeVar("T")
AT_ONCE, MOST_WAITING, MOST_OF_ONE = 2, 32, 8
LONGEST_S = 60.0
LOOK_S = 0.25  # how often the server looks whether the client is still there
GONE = InputError("the client has gone", "ask again", code="client_gone")


class Questions:
    """The pool of one server. Who waits too long in it, or asks too much at once, is told so."""

    def __init__(self, at_once: int = AT_ONCE, longest_s: float | None = None) -> None:
        self.longest_s = LONGEST_S if longest_s is None else longest_s
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="twinward-question")
        self._free = asyncio.Semaphore(at_once)
        self._asking: Counter[str] = Counter()

    async def ask(self, request: Request, who: str, work: Callable[[], T]) -> T:
        """What `work` returns; the request's body has been read."""
        self._require_room(who)
        self._asking[who] += 1
        stop = StopReason()
        watch = asyncio.create_task(watch_client(request, stop))
        try:
            async with self._free:
                return await self._run(stop, work)
        finally:
            watch.cancel()
            self._asking[who] -= 1
            if not self._asking[who]:
                del self._asking[who]

    def _require_room(self, who: str) -> None:
        if self._asking[who] >= MOST_OF_ONE:
            raise TooManyTriesError(
                f"{MOST_OF_ONE} questions of yours are being answered",
                "wait for one of them",
                code="too_many_questions",
            )
        if self._asking.total() >= MOST_WAITING:
            raise BusyError(
                f"{MOST_WAITING} questions are waiting", "ask again in a minute", code="busy"
            )

    async def _run(self, stop: StopReason, work: Callable[[], T]) -> T:
        def run() -> T:
            with stoppable(stop):
                check_stopped()
                return work()

        loop = asyncio.get_running_loop()
        end = loop.call_later(self.longest_s, stop.stop, self._too_long())
        try:
            return await loop.run_in_executor(self._pool, run)
        finally:
            end.cancel()

    def _too_long(self) -> InputError:
        return InputError(
            f"this question takes longer than {self.longest_s:g} s",
            "ask for a shorter window, or for fewer or smaller areas",
            code="too_much_work",
            params={"limit": self.longest_s},
        )


def questions_of(request: Request) -> Questions:
    """The pool of the server that was asked, made with the first question."""
    state = request.app.state
    if not hasattr(state, "questions"):
        state.questions = Questions()
    found: Questions = state.questions
    return found


async def watch_client(request: Request, stop: StopReason) -> None:
    """Stops the question as soon as its client has gone."""
    while not await request.is_disconnected():
        await asyncio.sleep(LOOK_S)
    stop.stop(GONE)
