"""Places of the twin found in a text: names of areas and places, with their kind or without it,
also in Latin letters; the one that fits what else is named nearby.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

# what an area is called besides its name
KIND = re.compile(
    r"(?<=..)(?:街道办事处|街道|地区|新区|社区居民委员会|居民委员会|居委会|村委会|社区|区|县|市|镇|乡|村)$"
)
LATIN = re.compile(r"[a-z0-9][a-z0-9 '’.-]*[a-z0-9]", re.I)
LATIN_KIND = re.compile(
    r"(?<!\s)\s++(?:district|subdistrict|sub-district|street|community|town|village|county"
    r"|new area)$",
    re.I,
)
LEAST_CHINESE, LEAST_LATIN = 2, 4
WORD = re.compile(r"[a-z0-9'’]+", re.I)


class NamedPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A place that a text may name: its area, its name, what else it is called."""

    area: str
    name: str
    others: tuple[str, ...] = ()


class PlaceMention(msgspec.Struct, frozen=True, kw_only=True):
    """Where a text names a place; `sure` is lower where several places are called so."""

    start: int
    end: int
    area: str
    text: str
    sure: float


class Gazetteer:
    """The twin's own names, ready to be looked for."""

    def __init__(self, places: Iterable[NamedPlace]) -> None:
        self.chinese: dict[str, set[str]] = defaultdict(set)
        self.latin: dict[str, set[str]] = defaultdict(set)
        full: dict[str, set[str]] = defaultdict(set)
        for one in places:
            for name in (one.name, *one.others):
                for form in forms(name):
                    target = self.latin if form.isascii() else self.chinese
                    target[form].add(one.area)
                full[name.strip()].add(one.area)
        self.full = full
        self.codes = {area for areas in full.values() for area in areas}
        self.longest = max((len(name) for name in self.chinese), default=0)
        self.most_words = max((len(name.split()) for name in self.latin), default=0)

    def find(self, text: str, near: Sequence[str] = ()) -> list[PlaceMention]:
        """Every mention, the longest names first; `near` are areas that the text named before."""
        spans = sorted(
            [*self._chinese(text), *self._latin(text)], key=lambda one: (one[0] - one[1], one[0])
        )
        taken: list[tuple[int, int, str, set[str]]] = []
        for start, end, name, areas in spans:
            if all(end <= s or e <= start for s, e, _, _ in taken):
                taken.append((start, end, name, areas))
        named = {area for _, _, _, areas in taken if len(areas) == 1 for area in areas}
        found = [
            self._settle(start, end, text[start:end], areas, named | set(near))
            for start, end, _, areas in taken
        ]
        return sorted(found, key=lambda one: one.start)

    def _chinese(self, text: str) -> Iterable[tuple[int, int, str, set[str]]]:
        for start in range(len(text)):
            for length in range(min(self.longest, len(text) - start), LEAST_CHINESE - 1, -1):
                name = text[start : start + length]
                areas = self.chinese.get(name)
                if areas:
                    yield start, start + length, name, areas
                    break

    def _latin(self, text: str) -> Iterable[tuple[int, int, str, set[str]]]:
        words = [(one.start(), one.end(), one[0].lower()) for one in WORD.finditer(text)]
        for first in range(len(words)):
            for count in range(min(self.most_words, len(words) - first), 0, -1):
                name = " ".join(word for _, _, word in words[first : first + count])
                areas = self.latin.get(name)
                if areas:
                    yield words[first][0], words[first + count - 1][1], name, areas
                    break

    def _settle(
        self, start: int, end: int, text: str, areas: set[str], near: set[str]
    ) -> PlaceMention:
        """Of several areas of one name the one inside (or above) what else is named; else the
        lowest that holds all of them.
        """
        exact = self.full.get(text, set()) & areas or areas
        fits = {
            area
            for area in exact
            for other in near
            if other != area and (area.startswith(other) or other.startswith(area))
        }
        chosen = fits or exact
        if len(chosen) == 1:
            return PlaceMention(start=start, end=end, area=min(chosen), text=text, sure=1.0)
        highest = [one for one in chosen if len(one) == min(map(len, chosen))]
        if len(highest) == 1:  # a bare name is the larger place's
            return PlaceMention(start=start, end=end, area=highest[0], text=text, sure=0.6)
        lowest = max(chosen, key=len)
        if all(lowest.startswith(one) for one in chosen):  # a chain: the highest is meant
            area = min(chosen, key=len)
            return PlaceMention(start=start, end=end, area=area, text=text, sure=0.8)
        return PlaceMention(start=start, end=end, area=self._above(chosen), text=text, sure=0.4)

    def _above(self, areas: set[str]) -> str:
        """The lowest area in which all of them lie; empty where there is none."""
        first = min(areas)
        above = [first[:n] for n in range(len(first), 0, -1) if first[:n] in self.codes]
        return next((code for code in above if all(one.startswith(code) for one in areas)), "")


def forms(name: str) -> set[str]:
    """A name as it may stand in a text: whole, and without its kind."""
    plain = name.strip()
    if plain.isascii():
        low = " ".join(WORD.findall(plain.lower()))
        short = " ".join(WORD.findall(LATIN_KIND.sub("", plain).lower()))
        return {one for one in (low, short) if len(one) >= LEAST_LATIN}
    short = KIND.sub("", plain)
    return {one for one in (plain, short) if len(one) >= LEAST_CHINESE}
