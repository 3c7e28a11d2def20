"""The slow obvious attacker: every table of whole numbers that fits what was published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

from twinward.security.privacy.suppression import Sum


def list_fitting(
    shown: Mapping[str, int | None], sums: Sequence[Sum], most: int
) -> list[dict[str, int]]:
    """All ways to fill the hidden cells with 0 to `most` such that every sum holds. Only for
    tiny tables.
    """
    totals = {one.total for one in sums}
    free = [name for name, value in shown.items() if value is None and name not in totals]
    found = []
    for values in product(range(most + 1), repeat=len(free)):
        table: dict[str, int] = {
            name: v for name, v in shown.items() if v is not None and name not in totals
        }
        table.update(zip(free, values, strict=True))
        if all(_holds(table, one, shown) for one in sums):
            found.append(table)
    return found


def _holds(table: dict[str, int], one: Sum, shown: Mapping[str, int | None]) -> bool:
    """Whether the sum holds; a total that is met first is put down."""
    total = sum(table[part] for part in one.parts)
    return table.setdefault(one.total, total) == total and shown[one.total] in (None, total)
