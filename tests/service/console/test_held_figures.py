"""A small outbreak in the form of the published files: every figure of every surface is that of the
files, each morning at one and at nine.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from helpers.cities import SHANGHAI, Desk
from helpers.held_figures import Surfaces
from helpers.published_counts import ZONE, read_published
from twinward.edge.feeds.outbreak import OutbreakFeed, read_config

CONFIG = SHANGHAI.parent / "shanghai-outbreak-2022" / "outbreak.toml"
FIRST = date(2022, 3, 6)
SCREENED, CLOSED, AGAIN = "风险人群筛查", "闭环隔离管控", "此前报告的本土无症状感染"
# day -> rows of the bulletin by district: who, where they were found, how many. No bulletin: missing
DAYS: dict[int, list[tuple[str, str, str, int]]] = {
    0: [("黄浦", "无症状感染者", CLOSED, 3), ("浦东新区", "确诊病例", SCREENED, 1)],
    1: [("黄浦", "无症状感染者", CLOSED, 4), ("黄浦", "确诊病例", CLOSED, 2)],
    2: [("浦东", "无症状感染者", SCREENED, 12), ("黄浦", "确诊病例", AGAIN, 1)],
    4: [("浦东", "无症状感染者", CLOSED, 31), ("黄浦", "确诊病例", SCREENED, 9)],
    5: [("浦东", "确诊病例", CLOSED, 7), ("浦东", "确诊病例", AGAIN, 5)],
    6: [("黄浦", "无症状感染者", CLOSED, 2), ("其他", "确诊病例", "野生", 1)],
    7: [("浦东", "无症状感染者", CLOSED, 60), ("浦东", "无症状感染者", SCREENED, 4)],
    8: [("黄浦", "确诊病例", CLOSED, 1), ("浦东", "确诊病例", CLOSED, 22)],
    9: [("浦东", "无症状感染者", CLOSED, 18), ("黄浦", "无症状感染者", SCREENED, 5)],
    10: [("浦东", "确诊病例", AGAIN, 3), ("黄浦", "确诊病例", CLOSED, 2)],
}
LAST = max(DAYS)


def write_files(folder: Path) -> None:
    """As the published files are: their names, their columns, their spellings."""
    districts = ["date,is_patient,district,source,count"]
    city = ["时间,确诊病例,无症状感染者,无症状转确诊,死亡"]
    patients, homes = ["date,district,in_hospital"], ["date,address,district"]
    for number in range(LAST + 1):
        day = f"{FIRST + timedelta(days=number):%Y%m%d}"
        for where, who, found, count in DAYS.get(number, []):
            districts.append(f"{day},{who},{where},{found},{count}")
        city.append(f"{day},{10 + number},{3 * number},1,{number // 4}")
        patients += [f"{day},黄浦,{5 + number}", f"{day},浦东,{50 - number}"]
        homes += [f"{day},中山路{number // 2}号,黄浦区", f"{day},世纪大道{number}号,浦东新区"]
    for name, rows in (
        ("shanghai_district_data", districts),
        ("shanghai_data", city),
        ("shanghai_district_in_hospital_data", patients),
        ("address", homes),
        ("geo", ["district,address,wgs84_lng,wgs84_lat,street_level"]),
        ("Shanghai-COVID-19-Mar-Jun-2022", ["date,pd_case,px_case", f"{FIRST},1,2"]),
    ):
        (folder / f"{name}.csv").write_text("\n".join(rows) + "\n", "utf-8")


@pytest.fixture
def surfaces(desk: Desk, tmp_path: Path) -> Surfaces:
    write_files(tmp_path)
    areas: Any = desk.platform.reference.areas
    for item in OutbreakFeed(tmp_path, read_config(CONFIG), areas).list_items():
        if item.published_at > desk.clock.at:
            desk.clock.at = item.published_at
            desk.platform.loop.tick(desk.clock.at)
        told = dict(item.command)
        kind, name = told.pop("type"), told.pop("id")
        assert desk.post(kind, id=name, **told).rejected == []
    desk.clock.at += timedelta(days=30)
    names = {area.name: code for code, area in areas.by_code.items() if len(code) == len("310101")}
    return Surfaces(desk.platform, read_published(tmp_path, names))


def test_every_figure_of_every_surface_is_that_of_the_files(surfaces: Surfaces) -> None:
    wrong = []
    for day in range(1, LAST + 3):
        for hour in (1, 9):
            at = datetime.combine(FIRST + timedelta(days=day), datetime.min.time(), ZONE)
            wrong += surfaces.wrong_at(at + timedelta(hours=hour))
    assert surfaces.held > 3000
    assert not wrong, "\n".join(map(str, wrong[:20]))


def test_a_figure_that_differs_is_found(surfaces: Surfaces) -> None:
    """The check can fail: one case more in the files is seen on every surface."""
    at = datetime(2022, 3, 14, 9, tzinfo=ZONE)
    assert surfaces.wrong_at(at) == []
    surfaces.published.counts[date(2022, 3, 10)]["310101"].confirmed += 1
    seen = {surface.split(", ")[-1] for _, surface, _, _, _ in surfaces.wrong_at(at)}
    assert seen >= {"screen", "curve", "public", "overview", "list", "show", "page", "report"}
    assert seen >= {"describe", "analyse"}
