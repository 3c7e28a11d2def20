"""Tracing through the platform: refused in peacetime, answered and recorded under an activation, asked by the loop."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from helpers.moving import NOW, make_moving_city
from twinward import app
from twinward.core.errors import InputError, RefusedError
from twinward.core.messages import Request
from twinward.rehearsal.movement import true_contacts
from twinward.service.activations import open_activation
from twinward.service.case_file import make_file
from twinward.service.platform import local_admin
from twinward.twins.emergency import messages as m


@pytest.fixture
def city(tmp_path: Path) -> Iterator[Any]:
    platform, truth = make_moving_city(tmp_path / "w")
    yield platform, truth
    platform.close()


def activate(platform: Any, purposes: tuple[str, ...] = ("trace",)) -> str:
    return open_activation(
        platform, local_admin(), hazard="epidemic", areas=["all"], purposes=list(purposes), days=7, by="duty officer",
        basis="law on infectious diseases",
    )  # fmt: skip


def test_in_peacetime_every_question_about_persons_is_refused(city: Any) -> None:
    platform, _ = city
    tracing = app.make_tracing(platform, local_admin())
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
    tracing = app.make_tracing(platform, local_admin())
    answer = tracing.contacts(subject="s7", min_duration_min=15)
    assert answer["activation"] == name and answer["query_ms"] >= 0
    real = {f"s{who}" for who, (minutes, _) in true_contacts(truth, 7, 0, 3 * 86_400).items() if minutes >= 60}
    listed = {contact["subject"] for contact in answer["contacts"]}
    assert len(listed & real) / len(real) > 0.5
    with platform.store.read() as rows:
        assert any("Look" in event.type for event in rows.events_after(0))
    file = make_file(platform, tracing, "s7", None, None)
    assert file["timeline"] and file["contacts"] and file["cases"] == []


def test_sql_sees_the_window_and_nothing_else(city: Any) -> None:
    platform, _ = city
    activate(platform)
    tracing = app.make_tracing(platform, local_admin())
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


def test_a_confirmed_case_is_traced_by_itself(city: Any) -> None:
    platform, truth = city
    activate(platform)
    report = m.ReportCase(
        id="cmd-1", case="case-1", subject="s7", hazard="epidemic", area="city", status="confirmed",
        found_in="community", source="hospital", occurred_at=NOW - timedelta(hours=1),
    )  # fmt: skip
    platform.store.write(lambda tx: platform.loop.twins.ask_one(tx, Request(command=report, actor="tester")))
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
