"""A workspace's clock: the machine's, unless a second one, across restarts, says that it jumped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from twinward.core.clock import Clock, SystemClock, format_time
from twinward.core.errors import ConflictError

FILE = "clock.json"
MOST_JUMP = timedelta(hours=3)
SAVE_EVERY_S = 60.0
UPTIME = Path("/proc/uptime")
BOOT = Path("/proc/sys/kernel/random/boot_id")


class ClockAnchor(msgspec.Struct, frozen=True, kw_only=True):
    """What the machine's clock said when it was last trusted, and how long the machine ran then."""

    wall: datetime
    uptime_s: float
    boot: str


def uptime_s() -> float:
    """Seconds since the machine started: no hand sets it, and it runs through restarts of ours."""
    try:
        return float(UPTIME.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return time.monotonic()


def boot_id() -> str:
    try:
        return BOOT.read_text().strip()
    except OSError:
        return ""


class WorkspaceClock:
    """Follows the machine's clock while it agrees with the time that has passed since it was last
    trusted. When it jumps by more than some hours, time goes on from where it was and an alarm is
    raised until the clock is right again or a person confirms it.
    """

    def __init__(
        self,
        workspace: Path,
        machine: Clock | None = None,
        uptime: Callable[[], float] = uptime_s,
        boot: Callable[[], str] = boot_id,
    ) -> None:
        self._path = workspace / FILE
        self._machine = machine or SystemClock()
        self._uptime = uptime
        self._boot = boot()
        self._lock = threading.Lock()
        self._seen_at = 0
        self._saved_at = float("-inf")
        self._looked_at = float("-inf")
        self.jump: timedelta | None = None
        self._anchor = self._first_anchor()

    def _first_anchor(self) -> ClockAnchor:
        now = ClockAnchor(wall=self._machine.now(), uptime_s=self._uptime(), boot=self._boot)
        last = self._read()
        if last is None:
            return now
        if last.boot == self._boot and last.uptime_s <= now.uptime_s:
            return last
        # another start of the machine: forward it may have been off, back no clock goes by itself
        back = last.wall - now.wall > MOST_JUMP
        return msgspec.structs.replace(now, wall=last.wall) if back else now

    def now(self) -> datetime:
        with self._lock:
            wall, uptime = self._machine.now(), self._uptime()
            if self.jump is not None and uptime - self._looked_at > 1:
                self._looked_at = uptime
                self._look_for_confirmation()
            expected = self._anchor.wall + timedelta(seconds=uptime - self._anchor.uptime_s)
            if abs(wall - expected) > MOST_JUMP:
                self.jump = wall - expected
                return expected
            self.jump = None
            self._anchor = ClockAnchor(wall=wall, uptime_s=uptime, boot=self._boot)
            if uptime - self._saved_at > SAVE_EVERY_S:
                self._saved_at = uptime
                with suppress(OSError):  # a disk that cannot be written says so elsewhere
                    self._save()
            return wall

    def confirm(self) -> datetime:
        """A person says that the machine's clock is right: from now on it is followed."""
        with self._lock:
            wall = self._machine.now()
            self._anchor = ClockAnchor(wall=wall, uptime_s=self._uptime(), boot=self._boot)
            self.jump = None
            self._save()
        return wall

    def find_trouble(self) -> ConflictError | None:
        """What is said while the machine's clock is not followed."""
        shown = self.now()
        if self.jump is None:
            return None
        hours = abs(self.jump) / timedelta(hours=1)
        way = "ahead" if self.jump > timedelta() else "back"
        return ConflictError(
            f"the machine's clock has jumped {hours:.0f} hours {way}; here it is still "
            f"{format_time(shown.replace(microsecond=0))}",
            "set it right, or say that it is right with `twinward doctor --confirm-clock`",
            code="clock_jumped",
        )

    def _look_for_confirmation(self) -> None:
        """Another process may have been told that the clock is right."""
        with suppress(OSError):
            if self._path.stat().st_mtime_ns != self._seen_at:
                self._anchor = self._read() or self._anchor

    def _read(self) -> ClockAnchor | None:
        try:
            self._seen_at = self._path.stat().st_mtime_ns
            return msgspec.json.decode(self._path.read_bytes(), type=ClockAnchor)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return None

    def _save(self) -> None:
        beside = self._path.with_name(self._path.name + ".new")
        beside.write_bytes(msgspec.json.encode(self._anchor))
        beside.replace(self._path)
        self._seen_at = self._path.stat().st_mtime_ns
