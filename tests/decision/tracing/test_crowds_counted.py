"""Counting everyone by cells and bits gives what looking at every row gives: any shape, any
window, many pieces.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from reference.movement import START, as_batch, open_scope, random_fixes
from twinward.decision.tracing.presence import visited
from twinward.decision.tracing.presence.areas import AskedAreas, read_areas
from twinward.decision.tracing.scoped_lake import ScopedLake
from twinward.storage.lake.lake import Lake

DAY = timedelta(days=1)


def shapes(seed: int, count: int) -> AskedAreas:
    """Discs from a metre to two kilometres, and triangles, where the people are and beyond."""
    random = np.random.default_rng(seed)
    features: list[dict[str, Any]] = []
    for number in range(count):
        lon, lat = (random.normal(0, 0.006, 2) + [121.47, 31.2]).tolist()
        geometry: dict[str, Any] = {"type": "Point", "coordinates": [lon, lat]}
        if number % 3 == 0:
            ring = (random.normal(0, 0.004, (3, 2)) + [lon, lat]).tolist()
            geometry = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
        radius_m = float(np.exp(random.uniform(0, 7.6)))
        features.append(
            {
                "type": "Feature",
                "properties": {"code": number, "radius_m": radius_m},
                "geometry": geometry,
            }
        )
    return read_areas({"type": "FeatureCollection", "features": features})


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Two appends, so that days are kept in pieces; the second has people with hundreds of fixes
    in one cell.
    """
    lake = Lake(tmp_path_factory.mktemp("lake"))
    lake.append([as_batch(random_fixes(3, 30_000, 120))], START)
    lake.append([as_batch(random_fixes(4, 6_000, 4, days=1.0))], START)
    return lake


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (START, START + 3 * DAY),
        (START + timedelta(hours=7), START + timedelta(hours=50)),
        (START + timedelta(hours=9), START + timedelta(hours=10)),
        (START - DAY, START + 10 * DAY),
    ],
)
def test_counts_by_cell_are_those_of_every_row(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, start: datetime, end: datetime
) -> None:
    opened, areas = ScopedLake(lake.snapshot(), open_scope()), shapes(8, 60)
    by_cell = visited.list_visited(opened, areas, start, end, None, 0)
    monkeypatch.setattr(visited, "can_count", lambda *_: False)
    by_row = visited.list_visited(opened, areas, start, end, None, 0)
    assert by_cell == by_row
    assert by_cell.stayed > 0 and 20 < by_cell.passed_through <= 124


def test_a_compacted_lake_and_one_of_other_numbers_count_alike(lake: Lake, tmp_path: Path) -> None:
    areas = shapes(9, 40)

    def ask(asked: Lake) -> visited.VisitedAnswer:
        opened = ScopedLake(asked.snapshot(), open_scope())
        return visited.list_visited(opened, areas, START, START + 3 * DAY, None, 0)

    before = ask(lake)
    lake.compact()
    assert ask(lake) == before
    exact = Lake(
        tmp_path / "f64"
    )  # coordinates that no whole number of 1e-7 degrees gives back: no crowd files
    exact.append([as_batch(random_fixes(3, 3_000, 120, decimals=None))], START)
    assert not any(part.crowd_bytes for part in exact.snapshot().manifest.parts)
    assert ask(exact).passed_through > 20


def test_areas_are_counted_in_turns_when_there_are_many(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, areas = ScopedLake(lake.snapshot(), open_scope()), shapes(8, 60)
    whole = visited.list_visited(opened, areas, START, START + 3 * DAY, None, 0)
    monkeypatch.setattr("twinward.decision.tracing.presence.crowds.MOST_BYTES", 100)
    turns = visited.list_visited(opened, areas, START, START + 3 * DAY, None, 0)
    assert msgspec.to_builtins(turns) == msgspec.to_builtins(whole)
