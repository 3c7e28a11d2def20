"""A freezer warms up on a Sunday: nobody is there, and on Sunday the task is out; the goods, not a
word, close it. A module that nobody has programmed does the same.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from helpers.supervised import SUNDAY, SupervisedCity, supervised_city

PLAYGROUNDS = """
id = "playgrounds"
version = "3"
title = "Playgrounds"
title_zh = "游乐场"
source = "an eleventh module, written by the city"
objects = [{ kind = "swing", title = "Swing", title_zh = "秋千", facts = ["seats"] }]
readings = [{ type = "load", unit = "kg", least = 0, most = 2000, cadence_s = 600 }]
[[events]]
id = "overload"
title = "Too heavy for a minute"
title_zh = "超载一分钟"
objects = ["swing"]
rule = { type = "load", above = 200, hold_s = 60 }
defect = "overloaded"
[[checks]]
id = "look"
title = "Look at the swing"
title_zh = "查看秋千"
objects = ["swing"]
cadence_h = 24
missing = "not-seen"
fields = [{ name = "ropes_cm", kind = "number", title = "Rope left", title_zh = "剩余绳长", unit = "cm", most = 500, at_least = 50, defect = "worn" }]
[[defects]]
id = "overloaded"
title = "Swing is overloaded"
title_zh = "秋千超载"
duty = "mend"
evidence = "clear"
[[defects]]
id = "worn"
title = "Rope is worn"
title_zh = "绳索磨损"
duty = "mend"
evidence = "look"
[[defects]]
id = "not-seen"
title = "Swing was not seen"
title_zh = "秋千未查看"
duty = "mend"
evidence = "look"
[[duties]]
id = "mend"
department = "civil_affairs"
title = "Mend the swing"
title_zh = "修理秋千"
deadline_h = 48
[[figures]]
id = "seats"
title = "Seats of swings"
title_zh = "秋千座位"
of = "fact"
name = "seats"
"""


def warm(city: SupervisedCity, minutes: int, value: float) -> None:
    """The logger tells its temperature every five minutes."""
    for _ in range(minutes // 5):
        city.clock.at += timedelta(minutes=5)
        city.read("edge-1", ("logger-3", "temperature", city.clock.at, value, "C"))


def test_a_freezer_that_warms_up_on_a_sunday_is_a_task_on_sunday(tmp_path: Path) -> None:
    with supervised_city(tmp_path) as city:
        city.put(
            "cold-chain", "freezer", "store-3", name="Harbour", devices=["logger-3"], edge="edge-1"
        )
        warm(city, 60, -21.0)
        warm(city, 20, -14.0)
        warm(city, 20, -19.0)
        assert city.defects() == [], "a door that was open for loading"
        warm(city, 40, -13.0)
        (found,) = city.defects()
        assert (found.kind, found.severity) == ("chain-broken", "alarm")
        assert found.began_at.date() == SUNDAY.date()
        (task,) = city.tasks()
        assert task.status == "ordered" and task.title.endswith(" · Harbour")
        assert task.due_at is not None and task.due_at - found.opened_at == timedelta(hours=4)
        warm(city, 60, -22.0)
        assert [one.status for one in city.defects()] == ["open"], "cold again is not sound goods"
        city.check("store-3", "goods", frozen=False, traced=True, surface_c=-20.0)
        assert [one.status for one in city.defects()] == ["open"]
        city.wait(hours=1)
        city.check("store-3", "goods", frozen=True, traced=True, surface_c=-20.0)
        assert [one.status for one in city.tasks()] == ["done"]


def test_a_logger_that_falls_silent_is_a_defect_and_speaks_again(tmp_path: Path) -> None:
    with supervised_city(tmp_path) as city:
        for n in (3, 4):
            city.put("cold-chain", "freezer", f"s-{n}", devices=[f"logger-{n}"], edge="edge-1")
        for _ in range(24):
            city.clock.at += timedelta(minutes=5)
            city.read("edge-1", ("logger-4", "temperature", city.clock.at, -20.0, "C"))
        city.wait(seconds=30)
        assert [(one.kind, one.object) for one in city.defects()] == [("logger-silent", "s-3")]
        city.wait(hours=5)
        assert len(city.defects()) == 1, "the edge itself is silent: that is one thing, not two"
        city.read("edge-1", ("logger-3", "temperature", city.clock.at, -20.0, "C"))
        assert [one.status for one in city.defects(object="s-3")] == ["mended"]


def test_what_the_rules_remember_outlives_the_process(tmp_path: Path) -> None:
    with supervised_city(tmp_path) as city:
        city.put("cold-chain", "freezer", "store-3", devices=["logger-3"], edge="edge-1")
        warm(city, 25, -13.0)
        at = city.clock.at
    from twinward.app import compose
    from twinward.core.clock import SetClock

    clock = SetClock(at)
    platform = compose.open_platform(tmp_path, clock)
    try:
        again = SupervisedCity(platform, clock)
        again._sent = 1000
        assert again.defects() == []
        warm(again, 10, -13.0)
        (found,) = again.defects()
        assert found.began_at == SUNDAY + timedelta(minutes=35)
    finally:
        platform.close()


def test_an_eleventh_module_is_a_file_and_no_code(tmp_path: Path) -> None:
    with supervised_city(tmp_path) as city:
        folder = tmp_path / "modules"
        folder.mkdir(exist_ok=True)
        (folder / "playgrounds.toml").write_text(PLAYGROUNDS, "utf-8")
        city.put("playgrounds", "swing", "swing-1", devices=["cell-1"], facts={"seats": 2})
        at = city.clock.at
        for minute in range(4):
            city.clock.at = at + timedelta(minutes=minute)
            city.read("park", ("cell-1", "load", city.clock.at, 0.3, "t"))
            city.read("park", ("cell-1", "load", city.clock.at, 300.0, "kg"))
        assert [one.kind for one in city.defects()] == ["overloaded"]
        city.check("swing-1", "look", ropes_cm=20)
        city.wait(hours=25)
        assert {one.kind for one in city.defects()} == {"overloaded", "worn", "not-seen"}
        city.check("swing-1", "look", ropes_cm=80)
        assert [one.kind for one in city.defects(status="open")] == ["overloaded"]
        city.read("park", ("cell-1", "load", city.clock.at, 20.0, "kg"))
        assert city.defects(status="open") == []
        assert {one.department for one in city.tasks()} == {"civil_affairs"}
