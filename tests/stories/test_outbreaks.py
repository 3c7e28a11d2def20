"""Outbreaks played through the public API on Huangpu: drawn and real, on both databases, to
closed incidents.
"""

from __future__ import annotations

import argparse
import csv
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from helpers.cities import START, make_city
from twinward.app import compose
from twinward.app.workspace import init_workspace
from twinward.cli.workspace import demo
from twinward.core.clock import SetClock
from twinward.rehearsal.player import Player
from twinward.rehearsal.responders import Responders
from twinward.service.incidents import queries
from twinward.service.operations import run_totals
from twinward.service.platform import Platform

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "shanghai" / "outbreak-2022"
HUANGPU_WORDS = ("黄浦", "黄浦区")


@contextmanager
def stage(workspace: Path, settings: str = "") -> Iterator[tuple[Platform, SetClock]]:
    """A demonstration's workspace with Huangpu alone, open, on a clock of its own."""
    init_workspace(workspace, kind="demo")
    make_city(workspace, "310101")
    (workspace / "settings.toml").write_text(settings, "utf-8")
    clock = SetClock(START)
    platform = compose.open_platform(workspace, clock)
    try:
        yield platform, clock
    finally:
        platform.close()


def play(
    platform: Platform,
    clock: SetClock,
    *,
    seed: int = 1,
    outbreak: Path | None = None,
    silent: str = "",
) -> dict[str, Any]:
    """The whole play over HTTP, as `twinward demo` does it; what it came to."""
    options = argparse.Namespace(
        workspace=platform.workspace, outbreak=outbreak, outbreak_config=None, seed=seed
    )
    deliveries, hazard = demo.choose_deliveries(platform, options)
    clock.at = deliveries[0].published_at
    demo.open_demo_activation(platform, hazard, deliveries)
    responders = Responders(seed, hazard, frozenset(word for word in silent.split(",") if word))
    with demo.serving(platform) as url, httpx.Client(base_url=url, timeout=120) as client:
        departments = platform.reference.library.departments
        player = Player(
            client, clock, platform.loop.tick, responders, departments, demo.home_finder(platform)
        )
        tally = player.play(deliveries, lambda tally: None)
        player.wait_idle()
    sent = Counter(item.source for item in deliveries)
    return run_totals.count_outcome(platform, hazard) | {
        "sent": sent,
        "latencies": tally.latencies_ms,
    }


def check_accounts(platform: Platform, result: dict[str, Any]) -> None:
    """Every row that was sent is stored, rejected or a counted duplicate, and all of it is where
    it should be.
    """
    counts = {row["source"]: row for row in result["counts"]}
    for source, sent in result["sent"].items():
        row = counts[source]
        assert row["received"] == sent
        assert row["received"] == row["stored"] + row["rejected"] + row["duplicate"]
    assert platform.reconciler.list_differences(fresh=True) == []


@pytest.fixture(scope="module")
def drawn(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Platform, dict[str, Any]]]:
    """The drawn outbreak played once to its end, and what it came to."""
    with stage(tmp_path_factory.mktemp("drawn") / "ws") as (platform, clock):
        yield platform, play(platform, clock, seed=7)


def test_the_drawn_outbreak_ends_in_closed_incidents(
    drawn: tuple[Platform, dict[str, Any]],
) -> None:
    platform, result = drawn
    check_accounts(platform, result)
    assert result["incidents"] > 0
    assert result["incidents_closed"] == result["incidents"]
    assert 0 < result["orders_confirmed"] <= result["orders"]
    assert result["escalations"] > 0
    for row in queries.list_incidents(platform):
        shown = queries.get_incident(platform, row["id"])
        assert all(finding.holds for finding in shown["evidence"])
        assert set(shown["tasks"]) <= {"done", "dropped"}


