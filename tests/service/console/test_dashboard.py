"""One screen is one picture: its figures are the sums of its rows, now and as of an instant, and
cut to the caller.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec

from browser.made_city import make_city
from browser.stage import Stage, play_outbreak, staged
from twinward.core.language import reading_in
from twinward.service.console.basemap import Basemap
from twinward.service.console.dashboard import Dashboards, read_titles
from twinward.service.console.dashboard_view import Dashboard
from twinward.service.console.workspaces import get_public
from twinward.service.platform import Caller, local_admin


def screen_of(screens: Dashboards, at: object = None, caller: Caller | None = None) -> Dashboard:
    return msgspec.json.decode(screens.get(at, caller or local_admin()), type=Dashboard)  # type: ignore[arg-type]


def assert_sums(screen: Dashboard) -> None:
    figures = screen.figures
    assert (
        figures.new_total
        == sum(area.new_total for area in screen.areas)
        == sum(row.new for row in screen.curve)
    )
    assert (
        figures.new
        == sum(area.new for area in screen.areas)
        == sum(row.new for row in screen.incidents)
    )
    assert (
        figures.tasks_late
        == sum(area.tasks_late for area in screen.areas)
        == sum(d.late for d in screen.departments)
    )
    assert figures.places == sum(area.places for area in screen.areas)
    assert figures.incidents_open == sum(row.status == "open" for row in screen.incidents)


def played(stage: Stage) -> tuple[Dashboards, Basemap]:
    play_outbreak(stage, days=9)
    ground = Basemap(stage.platform)
    return Dashboards(stage.platform, ground), ground


def test_figures_are_the_sums_of_their_rows_at_every_instant(tmp_path: Path) -> None:
    make_city(tmp_path / "ws")
    with staged(tmp_path / "ws") as stage:
        screens, _ = played(stage)
        now = screen_of(screens)
        assert now.figures.new_total > 0
        assert_sums(now)
        before = screen_of(screens, stage.clock.now() - timedelta(days=4))
        assert_sums(before)
        assert 0 < before.figures.new_total < now.figures.new_total


def test_an_officer_of_one_district_sees_that_district(tmp_path: Path) -> None:
    make_city(tmp_path / "ws")
    with staged(tmp_path / "ws") as stage:
        screens, _ = played(stage)
        hers = screen_of(screens, caller=Caller(name="li", role="duty_officer", areas=("02",)))
        assert {row.area for row in hers.incidents} == {"02"}
        assert hers.figures.new_total < screen_of(screens).figures.new_total


def test_the_public_page_has_whole_days_and_no_small_numbers(tmp_path: Path) -> None:
    make_city(tmp_path / "ws")
    with staged(tmp_path / "ws") as stage:
        stage.report_count("01", 40)
        stage.report_count("02", 2)
        stage.report_count("03", 30)
        same_day = get_public(stage.platform, Basemap(stage.platform), None)
        assert all(area.new_7d == 0 for area in same_day.areas)
        stage.pass_time(days=1)
        page = get_public(stage.platform, Basemap(stage.platform), None)
        shown = {area.code: area.new_7d for area in page.areas}
        assert shown["01"] == 40 and shown["02"] is None and shown["03"] is None


def test_a_source_is_named_in_the_language_of_whoever_reads(tmp_path: Path) -> None:
    make_city(tmp_path / "ws")
    titles = {"bulletin": {"en": "Daily bulletin", "zh": "每日通报"}, "desk": "The desk"}
    (tmp_path / "ws" / "source-titles.json").write_bytes(msgspec.json.encode(titles))
    with staged(tmp_path / "ws") as stage:
        screens, _ = played(stage)
        assert screen_of(screens).sources == ["Daily bulletin"]
        with reading_in("zh"):
            assert screen_of(screens).sources == ["每日通报"]
        assert screen_of(screens).sources == ["Daily bulletin"]  # what is kept is not mixed up
        assert read_titles(stage.platform)["desk"] == "The desk"
