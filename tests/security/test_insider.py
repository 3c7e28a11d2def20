"""The auditor's story: an insider is stopped; what is forced past the rules is found the same
day.
"""

from __future__ import annotations

import sqlite3
import tracemalloc
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from twinward.app import compose
from twinward.core.clock import format_time
from twinward.core.messages import Event
from twinward.security.detection.anomalies import Deed, find_anomalies
from twinward.service.access import misuse_check
from twinward.twins.emergency.messages import LookRecorded

START = datetime(2022, 4, 1, tzinfo=UTC)


def check(world: Any) -> list[Any]:
    platform = world.platform
    found = misuse_check.check_misuse(
        platform, world.person("wu"), lambda: compose.verify_log(platform.workspace)
    )
    return [(one["what"], one["actor"]) for one in found["anomalies"]]


def force(world: Any, text: str, *values: Any) -> None:
    connection = sqlite3.connect(world.platform.workspace / "twinward.db", isolation_level=None)
    connection.execute(text, values)
    connection.close()


def test_an_insider_without_authority_is_stopped_and_a_forced_row_is_found(world: Any) -> None:
    world.report_cases(per_leaf=1)
    world.open_activation()
    world.headers("sun")  # whoever acts has an account
    assert check(world) == []
    until = format_time(world.clock.now() + timedelta(days=3))
    red = {
        "kind": "status",
        "area": "31-a",
        "subject": "p-depositor",
        "value": "red",
        "until": until,
        "reason": "wants his money",
        "basis": "none",
    }
    assert world.post("ma", "/v1/changes", red).json()["code"] == "role_not_allowed"
    item = {
        "type": "ReportCase",
        "id": "x",
        "case": "c-31-a-0",
        "hazard": "epidemic",
        "area": "31-a",
        "status": "recovered",
        "person": {"document": "DOC-CANARY-31-a-0"},
    }
    assert world.post("ma", "/v1/commands", {"items": [item]}).json()["code"] == "role_not_allowed"
    # now with the database's own password: the row is written past the log
    with world.platform.store.read() as rows:
        case = rows.find("cases", "c-31-a-0")
    changed = msgspec.msgpack.encode(msgspec.structs.replace(case, status="suspected"))
    sealed = world.platform.keyring.seal(case.subject, world.clock.now().date(), changed)
    force(
        world,
        "UPDATE cases SET row_body = ?, status = 'suspected' WHERE row_key = 'c-31-a-0'",
        sealed,
    )
    assert ("forced", "?") in check(world)
    assert any("forced" in one["text"] for one in world.get("wu", "/v1/notices").json()["items"])


def test_an_event_forced_into_the_log_is_found(world: Any) -> None:
    world.report_cases(per_leaf=1)
    force(world, "UPDATE events SET actor = 'li' WHERE seq = 2")
    assert ("log_broken", "?") in check(world)


def test_a_change_for_no_cause_on_record_raises_an_alarm(world: Any) -> None:
    world.report_cases(per_leaf=1)
    until = format_time(world.clock.now() + timedelta(days=3))
    red = {
        "kind": "status",
        "area": "31-a",
        "subject": "p-x",
        "value": "red",
        "until": until,
        "reason": "as ordered",
        "basis": "article 1",
    }
    assert world.post("wang", "/v1/changes", red).status_code == 201
    assert check(world) == [("no_cause", "wang")]
    assert world.post("wang", "/v1/changes", red | {"linked": "c-31-a-0"}).status_code == 201
    assert [event.fact.kind for event in world.events("AccessNoted")].count("alarm") == 1


def deed(
    world: Any,
    actor: str,
    n: int = 0,
    hour: int = 10,
    area: str = "31-a",
    linked: str = "c",
    kind: Any = "change",
) -> Deed:
    at = world.clock.now().replace(hour=hour)
    return Deed(actor=actor, kind=kind, at=at, area=area, linked=linked, event=f"{actor}-{n}")


@pytest.mark.parametrize(
    ("odd", "what"),
    [
        (lambda w: [deed(w, "odd", n) for n in range(30)], "many"),
        (lambda w: [deed(w, "odd", n, hour=3) for n in range(3)], "at_night"),
        (lambda w: [deed(w, "odd", area="32-a")], "elsewhere"),
        (lambda w: [deed(w, "odd", linked="gone")], "no_cause"),
        (lambda w: [deed(w, "odd", n, kind="look") for n in range(60)], "many"),
    ],
)
def test_what_is_odd_is_told_from_a_days_work(world: Any, odd: Any, what: str) -> None:
    work = [deed(world, who, n) for who in ("a", "b", "c", "d") for n in range(6)]
    covers = lambda actor, area: area.startswith("31")  # noqa: E731
    assert find_anomalies(work, covers, {"c"}, ZoneInfo("UTC")) == []
    found = find_anomalies(work + odd(world), covers, {"c"}, ZoneInfo("UTC"))
    assert [(one.what, one.actor) for one in found] == [(what, "odd")]


class ManyLooks:
    """A log of so many looks, a year ago, of which only the page that is asked for is made."""

    def __init__(self, count: int) -> None:
        self.count_of_events = count

    def events_after(self, seq: int, limit: int, types: Any) -> list[Event]:
        assert "LookRecorded" in types
        return [look(n + 1) for n in range(seq, min(seq + limit, self.count_of_events))]

    def count(self, table: Any) -> int:
        return 0


def look(seq: int) -> Event:
    fact = LookRecorded(
        activation="act", purpose="trace", subject=f"p-{seq}", question="visited", reason="because"
    )
    at = datetime(2021, 4, 1, tzinfo=UTC)
    told = {"area": "31-a", "actor": "wang", "cause": None, "incident": None, "subject": None}
    return Event(
        seq=seq, id=f"look-{seq}.1", type="LookRecorded", occurred_at=at, recorded_at=at,
        command=f"look-{seq}", fact=fact, **told,
    )  # fmt: skip


def test_the_check_takes_no_more_memory_for_more_events(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All events about persons once stood in memory at a time, a gigabyte for a million."""
    monkeypatch.setattr(misuse_check, "PAGE", 500)
    peaks = []
    for count in (1_500, 6_000):
        seen = misuse_check.Seen(world.platform, START)
        tracemalloc.start()
        rows: Any = ManyLooks(count)
        for event in misuse_check._events_about_persons(rows):
            seen.see(event)
        assert seen.list_unexplained(rows) == []
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0] < 3_000_000
