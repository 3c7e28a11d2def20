"""A body of observations: good items go through, each bad one is named with a stable code."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from twinward.core.errors import InputError
from twinward.edge.feeds import observations as feed
from twinward.edge.feeds.observations import Checks, read_observations

NOW = datetime(2022, 4, 14, tzinfo=UTC)
CHECKS = Checks(areas={"310101"}, bounds=(120.8, 30.6, 122.3, 31.9))
GOOD = {
    "source_id": "ok",
    "type": "reading",
    "occurred_at": "2022-04-13T08:00:00+08:00",
    "area": "310101",
    "value": 1,
}
MOVE = {
    "source_id": "ok",
    "type": "position",
    "occurred_at": "2022-04-13T00:00:00Z",
    "subject": "p",
}
POINT = {"lon": 121.4, "lat": 31.2}


def body(*items: Any) -> bytes:
    return json.dumps({"source": "lab", "items": list(items)}).encode()


BAD = [
    ({**GOOD, "occurred_at": "2022-04-13T08:00:00"}, "time_without_zone"),
    ({**GOOD, "occurred_at": "soon"}, "bad_time"),
    ({**GOOD, "occurred_at": "2022-04-14T00:06:00Z"}, "time_in_future"),
    ({**GOOD, "occurred_at": 3}, "bad_time"),
    ({**GOOD, "type": "nonsense"}, "unknown_type"),
    ({**GOOD, "area": "999999"}, "unknown_area"),
    ({**GOOD, "source_id": ""}, "missing_source_id"),
    ({k: v for k, v in GOOD.items() if k != "source_id"}, "missing_source_id"),
    ({**GOOD, "value": None}, "missing_field"),
    ({k: v for k, v in GOOD.items() if k != "area"}, "missing_field"),
    ({**GOOD, "value": float("nan")}, "bad_number"),
    ({**GOOD, "type": "water_depth", "unit": "kg"}, "bad_unit"),
    ({**GOOD, "type": "temperature", "unit": "cm"}, "bad_unit"),
    ({**GOOD, "name": "Li"}, "unknown_field"),
    ({**GOOD, "value": "high"}, "bad_field"),
    ("not an object", "bad_field"),
    ({**MOVE, "lon": 31.2, "lat": 121.4}, "bad_coordinates"),
    ({**MOVE, "lon": float("nan"), "lat": 31.2}, "bad_coordinates"),
    ({**MOVE, "lon": 121.4}, "bad_coordinates"),
    ({**MOVE, "lon": "east", "lat": 31.2}, "bad_coordinates"),
    ({k: v for k, v in MOVE.items() if k != "subject"} | POINT, "missing_field"),
    ({**MOVE, "type": "visit"}, "missing_field"),
    ({**MOVE, **POINT, "subject": "13812345678"}, "direct_identity"),
    ({**MOVE, **POINT, "subject": "11010119900307109X"}, "direct_identity"),
]


@pytest.mark.parametrize(
    ("item", "code"), BAD, ids=[f"{n}-{code}" for n, (_, code) in enumerate(BAD)]
)
def test_a_bad_item_is_named_and_its_neighbours_go_through(item: Any, code: str) -> None:
    found = read_observations(body(GOOD, item, {**MOVE, **POINT}), CHECKS, NOW)
    assert [(wrong.index, wrong.code) for wrong in found.wrong] == [(1, code)]
    assert found.rows.column("type").to_pylist() == ["reading", "position"]
    assert ". " in found.wrong[0].message  # what is wrong, then advice


@pytest.mark.parametrize("number", ["1e400", "-1e999", "1" + "0" * 400])
def test_a_number_too_big_costs_no_other_item(number: str) -> None:
    text = body(GOOD, {**GOOD, "source_id": "big"}).decode()
    head, tail = text.rsplit('"value": 1', 1)
    found = read_observations(f'{head}"value": {number}{tail}'.encode(), CHECKS, NOW)
    assert len(found.rows) == 1
    assert [wrong.index for wrong in found.wrong] == [1]
    assert found.wrong[0].code in {"bad_number", "bad_field"}


def test_readings_of_one_type_are_kept_in_one_unit() -> None:
    said = [("water_depth", 45, "cm"), ("water_depth", 0.4, "m"), ("temperature", 50, "F")]
    said += [("rainfall", 1, "in"), ("reading", 7, "furlongs"), ("wind_speed", 36, "km/h")]
    items = [
        {**GOOD, "source_id": str(n), "type": kind, "value": value, "unit": unit}
        for n, (kind, value, unit) in enumerate(said)
    ]
    rows = read_observations(body(*items), CHECKS, NOW).rows
    assert rows.column("value").to_pylist() == pytest.approx([0.45, 0.4, 10, 25.4, 7, 10])
    assert rows.column("unit").to_pylist() == ["m", "m", "C", "mm", "furlongs", "m/s"]


def test_swapped_coordinates_are_seen_where_the_city_is_known() -> None:
    swapped = {**MOVE, "lon": 41.2, "lat": -8.6}
    checks = Checks(bounds=(-8.7, 41.1, -8.5, 41.3))
    assert read_observations(body(swapped), checks, NOW).wrong[0].code == "swapped_coordinates"
    assert read_observations(body(swapped), CHECKS, NOW).wrong == []


def test_times_of_any_zone_are_one_instant() -> None:
    times = [
        "2022-04-13T00:00:00Z",
        "2022-04-13T08:00:00+08:00",
        "2022-04-12T19:00:00.000000-05:00",
    ]
    for form in (times, [*times, "2022-04-13T00:00:00.0000001Z"]):  # the last is read the slow way
        items = [{**GOOD, "source_id": str(n), "occurred_at": text} for n, text in enumerate(form)]
        found = read_observations(body(*items), CHECKS, NOW)
        assert set(found.rows.column("time_us").to_pylist()) == {1_649_808_000_000_000}


def test_all_items_of_a_bad_batch_keep_their_own_index() -> None:
    items = [GOOD, 5, GOOD, {**GOOD, "area": "0"}, 6]
    found = read_observations(body(*items), CHECKS, NOW)
    assert [(wrong.index, wrong.code) for wrong in found.wrong] == [
        (1, "bad_field"),
        (3, "unknown_area"),
        (4, "bad_field"),
    ]
    assert len(found.rows) == 2


def test_an_empty_batch_is_a_batch() -> None:
    assert len(read_observations(body(), CHECKS, NOW).rows) == 0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"{", "bad_json"),
        (b"\xff\xfe", "bad_json"),
        (b"", "bad_json"),
        (b'{"source": "lab", "items": [{"a": 1}', "bad_json"),
        (b"[" * 200_000, "bad_batch"),
        (b"[]", "bad_batch"),
        (b'{"items": []}', "bad_batch"),
        (b'{"source": "", "items": []}', "bad_batch"),
        (b'{"source": "lab", "items": {}}', "bad_batch"),
    ],
)
def test_a_body_that_is_no_batch_is_refused_as_a_whole(text: bytes, code: str) -> None:
    with pytest.raises(InputError) as refused:
        read_observations(text, CHECKS, NOW)
    assert refused.value.code == code
    assert refused.value.advice


@pytest.mark.parametrize(
    "source", ["13900005555", "a@b.example", "gate of 139-8765-0004", "电话13987650002的", "1\t2"]
)
def test_a_source_that_names_a_person_is_refused_whole(source: str) -> None:
    sent = json.dumps({"source": source, "items": [GOOD]}).encode()
    with pytest.raises(InputError) as error:
        read_observations(sent, Checks(), NOW)
    assert error.value.code in ("direct_identity", "bad_text")


def test_more_items_than_one_batch_may_hold_are_refused_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feed, "MOST_ITEMS", 3)
    read_observations(body(GOOD, GOOD, GOOD), Checks(), NOW)
    with pytest.raises(InputError) as error:
        read_observations(body(GOOD, GOOD, {**GOOD, "bad": 1}, GOOD), Checks(), NOW)
    assert error.value.code == "too_many_items"
