"""What a phone without a fix or with a wrong clock sends is told, and every door says the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from twinward.core.clock import format_time, to_us
from twinward.core.errors import InputError
from twinward.core.geography import bd09_to_wgs84, distance_m, gcj02_to_bd09, wgs84_to_gcj02
from twinward.edge.feeds.movement import MovementFile
from twinward.edge.feeds.observations import Checks, read_observations
from twinward.edge.feeds.plausible import (
    Surroundings,
    bounds_of,
    find_exchanged,
    find_null_positions,
    find_wrong_clocks,
)

NOW = datetime(2026, 11, 29, tzinfo=UTC)
SHANGHAI = (120.8, 30.6, 122.2, 31.9)
MONACO = (7.3, 43.6, 7.6, 43.9)
FIJI = bounds_of(np.array([177.3, 179.4, -179.9]), np.array([-18.1, -16.5, -16.8]), 0.1)


def by_file(folder: Path, rows: list[tuple[Any, ...]], bounds: Any) -> list[str]:
    """Codes of the rejected rows of a movement file."""
    path = folder / "m.csv"
    lines = [f"p,{format_time(at)},{lon!r},{lat!r}" for at, lon, lat in rows]
    path.write_text("\n".join(["subject,time,lon,lat", *lines]))
    source = MovementFile(path, None, Surroundings(now=NOW, bounds=bounds))
    for _ in source.batches():
        pass
    return [row.code for row in source.rejected]


def by_post(rows: list[tuple[Any, ...]], bounds: Any, **more: Any) -> list[str]:
    """Codes of the rejected items of a body."""
    items = [
        {"source_id": str(n), "type": "position", "occurred_at": format_time(at), "subject": "p"}
        | {"lon": lon, "lat": lat}
        for n, (at, lon, lat) in enumerate(rows)
    ]
    body = msgspec.json.encode({"source": "phones", "items": items} | more)
    return [one.code for one in read_observations(body, Checks(bounds=bounds), NOW).wrong]


@pytest.mark.parametrize(
    ("lon", "lat", "bounds", "code"),
    [
        (0.0, 0.0, SHANGHAI, "null_position"),
        (0.000001, -0.000001, SHANGHAI, "null_position"),
        (0.0, 0.0, None, "null_position"),
        (-1.0, -1.0, SHANGHAI, "null_position"),
        (180.0, 90.0, SHANGHAI, "null_position"),
        (121.47, 0.0, SHANGHAI, "null_position"),
        (0.0, 31.23, SHANGHAI, "null_position"),
        (43.7380, 7.4250, MONACO, "swapped_coordinates"),
        (-16.8, 179.9, FIJI, "bad"),
        (7.4250, 43.7380, MONACO, ""),
        (2.35, 48.85, MONACO, ""),
        (43.1, 11.6, MONACO, ""),
        (121.47, 31.23, SHANGHAI, ""),
        (-179.95, -16.8, FIJI, ""),
        (179.95, -16.8, FIJI, ""),
    ],
)
def test_both_doors_say_the_same_of_a_position(
    tmp_path: Path, lon: float, lat: float, bounds: Any, code: str
) -> None:
    rows = [(NOW - timedelta(hours=1), lon, lat)]
    told, posted = by_file(tmp_path, rows, bounds), by_post(rows, bounds)
    if code == "bad":  # no latitude at all: each door's own word for it
        assert len(told) == len(posted) == 1
    else:
        assert told == posted == ([code] if code else [])


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (NOW + timedelta(minutes=4), ""),
        (NOW + timedelta(hours=8), "time_in_future"),
        (NOW + timedelta(weeks=1024), "time_in_future"),
        (datetime(1970, 1, 1, 0, 3, tzinfo=UTC), "wrong_clock"),
        (datetime(1980, 1, 6, 1, tzinfo=UTC), "wrong_clock"),
        (NOW - timedelta(weeks=1024, hours=3), "wrong_clock"),
        (NOW - timedelta(days=400), ""),
    ],
)
def test_both_doors_say_the_same_of_a_clock(tmp_path: Path, at: datetime, code: str) -> None:
    usual = [(NOW - timedelta(minutes=n), 121.47, 31.23) for n in range(1, 4)]
    rows = [*usual, (at, 121.47, 31.23)]
    expected = [code] if code else []
    assert by_file(tmp_path, rows, SHANGHAI) == by_post(rows, SHANGHAI) == expected


def test_old_data_as_a_whole_are_no_wrong_clock() -> None:
    old = np.array([to_us(NOW - timedelta(weeks=1024, days=n)) for n in range(9)])
    assert not find_wrong_clocks(old, NOW).any()


def test_a_city_at_the_equator_or_at_greenwich_keeps_its_own_noughts() -> None:
    quito = bounds_of(np.array([-78.6, -78.4]), np.array([-0.4, 0.1]), 0.1)
    london = bounds_of(np.array([-0.5, 0.3]), np.array([51.3, 51.7]), 0.1)
    assert not find_null_positions(np.array([-78.5]), np.array([0.0]), quito).any()
    assert not find_null_positions(np.array([0.0]), np.array([51.5]), london).any()
    assert find_null_positions(np.array([0.0, -78.5]), np.array([51.5, 0.0]), None).sum() == 0


def test_bounds_go_the_short_way_round_across_180() -> None:
    assert FIJI[0] < 178 < 180 < FIJI[2] < 181
    assert not find_exchanged(np.array([121.0]), np.array([31.0]), FIJI).any()


def test_coordinates_of_map_applications_come_back_within_centimetres() -> None:
    lon, lat = np.array([121.4737, 116.39, 87.6]), np.array([31.2304, 39.9, 43.8])
    shifted = wgs84_to_gcj02(lon, lat)
    assert (distance_m(lon, lat, *shifted) > 100).all()
    back = bd09_to_wgs84(*gcj02_to_bd09(*shifted))
    assert (distance_m(lon, lat, *back) < 0.05).all()
    abroad = np.array([7.42, -46.6]), np.array([43.7, -23.5])
    for turned in (wgs84_to_gcj02(*abroad), bd09_to_wgs84(*abroad)):
        np.testing.assert_array_equal(turned, abroad)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("crs", ["gcj02", "bd09"])
def test_declared_coordinates_are_turned_at_every_door(
    tmp_path: Path, crs: str, ending: str
) -> None:
    lon, lat = wgs84_to_gcj02(121.4737, 31.2304)
    if crs == "bd09":
        lon, lat = gcj02_to_bd09(lon, lat)
    at = NOW - timedelta(hours=1)
    path = tmp_path / f"m.{ending}"
    if ending == "csv":
        path.write_text(f"subject,time,lon,lat\np,{format_time(at)},{lon:.6f},{lat:.6f}\n")
    else:
        when = pa.array([at], pa.timestamp("us", tz="UTC"))
        columns = {"subject": ["p"], "time": when, "lon": [float(lon)], "lat": [float(lat)]}
        pq.write_table(pa.table(columns), path)
    around = Surroundings(now=NOW, bounds=SHANGHAI)
    (table,) = MovementFile(path, None, around, crs).batches()
    stored = table.column("lon")[0].as_py(), table.column("lat")[0].as_py()
    assert distance_m(*stored, 121.4737, 31.2304) < 0.2
    item = {"source_id": "1", "type": "position", "occurred_at": format_time(at), "subject": "p"}
    body = {"source": "s", "crs": crs, "items": [item | {"lon": float(lon), "lat": float(lat)}]}
    rows = read_observations(msgspec.json.encode(body), Checks(bounds=SHANGHAI), NOW).rows
    posted = rows.column("lon")[0].as_py(), rows.column("lat")[0].as_py()
    assert distance_m(*posted, 121.4737, 31.2304) < 0.2


def test_columns_that_speak_of_shifted_coordinates_are_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("subject,time,gcj_lng,gcj_lat\np,2026-11-28T00:00:00Z,121.47,31.23\n")
    rename = {"lon": "gcj_lng", "lat": "gcj_lat"}
    with pytest.raises(InputError) as asked:
        list(MovementFile(path, rename).batches())
    assert asked.value.code == "crs_not_stated"
    assert "--crs gcj02" in asked.value.advice
    assert len(list(MovementFile(path, rename, crs="wgs84").batches())) == 1


def test_each_row_may_say_of_what_system_its_point_is(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    at = "2026-11-28T00:00:0{}Z"
    rows = [
        f"p,{at.format(0)},121.4737,31.2304,WGS84",
        f"p,{at.format(1)},121.478223,31.228458,gcj02",
        f"p,{at.format(2)},121.478223,31.228458,GCJ-02 ",
        f"p,{at.format(3)},121.4737,31.2304,",
    ]
    path.write_text("subject,time,lon,lat,CoordType\n" + "\n".join(rows) + "\n")
    (table,) = MovementFile(path).batches()
    for lon, lat in zip(table["lon"].to_pylist(), table["lat"].to_pylist(), strict=True):
        assert distance_m(lon, lat, 121.4737, 31.2304) < 1.0
    path.write_text(path.read_text().replace("gcj02", "mars"))
    with pytest.raises(InputError) as refused:
        list(MovementFile(path).batches())
    assert refused.value.code == "bad_crs"


def test_an_unknown_system_is_no_body_at_all() -> None:
    with pytest.raises(InputError) as refused:
        by_post([(NOW, 121.0, 31.0)], None, crs="mars")
    assert refused.value.code == "bad_crs"
