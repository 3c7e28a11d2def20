"""What comes in of supervised objects and is not as it should be: each has its code, leaves nothing
behind, and no reading of a device at fault says anything of its object.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from helpers.cities import COMMUNITY, HUANGPU
from helpers.supervised import SupervisedCity, supervised_city
from twinward.security.identity.people import Caller
from twinward.service.supervision.modules import get_coverage

GOOD: dict[str, Any] = {"frozen": True, "traced": True, "surface_c": -20.0}
STORE: dict[str, Any] = {
    "object": "store-2",
    "module": "cold-chain",
    "kind": "freezer",
    "area": COMMUNITY,
    "devices": ["logger-2"],
}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SupervisedCity]:
    folder = tmp_path_factory.mktemp("bad") / "w"
    with supervised_city(folder, districts=(HUANGPU, "310115")) as one:
        place = {"area": COMMUNITY, "devices": ["logger-1"], "edge": "edge-1"}
        one.put("cold-chain", "freezer", "store-1", **place)
        yield one


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"module": "warm-chain"}, "unknown_module"),
        ({"kind": "boat"}, "unknown_object_kind"),
        ({"facts": {"doors": 3}}, "unknown_fact"),
        ({"facts": {"capacity_t": -3}}, "bad_field"),
        ({"area": "atlantis"}, "unknown_area"),
        ({"object": "store-1"}, "object_taken"),
        ({"devices": ["logger-1"]}, "device_taken"),
        ({"devices": ["log/ger"]}, "bad_field"),
        ({"object": "a b"}, "bad_field"),
        ({"subject": "p-0123456789abcdef0123"}, "no_person_here"),
        ({"name": "Wang Wei 13812345678"}, "direct_identity"),
        ({"colour": "red"}, "unknown_field"),
    ],
)
def test_an_object_that_cannot_be_registered(
    city: SupervisedCity, change: dict[str, Any], code: str
) -> None:
    assert city.refused("RegisterObject", **STORE | change) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"object": "store-9"}, "not_found"),
        ({"check": "inspection"}, "unknown_check"),
        ({"answers": GOOD | {"surface_c": "cold"}}, "bad_answer"),
        ({"answers": GOOD | {"surface_c": 400.0}}, "bad_answer"),
        ({"answers": GOOD | {"surface_c": True}}, "bad_answer"),
        ({"answers": GOOD | {"frozen": 1.0}}, "bad_answer"),
        ({"answers": GOOD | {"colour": "red"}}, "bad_answer"),
        ({"answers": {"frozen": True}}, "bad_answer"),
        ({"note": "call Wang Wei on 13812345678"}, "direct_identity"),
        ({"subject": "p-0123456789abcdef0123"}, "no_person_here"),
        ({"occurred_at": "1970-01-01T00:00:00Z"}, "before_registration"),
        ({"occurred_at": "2030-01-01T00:00:00Z"}, "time_in_future"),
    ],
)
def test_a_check_that_cannot_be_recorded(
    city: SupervisedCity, change: dict[str, Any], code: str
) -> None:
    told = {"object": "store-1", "check": "goods", "answers": GOOD} | change
    assert city.refused("RecordCheck", **told) == code
    assert city.defects() == []


def test_answers_that_the_sender_has_judged_are_judged_anew(city: SupervisedCity) -> None:
    told = {"object": "store-1", "check": "goods", "answers": GOOD, "failing": ["chain-broken"]}
    assert city.refused("RecordCheck", **told) == ""
    assert city.defects() == []


def test_an_officer_of_another_area_records_nothing_here(city: SupervisedCity) -> None:
    of = {"role": "community_officer", "department": "civil_affairs"}
    elsewhere = Caller(name="lin", areas=("310115",), **of)
    here = Caller(name="hu", areas=(HUANGPU,), **of)
    told = {"object": "store-1", "check": "goods", "answers": GOOD}
    assert city.refused("RecordCheck", elsewhere, **told) == "area_not_yours"
    assert city.refused("RegisterObject", elsewhere, **STORE) == "area_not_yours"
    assert city.refused("RecordCheck", here, **told) == ""
    assert get_coverage(city.platform, elsewhere, "cold-chain").items == []
    assert len(get_coverage(city.platform, here, "cold-chain").items) == 1


@pytest.mark.parametrize(
    ("value", "unit", "source", "hours", "count"),
    [
        (-127.0, "C", "edge-1", 0.0, "faulty"),
        (85.0, "C", "edge-1", 0.0, "faulty"),
        (327.67, "C", "edge-1", 0.0, "faulty"),
        (185.0, "F", "edge-1", 0.0, "faulty"),  # 85 degrees in another unit
        (20.0, "C", "somebody", 0.0, "foreign"),
        (20.0, "C", "edge-1", -2000.0, "out_of_time"),
    ],
)
def test_a_reading_that_says_nothing_of_the_store(
    tmp_path: Path, value: float, unit: str, source: str, hours: float, count: str
) -> None:
    with supervised_city(tmp_path) as city:
        city.put("cold-chain", "freezer", "store-1", devices=["logger-1"], edge="edge-1")
        for _ in range(12):
            city.clock.at += timedelta(minutes=5)
            at = city.clock.at + timedelta(hours=hours)
            city.read(source, ("logger-1", "temperature", at, value, unit))
        assert [one for one in city.defects() if one.kind == "chain-broken"] == []
        refused = city.platform.supervision.refused["cold-chain"]
        assert getattr(refused, count) == 12


@pytest.mark.parametrize(
    ("at", "unit", "code"),
    [("1970-01-01T00:10:00Z", "C", "wrong_clock"), ("2026-03-01T06:00:00Z", "m", "bad_unit")],
)
def test_a_reading_that_does_not_pass_the_border(
    city: SupervisedCity, at: str, unit: str, code: str
) -> None:
    item = {"source_id": f"logger-1/1/{code}", "type": "temperature", "occurred_at": at}
    more = {"subject": "logger-1", "area": COMMUNITY, "value": 10.0, "unit": unit}
    account = city.observe("edge-1", [item | more])
    assert [one.code for one in account.rejected] == [code]
    assert city.defects() == []


def test_an_alarm_for_a_rule_or_device_that_is_not_there_is_nothing(city: SupervisedCity) -> None:
    at = city.clock.at
    for device in ("cold-chain.too-warm:logger-9", "cold-chain.gone:logger-1", "too-warm", ":"):
        city.read("edge-1", (device, "alarm", at, 1.0, None))
    assert city.defects() == []


def test_an_alarm_that_another_source_tells_of_is_foreign(tmp_path: Path) -> None:
    with supervised_city(tmp_path) as city:
        city.put("cold-chain", "freezer", "store-1", devices=["logger-1"], edge="edge-1")
        city.clock.at += timedelta(minutes=5)
        at = city.clock.at
        city.read("somebody", ("cold-chain.too-warm:logger-1", "alarm", at, 1.0, None))
        assert city.defects() == []
        assert city.platform.supervision.refused["cold-chain"].foreign == 1


def test_the_same_command_with_another_body_is_refused(city: SupervisedCity) -> None:
    told = {"type": "RecordCheck", "id": "one-id", "object": "store-1", "check": "goods"}
    from twinward.service.intake.commands import submit_objects

    first = submit_objects(city.platform, city.me, [told | {"answers": GOOD}], "phone")
    again = submit_objects(city.platform, city.me, [told | {"answers": GOOD}], "phone")
    other = {"answers": GOOD | {"surface_c": -19.0}}
    third = submit_objects(city.platform, city.me, [told | other], "phone")
    assert (first.stored, again.duplicate) == (1, 1)
    assert [one.code for one in third.rejected] == ["id_taken"]


def test_nobody_but_the_loop_opens_or_mends_a_defect(city: SupervisedCity) -> None:
    for command in ("OpenDefect", "MendDefect", "MissCheck"):
        assert city.refused(command, defect="d", object="store-1") == "unknown_type"


def test_a_visitor_is_a_pseudonym_in_every_byte_that_is_written(tmp_path: Path) -> None:
    with supervised_city(tmp_path) as city:
        city.put("communities", "gate", "gate-1", name="North gate")
        answers = {"temperature_c": 38.4, "purpose": "delivery", "from_risk_area": False}
        account = city.tell(
            "RecordCheck",
            object="gate-1",
            check="visitor",
            answers=answers,
            person={"name": "Canarius Vogel", "phone": "13912345678"},
        )
        assert account.stored == 1, account.rejected
        (defect,) = city.defects()
        assert (defect.kind, defect.severity) == ("feverish-visitor", "alarm")
        with city.platform.store.read() as rows:
            (event,) = rows.events_after(0, types=["CheckRecorded"])
        assert event.subject is not None and event.subject.startswith("p-")
    for path in tmp_path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"Canarius" not in content and b"13912345678" not in content, path.name
