"""Jurisdictions: area subtrees as ranges of codes, so that one thing and a list are held against
the same rule.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import Protocol

import msgspec

from twinward.core.scope import ALL_AREAS

Ranges = tuple[tuple[str, str], ...]


class Areas(Protocol):
    """What a jurisdiction needs of the area tree."""

    @property
    def root(self) -> str: ...

    @property
    def parents(self) -> Mapping[str, str]: ...

    @property
    def children(self) -> Mapping[str, list[str]]: ...


class Jurisdiction(msgspec.Struct, frozen=True, kw_only=True):
    """Inclusive ranges of codes in byte order; None is everywhere. `above` are the areas it lies
    in.

    Ranges are cut between neighbours of the real tree, so that a district with the code "1" never
    takes in the one with the code "10"; the SQL predicate uses the very same ranges.
    """

    ranges: Ranges | None
    above: frozenset[str] = frozenset()

    def covers(self, area: str) -> bool:
        if self.ranges is None:
            return True
        n = bisect_right(self.ranges, area, key=_low)
        return n > 0 and area <= self.ranges[n - 1][1]

    def concerns(self, area: str) -> bool:
        """Inside it, or an area that it lies in."""
        return area in self.above or self.covers(area)


EVERYWHERE = Jurisdiction(ranges=None)


def _low(one: tuple[str, str]) -> str:
    return one[0]


class Jurisdictions:
    """Works out each combination of area codes once."""

    def __init__(self, areas: Areas) -> None:
        self._areas = areas
        self._sorted = sorted({areas.root, *areas.parents}, key=_bytes)
        self._kept: dict[tuple[str, ...], Jurisdiction] = {}

    @property
    def codes(self) -> list[str]:
        """Every area of the tree, in byte order."""
        return self._sorted

    def of(self, codes: tuple[str, ...]) -> Jurisdiction:
        found = self._kept.get(codes)
        if found is None:
            found = self._kept[codes] = self._build(codes)
        return found

    def _build(self, codes: tuple[str, ...]) -> Jurisdiction:
        if ALL_AREAS in codes or self._areas.root in codes:
            return EVERYWHERE
        inside: set[str] = set()
        above: set[str] = set()
        for code in codes:
            waiting = [code]
            while waiting:
                one = waiting.pop()
                inside.add(one)
                waiting += self._areas.children.get(one, [])
            while (parent := self._areas.parents.get(code)) is not None:
                above.add(parent)
                code = parent
        ranges: list[tuple[str, str]] = []
        running = False
        for code in self._sorted:
            if code not in inside:
                running = False
            elif running:
                ranges[-1] = (ranges[-1][0], code)
            else:
                ranges.append((code, code))
                running = True
        return Jurisdiction(ranges=tuple(ranges), above=frozenset(above - inside))


def _bytes(code: str) -> bytes:
    """Both databases compare texts by their UTF-8 bytes, which is the order of code points that
    Python uses too.
    """
    return code.encode()
