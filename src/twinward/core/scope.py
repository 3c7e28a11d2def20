"""A scope is the capability to ask about persons: frozen, made only by `security`, named by
every answer.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime

import msgspec

from twinward.core.errors import RefusedError

ALL_AREAS = "all"


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """What one activation lets one holder ask.

    `areas` are codes whose subtrees are open, or ("all",); `ranges` are those subtrees as inclusive
    ranges of codes, sorted, worked out from the city's real tree; `data_from` is inclusive,
    `data_to` exclusive; `purposes` are words of the glossary (trace, vault, ...).
    """

    activation: str
    holder: str
    purposes: frozenset[str]
    areas: tuple[str, ...]
    data_from: datetime
    data_to: datetime
    ranges: tuple[tuple[str, str], ...] = ()

    def require(self, purpose: str) -> None:
        """RefusedError unless the activation names `purpose`."""
        if purpose not in self.purposes:
            raise RefusedError(
                f"activation {self.activation} does not open {purpose!r}",
                f"it opens {', '.join(sorted(self.purposes))}; ask for an activation with this "
                f"purpose",
                code="purpose_not_open",
            )

    def require_window(self, start: datetime, end: datetime) -> None:
        """RefusedError unless [start, end) lies inside the activation's window of data."""
        if start < self.data_from or end > self.data_to:
            raise RefusedError(
                f"the window asked for leaves the one that activation {self.activation} opens",
                f"it opens {self.data_from.isoformat()} to {self.data_to.isoformat()}",
                code="window_not_open",
            )

    def covers_area(self, area: str) -> bool:
        """True when `area` lies in one of the open subtrees."""
        if ALL_AREAS in self.areas or area in self.areas:
            return True
        n = bisect_right(self.ranges, area, key=lambda one: one[0])
        return n > 0 and area <= self.ranges[n - 1][1]
