"""`twinward surveil cities` from outside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from twinward.service.surveillance.kept_cities import KeptCities

FLOWS = ["from,to,day,people", "a,b,0,2000", "a,c,0,50", "b,a,0,2000", "c,a,0,50"]
PEOPLE = ["city,population", "a,900000", "b,500000", "c,400000", "d,70000"]


def files(tmp_path: Path, flows: list[str] = FLOWS, people: list[str] = PEOPLE) -> list[str]:
    (tmp_path / "flows.csv").write_text("\n".join(flows))
    (tmp_path / "people.csv").write_text("\n".join(people))
    words = ["--flows", str(tmp_path / "flows.csv"), "--population", str(tmp_path / "people.csv")]
    return [*words, "--days", "60", "--runs", "10"]


def test_the_order_follows_the_flows(run: Any, tmp_path: Path) -> None:
    code, found = run("cities", *files(tmp_path), "--seed-city", "a")
    assert code == 0
    assert found["order"] == ["a", "b", "c", "d"]
    first, last = found["cities"][1], found["cities"][-1]
    assert first["probability"] == 1.0
    assert first["imports_14"]["low_90"] <= first["imports_14"]["high_90"]
    assert last["arrival_day"]["median"] is None
    assert last["effective_distance"] is None
    assert found["people_end"] == pytest.approx(found["people_start"])
    assert any("1 cities have no flow, the first is d: isolated" in n for n in found["notes"])


def test_people_who_go_nowhere_known_are_counted(run: Any, tmp_path: Path) -> None:
    words = files(tmp_path, [*FLOWS, "a,moon,0,7"])
    found = run("cities", *words, "--seed-city", "a")[1]
    assert any("1 cities have no population (moon): 7 people left out" in n for n in found["notes"])


@pytest.mark.parametrize(
    ("flows", "people", "seed", "code"),
    [
        (FLOWS, PEOPLE, "nowhere", "unknown_city"),
        ([*FLOWS, "a,b,1,-4"], PEOPLE, "a", "negative_count"),
        ([*FLOWS, "a,b,soon,4"], PEOPLE, "a", "bad_date"),
        (FLOWS, [*PEOPLE, "e,0"], "a", "bad_population"),
        (["from,people", "a,3"], PEOPLE, "a", "missing_column"),
    ],
)
def test_bad_files_are_errors_with_a_code(
    run: Any, tmp_path: Path, flows: list[str], people: list[str], seed: str, code: str
) -> None:
    status, found = run("cities", *files(tmp_path, flows, people), "--seed-city", seed)
    assert (status, found["error"]["code"]) == (2, code)


def test_a_run_is_kept_for_the_screen_beside_one_with_half_the_travel(
    run: Any, tmp_path: Path
) -> None:
    workspace = tmp_path / "ws"
    code, _ = run("cities", *files(tmp_path), "--seed-city", "a", "--keep", str(workspace))
    assert code == 2, "no workspace is there"
    workspace.mkdir()
    code, found = run("cities", *files(tmp_path), "--seed-city", "a", "--keep", str(workspace))
    assert code == 0
    kept = msgspec.json.decode((workspace / "between_cities.json").read_bytes(), type=KeptCities)
    assert [one.city for one in kept.as_asked.cities] == found["order"]
    full, half = (one.cities[1].imports_14.mean for one in (kept.as_asked, kept.with_half))
    assert half < 0.8 * full
