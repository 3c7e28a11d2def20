"""One account cannot fill everybody's lists: new names of sources and sensors have an end, through
every door, and what is known goes on.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from helpers.cities import COMMUNITY, HUANGPU, START, Desk
from twinward.core.errors import TooManyNamesError
from twinward.security.identity.people import Caller
from twinward.service.intake import commands, new_names, observations

HOSPITAL = Caller(name="hosphp", role="hospital", areas=(HUANGPU,))
OTHER = Caller(name="other", role="hospital", areas=(HUANGPU,))


def observe(desk: Desk, caller: Caller, source: str, *places: str) -> Any:
    items = [
        {"source_id": f"{source}-{place}", "type": "temperature", "place": place, "unit": "Cel"}
        | {"area": COMMUNITY, "occurred_at": "2022-03-01T07:00:00Z", "value": 20.0}
        for place in places
    ]
    body = json.dumps({"source": source, "items": items}).encode()
    checks = observations.checks_of(desk.platform)
    return observations.submit(desk.platform, caller, checks, body).result()


def command(desk: Desk, caller: Caller, source: str) -> Any:
    return commands.submit_objects(desk.platform, caller, [{"id": "x", "type": "Nope"}], source)


def list_sources(desk: Desk) -> set[str]:
    with desk.platform.store.read() as reader:
        return {*reader.counts(), *desk.platform.intake.counts()}


@pytest.mark.parametrize("door", [observe, command])
def test_new_sources_of_an_account_have_an_end(desk: Desk, door: Any) -> None:
    more = ("g",) if door is observe else ()
    for number in range(new_names.MOST_SOURCES):
        door(desk, HOSPITAL, f"s-{number}", *more)
    with pytest.raises(TooManyNamesError):
        door(desk, HOSPITAL, "one-more", *more)
    assert "one-more" not in list_sources(desk)
    door(desk, HOSPITAL, "s-7", *more)  # what is known goes on
    door(desk, OTHER, "others", *more)  # and whoever has brought few
    door(desk, desk.me, "owners", *more)
    desk.clock.advance(timedelta(hours=1))
    door(desk, HOSPITAL, "one-more", *more)


def test_a_source_that_was_known_before_the_start_is_not_new(desk: Desk) -> None:
    for number in range(new_names.MOST_SOURCES):
        command(desk, HOSPITAL, f"s-{number}")
    desk.reopen()
    for number in range(new_names.MOST_SOURCES):
        command(desk, HOSPITAL, f"s-{number}")
        command(desk, HOSPITAL, f"t-{number}")
    with pytest.raises(TooManyNamesError):
        command(desk, HOSPITAL, "u")


def test_new_sensors_of_an_account_have_an_end(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    names = new_names.NewNames("sensors", 50)
    monkeypatch.setattr(new_names.NewNames, "bring", lambda _, *told: real(names, *told))
    real = BRING
    assert observe(desk, HOSPITAL, "a", *(f"g-{n}" for n in range(40))).stored == 40
    assert observe(desk, HOSPITAL, "b", *(f"g-{n}" for n in range(40))).stored == 40  # not new
    with pytest.raises(TooManyNamesError):
        observe(desk, HOSPITAL, "c", *(f"h-{n}" for n in range(11)))
    assert observe(desk, HOSPITAL, "d", *(f"h-{n}" for n in range(10))).stored == 10
    assert observe(desk, OTHER, "e", *(f"i-{n}" for n in range(20))).stored == 20
    assert observe(desk, desk.me, "f", *(f"j-{n}" for n in range(90))).stored == 90
    total, _ = observations.list_sensors(desk.platform, limit=1, offset=0)
    assert total == 40 + 10 + 20 + 90


BRING = new_names.NewNames.bring


def test_what_is_remembered_of_senders_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(new_names, "MOST_SENDERS", 20)
    names = new_names.NewNames("sources", 3)
    for number in range(100):
        names.bring(f"a-{number}", 1, START)
    assert len(names._brought) == 20
