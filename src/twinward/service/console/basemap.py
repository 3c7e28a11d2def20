"""What stands still while a screen moves: the city's name, its time zone, its areas' outlines
and points.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from shapely.geometry import mapping, shape
from shapely.ops import polylabel

from twinward.citybase.columns import MANIFEST, CityManifest, read_manifest
from twinward.citybase.schema import Area
from twinward.core.errors import InputError
from twinward.service.platform import Platform

OUTLINES = "boundaries.geojson"
MAP_DEPTH = 2  # the map shows the levels above the communities
LABEL_TOLERANCE_DEG = 0.002


class AreaName(msgspec.Struct, frozen=True, kw_only=True):
    """An area as a list names it."""

    code: str
    name: str
    level: str
    parent: str | None
    leaf: bool


class Basemap:
    """The city as the map and the lists need it; read once, for it changes only when the city is
    built again.
    """

    def __init__(self, platform: Platform) -> None:
        folder = platform.workspace / "city"
        self.areas = platform.reference.areas
        self.manifest: CityManifest | None = (
            read_manifest(folder) if (folder / MANIFEST).exists() else None
        )
        self.name = self.manifest.name if self.manifest else ""
        self.timezone = self.manifest.timezone if self.manifest else platform.settings.timezone
        self.zone = ZoneInfo(self.timezone)
        self.residents = self.manifest.lengths.get("age_sex", 0) if self.manifest else 0
        self.kind = read_kind(platform.workspace)
        self.top = [code for code in sorted(self.areas.by_code) if self.depth(code) == 1]
        self.outlines = read_outlines(folder / OUTLINES, self.areas.by_code)
        self.features = msgspec.json.encode(
            {"type": "FeatureCollection", "features": self.list_features()}
        )
        self.tag = f'"{hashlib.blake2b(self.features, digest_size=8).hexdigest()}"'

    def depth(self, code: str) -> int:
        return len(self.areas.path(code)) - 1

    def day_of(self, at: datetime) -> date:
        """The civil day of an instant in the city."""
        return at.astimezone(self.zone).date()

    def list_areas(self, under: str | None) -> list[AreaName]:
        """The children of an area, by code; of the city when `under` is None."""
        parent = self.areas.require(under) if under else self.areas.root
        found = sorted(self.areas.children.get(parent, []))
        return [
            AreaName(
                code=code,
                name=self.areas.name(code),
                level=self.areas.by_code[code].level,
                parent=under,
                leaf=not self.areas.children.get(code),
            )
            for code in found
        ]

    def list_features(self) -> list[dict[str, object]]:
        """GeoJSON of the map's areas: the outline where there is one, else the area's point, if
        it has a place.
        """
        features: list[dict[str, object]] = []
        for code, area in sorted(self.areas.by_code.items()):
            depth = self.depth(code)
            if not 1 <= depth <= MAP_DEPTH:
                continue
            outline = self.outlines.get(code)
            geometry = outline[0] if outline else point_of(area)
            if geometry is None:
                continue
            names = {"code": code, "name": area.name, "level": area.level, "depth": depth}
            label = {"label": outline[1]} if outline else {}
            features.append({"type": "Feature", "geometry": geometry, "properties": names | label})
        return features


def point_of(area: Any) -> dict[str, object] | None:
    """The point of an area; None for the stand-in (0, 0) of an area whose place nobody
    published.
    """
    found: Area = area
    if found.lon == 0 and found.lat == 0:
        return None
    return {"type": "Point", "coordinates": [round(found.lon, 6), round(found.lat, 6)]}


def read_outlines(
    path: Path, known: Container[str]
) -> dict[str, tuple[dict[str, object], list[float]]]:
    """code -> (geometry, where its label stands); empty when the city has no outlines."""
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_bytes())["features"]
    except (ValueError, KeyError, OSError) as error:
        raise InputError(
            f"{path.name} cannot be read: {error}", "build the city again", code="broken_city"
        ) from error
    outlines = {}
    for feature in found:
        code = str(feature.get("properties", {}).get("code", ""))
        if code in known and feature.get("geometry"):
            outlines[code] = (feature["geometry"], place_label(feature["geometry"]))
    return outlines


def place_label(geometry: dict[str, object]) -> list[float]:
    """The middle of the largest circle inside the largest part: where a name fits best."""
    outline = shape(geometry)
    largest = max(getattr(outline, "geoms", [outline]), key=lambda part: part.area)
    if largest.geom_type != "Polygon" or not largest.is_valid:
        point = largest.representative_point()
    else:
        point = polylabel(largest, LABEL_TOLERANCE_DEG)
    lon, lat = mapping(point)["coordinates"]
    return [round(lon, 5), round(lat, 5)]


def read_kind(workspace: Path) -> str:
    """What the workspace is for: `ordinary`, or a demonstration or drill, which the screen must
    say.
    """
    path = workspace / "workspace.json"
    mark = json.loads(path.read_bytes()) if path.exists() else {}
    return str(mark.get("kind", "ordinary"))