@pytest.mark.slow
def test_the_same_seed_plays_the_same_outbreak(
    drawn: tuple[Platform, dict[str, Any]], tmp_path: Path
) -> None:
    _, first = drawn
    with stage(tmp_path / "two") as (platform, clock):
        second = play(platform, clock, seed=7)
    untimed = [
        {name: value for name, value in one.items() if name != "latencies"}
        for one in (first, second)
    ]
    assert untimed[0] == untimed[1]


def test_a_department_that_never_answers_keeps_its_incidents_open(tmp_path: Path) -> None:
    with stage(tmp_path / "ws") as (platform, clock):
        result = play(platform, clock, silent="information")
        assert result["incidents_closed"] == 0
        for row in queries.list_incidents(platform):
            unmet = [
                one.because
                for one in queries.get_incident(platform, row["id"])["evidence"]
                if not one.holds
            ]
            assert any("late: Information office in" in because for because in unmet)


def cut_days(target: Path, first: str, last: str) -> Path:
    """Huangpu's rows of some days of the real outbreak, in the files and the form of the whole."""
    if not (SHARED / "shanghai_district_data.csv").exists():
        pytest.skip("the outbreak of 2022 is not here; it is not part of the project")
    target.mkdir()
    for path in SHARED.glob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        day = next((name for name in ("date", "时间") if name in rows[0]), None)
        kept = [
            row
            for row in rows
            if (day is None or first <= row[day].replace("-", "") <= last)
            and ("district" not in row or row["district"] in HUANGPU_WORDS)
        ]
        with (target / path.name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(kept)
    return target


def told_by_day(folder: Path) -> dict[str, int]:
    """The sums of the file itself, counted plainly: distinct rows of confirmed and asymptomatic."""
    totals: dict[str, int] = {}
    with (folder / "shanghai_district_data.csv").open(encoding="utf-8") as file:
        for row in {tuple(row.items()) for row in csv.DictReader(file)}:
            values = dict(row)
            day = f"{values['date'][:4]}-{values['date'][4:6]}-{values['date'][6:]}"
            totals[day] = totals.get(day, 0) + int(values["count"])
    return totals


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_days_of_the_real_outbreak_sum_up_and_lose_no_row(
    tmp_path: Path, database: str, request: pytest.FixtureRequest
) -> None:
    folder = cut_days(tmp_path / "cut", "20220401", "20220405")
    settings = ""
    if database == "postgresql":
        settings = f'[storage]\nurl = "{request.getfixturevalue("new_database")}"\n'
    with stage(tmp_path / "ws", settings) as (platform, clock):
        result = play(platform, clock, outbreak=folder)
        check_accounts(platform, result)
        stored = {day: n for day, n in result["city_total_by_day"].items() if n}
        assert stored == {day: n for day, n in told_by_day(folder).items() if n}
        assert result["sent"]["buildings"] > 0
        assert result["places_affected"] > 0
        assert result["incidents"] > 0
        again = {row["source"]: row["stored"] for row in result["counts"]}
        with demo.serving(platform) as url, httpx.Client(base_url=url, timeout=120) as client:
            rows = demo.choose_deliveries(
                platform,
                argparse.Namespace(
                    workspace=platform.workspace, outbreak=folder, outbreak_config=None, seed=1
                ),
            )[0]
            for source in result["sent"]:
                items = [item.command for item in rows if item.source == source]
                for start in range(0, len(items), 1000):
                    body = {"items": items[start : start + 1000], "source": source}
                    answer = client.post("/v1/commands", json=body).json()
                    assert answer["stored"] == 0
        assert {row.source: row.stored for row in queries.list_sources(platform)} == again


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_ten_drawn_outbreaks_all_close_with_all_accounts_in_order(
    tmp_path: Path, seed: int
) -> None:
    with stage(tmp_path / "ws") as (platform, clock):
        result = play(platform, clock, seed=seed)
        check_accounts(platform, result)
        assert result["incidents_closed"] == result["incidents"] > 0
    shutil.rmtree(tmp_path / "ws")
