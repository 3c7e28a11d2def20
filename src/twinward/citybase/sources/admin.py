"""Administrative outlines of an OpenStreetMap extract: the whole areas of one `admin_level`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import osmium
import shapely

from twinward.citybase.sources.ledger import SourceLedger
from twinward.core.errors import InputError

if TYPE_CHECKING:
    from osmium.geom import WKBFactory
    from osmium.osm.types import Area as OsmArea
    from shapely.geometry.base import BaseGeometry

NAMES_SHOWN = 6


def read_admin(
    path: Path, level: int | None, ledger: SourceLedger
) -> list[tuple[dict[str, Any], Any]]:
    """Tags (with `id`) and outline of each area of the level; InputError with the levels there are
    when it is not stated or has none. Outlines cut by the edge of the extract are no outlines.
    """
    wkb, found = osmium.geom.WKBFactory(), []
    levels: Counter[str] = Counter()
    names: dict[str, list[str]] = {}
    keys = osmium.filter.KeyFilter("boundary")
    try:
        for thing in osmium.FileProcessor(str(path)).with_areas(keys).with_filter(keys):
            tags = thing.tags
            if thing.type_str() != "a" or tags.get("boundary") != "administrative":
                continue
            mine = tags.get("admin_level", "")
            shape = whole_shape(wkb, thing)
            if shape is not None:
                levels[mine] += 1
                names.setdefault(mine, []).append(tags.get("name", "without name"))
            if level is not None and mine == str(level):
                found.append(({"id": str(thing.orig_id())} | dict(tags), shape))
    except RuntimeError as error:
        raise InputError(
            f"{path.name} is not a sound OpenStreetMap PBF: {error}",
            "download the extract again",
            code="bad_osm",
        ) from error
    if level is None or not any(shape is not None for _, shape in found):
        have = "; ".join(
            f"{one} ({', '.join(names[one][:NAMES_SHOWN])})" for one in sorted(levels, key=len)
        )
        raise InputError(
            f"{ledger.label}: admin_level is not set"
            if level is None
            else f"{ledger.label} has no whole outline of admin_level {level}",
            f"set admin_level in the city file; whole in the extract are: {have}"
            if have
            else "the extract holds no whole outline: name a file with outlines, or leave "
            "[boundaries] out and the areas are cells",
            code="no_admin_level",
        )
    return found


def whole_shape(wkb: WKBFactory, area: OsmArea) -> BaseGeometry:
    """The outline, or None where the extract holds only a part of it."""
    try:
        return shapely.from_wkb(bytes.fromhex(wkb.create_multipolygon(area)))
    except (RuntimeError, osmium.InvalidLocationError):
        return None
