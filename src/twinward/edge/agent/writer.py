"""One thread that does jobs in transactions: in groups, each group durable before anybody is told
so; where one meets a fault of ours, the others are done all the same.
"""

from __future__ import annotations

import logging
import threading
from abc import abstractmethod
from collections.abc import Callable
from concurrent.futures import Future

from twinward.core.errors import InputError, StorageError, TwinwardError
from twinward.edge.agent.store import EdgeStore
from twinward.edge.agent.turns import Job, Turns

LOG = logging.getLogger("twinward.edge")
GROUP = 1000  # readings in one transaction: what comes next waits for it
TICK_S = 0.05


class StoreWriter:
    """The one that writes to a store; what a group of jobs is besides them is said by whoever
    inherits.
    """

    def __init__(self, store: EdgeStore) -> None:
        self.store = store
        self.trouble = ""
        self._turns = Turns()
        self._in_doubt = False  # what is held in memory is not what is kept
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    @abstractmethod
    def _work_at_once(self, jobs: list[Job]) -> None:
        """All of them in one transaction, each by `_attempt`; then their futures are set."""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._turns.end()
        self._thread.join(timeout=20)

    def submit(
        self, work: Callable[[], object], size: int = 1, *, backlog: bool = False
    ) -> Future[object]:
        """Have `work` done in the next transaction, one of the backlog when its turn comes; the
        future is set when that is durable.
        """
        job = Job(work, size, Future())
        if not self._turns.put(job, backlog=backlog, wait_s=5):
            job.future.set_exception(
                StorageError(
                    "the agent takes in less than it is sent", "send later", code="too_busy"
                )
            )
        return job.future

    def _run(self) -> None:
        while True:
            jobs, last = self._turns.take(GROUP, TICK_S)
            try:
                self._work(jobs)
                self.trouble = ""
            except Exception as error:  # whatever it is, the thread goes on and says it
                self._note_trouble(error)
            if last:
                return

    def _note_trouble(self, error: Exception) -> None:
        told = str(error) if isinstance(error, TwinwardError) else str(fault_of(error))
        if told != self.trouble:
            LOG.error("the agent cannot keep what it is sent: %s", told, exc_info=error)
        self.trouble = told

    def _work(self, jobs: list[Job]) -> None:
        """All of them in one transaction; where one meets a fault of ours, each in its own, so that
        the others are kept and nobody waits for ever.
        """
        try:
            self._work_at_once(jobs)
        except TwinwardError as error:
            self._give_up(jobs, error)
            raise
        except Exception as error:
            if len(jobs) > 1:
                LOG.warning("a group met a fault of ours (%s): one by one", type(error).__name__)
                self._work_apart(jobs)
                return
            self._give_up(jobs, fault_of(error))
            if not jobs:
                raise
            LOG.error("what was sent met a fault of ours and is refused", exc_info=error)

    def _work_apart(self, jobs: list[Job]) -> None:
        self._in_doubt = True
        trouble: TwinwardError | None = None
        for job in jobs:
            try:
                self._work([job])
            except TwinwardError as error:
                trouble = error
        if trouble is not None:
            raise trouble

    def _give_up(self, jobs: list[Job], error: TwinwardError) -> None:
        self._in_doubt = True
        for job in jobs:
            if not job.future.done():
                job.future.set_exception(error)

    def _attempt(self, work: Callable[[], object]) -> object:
        """One job in a savepoint of its own: what is wrong with it undoes nothing else."""
        self.store.db.execute("SAVEPOINT job")
        pending = self.store.pending()
        try:
            answer = work()
        except InputError as error:
            self.store.db.execute("ROLLBACK TO job")
            self.store.go_back(pending)
            return error
        finally:
            self.store.db.execute("RELEASE job")
        return answer


def fault_of(error: Exception) -> TwinwardError:
    """A fault of ours as an error that tells nothing of what was sent."""
    return TwinwardError(
        f"the agent met a fault of its own ({type(error).__name__})",
        "see its log; everything else goes on",
        code="fault",
    )
