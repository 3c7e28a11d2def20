"""No event, no thing and no passing trouble ends the loop: it is told, tried again or set aside."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from helpers.cities import COMMUNITY, PUDONG_COMMUNITY, Desk
from twinward.core.errors import StorageError
from twinward.core.messages import Event
from twinward.loop import follower
from twinward.service.incidents import queries
from twinward.service.intake import commands

PATIENCE_S = 60.0


def until(holds: Callable[[], bool]) -> float:
    """Seconds until it holds."""
    start = time.monotonic()
    while not holds():
        assert time.monotonic() - start < PATIENCE_S, "it does not come"
        time.sleep(0.02)
    return time.monotonic() - start


def poisoned(desk: Desk, poison: Callable[[Event], bool]) -> Callable[..., Iterator[Any]]:
    """The loop's answers, but a fault of ours for some events."""
    answers = desk.platform.loop.answers

    def answer(event: Event, rows: Any) -> Iterator[Any]:
        for command in answers(event, rows):
            yield command
            if poison(event):
                raise RuntimeError("a policy with a fault")

    return answer


def health(desk: Desk) -> dict[str, Any]:
    return queries.get_health(desk.platform)


def test_a_thousand_poisonous_events_are_set_aside_and_all_others_answered(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        desk.platform.loop,
        "answers",
        poisoned(desk, lambda e: e.type == "CaseReported" and e.area == PUDONG_COMMUNITY),
    )
    items = [
        {
            "id": f"r-{n}",
            "type": "ReportCase",
            "case": f"c-{n}",
            "subject": f"p-{n}",
            "hazard": "epidemic",
            "area": PUDONG_COMMUNITY if n % 10 else COMMUNITY,
            "status": "confirmed",
        }
        for n in range(1112)
    ]
    assert commands.submit_objects(desk.platform, desk.me, items, "test").stored == 1112
    desk.platform.loop.catch_up()
    faults = desk.rows("faults")
    assert len(faults) == 1000
    assert {(one.reader, one.code, one.status) for one in faults} == {
        ("loop", "RuntimeError", "open")
    }
    (incident,) = desk.incidents()
    assert incident["figures"]["new_total"] == 112  # nothing half done of those set aside
    assert (health(desk)["status"], health(desk)["code"]) == ("alarm", "set_aside")
    assert not desk.platform.reconciler.list_differences(fresh=True)
    monkeypatch.undo()
    answered = desk.platform.loop.answer_again()
    assert len(answered) == 1000
    desk.platform.loop.catch_up()
    assert sum(one["figures"]["new_total"] for one in desk.incidents()) == 1112


def test_what_is_set_aside_is_on_record_once_and_says_nothing_of_a_person(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise ValueError("p-secret has no such thing")

    monkeypatch.setattr(desk.platform.loop, "answers", broken)
    desk.case(1)
    events = [event for event in desk.events() if event["type"] == "FaultSetAside"]
    assert len(events) == 1
    assert "p-secret" not in repr(events)


def test_a_thing_that_cannot_be_judged_holds_up_no_other_tick(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from twinward.loop.policies import feedback

    desk.case(1)
    desk.case(2, area=PUDONG_COMMUNITY)
    judge = feedback.judge_incident

    def broken(incident: Any, *more: Any) -> Any:
        if incident.area.startswith("310101"):
            raise KeyError("a row that is not there")
        yield from judge(incident, *more)

    monkeypatch.setattr(feedback, "judge_incident", broken)
    before = len(desk.rows("faults"))
    for _ in range(3):
        desk.pass_time(hours=30)
    assert len(desk.rows("faults")) == before + 1
    assert any(task.escalations for task in desk.tasks())


def test_the_loop_recovers_from_a_disk_that_was_full(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = threading.Event()
    flush = desk.platform.keyring.flush

    def no_room() -> None:
        if full.is_set():
            raise StorageError("the disk is full", "free space", code="disk_full")
        flush()

    monkeypatch.setattr(desk.platform.keyring, "flush", no_room)
    desk.platform.loop.start(now=desk.clock.now, tick_every_s=0.05)
    try:
        full.set()
        until(lambda: desk.platform.loop.find_failure() is not None)
        assert health(desk)["status"] == "failing"
        with pytest.raises(StorageError):
            desk.send("ReportHazard", hazard="flood", area=COMMUNITY, figure="x", value=1, unit="m")
        full.clear()
        desk.send(
            "ReportCase",
            case="c-1",
            subject="p-1",
            hazard="epidemic",
            area=COMMUNITY,
            status="confirmed",
        )
        assert until(lambda: bool(desk.incidents())) < 5
        until(lambda: desk.platform.loop.find_failure() is None)
    finally:
        desk.platform.loop.stop()


def test_the_loop_recovers_from_a_database_that_was_gone(new_database: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path / "ws", settings=f'[storage]\nurl = "{new_database}"\n')
    name = new_database.partition("@/")[2].partition("?")[0]
    desk.platform.loop.start(now=desk.clock.now, tick_every_s=0.05)
    try:
        assert (
            desk.send(
                "ReportCase",
                case="c-1",
                subject="p-1",
                hazard="epidemic",
                area=COMMUNITY,
                status="confirmed",
            ).stored
            == 1
        )
        until(lambda: bool(desk.incidents()))
        elsewhere = new_database.replace(f"@/{name}", "@/postgres")
        with psycopg.connect(elsewhere, autocommit=True) as admin:
            admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
            )
            until(lambda: desk.platform.loop.find_failure() is not None)
            time.sleep(8)
            admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        taken = desk.send(
            "ReportCase",
            case="c-2",
            subject="p-2",
            hazard="epidemic",
            area=PUDONG_COMMUNITY,
            status="confirmed",
        )
        assert taken.stored == 1
        assert until(lambda: len(desk.incidents()) == 2) < 5
        until(lambda: health(desk)["status"] == "ok")
    finally:
        desk.platform.loop.stop()
        desk.close()


def test_a_thread_waits_longer_after_each_failure_and_says_when_it_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(follower, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(follower, "LONGEST_PAUSE_S", 0.05)
    turns: list[float] = []

    def turn() -> None:
        turns.append(time.monotonic())
        if len(turns) < 6:
            raise RuntimeError("no")
        time.sleep(0.01)

    one = follower.Follower("a test", turn)
    one.start()
    until(lambda: len(turns) > 3)
    assert one.failure is None or one.failure.code == "fault"
    until(lambda: len(turns) > 8)
    assert one.failure is None
    one.stop()
