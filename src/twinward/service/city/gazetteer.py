"""Finds a place, a street, an area or a pair of coordinates by what an officer types, in either
language.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import lru_cache
from pathlib import Path

import msgspec

from twinward.citybase.columns import MANIFEST
from twinward.citybase.places.gazetteer import read_gazetteer
from twinward.core.errors import InputError
from twinward.service.city.name_sounds import called, find_sounding
from twinward.service.console.map_tiles import MapTiles
from twinward.service.intake.observations import city_bounds
from twinward.service.platform import Platform
from twinward.service.tracing.city_areas import pointed

MOST_FOUND = 20
MOST_LETTERS = 120
POINT = re.compile(
    r"^\s*+\(?+\s*+(-?\d{1,3}(?:\.\d+)?)(?:\s*+[,;，；]\s*+|\s++)"
    r"(-?\d{1,3}(?:\.\d+)?)\s*+\)?+\s*+$"
)
# the number of a house, before or after the street; each part is taken whole or not at all, for
# digits that may be parted in every way are tried in every way
HOUSE = re.compile(
    r"(?>[,，]?+\s*+\d++[a-z]?+(?:-\d++)?+\s*+(?:号|號|弄|栋|室)?+)++$|^\d++[a-z]?+\s++(?=\D)"
)
ORDER = ("area", "quarter", "street", "water", "park", "railway", "metro_station", "station")


class FoundPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Something with a name and a point. `approximate`: the street of an address whose house
    nobody gives, or an area whose place is not published.
    """

    kind: str
    name: str
    name_en: str
    within: str
    lon: float
    lat: float
    area: str | None
    approximate: bool


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A named thing as it is looked for: `keys` are its names, folded."""

    keys: tuple[str, ...]
    place: FoundPlace


class Gazetteer:
    """The names of a city; read once, for it changes only when the city is built again."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self._lock = threading.Lock()
        self._entries: list[Entry] | None = None

    def entries(self) -> list[Entry]:
        with self._lock:
            if self._entries is None:
                self._entries = read_entries(self.platform)
            return self._entries

    def search(self, text: str) -> list[FoundPlace]:
        """The best matches first; the order of two that are alike is that of their names."""
        if len(text) > MOST_LETTERS:
            raise InputError(
                f"a search of {len(text)} letters",
                f"type at most {MOST_LETTERS}",
                code="bad_query",
            )
        if (point := self.read_point(text)) is not None:
            return [point]
        wanted = fold(text)
        if not wanted:
            return []
        found = find(self.entries(), wanted) or self.search_sound(wanted)
        if found:
            return found
        street = HOUSE.sub("", wanted).strip(" ,，")
        found = find(self.entries(), street) if street and street != wanted else []
        if not found:
            found = self.search_within(street or wanted)
        return [msgspec.structs.replace(one, approximate=True) for one in found]

    def search_sound(self, wanted: str) -> list[FoundPlace]:
        """Chinese names by what foreigners call them, or by their sound in Latin letters."""
        entries = self.entries()
        if wanted in called():
            return find(entries, fold(called()[wanted]))
        ranked = []
        for number, score in find_sounding([one.place.name for one in entries], wanted):
            place = entries[number].place
            order = ORDER.index(place.kind) if place.kind in ORDER else len(ORDER)
            ranked.append((score, order, len(place.name), place.name, number))
        return [entries[one[-1]].place for one in sorted(ranked)[:MOST_FOUND]]

    def search_within(self, wanted: str) -> list[FoundPlace]:
        """An address that begins (or, after a comma, ends) with the name of an area."""
        for entry in self.entries():
            if entry.place.kind != "area":
                continue
            for key in entry.keys:
                rest = take_off(wanted, key)
                if rest:
                    inside = [
                        one
                        for one in find(self.entries(), rest, most=400)
                        if self.lies_under(one.area, entry.place.area)
                    ]
                    if inside:
                        return inside[:MOST_FOUND]
        return []

    def lies_under(self, area: str | None, above: str | None) -> bool:
        if area is None or above is None:
            return False
        return self.platform.reference.areas.is_under(area, above)

    def read_point(self, text: str) -> FoundPlace | None:
        """A pair of degrees, whichever way round lies in the city; lon first where neither does."""
        match = POINT.match(unicodedata.normalize("NFKC", text))
        if match is None:
            return None
        x, y = float(match[1]), float(match[2])
        bounds = city_bounds(self.platform)
        inside = bounds is not None and bounds[0] <= y <= bounds[2] and bounds[1] <= x <= bounds[3]
        lon, lat = (y, x) if inside or abs(y) > 90 else (x, y)
        if abs(lon) > 180 or abs(lat) > 90:
            return None
        named = f"{lon:g}, {lat:g}"
        return FoundPlace(
            kind="point",
            name=named,
            name_en="",
            within="",
            lon=lon,
            lat=lat,
            area=None,
            approximate=False,
        )


