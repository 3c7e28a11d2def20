"""From a count above the usual to an incident: raised once, told to the duty officer, judged by a
person.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from helpers.cities import COMMUNITY, HUANGPU, START, Desk
from twinward.core.errors import ConflictError
from twinward.decision.surveillance.hit_rate import rate_hits
from twinward.service.surveillance.raised_signals import (
    judge_signal,
    list_raised,
    raise_signals,
)
from twinward.twins.emergency.incidents.rows import INCIDENTS, Incident
from twinward.twins.emergency.notices.rows import NOTICES

QUIET_DAYS = 35


def suspect(desk: Desk, day: int, number: int) -> None:
    for n in range(number):
        desk.case(1000 * day + n, COMMUNITY, status="suspected", subject=f"s-{day}-{n}")


def live_through_a_cluster(desk: Desk) -> None:
    """Two suspected fevers a week, then nine in three days: no confirmed case opens anything."""
    for day in range(QUIET_DAYS):
        if day % 4 == 0:
            suspect(desk, day, 1)
        desk.clock.advance(timedelta(days=1))
    for day in range(QUIET_DAYS, QUIET_DAYS + 3):
        suspect(desk, day, 3)
        desk.clock.advance(timedelta(days=1))
    desk.clock.advance(timedelta(days=-1))


def incidents_of(desk: Desk) -> list[Incident]:
    with desk.platform.store.read() as rows:
        return list(rows.list_rows(INCIDENTS))


def test_a_cluster_of_suspected_cases_is_confirmed_and_opens_an_incident(desk: Desk) -> None:
    live_through_a_cluster(desk)
    assert incidents_of(desk) == []
    raised = raise_signals(desk.platform, desk.me)
    desk.platform.loop.catch_up()
    assert raised
    with desk.platform.store.read() as rows:
        told = [one.text for one in rows.list_rows(NOTICES, to_role="duty_officer")]
    assert any("suspected cases of Epidemic" in text for text in told)
    waiting = list_raised(desk.platform, desk.me, "waiting").items
    (local,) = [one for one in waiting if one.area == HUANGPU]
    judged = judge_signal(
        desk.platform, desk.me, local.id, "confirm", "the ward round found a common source"
    )
    (incident,) = incidents_of(desk)
    assert (judged.status, judged.incident) == ("confirmed", incident.id)
    assert incident.affected == (HUANGPU,)
    assert list_raised(desk.platform, desk.me).hit_rate.confirmed == 1


@pytest.mark.slow
def test_the_same_is_not_raised_again_within_a_week(desk: Desk) -> None:
    live_through_a_cluster(desk)
    first = raise_signals(desk.platform, desk.me)
    assert first
    assert raise_signals(desk.platform, desk.me) == []
    desk.clock.advance(timedelta(days=1))
    assert raise_signals(desk.platform, desk.me) == []
    suspect(desk, 99, 12)  # twice as many
    assert raise_signals(desk.platform, desk.me)


def test_a_dismissed_signal_opens_nothing_and_is_judged_once(desk: Desk) -> None:
    live_through_a_cluster(desk)
    signal, *_ = raise_signals(desk.platform, desk.me)
    judge_signal(desk.platform, desk.me, signal, "dismiss", "one family came back from holiday")
    assert incidents_of(desk) == []
    with pytest.raises(ConflictError, match="dismissed"):
        judge_signal(desk.platform, desk.me, signal, "confirm", "second thoughts of somebody")
    rate = list_raised(desk.platform, desk.me).hit_rate
    assert (rate.confirmed, rate.dismissed, rate.share) == (0, 1, 0.0)


def test_nobody_judges_what_is_not_there(desk: Desk) -> None:
    live_through_a_cluster(desk)
    (signal, *_) = raise_signals(desk.platform, desk.me)
    said = {"judgement": "confirm", "because": "seen by a doctor"}
    assert desk.refusal("JudgeSignal", signal="none", **said) == "not_found"
    assert desk.refusal("JudgeSignal", signal=signal, incident="none", **said) == "not_found"
    assert desk.refusal("JudgeSignal", signal=signal, judgement="maybe", because="seen") != ""


def test_an_incident_at_its_height_asks_nothing(desk: Desk) -> None:
    for n, count in enumerate([2, 1, 2, 3, 1, 2, 2] * 5 + [90, 140, 180]):
        desk.post(
            "ReportCount",
            hazard="epidemic",
            area=HUANGPU,
            day=(START.date() + timedelta(days=n)).isoformat(),
            status="confirmed",
            count=count,
        )
        desk.clock.advance(timedelta(days=1))
    desk.clock.advance(timedelta(days=-1))
    high = [one for one in incidents_of(desk) if one.level in ("I", "II")]
    assert bool(high) != bool(raise_signals(desk.platform, desk.me))


def test_few_judgements_leave_much_doubt() -> None:
    assert rate_hits(confirmed=0, dismissed=0).share is None
    rate = rate_hits(confirmed=9, dismissed=1)
    assert rate.low is not None
    assert rate.high is not None
    # Wilson's interval of 9 of 10 at 90 %, computed by hand
    assert (rate.low, rate.high) == (
        pytest.approx(0.653, abs=0.002),
        pytest.approx(0.977, abs=0.002),
    )
