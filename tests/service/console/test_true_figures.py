"""Every figure of a screen is held against the rows it was told, day by day, at one and at nine in
the morning: what is missing stays missing, one week is counted everywhere, persons count once.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from helpers.cities import COMMUNITY, HUANGPU, Desk
from twinward.edge.feeds.outbreak import OutbreakFeed, read_config
from twinward.service.assessment.five_functions import answer_function
from twinward.service.console.basemap import Basemap
from twinward.service.console.dashboard import Dashboards
from twinward.service.console.dashboard_view import Dashboard
from twinward.service.console.workspaces import get_public
from twinward.service.incidents.incident_view import get_incident_view

PUDONG = "310115"
FIRST = date(2022, 3, 6)
# new (confirmed, asymptomatic) by district and day, and persons who changed status; None: no bulletin
HERE = [(2, 1), (3, 4), None, (6, 9), (8, 20), (12, 30), (0, 0), (9, 14), None, (7, 8)]
THERE = [(1, 0), (1, 2), None, (2, 2), (4, 4), (8, 7), (9, 11), (3, 5), None, (2, 2)]
CONFIG = """
[outbreak]
name = "made-up"
hazard = "epidemic"
timezone = "Asia/Shanghai"
published_at = "08:00"
[[sources]]
name = "bulletin"
file = "counts.csv"
kind = "counts"
day = { column = "day" }
area = { column = "area" }
status = { column = "status" }
found_in = { column = "found" }
count = { column = "count" }
[[sources]]
name = "city"
file = "city.csv"
kind = "figures"
day = { column = "day" }
area = { constant = "" }
means = { "all" = "confirmed_with_reclassified", "deaths" = "dead" }
[[sources]]
name = "hospitals"
file = "hospitals.csv"
kind = "occupancy"
what = "patients_in_hospital"
day = { column = "day" }
area = { column = "area" }
count = { column = "n" }
"""


def write(folder: Path) -> None:
    counts, city, hospitals = ["day,area,status,found,count"], ["day,all,deaths"], ["day,area,n"]
    for n, (here, there) in enumerate(zip(HERE, THERE, strict=True)):
        day = FIRST + timedelta(days=n)
        if here is None or there is None:
            city.append(f"{day},5,1")
            continue
        for area, (confirmed, asymptomatic) in ((HUANGPU, here), (PUDONG, there)):
            counts.append(f"{day},{area},confirmed,community,{confirmed}")
            counts.append(f"{day},{area},asymptomatic,control,{asymptomatic}")
        counts.append(f"{day},{HUANGPU},confirmed,reclassified,1")
        city.append(f"{day},{here[0] + there[0] + 1},1")
        hospitals.append(f"{day},{HUANGPU},{40 + n}")
    for name, rows in (("counts", counts), ("city", city), ("hospitals", hospitals)):
        (folder / f"{name}.csv").write_text("\n".join(rows) + "\n", "utf-8")
    (folder / "outbreak.toml").write_text(CONFIG, "utf-8")


def play(desk: Desk, folder: Path) -> None:
    areas: Any = desk.platform.reference.areas
    feed = OutbreakFeed(folder, read_config(folder / "outbreak.toml"), areas)
    for item in feed.list_items():
        desk.clock.at = max(desk.clock.at, item.published_at)
        told = dict(item.command)
        kind, name = told.pop("type"), told.pop("id")
        assert desk.post(kind, id=name, **told).rejected == []
    desk.clock.at += timedelta(days=3)


def screen_at(desk: Desk, at: datetime) -> Dashboard:
    body = Dashboards(desk.platform, Basemap(desk.platform)).get(at, desk.me)
    return msgspec.json.decode(body, type=Dashboard)


def test_every_figure_of_every_morning_is_that_of_the_files(desk: Desk, tmp_path: Path) -> None:
    write(tmp_path)
    play(desk, tmp_path)
    ground = Basemap(desk.platform)
    new = [
        None if a is None or b is None else (sum(a), sum(b))
        for a, b in zip(HERE, THERE, strict=True)
    ]
    for morning in range(1, len(HERE) + 2):
        for hour in (1, 9):
            at = datetime.combine(FIRST + timedelta(days=morning), datetime.min.time(), ground.zone)
            at += timedelta(hours=hour)
            published = new[: morning if hour == 9 else morning - 1]
            told = {FIRST + timedelta(days=n): one for n, one in enumerate(published) if one}
            if not told:
                continue
            last = max(told)
            screen = screen_at(desk, at)
            week = [last - timedelta(days=back) for back in range(7)]
            assert screen.figures.day == last.isoformat()
            assert screen.figures.new == sum(told[last])
            before = told.get(last - timedelta(days=1))
            assert screen.figures.new_before == (sum(before) if before else None)
            assert screen.figures.new_7d == sum(sum(told.get(day, (0, 0))) for day in week)
            assert screen.figures.new_total == sum(map(sum, told.values()))
            assert screen.figures.week[1] == last.isoformat()
            assert screen.figures.reclassified == len(told)
            curve = {row.day: row.new for row in screen.curve}
            for day in told:
                assert curve[day.isoformat()] == sum(told[day])
            gaps = [row.day for row in screen.curve if row.new is None]
            days = [FIRST + timedelta(days=n) for n in range((last - FIRST).days)]
            assert gaps == [day.isoformat() for day in days if day not in told]
            by_area = {row.code: row for row in screen.areas}
            for place, code in enumerate((HUANGPU, PUDONG)):
                assert by_area[code].new == told[last][place]
                assert by_area[code].new_7d == sum(told.get(day, (0, 0))[place] for day in week)
                assert by_area[code].new_total == sum(one[place] for one in told.values())
            for row in screen.incidents:
                view = get_incident_view(desk.platform, ground, desk.me, row.id, at)
                place = (HUANGPU, PUDONG).index(view.area)
                assert view.new_7d == sum(told.get(day, (0, 0))[place] for day in week)
                assert view.new_total == by_area[view.area].new_total
                assert str(FIRST) in view.title
                said = answer_function(desk.platform, ground, desk.me, "describe", row.id, at)
                figures = {one.name: one.value for one in said.figures}  # type: ignore[union-attr]
                assert figures["new in 7 days"] == view.new_7d
                assert figures["infections"] == view.new_total
            public = get_public(desk.platform, ground, at)
            assert public.to_day == last.isoformat()


def test_bulletins_stand_beside_our_counts_and_published_deaths_appear(
    desk: Desk, tmp_path: Path
) -> None:
    write(tmp_path)
    play(desk, tmp_path)
    ground = Basemap(desk.platform)
    screen = screen_at(desk, datetime(2022, 3, 16, 9, tzinfo=ground.zone))
    rows = {(row.source, row.figure): row for row in screen.bulletins}
    assert rows["city", "confirmed_with_reclassified"].difference == 0
    assert (rows["city", "dead"].published, rows["city", "dead"].counted) == (1, 0)
    assert screen.figures.dead_total == len(HERE)
    missing = screen_at(desk, datetime(2022, 3, 15, 9, tzinfo=ground.zone))
    rows = {(row.source, row.figure): row for row in missing.bulletins}
    assert rows["city", "confirmed_with_reclassified"].counted is None
    incident = next(row.id for row in screen.incidents if row.area == HUANGPU)
    said = answer_function(desk.platform, ground, desk.me, "describe", incident)
    patients = next(one for one in said.figures if one.name == "patients_in_hospital")  # type: ignore[union-attr]
    assert "published by hospitals" in patients.says
    assert not desk.rows("stocks")  # who takes up a bed is no stock of anything


def test_when_reports_have_stopped_no_surface_calls_the_last_of_them_this_weeks(
    desk: Desk, tmp_path: Path
) -> None:
    write(tmp_path)
    play(desk, tmp_path)
    desk.clock.at += timedelta(days=1600)
    ground = Basemap(desk.platform)
    screen = screen_at(desk, desk.clock.at)
    assert (screen.figures.new, screen.figures.new_7d, screen.figures.silent) == (None, None, True)
    assert screen.figures.day == "2022-03-15"
    assert {row.new for row in screen.incidents if row.status == "open"} == {None}
    public = get_public(desk.platform, ground, None)
    assert public.silent
    assert {row.new_7d for row in public.areas} == {None}
    assert public.reported_to == "2022-03-15"


def test_a_persons_report_on_a_counted_day_is_no_second_person(desk: Desk) -> None:
    desk.case(1, area=COMMUNITY)
    desk.post(
        "ReportCount", hazard="epidemic", area=HUANGPU, day=desk.today(), status="confirmed",
        found_in="community", count=7, source="bulletin",
    )  # fmt: skip
    screen = screen_at(desk, desk.clock.now())
    assert screen.figures.new == 7
    said = answer_function(
        desk.platform, Basemap(desk.platform), desk.me, "describe", desk.incident()["id"]
    )
    assert next(one.value for one in said.figures if one.name == "infections") == 7  # type: ignore[union-attr]
