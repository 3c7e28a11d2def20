"""The way to a workspace's intake: opened on first use; most verbs neither own nor load it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twinward.core.clock import Clock
from twinward.core.messages import Counts, Difference
from twinward.core.ports import Watcher

if TYPE_CHECKING:
    from twinward.storage.observations.intake import DurableIntake

MovementSink = Callable[[Any, datetime], object]  # as in storage/intake.py


class IntakeHandle:
    """Opens the intake on its first use, so that a verb that needs none does not own the inbox."""

    def __init__(
        self,
        root: Path,
        clock: Clock,
        movement: MovementSink | None,
        watcher: Watcher | None = None,
    ) -> None:
        self._root = root
        self._clock, self._movement, self._watcher = clock, movement, watcher
        self._lock = threading.Lock()
        self._intake: DurableIntake | None = None

    def open(self) -> DurableIntake:
        """The one intake of this process; BusyError when another process owns the inbox."""
        with self._lock:
            if self._intake is None:
                from twinward.storage.observations.intake import DurableIntake

                self._intake = DurableIntake(
                    self._root, self._clock, self._movement, watcher=self._watcher
                )
                self._intake.start()
            return self._intake

    def counts(self) -> dict[str, Counts]:
        """Each source's account, also when another process owns the inbox."""
        with self._lock:
            if self._intake is not None:
                return self._intake.counts()
        if not (self._root / "inbox").exists():
            return {}
        from twinward.storage.observations.inbox_files import read_accounts

        return read_accounts(self._root / "inbox")

    @property
    def trouble(self) -> str | None:
        """Why what was taken in does not get to its place just now, or None."""
        return self._intake.trouble if self._intake is not None else None

    def list_differences(self) -> list[Difference]:
        """As `Intake.list_differences`; nothing while another process owns the inbox."""
        with self._lock:
            return self._intake.list_differences() if self._intake is not None else []

    def expire(
        self, at: datetime, retention_days: int, kept: Sequence[tuple[datetime, datetime]] = ()
    ) -> int:
        """See `Intake.expire`; nothing to do where no observation was ever taken in."""
        return (
            self.open().expire(at, retention_days, kept) if (self._root / "inbox").exists() else 0
        )

    def close(self) -> None:
        with self._lock:
            if self._intake is not None:
                self._intake.close()
                self._intake = None
