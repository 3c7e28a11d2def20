"""Heights, storeys and roofs as people tag them, read or refused; a guess is said to be one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

import msgspec

from twinward.citybase.scene.things import ESTIMATED, GIVEN, LEVELS
from twinward.citybase.sources.osm import LEVELS as USUAL_LEVELS

STOREY_M, FOOT_M = 3.0, 0.3048
HIGHEST_M = 1000.0  # the highest building of the world has 828 m
MOST_LEVELS = 200
OTHERWISE = 2.0  # storeys where the use says nothing
# a storey so high in metres, and usual when its number is taken for feet: a forgotten unit
FEET_LIKE_M, FEWEST_FEET_LEVELS = 7.5, 3
USUAL_STOREY_M = (2.2, 4.6)
TAGS = (
    "height", "min_height", "building:levels", "building:min_level", "roof:shape", "roof:height",
    "roof:levels", "location",
)  # fmt: skip


class Height(msgspec.Struct, frozen=True, kw_only=True):
    """Metres from the ground to the top and to the underside, and storeys, with their sources."""

    top_m: float
    source: int
    floors: int
    floors_from: int
    bottom_m: float = 0.0


def read_metres(text: str) -> float | None:
    """Metres of a height tag: `12`, `12.5 m`, `40 ft`, `40'`, `5'6"`; None where it says none that
    a building can have (OpenStreetMap wiki, "Key:height").
    """
    plain = text.strip().lower().replace(",", ".")
    if feet := re.fullmatch(
        r"(\d+(?:\.\d+)?)\s*(?:ft|feet|')\s*(?:(\d+(?:\.\d+)?)\s*(?:\"|in))?", plain
    ):
        metres = (float(feet[1]) + float(feet[2] or 0) / 12) * FOOT_M
    elif found := re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:m|metres?|meters?)?", plain):
        metres = float(found[1])
    else:
        return None
    return metres if 0 < metres <= HIGHEST_M else None


def read_storeys(text: str) -> float | None:
    """Storeys of a levels tag: `4`, `3;4` (the higher), `4-5`, `G+2`, `R+2` (ground and two)."""
    plain = text.strip().upper().replace(" ", "")
    if ground := re.fullmatch(r"(?:B\d?\+)?(?:G|GF|R|RDC|RC)\+(\d+)", plain):
        storeys = float(ground[1]) + 1
    elif re.fullmatch(r"\d+(?:\.\d+)?(?:[;,/-]\d+(?:\.\d+)?)*", plain):
        storeys = max(float(part) for part in re.split(r"[;,/-]", plain))
    else:
        return None
    return storeys if 0 < storeys <= MOST_LEVELS else None


def find_height(kind: str, tags: Mapping[str, str], notes: Counter[str]) -> Height:
    """The height as tagged, else from storeys, else what the use suggests; what is refused is
    counted in `notes`.
    """
    given = _asked("height", read_metres(tags.get("height", "")), tags, notes)
    storeys = _asked("building:levels", read_storeys(tags.get("building:levels", "")), tags, notes)
    if given is not None and storeys is not None and _feet(given, storeys):
        notes["heights that only make sense as feet without a unit, storeys used"] += 1
        given = None
    if given is not None:
        top, source = round(given, 2), GIVEN
    elif storeys is not None:
        top, source = round(storeys * STOREY_M, 2), LEVELS
    else:
        top, source = USUAL_LEVELS.get(kind, OTHERWISE) * STOREY_M, ESTIMATED
    bottom = _bottom(tags, top, notes)
    floors = storeys if storeys is not None else max((top - bottom) / STOREY_M, 1.0)
    return Height(
        top_m=top,
        source=source,
        floors=max(round(floors), 1),
        floors_from=ESTIMATED if storeys is None else GIVEN,
        bottom_m=bottom,
    )


def _asked(
    key: str, value: float | None, tags: Mapping[str, str], notes: Counter[str]
) -> float | None:
    text = tags.get(key, "")
    if text and value is None:
        notes[f"{key} that no building has ({text[:20]}), not used"] += 1
    return value


def _feet(metres: float, storeys: float) -> bool:
    low, high = USUAL_STOREY_M
    if storeys < FEWEST_FEET_LEVELS or metres / storeys < FEET_LIKE_M:
        return False
    return low <= metres * FOOT_M / storeys <= high


def _bottom(tags: Mapping[str, str], top: float, notes: Counter[str]) -> float:
    low = read_metres(tags.get("min_height", ""))
    if low is None and (levels := read_storeys(tags.get("building:min_level", ""))) is not None:
        low = levels * STOREY_M
    if low is not None and low >= top:
        notes["undersides above the top, not used"] += 1
        low = None
    return low or 0.0


def find_roof(
    tags: Mapping[str, str], top: float, bottom: float, notes: Counter[str]
) -> tuple[str, float]:
    """(shape, metres of the roof above the eaves); a roof whose height nobody says is flat."""
    shape = tags.get("roof:shape", "flat")
    if shape == "flat":
        return "flat", 0.0
    high = read_metres(tags.get("roof:height", ""))
    if high is None and (levels := read_storeys(tags.get("roof:levels", ""))) is not None:
        high = levels * STOREY_M
    drawn = "peak" if shape in {"pyramidal", "cone", "dome", "onion"} else shape
    if high is None or high >= top - bottom or drawn not in {"peak", "gabled"}:
        notes[f"roofs drawn flat ({shape[:20]})"] += 1
        return "flat", 0.0
    return drawn, high
