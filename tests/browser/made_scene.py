"""Three made-up houses in the middle of the made-up city, and forecasts that speak of it."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pyproj

from browser.made_city import HEIGHT, SOUTH, WEST, WIDTH
from twinward.citybase.scene.build import build_scene
from twinward.decision.simulation.exposure import QUANTILES
from twinward.service.hazards.forecast_store import (
    AreaCourse,
    HazardMap,
    StoredForecast,
    keep_forecast,
)
from twinward.service.hazards.forecasts import HazardAnswer

MIDDLE = (WEST + WIDTH / 2, SOUTH + HEIGHT / 2)
TALL_M = 12.0
SIDE_M = 40.0
UTM = "EPSG:32632"
HOUR_S = 3600.0


def make_scene(workspace: Path) -> None:
    """Houses side by side, the middle one over the middle of the map."""
    east, north = pyproj.Transformer.from_crs("EPSG:4326", UTM, always_xy=True).transform(*MIDDLE)
    vertices: list[list[float]] = []
    objects = {}
    for n in range(3):
        x, y, first = east + (n - 1.5) * SIDE_M, north - SIDE_M / 2, len(vertices)
        ring = [(x, y), (x + SIDE_M, y), (x + SIDE_M, y + SIDE_M), (x, y + SIDE_M)]
        vertices += [[*one, high] for high in (0.0, TALL_M) for one in ring]
        walls = [[[first + k, first + (k + 1) % 4, first + (k + 1) % 4 + 4, first + k + 4]] for k in range(4)]  # fmt: skip
        roof = [[first + 4, first + 5, first + 6, first + 7]]
        geometry = {"type": "MultiSurface", "lod": "1", "boundaries": [roof, *walls]}
        objects[f"house-{n}"] = {"type": "Building", "geometry": [geometry]}
    town = {
        "type": "CityJSON",
        "version": "2.0",
        "transform": {"scale": [1, 1, 1], "translate": [0, 0, 0]},
        "metadata": {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/32632"},
        "vertices": vertices,
        "CityObjects": objects,
    }
    source = workspace / "town.city.json"
    source.write_text(json.dumps(town), "utf-8")
    build_scene(workspace / "scene", cityjson=[source])


def keep_made_forecast(
    workspace: Path, hazard: str, at: datetime, area: str, peak: float, unit: str
) -> str:
    """A forecast of two hours that rises evenly over one area; twice as high in one run of twenty."""
    name = f"fc-{hazard}-a1b2c3d4e5f6a7b8"
    steps = (HOUR_S, 2 * HOUR_S)
    answer = HazardAnswer(
        hazard=hazard, model=hazard, version="1", figure="made", unit=unit, hours=2.0, members=20, seed=1,
        quantiles=QUANTILES, exposed=(), areas=(), areas_total=1, mass_error=None, assumptions=(), out_of_range=(),
        notes=(), calibration="not calibrated here", fingerprint="made", cpu_s=0.0,
    )  # fmt: skip
    course = AreaCourse(
        area=area, name="Market", lon=MIDDLE[0], lat=MIDDLE[1], residents=100, median=(peak / 2, peak),
        high=(peak, 2 * peak), arrival_s=HOUR_S,
    )  # fmt: skip
    drawn = HazardMap(
        id=name, hazard=hazard, figure="made", unit=unit, issued_at=at, times_s=steps, levels=(("low", peak / 4),),
        areas=(course,), areas_total=1,
    )  # fmt: skip
    keep_forecast(
        workspace,
        StoredForecast(
            id=name, issued_at=at, made_by="a test", because="", answer=answer, map=drawn
        ),
    )
    return name
