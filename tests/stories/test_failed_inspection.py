"""A hotel fails its inspection: the task stays until a later inspection passes; what does not come
at all is found by time alone.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from helpers.supervised import supervised_city
from twinward.service.supervision.modules import list_defects
from twinward.twins.emergency.notices.rows import NOTICES

GOOD = {"zones_apart": True, "waste_sealed": True, "staff_closed_loop": True, "chlorine_mg_l": 7.0}


def test_a_failed_inspection_is_a_task_until_another_one_passes(tmp_path: Path) -> None:
    with supervised_city(tmp_path) as city:
        city.put("quarantine-hotels", "hotel", "hotel-1", name="Riverside", facts={"rooms": 60})
        city.check("hotel-1", "inspection", **GOOD | {"zones_apart": False, "chlorine_mg_l": 2.0})
        found = city.defects()
        assert {(one.kind, one.found, one.status) for one in found} == {
            ("zones-mixed", "check", "open"),
            ("water-not-disinfected", "check", "open"),
        }
        tasks = city.tasks()
        assert {one.department for one in tasks} == {"health"}
        assert all(one.status == "ordered" and "Riverside" in one.title for one in tasks)
        said = city.refused(
            "CompleteTask", task=tasks[0].id, department="health", result="all is well now"
        )
        assert said == "not_evident"

        city.wait(hours=3)
        city.check("hotel-1", "inspection", **GOOD | {"chlorine_mg_l": 2.0})
        assert [one.kind for one in city.defects(status="open")] == ["water-not-disinfected"]
        city.wait(hours=3)
        city.check("hotel-1", "inspection", **GOOD)
        assert city.defects(status="open") == []
        assert {one.status for one in city.tasks()} == {"done"}


def test_a_second_failure_while_the_first_is_open_stands_on_the_same_defect(tmp_path: Path) -> None:
    with supervised_city(tmp_path) as city:
        city.put("cold-chain", "freezer", "store-1", devices=["logger-1"], edge="edge-1")
        bad = {"frozen": True, "traced": False, "surface_c": -20.0}
        city.check("store-1", "goods", **bad)
        city.wait(hours=20)
        city.check("store-1", "goods", **bad)
        (defect,) = list_defects(city.platform, city.me)
        assert (defect.times, defect.again_at) == (2, (city.clock.at,))
        assert len(city.tasks()) == 1
        city.check("store-1", "goods", **bad | {"traced": True})
        assert [one.status for one in city.defects()] == ["mended"]

        # an alarm that comes back an hour after its first is told to the duty officer once more
        city.wait(minutes=5)
        for warm in (True, False, True):
            for _ in range(13):
                city.clock.at += timedelta(minutes=5)
                city.read(
                    "edge-1", ("logger-1", "temperature", city.clock.at, -9.0 if warm else -22, "C")
                )
        (broken,) = list_defects(city.platform, city.me)
        assert (broken.kind, broken.times) == ("chain-broken", 2)
        assert broken.again_at[0] - broken.began_at == timedelta(minutes=130)
        with city.platform.store.read() as rows:
            told = [one.text_reasons[0].code for one in rows.list_rows(NOTICES, order="sent_at")]
        assert told == ["notice.defect", "notice.defect_again"]


def test_an_inspection_that_does_not_come_is_a_defect_once(tmp_path: Path) -> None:
    with supervised_city(tmp_path) as city:
        city.put("quarantine-hotels", "hotel", "hotel-1")
        city.wait(hours=25)
        assert city.defects() == []
        city.wait(hours=2)
        assert {one.kind for one in city.defects()} == {"not-inspected", "no-census"}
        city.wait(hours=50)
        assert len(city.defects()) == 2
        city.check("hotel-1", "inspection", **GOOD)
        assert [one.kind for one in city.defects(status="open")] == ["no-census"]
        late = [one for one in city.tasks() if one.status != "done"]
        assert [one.escalations for one in late] == [1]


def test_a_dismissed_defect_drops_its_task(tmp_path: Path) -> None:
    with supervised_city(tmp_path) as city:
        city.put("quarantine-hotels", "hotel", "hotel-1")
        city.check("hotel-1", "inspection", **GOOD | {"waste_sealed": False})
        (defect,) = city.defects()
        city.tell("DismissDefect", defect=defect.id, because="the waste was collected an hour ago")
        assert [one.status for one in city.defects()] == ["dismissed"]
        assert [one.status for one in city.tasks()] == ["dropped"]
        assert city.refused("DismissDefect", defect=defect.id, because="again") == "already_done"


def test_a_retired_hotel_leaves_no_work_behind(tmp_path: Path) -> None:
    with supervised_city(tmp_path) as city:
        city.put("quarantine-hotels", "hotel", "hotel-1", devices=["door-1"])
        city.check("hotel-1", "inspection", **GOOD | {"waste_sealed": False})
        city.tell("RetireObject", object="hotel-1", because="it is a hotel for guests again")
        city.wait(hours=60)
        assert [one.status for one in city.tasks()] == ["dropped"]
        assert len(city.defects()) == 1
        assert city.refused("RecordCheck", object="hotel-1", check="inspection", answers=GOOD) == (
            "not_found"
        )
        city.put("quarantine-hotels", "hotel", "hotel-2", devices=["door-1"])


def test_an_inspection_a_little_early_keeps_the_rota(tmp_path: Path) -> None:
    with supervised_city(tmp_path) as city:
        city.put("traffic-ports", "terminal", "port-1")
        told = {"arrived": 900, "unscreened": 0, "not_handed_over": 0}
        for hours in (10.5, 13.4, 10.8, 13.2):  # rounds of twelve, an hour of grace
            city.wait(hours=hours)
            city.check("port-1", "shift", **told)
        assert [one.kind for one in city.defects() if one.kind == "no-shift-report"] == []
        city.check("port-1", "shift", **told)
        city.check("port-1", "shift", **told)
        city.wait(hours=15)
        assert "no-shift-report" in {one.kind for one in city.defects()}
