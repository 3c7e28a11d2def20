"""A city file becomes a city whose totals are exact, whole or not at all, the same bytes every
time.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow.parquet as pq
import pytest

from twinward.citybase import build as build_module
from twinward.citybase.build import build
from twinward.citybase.columns import COLUMNS, hash_columns, open_city
from twinward.citybase.directory import locked
from twinward.core.errors import AbsentError, BusyError, InputError, StorageError

PLACES = """
[[places]]
file = "schools.csv"
kind = "stage"
map = { "primary" = "primary", "Kita" = "kindergarten" }
capacity = "room"
area = "where"
"""
SCHOOLS = (
    "name,stage,lon,lat,room,where\n"
    "A,primary,10.05,50.05,150,West\n"
    "B,primary,10.15,50.05,,12\n"
    "C,Kita im Park,10.02,50.02,,11\n"
)


def test_totals_by_area_are_exact(small_city: Callable[..., Path], tmp_path: Path) -> None:
    report = build(small_city(), tmp_path / "ws")
    assert (report["residents"], report["areas"]) == (
        6001,
        {"district": 2, "subdistrict": 4, "community": 12},
    )
    city = open_city(tmp_path / "ws" / "city")
    count = dict(zip(city.leaf_codes, np.diff(city.leaf_start.astype(int)).tolist(), strict=True))
    assert sum(n for code, n in count.items() if code.startswith("11")) == 2500
    assert sum(n for code, n in count.items() if code.startswith("12")) == 3501
    assert (
        max(count.values()) - min(n for c, n in count.items() if c.startswith("11"))
        <= 3501 // 6 + 1 - 2500 // 6
    )
    areas = {
        row["code"]: row for row in pq.read_table(tmp_path / "ws/city/areas.parquet").to_pylist()
    }
    assert areas["12"]["residents"] == 3501
    for code, row in areas.items():
        assert row["parent"] is None or code.startswith(row["parent"])


def test_seeded_areas_lie_in_the_outline_of_their_district(
    small_city: Callable[..., Path], tmp_path: Path
) -> None:
    build(small_city(), tmp_path / "ws")
    city = open_city(tmp_path / "ws" / "city")
    for area in city.areas:
        west = 10.0 if area.code.startswith("11") else 10.1
        assert west <= area.lon <= west + 0.1 and 50.0 <= area.lat <= 50.1
        assert area.synthetic_point == (area.level != "district")


def test_columns_open_read_only_and_match_the_hash(
    small_city: Callable[..., Path], tmp_path: Path
) -> None:
    report = build(small_city(), tmp_path / "ws")
    city = open_city(tmp_path / "ws" / "city")
    assert hash_columns(city) == report["sha256"] == city.sha256
    with pytest.raises(ValueError, match="read-only"):
        city.age_sex[0] = 1


def test_same_seed_same_bytes_on_any_threads(
    small_city: Callable[..., Path], tmp_path: Path
) -> None:
    config = small_city(extra=PLACES, schools_csv=SCHOOLS)
    digests = [
        build(config, tmp_path / f"ws{i}", seed=s, threads=t)["sha256"]
        for i, (s, t) in enumerate([(5, 1), (5, 2), (6, 2)])
    ]
    assert digests[0] == digests[1] != digests[2]


def test_places_become_sites_with_their_room(
    small_city: Callable[..., Path], tmp_path: Path
) -> None:
    report = build(small_city(extra=PLACES, schools_csv=SCHOOLS), tmp_path / "ws")
    source = report["sources"][-1]
    assert (source["name"], source["read"], source["kept"]) == ("places.schools", 3, 3)
    assert report["sites"]["primary"] == 2 and report["sites"]["kindergarten"] == 1
    rows = [
        row
        for row in pq.read_table(tmp_path / "ws/city/places.parquet").to_pylist()
        if not row["synthetic"]
    ]
    assert [row["name"] for row in rows] == ["A", "B", "C"]
    assert rows[0]["capacity"] == 150 and rows[1]["capacity"] > 0
    assert (
        rows[0]["area"].startswith("11")
        and rows[1]["area"].startswith("12")
        and rows[0]["area_by"] == "nearest"
    )
    fidelity = msgspec.json.decode((tmp_path / "ws/city/city.json").read_bytes())["fidelity"]
    assert fidelity["schools"][1]["over_room"] == 0


def test_pupils_beyond_all_room_are_counted(
    small_city: Callable[..., Path], tmp_path: Path
) -> None:
    only = "name,stage,lon,lat,room,where\nA,primary,10.05,50.05,10,West\n"
    build(small_city(extra=PLACES, schools_csv=only), tmp_path / "ws")
    fidelity = json.loads((tmp_path / "ws/city/city.json").read_text())["fidelity"]
    assert fidelity["schools"][1]["taken"] == 10
    assert fidelity["schools_unplaced"] > 100


def test_own_ages_and_households_are_kept(small_city: Callable[..., Path], tmp_path: Path) -> None:
    extra = '[ages]\nfile = "ages.csv"\n[households]\nfile = "sizes.csv"\n'
    config = small_city(
        extra=extra,
        ages_csv="age,count\n0-17,2000\n18-64,3000\n65+,1001\n",
        sizes_csv="size,count\n1,10\n2,20\n3+,70\n",
    )
    report = build(config, tmp_path / "ws")
    age = open_city(tmp_path / "ws" / "city").age_sex & 127
    assert ((age < 18).sum(), ((age >= 18) & (age < 65)).sum()) == (2000, 3000)
    assert not any("ages" in note for note in report["synthetic"])
    fidelity = json.loads((tmp_path / "ws/city/city.json").read_text())["fidelity"]
    assert fidelity["households"]["largest_difference"] < 0.01


def test_a_failed_build_keeps_the_older_city(
    small_city: Callable[..., Path], tmp_path: Path, monkeypatch: Any
) -> None:
    report = build(small_city(), tmp_path / "ws")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(build_module, "write_manifest", full)
    with pytest.raises(StorageError, match="No space left") as caught:
        build(small_city(), tmp_path / "ws", seed=9)
    assert caught.value.code == "disk_full"
    assert open_city(tmp_path / "ws" / "city").sha256 == report["sha256"]
    assert sorted(path.name for path in (tmp_path / "ws").iterdir()) == ["city", "city.lock"]


def test_a_killed_first_build_leaves_no_half_city(
    small_city: Callable[..., Path], tmp_path: Path
) -> None:
    config, workspace = small_city(), tmp_path / "ws"
    code = (
        "import sys, time; from pathlib import Path; from twinward.citybase import build as b\n"
        "b.measure = lambda *a: (Path(sys.argv[2]).joinpath('half').touch(), time.sleep(60))\n"
        "b.build(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(config), str(workspace)])
    try:
        for _ in range(600):
            if (workspace / "half").exists():
                break
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
    finally:
        process.wait()
    assert (workspace / "half").exists()
    with pytest.raises(AbsentError):
        open_city(workspace / "city")
    build(config, workspace)
    assert not (workspace / "city.building").exists()
    assert open_city(workspace / "city").residents == 6001


def test_a_kill_between_the_renames_is_mended(
    small_city: Callable[..., Path], tmp_path: Path
) -> None:
    report = build(small_city(), tmp_path / "ws")
    (tmp_path / "ws" / "city").rename(tmp_path / "ws" / "city.old")
    with locked(tmp_path / "ws"):
        assert open_city(tmp_path / "ws" / "city").sha256 == report["sha256"]


def test_two_builds_at_once_are_refused(small_city: Callable[..., Path], tmp_path: Path) -> None:
    with locked(tmp_path / "ws"), pytest.raises(BusyError, match="another build"):
        build(small_city(), tmp_path / "ws")


def test_a_cut_column_is_named(small_city: Callable[..., Path], tmp_path: Path) -> None:
    build(small_city(), tmp_path / "ws")
    path = tmp_path / "ws" / "city" / f"{COLUMNS[2]}.npy"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(StorageError, match="site_of"):
        open_city(tmp_path / "ws" / "city")


def test_no_city_says_how_to_build_one(tmp_path: Path) -> None:
    with pytest.raises(AbsentError, match="twinward city build"):
        open_city(tmp_path / "city")


def test_a_workspace_that_is_a_file_is_the_inputs_fault(
    small_city: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "ws").write_text("")
    with pytest.raises(InputError, match="workspace"):
        build(small_city(), tmp_path / "ws")


def test_stations_that_name_their_lines_are_joined_and_what_is_planned_is_pale(
    small_city: Callable[..., Path], tmp_path: Path
) -> None:
    extra = (
        '[[places]]\nfile = "p.csv"\nkind = "metro_station"\nlines = "stops"\n'
        'unopened = ["(planned)"]\n'
    )
    rows = (
        "name,lon,lat,stops\na,10.02,50.05,1\nb,10.05,50.05,1;(planned)2\nc,10.08,50.05,1; 3\n"
        "d,10.05,50.08,(planned)2\ne,10.08,50.08,3\nf,10.02,50.02,\n"
    )
    report = build(small_city(extra=extra, p_csv=rows), tmp_path / "ws")
    assert report["basemap"]["layers"]["transit_line"] == 2, "1 and 3, not the planned one"
    with pytest.raises(InputError, match="lines"):
        build(small_city(extra=extra.replace('"stops"', '"line"'), p_csv=rows), tmp_path / "w2")
