"""Tracing through the platform: refused in peacetime, answered and recorded under an activation,
asked by the loop.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pyarrow as pa
import pytest

from helpers.moving import NOW, make_moving_city
from twinward.app import compose
from twinward.app.workspace import init_workspace
from twinward.core.clock import SetClock, to_us
from twinward.core.errors import AbsentError, InputError, RefusedError
from twinward.core.messages import Request
from twinward.rehearsal.movement import true_contacts
from twinward.service.access.activations import open_activation
from twinward.service.access.audit import get_audit
from twinward.service.platform import local_admin
from twinward.service.tracing import provider
from twinward.service.tracing.case_file import make_file
from twinward.twins.emergency import messages as m


@pytest.fixture
def city(tmp_path: Path) -> Iterator[Any]:
    platform, truth = make_moving_city(tmp_path / "w")
    yield platform, truth
    platform.close()


def activate(platform: Any, purposes: tuple[str, ...] = ("trace",)) -> str:
    return open_activation(
        platform,
        local_admin(),
        hazard="epidemic",
        areas=["all"],
        purposes=list(purposes),
        days=7,
        by="duty officer",
        basis="law on infectious diseases",
    )


def test_in_peacetime_every_question_about_persons_is_refused(city: Any) -> None:
    platform, _ = city
    tracing = compose.make_tracing(platform, local_admin())
    for ask in (
        lambda: tracing.contacts(subject="s1"),
        lambda: tracing.companions(subject="s1"),
        lambda: tracing.movement(subject="s1"),
        lambda: tracing.sql("SELECT 1"),
        lambda: tracing.visited({}, 3, None, "s1", None),
        lambda: tracing.dwell({}, 2, None, None, None),
    ):
        with pytest.raises(RefusedError) as refused:
            ask()
        assert refused.value.code == "peacetime"


def test_an_answer_names_its_activation_and_is_on_record(city: Any) -> None:
    platform, truth = city
    name = activate(platform)
    tracing = compose.make_tracing(platform, local_admin())
    answer = tracing.contacts(subject="s7", min_duration_min=15)
    assert answer["activation"] == name and answer["query_ms"] >= 0
    real = {
        f"s{who}"
        for who, (minutes, _) in true_contacts(truth, 7, 0, 3 * 86_400).items()
        if minutes >= 60
    }
    listed = {contact["subject"] for contact in answer["contacts"]}
    assert len(listed & real) / len(real) > 0.5
    with platform.store.read() as rows:
        assert any("Look" in event.type for event in rows.events_after(0))
    file = make_file(platform, tracing, "s7", None, None)
    assert file["timeline"] and file["contacts"] and file["cases"] == []


def test_sql_sees_the_window_and_nothing_else(city: Any) -> None:
    platform, _ = city
    activate(platform)
    tracing = compose.make_tracing(platform, local_admin())
    answer = tracing.sql("SELECT count(*) AS n, count(DISTINCT subject) AS people FROM fixes")
    assert answer["rows"] == [[300 * 3 * 96, 300]]
    for query in (
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "DROP VIEW fixes",
        "SELECT 1; SELECT 2",
        "COPY fixes TO '/tmp/never'",
        "SELECT * FROM numbered_subjects",
        "ATTACH 'x.db'",
        "nonsense",
    ):
        with pytest.raises(InputError) as error:
            tracing.sql(query)
        assert error.value.code == "bad_sql"


def test_sql_shows_the_points_that_every_other_answer_shows_and_no_true_one(city: Any) -> None:
    platform, _ = city
    activate(platform)
    tracing = compose.make_tracing(platform, local_admin())
    fixes = tracing.sql("SELECT lon, lat FROM fixes WHERE subject = 's7'")["rows"]
    visits = tracing.sql("SELECT lon, lat FROM visits WHERE subject = 's7'")["rows"]
    lake = compose.open_lake(platform.workspace).snapshot()
    true = lake.subject_fixes(lake.find_subject("s7"), *lake.span_us())
    mask = platform.vault.point_mask()
    assert sorted(map(tuple, fixes)) == sorted(
        mask("s7", *point) for point in zip(true.lon, true.lat, strict=True)
    )
    stays = tracing.movement(subject="s7")["stays"]
    assert {(stay["lon"], stay["lat"]) for stay in stays} & set(map(tuple, visits))
    inside = f"lon BETWEEN {true.lon[0] - 1e-7} AND {true.lon[0] + 1e-7}"
    assert tracing.sql(f"SELECT count(*) FROM fixes WHERE {inside}")["rows"] == [[0]]


def test_a_look_at_a_crowd_says_how_many_where_and_when(city: Any) -> None:
    platform, _ = city
    activate(platform)
    tracing = compose.make_tracing(platform, local_admin())
    lon, lat = (
        tracing.movement(subject="s7")["stays"][0]["lon"],
        tracing.movement(subject="s7")["stays"][0]["lat"],
    )
    disc = {"code": "all-of-it", "radius_m": 20_000}
    areas = {
        "type": "Feature",
        "properties": disc,
        "geometry": {"type": "Point", "coordinates": [lon, lat]},
    }
    answer = tracing.visited(areas, 1, None, None, 2)
    tracing.dwell(areas, 1, None, None, 0)
    tracing.sql("SELECT count(*) FROM fixes WHERE subject = 's7'")
    with pytest.raises(InputError):
        tracing.sql("SELECT subject::INTEGER FROM fixes")
    for ask in (
        lambda: tracing.visited(areas, 1, None, None, -1),
        lambda: tracing.dwell(areas, 1, None, None, -1),
    ):
        with pytest.raises(InputError) as refused:
            ask()
        assert refused.value.code == "bad_limit"
    looks = [
        look
        for look in get_audit(platform, local_admin()).looks[::-1]
        if look.question != "trace.file"
    ]
    passed, (start, end) = answer["passed_through"], answer["window"]
    assert looks[0].persons == max(passed, answer["stayed"]) > 0
    assert looks[0].question.startswith(
        f"trace.visited: {passed} who passed and {answer['stayed']} who stayed, 2 of"
    )
    assert looks[0].question.endswith(f"in all-of-it, {start} to {end}")
    assert (
        looks[1].question.startswith("trace.dwell: ")
        and "0 of them named, in all-of-it" in looks[1].question
    )
    assert [look.persons for look in looks[2:]] == [300, 300]  # the one that failed, too
    assert all("s7" not in look.question for look in looks)
    with platform.store.read() as rows:
        words = [
            getattr(event.fact, "words", "")
            for event in rows.events_after(0, types=("LookRecorded",))
        ]
    assert words[-2:] == [
        "SELECT count(*) FROM fixes WHERE subject = 's7'",
        "SELECT subject::INTEGER FROM fixes",
    ]


def test_a_confirmed_case_is_traced_by_itself(city: Any) -> None:
    platform, truth = city
    activate(platform)
    report = m.ReportCase(
        id="cmd-1",
        case="case-1",
        subject="s7",
        hazard="epidemic",
        area="city",
        status="confirmed",
        found_in="community",
        source="hospital",
        occurred_at=NOW - timedelta(hours=1),
    )
    platform.store.write(
        lambda tx: platform.loop.twins.ask_one(tx, Request(command=report, actor="tester"))
    )
    platform.loop.catch_up()
    with platform.store.read() as rows:
        named = {row.subject for row in rows.list_rows("contacts", case="case-1")}
        tasks = [task for task in rows.list_rows("tasks") if task.contact]
    real = {f"s{who}" for who in true_contacts(truth, 7, 0, 3 * 86_400)}
    assert named and len(named & real) / len(named) > 0.5
    assert len(tasks) >= len(named)
    platform.store.write(lambda tx: tx.set_offset("tracing", 0))
    platform.loop.catch_up()
    with platform.store.read() as rows:
        assert {row.subject for row in rows.list_rows("contacts", case="case-1")} == named


def test_the_days_end_now_whatever_a_wrong_clock_has_sent(city: Any) -> None:
    """A lake may hold a fix from before clocks were looked at."""
    platform, _ = city
    ahead = pa.array([to_us(NOW + timedelta(weeks=1024))])
    columns = {"subject": pa.array(["odd"]).dictionary_encode(), "time_us": ahead}
    columns |= {"lon": pa.array([121.0]), "lat": pa.array([31.0])}
    compose.open_lake(platform.workspace).append([pa.table(columns)], NOW)
    activate(platform)
    tracing = compose.make_tracing(platform, local_admin())
    window = tracing.window(tracing.scope_for("trace"), None, None)
    assert window["end"] == NOW
    assert tracing.contacts(subject="s7")["contacts"]


def test_a_lake_without_data_leaves_what_the_log_knows(tmp_path: Path) -> None:
    init_workspace(tmp_path / "w")
    platform = compose.open_platform(tmp_path / "w", SetClock(NOW))
    try:
        activate(platform)
        told = m.ReportCase(
            id="c",
            case="k",
            subject="somebody",
            hazard="epidemic",
            area="01",
            status="confirmed",
            occurred_at=NOW,
        )
        platform.store.write(
            lambda tx: platform.loop.twins.ask_one(tx, Request(command=told, actor="clinic"))
        )
        tracing = compose.make_tracing(platform, local_admin())
        file = make_file(platform, tracing, "somebody", None, None)
        assert [case["id"] for case in file["cases"]] == ["k"]
        assert file["timeline"] == []
        with pytest.raises(AbsentError) as absent:
            make_file(platform, tracing, "nobody", None, None)
        assert absent.value.code == "subject_unknown"
    finally:
        platform.close()


@pytest.mark.parametrize(
    ("city_zone", "lon", "zone"),
    [
        ("Asia/Shanghai", 121.5, "Asia/Shanghai"),
        ("UTC", 121.5, "Etc/GMT-8"),
        ("UTC", -46.6, "Etc/GMT+3"),
        ("UTC", 0.1, "UTC"),
    ],
)
def test_nights_are_the_citys_even_where_nobody_wrote_its_zone(
    city_zone: str, lon: float, zone: str, monkeypatch: Any
) -> None:
    monkeypatch.setattr(provider, "zone_of", lambda _: city_zone)
    monkeypatch.setattr(provider, "city_bounds", lambda _: (lon - 0.2, 1.0, lon + 0.2, 2.0))
    platform = cast(Any, SimpleNamespace(settings=SimpleNamespace(timezone="UTC")))
    assert provider.local_zone(platform) == zone
