"""The twin's own names of areas and places, as documents write them in either script."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from twinward.edge.intake.places import KIND, Gazetteer, NamedPlace
from twinward.service.city.gazetteer import read_entries
from twinward.service.console.map_tiles import MapTiles
from twinward.service.platform import Platform

# how names of roads are written in English
ROADS = (
    ("东路", "east road"),
    ("西路", "west road"),
    ("南路", "south road"),
    ("北路", "north road"),
    ("中路", "middle road"),
    ("东一路", "east first road"),
    ("路", "road"),
    ("大道", "avenue"),
    ("新村", "new village"),
    ("桥", "bridge"),
)
_made: dict[tuple[Path, int], Gazetteer] = {}


def gazetteer_of(platform: Platform) -> Gazetteer:
    """Made once: a city changes only when it is built again."""
    key = (platform.workspace, len(platform.reference.areas.by_code))
    if key not in _made:
        _made.clear()
        _made[key] = Gazetteer(list_names(platform))
    return _made[key]


def list_names(platform: Platform) -> Iterator[NamedPlace]:
    english = MapTiles(platform.workspace).described.names_en
    for code in platform.reference.areas.by_code:
        name = platform.reference.areas.name(code)
        others = (english[code],) if english.get(code) else latin_forms(name)
        yield NamedPlace(area=code, name=name, others=others)
    for entry in read_entries(platform):
        place = entry.place
        if place.kind != "area" and place.area:
            others = (place.name_en,) if place.name_en else ()
            yield NamedPlace(area=place.area, name=place.name, others=others)


@lru_cache(maxsize=100_000)
def latin_forms(name: str) -> tuple[str, ...]:
    """A Chinese name in Latin letters, whole and as roads are written in English."""
    if not name or name.isascii():
        return ()
    from pypinyin import lazy_pinyin  # only where an area has no English name

    short = KIND.sub("", name)
    found = ["".join(lazy_pinyin(short)), "".join(lazy_pinyin(name))]
    if short.endswith("路"):
        found.append("".join(lazy_pinyin(short[:-1])) + " road")
    for ending, word in ROADS:
        if short.endswith(ending) and len(short) > len(ending):
            found.append("".join(lazy_pinyin(short.removesuffix(ending))) + " " + word)
            break
    return tuple(dict.fromkeys(one for one in found if one.isascii()))
