"""Graded warnings from issue to score: one person, two for the public, bounds of the loop."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from helpers.cities import COMMUNITY, HUANGPU, PUDONG_COMMUNITY, Desk
from twinward.core.errors import ConflictError, InputError, RefusedError
from twinward.service.hazards import warnings
from twinward.service.hazards.warning_scores import score_warnings
from twinward.service.platform import local_admin

SECOND = msgspec.structs.replace(local_admin(), name="second")


def issue(desk: Desk, **more: Any) -> warnings.WarningView:
    told: dict[str, Any] = {
        "hazard": "flood",
        "grade": "III",
        "areas": (HUANGPU,),
        "title": "Heavy rain this evening",
        "because": "radar shows 40 mm an hour",
        "until": desk.clock.now() + timedelta(hours=6),
    }
    found = warnings.issue(desk.platform, desk.me, warnings.WarningRequest(**(told | more)))
    desk.platform.loop.catch_up()
    return warnings.get_warning(desk.platform, desk.me, found.id)


def flood(desk: Desk, value: float, area: str = COMMUNITY) -> None:
    desk.post(
        "ReportHazard", hazard="flood", area=area, figure="water_depth_m", value=value, unit="m"
    )


def test_a_warning_is_issued_acknowledged_extended_and_cancelled(desk: Desk) -> None:
    one = issue(desk)
    assert (one.state, one.issued_by, one.area_names) == ("in_force", desk.me.name, ("黄浦区",))
    read = warnings.acknowledge(desk.platform, desk.me, one.id, "transport")
    assert set(read.acknowledged) == {"transport"}
    later = desk.clock.now() + timedelta(hours=12)
    assert warnings.extend(desk.platform, desk.me, one.id, later, "rain goes on").ends_at == later
    over = warnings.cancel(desk.platform, desk.me, one.id, "the rain went south")
    assert (over.state, over.ended_because) == ("cancelled", "the rain went south")
    with pytest.raises(ConflictError, match="is cancelled"):
        warnings.extend(desk.platform, desk.me, one.id, later, "again after all")


def test_a_public_warning_takes_two_persons(desk: Desk) -> None:
    one = issue(desk, public=True)
    assert one.state == "proposed" and not desk.incidents()
    with pytest.raises(RefusedError, match="has proposed it"):
        warnings.confirm(desk.platform, desk.me, one.id)
    two = warnings.confirm(desk.platform, SECOND, one.id)
    assert (two.state, two.proposed_by, two.issued_by) == ("in_force", desk.me.name, "second")


def test_a_refused_public_warning_warns_nobody(desk: Desk) -> None:
    one = issue(desk, public=True)
    no = warnings.refuse(desk.platform, SECOND, one.id, "the gauge is broken")
    assert no.state == "refused" and not desk.incidents()


def test_what_persons_warn_of_opens_an_incident_whose_level_follows_the_grade(desk: Desk) -> None:
    one = issue(desk, grade="II")
    incident = desk.incident()
    assert (incident["hazard"], incident["area"], incident["level"]) == ("flood", HUANGPU, "II")
    assert incident["proposed_plan"] == "flood-ii-evacuate"  # a person decides on the evacuation
    warnings.cancel(desk.platform, desk.me, one.id, "the rain went south")
    desk.platform.loop.catch_up()
    assert desk.incident()["figures"]["warning_grade"] == 0


def test_a_grade_counts_no_longer_than_its_warning(desk: Desk) -> None:
    one = issue(desk, grade="II")
    desk.pass_time(hours=5)
    assert desk.incident()["figures"]["warning_grade"] == 3
    later = desk.clock.now() + timedelta(hours=5)
    warnings.extend(desk.platform, desk.me, one.id, later, "more rain")
    desk.pass_time(hours=3)
    assert desk.incident()["figures"]["warning_grade"] == 3, "it was extended"
    desk.pass_time(hours=4)
    assert warnings.get_warning(desk.platform, desk.me, one.id).state == "ended"
    assert desk.incident()["figures"]["warning_grade"] == 0
    issue(desk, grade="IV")
    assert desk.incident()["figures"]["warning_grade"] == 1
    desk.pass_time(hours=7)
    assert desk.incident()["figures"]["warning_grade"] == 0


def test_two_warnings_of_one_hazard_do_not_contradict_each_other(desk: Desk) -> None:
    first = issue(desk, grade="IV")
    with pytest.raises(ConflictError, match="is in force there"):
        issue(desk, grade="II", areas=(COMMUNITY,))
    elsewhere = issue(desk, grade="II", areas=(PUDONG_COMMUNITY,))
    graver = issue(desk, grade="II", replaces=first.id)
    assert warnings.get_warning(desk.platform, desk.me, first.id).state == "cancelled"
    assert {graver.state, elsewhere.state} == {"in_force"}


def test_an_expired_warning_is_not_issued_again(desk: Desk) -> None:
    one = issue(desk)
    desk.pass_time(hours=7)
    assert warnings.get_warning(desk.platform, desk.me, one.id).state == "ended"
    with pytest.raises(ConflictError, match="is ended"):
        warnings.extend(
            desk.platform, desk.me, one.id, desk.clock.now() + timedelta(hours=3), "more rain"
        )


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"grade": "V"}, "bad_grade"),
        ({"chance": 1.2}, "bad_warning"),
        ({"hazard": "boredom"}, "unknown_hazard"),
        ({"areas": ()}, "no_area"),
        ({"areas": ("999999",)}, "unknown_area"),
        ({"because": ""}, "bad_warning"),
    ],
)
def test_a_warning_that_cannot_be_is_one_error(desk: Desk, wrong: Any, code: str) -> None:
    with pytest.raises(InputError) as caught:
        issue(desk, **wrong)
    assert caught.value.code == code


def test_warnings_are_held_against_what_came(desk: Desk) -> None:
    hit = issue(desk, grade="IV")
    desk.pass_time(hours=2)
    flood(desk, 0.2)
    desk.pass_time(hours=5)
    false = issue(desk, grade="IV", areas=(PUDONG_COMMUNITY,))
    desk.pass_time(hours=30)
    flood(desk, 0.6, PUDONG_COMMUNITY)  # too late for the warning: a miss on its own day
    found = score_warnings(desk.platform, desk.me)
    verdicts = {one.warning: one for one in found.warnings}
    assert (verdicts[hit.id].verdict, verdicts[hit.id].lead_h) == ("hit", 2.0)
    assert verdicts[false.id].verdict == "false_alarm"
    table = found.scores[0].table
    assert (table.hits, table.misses) == (1, 1)
    assert table.false_alarms >= 1
    assert table.hits + table.misses + table.false_alarms + table.correct == (
        found.scores[0].areas * found.scores[0].days
    )
    assert table.base_rate is not None and table.never_warn is not None
    assert found.scores[0].lead_h == (2.0, 2.0, 2.0)
