"""A rehearsal forks the present and keeps its orders to itself: the log does not move by them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from helpers.cities import COMMUNITY, Desk
from twinward.core.errors import AbsentError, ConflictError, InputError, RefusedError
from twinward.service.access.authorization import require_command
from twinward.service.city import rehearsals as r
from twinward.service.hazards.forecast_store import ForecastLine
from twinward.service.platform import Caller, ask
from twinward.twins.emergency.reports.messages import ReportAffectedPlace

ORDER = r.NewRehearsalOrder(
    offset_s=90, title="Close the gate", department="transport", area=COMMUNITY
)


def line(desk: Desk, hours: float, hazard: str = "flood", ago_h: float = 1.0) -> ForecastLine:
    return ForecastLine(
        id=f"fc-{hazard}-{ago_h:g}",
        hazard=hazard,
        issued_at=desk.clock.now() - timedelta(hours=ago_h),
        made_by="loop",
        because="",
        hours=hours,
        members=20,
        people=(),
        level=None,
        calibration="",
    )


@pytest.fixture
def forked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> r.Rehearsal:
    monkeypatch.setattr(r, "list_forecasts", lambda _: [line(desk, 6.0)])
    return r.begin_rehearsal(desk.platform, desk.me, r.NewRehearsal(hours=6))


def test_of_each_hazard_the_newest_forecast_that_still_goes_on(desk: Desk) -> None:
    lines = [line(desk, 6, ago_h=1), line(desk, 6, ago_h=2), line(desk, 6, "fire", ago_h=7)]
    assert [one.id for one in r.covering(lines, desk.clock.now())] == ["fc-flood-1"]
    assert [one.id for one in r.covering(lines, desk.clock.now() - timedelta(hours=1.5))] == [
        "fc-flood-2",
        "fc-fire-7",
    ]


def test_an_order_in_a_rehearsal_enters_no_log(desk: Desk, forked: r.Rehearsal) -> None:
    with desk.platform.store.read() as reader:
        before = reader.last_seq()
    made = r.order_in_rehearsal(desk.platform, desk.me, forked.id, ORDER)
    with desk.platform.store.read() as reader:
        assert reader.last_seq() == before == forked.seq
    assert [(one.title, one.offset_s, one.fenced) for one in made.orders] == [
        ("Close the gate", 90, True)
    ]
    assert r.get_rehearsal(desk.platform, forked.id) == made
    assert r.list_rehearsals(desk.platform) == [made]


def test_an_ended_rehearsal_takes_no_order(desk: Desk, forked: r.Rehearsal) -> None:
    r.end_rehearsal(desk.platform, desk.me, forked.id)
    with pytest.raises(ConflictError):
        r.order_in_rehearsal(desk.platform, desk.me, forked.id, ORDER)


@pytest.mark.parametrize(
    "wrong", [{"offset_s": 6 * 3600 + 1.0}, {"department": "nobody"}, {"area": "999999"}]
)
def test_what_cannot_be_ordered_is_refused(
    desk: Desk, forked: r.Rehearsal, wrong: dict[str, object]
) -> None:
    with pytest.raises(InputError):
        r.order_in_rehearsal(
            desk.platform, desk.me, forked.id, msgspec.structs.replace(ORDER, **wrong)
        )


def test_without_a_forecast_nothing_goes_on(desk: Desk) -> None:
    with pytest.raises(AbsentError):
        r.begin_rehearsal(desk.platform, desk.me, r.NewRehearsal())


@pytest.mark.parametrize("name", ["reh-..", "../city", "reh-unknown", ""])
def test_no_other_file_is_read(desk: Desk, name: str) -> None:
    (desk.platform.workspace / Path(r.FOLDER)).mkdir(exist_ok=True)
    with pytest.raises(AbsentError):
        r.get_rehearsal(desk.platform, name)


def test_who_may_not_command_may_not_rehearse_it(desk: Desk, forked: r.Rehearsal) -> None:
    stranger = Caller(name="x", role="department", department="health", areas=("310115",))
    with pytest.raises(RefusedError):
        r.order_in_rehearsal(desk.platform, stranger, forked.id, ORDER)


def test_who_speaks_inside_a_rehearsal_asks_nothing_in_earnest(
    desk: Desk, forked: r.BegunRehearsal
) -> None:
    inside = desk.platform.identities.read(forked.token, desk.clock.now())
    report = ReportAffectedPlace(
        id="c-1",
        place="p-1",
        hazard="flood",
        area=COMMUNITY,
        name="the underpass",
        day=desk.clock.now().date(),
    )
    with desk.platform.store.read() as reader:
        before = reader.last_seq()
    for ask_for in (
        lambda: ask(desk.platform, inside, report),
        lambda: require_command(desk.platform, inside, report),
        lambda: r.begin_rehearsal(desk.platform, inside, r.NewRehearsal()),
        lambda: r.end_rehearsal(desk.platform, inside, "reh-another-one"),
    ):
        with pytest.raises(RefusedError) as refused:
            ask_for()
        assert refused.value.code == "in_rehearsal"
    with desk.platform.store.read() as reader:
        assert reader.last_seq() == before
