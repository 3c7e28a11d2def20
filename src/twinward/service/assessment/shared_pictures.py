"""The picture that several functions of one incident are asked of at once: read once, and told by
its own instant.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from twinward.core.language import READER
from twinward.core.ports import Reader
from twinward.service.assessment.situation_reader import IncidentInputs, read_situation
from twinward.service.console.basemap import Basemap
from twinward.service.platform import Caller, Platform

SHARED_FOR = timedelta(seconds=5)  # whoever opens a room asks for all its functions within this
MOST_KEPT = 8
MOST_LOOKED = 50  # later events that are looked at, whether they touch the incident
Key = tuple[Path, str, datetime | None, Caller, str]


class Kept(msgspec.Struct):
    """One picture, the end of the log before it was read, and the clock's time then."""

    reading: threading.Lock
    seq: int = 0
    read_at: datetime | None = None
    inputs: IncidentInputs | None = None


class SharedPictures:
    """The last few pictures. One is given again for seconds, while nothing has happened that could
    change it; nobody reads it a second time while it is being read.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._kept: OrderedDict[Key, Kept] = OrderedDict()

    def read(
        self,
        platform: Platform,
        ground: Basemap,
        caller: Caller,
        incident: str,
        at: datetime | None,
    ) -> IncidentInputs:
        """As `read_situation`; its `now` is when it was read. AbsentError as there."""
        key = (platform.workspace, incident, at, caller, READER.get().language)
        kept = self._place(key, lambda: Kept(reading=threading.Lock()))
        with kept.reading:
            now = platform.clock.now()
            with platform.store.read() as reader:
                end = reader.last_seq()
                if (
                    kept.inputs is not None
                    and kept.read_at is not None
                    and abs(now - kept.read_at) <= SHARED_FOR
                    and is_untouched(reader, kept.seq, end, incident)
                ):
                    return kept.inputs
            inputs = read_situation(platform, ground, caller, incident, at)
            kept.seq, kept.read_at, kept.inputs = end, now, inputs
            return inputs

    def _place(self, key: Key, make: Callable[[], Kept]) -> Kept:
        with self._guard:
            kept = self._kept.get(key)
            if kept is None:
                kept = self._kept[key] = make()
            self._kept.move_to_end(key)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
            return kept


def is_untouched(reader: Reader, seq: int, end: int, incident: str) -> bool:
    """Whether the log has since then told only of other incidents: what belongs to none (a report,
    a stock) may change this one too.
    """
    if end == seq:
        return True
    if end < seq or end - seq > MOST_LOOKED:
        return False
    later = reader.events_after(seq, MOST_LOOKED)
    return all(event.incident not in (None, "", incident) for event in later)


SHARED = SharedPictures()
