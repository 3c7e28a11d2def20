"""In peacetime nothing small is shown: counts below k are hidden where no activation is open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec

from twinward.core.scope import ALL_AREAS
from twinward.service.platform import Platform
from twinward.twins.emergency.access.rows import ACTIVATIONS, Activation
from twinward.twins.snapshot import Snapshot

R = TypeVar("R", bound=msgspec.Struct)


class Veil(msgspec.Struct, frozen=True, kw_only=True):
    """Which areas are shown whole, and below what a count is hidden elsewhere."""

    k: int
    opened: tuple[str, ...]
    is_under: Callable[[str, str], bool]  # whether an area lies in another, or is it

    def hides(self, area: str) -> bool:
        """Whether small counts of the area are hidden."""
        return not any(one == ALL_AREAS or self.is_under(area, one) for one in self.opened)

    def hide(self, rows: Sequence[R], counted: Sequence[str]) -> tuple[list[R], int]:
        """The rows with none of the counts of those that hold a small one, and how many those are.

        The whole row goes: its parts make its sum, so one number alone would be given back.
        """
        found: list[R] = []
        number = 0
        for row in rows:
            area: str = getattr(row, "area")  # noqa: B009 - the bound does not know its fields
            values = [getattr(row, name) for name in counted]
            if self.hides(area) and any(v is not None and 0 < v < self.k for v in values):
                number += 1
                row = msgspec.structs.replace(row, hidden=True, **dict.fromkeys(counted))
            found.append(row)
        return found, number


def make_veil(platform: Platform, snapshot: Snapshot, at: datetime) -> Veil:
    """What is open at an instant, as it was known then."""
    rows: list[Activation] = snapshot.list_rows(ACTIVATIONS)
    opened = [area for one in rows if one.is_open(at) for area in one.areas]
    return Veil(
        k=platform.settings.k_anonymity,
        opened=tuple(opened),
        is_under=platform.reference.areas.is_under,
    )


def total_of(rows: Sequence[R], name: str, of: Callable[[R], bool] = lambda row: True) -> int:
    """The sum of a count over the rows that show it."""
    values = [getattr(row, name) for row in rows if of(row)]
    return sum(value for value in values if value is not None)