def take_off(wanted: str, key: str) -> str:
    """What is left of an address when the name of an area is taken off its beginning or end."""
    if len(key) < 2 or wanted == key:
        return ""
    if wanted.startswith(key):
        return wanted[len(key) :].strip(" ,，区县")
    if wanted.endswith(key):
        return wanted[: -len(key)].strip(" ,，")
    return ""


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """A name without accents, capitals and full width, so that it is found as it is typed."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text))
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(letters.casefold().split())


def find(entries: list[Entry], wanted: str, most: int = MOST_FOUND) -> list[FoundPlace]:
    """Whole names before beginnings before words before parts; areas before streets before places;
    the shorter name first.
    """
    words = wanted.split()
    ranked = []
    for number, entry in enumerate(entries):
        score = min((rank(key, wanted, words) for key in entry.keys), default=9)
        if score < 9:
            kind = entry.place.kind
            order = ORDER.index(kind) if kind in ORDER else len(ORDER)
            ranked.append((score, order, len(entry.place.name), entry.place.name, number))
    return [entries[one[-1]].place for one in sorted(ranked)[:most]]


def rank(key: str, wanted: str, words: list[str]) -> int:
    if key == wanted:
        return 0
    at = key.find(wanted)
    if at == 0:
        return 1
    if at > 0:
        return 2 if key[at - 1] == " " else 3
    return 4 if len(words) > 1 and all(word in key for word in words) else 9


def read_entries(platform: Platform) -> list[Entry]:
    """Areas of every level, what the map names, and the places of the city's sources."""
    areas = platform.reference.areas
    english = MapTiles(platform.workspace).described.names_en
    found = []
    for area in sorted(pointed(areas.by_code.values()), key=lambda one: one.code):
        code = area.code
        if not (area.lon or area.lat):
            continue
        path = areas.path(code)
        above = areas.name(path[-2]) if len(path) > 2 else ""
        place = FoundPlace(
            kind="area",
            name=area.name,
            name_en=english.get(code, ""),
            within=above,
            lon=area.lon,
            lat=area.lat,
            area=code,
            approximate=area.synthetic_point,
        )
        found.append(make_entry(place, code))
    folder = platform.workspace / "city"
    if (folder / MANIFEST).exists():
        found += read_places(platform, folder)
        found += read_named(folder)
    return found


def read_named(folder: Path) -> list[Entry]:
    return [
        make_entry(
            FoundPlace(
                kind=one.kind,
                name=one.name,
                name_en=one.name_en,
                within="",
                lon=one.lon,
                lat=one.lat,
                area=None,
                approximate=False,
            ),
            one.name_zh,
        )
        for one in read_gazetteer(folder)
    ]


def read_places(platform: Platform, folder: Path) -> list[Entry]:
    """Published places; stand-ins that were made up are nowhere to be found."""
    import pyarrow.parquet as pq

    path = folder / "places.parquet"
    if not path.exists():
        return []
    table = pq.read_table(path, columns=["kind", "name", "lon", "lat", "area", "synthetic"])
    name = platform.reference.areas.name
    return [
        make_entry(
            FoundPlace(
                kind=row["kind"],
                name=row["name"],
                name_en="",
                within=name(row["area"]) if row["area"] else "",
                lon=round(row["lon"], 6),
                lat=round(row["lat"], 6),
                area=row["area"] or None,
                approximate=False,
            )
        )
        for row in table.to_pylist()
        if row["name"] and not row["synthetic"]
    ]


def make_entry(place: FoundPlace, *more: str) -> Entry:
    names = (place.name, place.name_en, *more)
    return Entry(keys=tuple(dict.fromkeys(fold(one) for one in names if one)), place=place)
