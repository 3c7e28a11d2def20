"""Movement by counts: the sum of a group holds at every step, who is missing is told once, small
counts are hidden in peacetime, and the past stays as it was known.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.cities import HUANGPU, PUDONG_COMMUNITY, START, Desk
from twinward.core.errors import InputError
from twinward.service.access.activations import open_activation
from twinward.service.movement.control import get_control
from twinward.service.movement.gates import list_gates
from twinward.service.movement.overview import get_overview
from twinward.service.movement.reports import read_reports, report_movement
from twinward.service.movement.transferred import Transferred, list_transferred, raise_unaccounted
from twinward.twins.emergency.notices.rows import NOTICES

DAY = START.date()


def arrive(desk: Desk, group: str = "MU588", arrived: int = 120, **fields: Any) -> str:
    told = {"hazard": "epidemic", "area": HUANGPU, "day": DAY.isoformat(), "origin": "New York"}
    account = desk.post("ReportArrivals", group=group, arrived=arrived, **told | fields)
    return account.rejected[0].code if account.rejected else "stored"


def quarantine(desk: Desk, staying: int, group: str = "MU588", **fields: Any) -> str:
    told = {"area": HUANGPU, "day": desk.platform.reference.day_of(desk.clock.now()).isoformat()}
    account = desk.post("ReportQuarantine", group=group, in_quarantine=staying, **told | fields)
    return account.rejected[0].code if account.rejected else "stored"


def transferred(desk: Desk, **fields: Any) -> Transferred:
    return list_transferred(desk.platform, desk.me, **fields)


def alarms(desk: Desk) -> list[str]:
    with desk.platform.store.read() as rows:
        return [one.text for one in rows.list_rows(NOTICES) if one.clause == "arrivals"]


def passage(desk: Desk, gate: str, arrived: int, kind: str = "rail", **fields: Any) -> None:
    day = desk.platform.reference.day_of(desk.clock.now()).isoformat()
    told = {"kind": kind, "area": HUANGPU, "day": day, "gate": gate, "arrived": arrived}
    assert not desk.post("ReportPassage", **told | fields).rejected


def test_everybody_who_arrived_is_in_the_sum(desk: Desk) -> None:
    assert arrive(desk) == "stored"
    assert quarantine(desk, 90, released=10, handed_on=20) == "stored"
    (one,) = transferred(desk).items
    assert (one.in_quarantine, one.released, one.handed_on, one.unaccounted) == (90, 10, 20, 0)
    assert (one.state, one.alarm) == ("accounted", False)
    assert alarms(desk) == []


def test_who_is_missing_is_told_once_and_again_when_more_are(desk: Desk) -> None:
    arrive(desk)
    quarantine(desk, 110)
    assert transferred(desk).items[0].state == "missing"
    (told,) = alarms(desk)
    assert "10 of the 120 people of group MU588 from New York" in told
    quarantine(desk, 100, handed_on=10)
    assert len(alarms(desk)) == 1
    quarantine(desk, 95, handed_on=10)
    assert len(alarms(desk)) == 2
    quarantine(desk, 95, handed_on=25)
    assert transferred(desk).alarms == 0
    quarantine(desk, 90, handed_on=25)
    assert len(alarms(desk)) == 3


def test_a_group_without_a_word_has_a_day(desk: Desk) -> None:
    arrive(desk)
    assert transferred(desk).items[0].state == "awaited"
    assert raise_unaccounted(desk.platform, desk.me) == []
    desk.clock.advance(timedelta(days=2))
    assert transferred(desk).items[0].alarm
    assert raise_unaccounted(desk.platform, desk.me) == ["MU588"]
    desk.platform.loop.catch_up()
    assert len(alarms(desk)) == 1
    assert raise_unaccounted(desk.platform, desk.me) == []


def test_more_than_arrived_cannot_be_accounted_for(desk: Desk) -> None:
    arrive(desk, arrived=50)
    assert quarantine(desk, 51) == "more_than_arrived"
    assert quarantine(desk, 50) == "stored"
    assert arrive(desk, arrived=49) == "more_than_arrived"
    assert arrive(desk, arrived=60) == "stored"  # a correction leaves ten over, who are missing
    assert transferred(desk).items[0].unaccounted == 10
    assert len(alarms(desk)) == 1


def test_what_cannot_be_is_refused_with_its_reason(desk: Desk) -> None:
    assert quarantine(desk, 5, group="nobody") == "no_group"
    arrive(desk)
    assert arrive(desk) == "already_reported"
    assert arrive(desk, area=PUDONG_COMMUNITY) == "other_group"
    assert arrive(desk, group="next", day=(DAY + timedelta(days=3)).isoformat()) == "time_in_future"
    quarantine(desk, 120)
    desk.clock.advance(timedelta(days=1))
    quarantine(desk, 100, released=20)
    assert quarantine(desk, 120, day=DAY.isoformat()) == "later_known"


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 130), st.integers(0, 130), st.integers(0, 130)), max_size=6
    )
)
def test_the_law_holds_whatever_is_reported(desk: Desk, steps: list[tuple[int, int, int]]) -> None:
    group = f"g{next(desk.numbers)}"
    arrive(desk, group=group, arrived=120)
    for staying, released, handed_on in steps:
        quarantine(desk, staying, group=group, released=released, handed_on=handed_on)
    found = transferred(desk)
    shown = [one for one in found.items if not one.hidden]
    assert len(shown) + found.hidden == len(found.items)
    for one in (*shown, found.sums, *found.areas):
        parts = [one.in_quarantine, one.released, one.handed_on, one.unaccounted]
        counts = [part for part in parts if part is not None]
        assert (len(counts), sum(counts)) == (4, one.arrived)
        assert min(counts) >= 0


def test_small_counts_are_hidden_until_an_activation_opens_the_area(desk: Desk) -> None:
    arrive(desk, group="small", arrived=3)
    arrive(desk, group="large", arrived=100)
    found = transferred(desk)
    assert {one.group: one.arrived for one in found.items} == {"small": None, "large": 100}
    assert (found.sums.arrived, found.hidden) == (100, 1)
    assert "too small to be shown" in found.notes[0]
    passage(desk, "G1", 500, from_risk_areas=2)
    (gate,) = list_gates(desk.platform, desk.me, "hubs").items
    assert (gate.hidden, gate.arrived, gate.recent) == (True, None, [None] * 14)
    open_activation(
        desk.platform,
        desk.me,
        hazard="epidemic",
        areas=[HUANGPU],
        purposes=["trace"],
        days=3,
        by="Li",
        basis="law",
    )
    assert transferred(desk).sums.arrived == 103
    assert list_gates(desk.platform, desk.me, "hubs").items[0].from_risk_areas == 2


def test_a_gate_is_held_against_the_same_day_of_the_weeks_before(desk: Desk) -> None:
    for n in range(29):
        passage(desk, "Shanghai station", 1_000 if n < 28 else 400)
        passage(desk, "G2", 300, kind="road", vehicles=120)
        desk.clock.advance(timedelta(days=1))
    found = list_gates(desk.platform, desk.me, "hubs")
    (gate,) = found.items
    assert (gate.arrived, gate.usual, gate.days_late) == (400, 1_000, 0)
    assert gate.change == pytest.approx(-0.6)
    roads = list_gates(desk.platform, desk.me, "roads")
    assert (roads.vehicles, roads.arrived) == (120, 300)
    desk.clock.advance(timedelta(days=3))
    assert list_gates(desk.platform, desk.me, "hubs").items[0].days_late == 3


def test_two_sources_of_one_gate_are_one_number(desk: Desk) -> None:
    passage(desk, "G1", 500)
    passage(desk, "G1", 480, source="camera")
    assert list_gates(desk.platform, desk.me, "hubs").arrived == 500


def test_the_past_stays_as_it_was_known(desk: Desk) -> None:
    arrive(desk)
    quarantine(desk, 110)
    passage(desk, "G1", 500)
    then = desk.clock.now()
    before = (transferred(desk, at=then), list_gates(desk.platform, desk.me, "hubs", at=then))
    desk.clock.advance(timedelta(days=1))
    quarantine(desk, 120)
    passage(desk, "G1", 900, day=DAY.isoformat())
    assert (
        transferred(desk, at=then),
        list_gates(desk.platform, desk.me, "hubs", at=then),
    ) == before
    assert transferred(desk).alarms == 0


def test_control_counts_every_resident_once_and_the_overview_joins_all(desk: Desk) -> None:
    assert get_control(desk.platform, desk.me).notes == ["no area is under a measure"]
    arrive(desk)
    passage(desk, "G1", 500)
    found = get_overview(desk.platform, desk.me)
    assert (found.hubs.arrived, found.roads.gates, found.transferred.arrived) == (500, 0, 120)
    assert "no gate has reported" in found.notes


def test_a_file_says_by_its_columns_what_it_reports(desk: Desk, tmp_path: Path) -> None:
    arrivals = tmp_path / "arrivals.csv"
    arrivals.write_text(
        f"group,hazard,area,day,origin,arrived,gate\nCA1,epidemic,{HUANGPU},{DAY},Rome,80,\n"
    )
    places = tmp_path / "quarantine.csv"
    places.write_text(f"group,area,day,in_quarantine,released\nCA1,{HUANGPU},{DAY},80,\n")
    for path in (arrivals, places, places):
        account = report_movement(desk.platform, desk.me, path, "file")
        assert account.received == 1
    assert account.duplicate == 1
    assert transferred(desk).items[0].state == "accounted"
    bad = tmp_path / "bad.csv"
    bad.write_text(f"group,area,day,in_quarantine\nCA1,{HUANGPU},{DAY},many\n")
    with pytest.raises(InputError, match="in_quarantine must be a whole number, got 'many'"):
        read_reports(bad, "file")
    bad.write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="no table of passages"):
        read_reports(bad, "file")
