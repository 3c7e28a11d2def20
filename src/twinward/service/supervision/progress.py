"""How far each source has come in event time, so that no timer ends on readings that are still on
their way.

A state that must last is judged up to an instant that its source has been heard after. After a gap,
or while old readings come in, a type of reading is believed again once it has come live itself:
lanes overtake each other, so that a live alarm says nothing of the temperatures behind it.
"""

from __future__ import annotations

import msgspec

LIVE_US = 120_000_000  # a reading that took longer is one of a backlog
GAP_US = 300_000_000  # a source that was silent so long may have a backlog
NEVER = -(2**62)


class SourceProgress(msgspec.Struct, kw_only=True):
    """What is known of one source."""

    heard_us: int = NEVER  # when something last came, by our clock
    back_us: int = NEVER  # since when it speaks without a gap
    live_us: int = NEVER  # event time of its latest live reading of any type
    types: dict[str, int] = {}  # type -> event time of its latest reading
    live_types: dict[str, int] = {}  # type -> when it last came live, by our clock
    came: dict[str, int] = {}  # type -> when it last came at all, by our clock


class Progress:
    """Of all sources; what is about objects without a named edge is judged by the clock."""

    def __init__(self) -> None:
        self._of: dict[str, SourceProgress] = {}
        self.changed: set[str] = set()  # sources of which more is known since this was last kept

    def of(self, source: str) -> SourceProgress:
        """What is known of a source, to be kept."""
        return self._of.setdefault(source, SourceProgress())

    def restore(self, source: str, known: SourceProgress) -> None:
        """What was known before this process began."""
        self._of[source] = known

    def note(self, source: str, latest_us: dict[str, int], now_us: int) -> None:
        """A batch came: the latest event time of each type in it."""
        known = self._of.setdefault(source, SourceProgress())
        self.changed.add(source)
        live = {kind: at for kind, at in latest_us.items() if now_us - at <= LIVE_US}
        if now_us - known.heard_us > GAP_US or len(live) < len(latest_us):
            known.back_us = now_us
        known.heard_us = now_us
        for kind, at in latest_us.items():
            known.types[kind] = max(at, known.types.get(kind, NEVER))
            known.came[kind] = now_us
        for kind, at in live.items():
            known.live_types[kind] = now_us
            known.live_us = max(known.live_us, at)

    def until(self, source: str, kind: str, now_us: int) -> int:
        """Up to which instant a state of readings of this type may be judged."""
        if not source:
            return now_us - LIVE_US
        known = self._of.get(source)
        if known is None:
            return NEVER
        own = known.types.get(kind, NEVER)
        return max(own, known.live_us) if self._is_believed(known, kind) else own

    def watermark(self, source: str, now_us: int) -> int | None:
        """Up to which instant everything of a source may be judged together; None: it is not heard.

        A type that does not come live holds the others back while a backlog is on its way, and no
        longer: then its devices are silent.
        """
        known = self._of.get(source)
        if known is None or now_us - known.heard_us > GAP_US or not known.types:
            return None
        until = known.live_us if known.live_us > NEVER else max(known.types.values())
        for kind, own in known.types.items():
            awaited = now_us - max(known.back_us, known.came[kind]) <= GAP_US
            if awaited and not self._is_believed(known, kind):
                until = min(until, own)
        return until

    def hears(self, source: str, kind: str, now_us: int) -> bool:
        """Whether silence of a device means something: its source itself is heard, live."""
        if not source:
            return True
        known = self._of.get(source)
        return (
            known is not None
            and now_us - known.heard_us <= GAP_US
            and self._is_believed(known, kind)
        )

    @staticmethod
    def _is_believed(known: SourceProgress, kind: str) -> bool:
        return known.live_types.get(kind, NEVER) >= known.back_us > NEVER
