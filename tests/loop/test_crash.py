"""A crash between any two transactions repeats nothing: what was asked is named again, and so
done once.
"""

from __future__ import annotations

from typing import Any

import pytest

from helpers.cities import COMMUNITY, HUANGPU, Desk
from twinward.core.errors import StorageError
from twinward.core.ports import Transaction
from twinward.loop import engine
from twinward.loop.engine import OFFSET

TABLES = (
    "incidents",
    "tasks",
    "plans_in_force",
    "contacts",
    "cases",
    "restrictions",
    "fronts",
    "case_incidents",
)


def picture(desk: Desk) -> tuple[list[str], dict[str, list[Any]]]:
    """What the log and the rows say, without places in the log."""
    return [event["id"] for event in desk.events()], {table: desk.rows(table) for table in TABLES}


def tell_a_story(desk: Desk) -> None:
    for number in range(11):
        desk.case(number)
    desk.post("NameContact", contact="k-1", case="c-1", subject="p-9", area=COMMUNITY)
    desk.complete(desk.task("investigate"), succeeded=False)
    desk.complete_all(but=("civil_affairs",))
    desk.pass_time(hours=30)


def set_back(desk: Desk, seq: int) -> None:
    def work(tx: Transaction) -> None:
        tx.set_offset(OFFSET, seq)

    desk.platform.store.write(work)


def test_answering_the_whole_log_again_changes_nothing(desk: Desk) -> None:
    tell_a_story(desk)
    before = picture(desk)
    last = len(before[0])
    for seq in (0, last // 3, last // 2, last - 1):
        set_back(desk, seq)
        desk.platform.loop.catch_up()
        assert picture(desk) == before


def test_the_tick_of_one_instant_acts_once(desk: Desk) -> None:
    desk.case()
    desk.pass_time(hours=25)
    before = picture(desk)
    desk.platform.loop.tick(desk.clock.now())
    desk.platform.loop.catch_up()
    assert picture(desk) == before


@pytest.mark.parametrize("size", [1, 2, 7])
def test_small_steps_with_a_restart_between_them_come_to_the_same(
    desk: Desk, size: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    whole = Desk(tmp_path / "whole")
    whole.case(1)
    whole.case(2, area=HUANGPU)
    monkeypatch.setattr(engine, "BATCH", size)
    desk.send(
        "ReportCase",
        id="ReportCase-0",
        case="c-1",
        subject="p-1",
        hazard="epidemic",
        area=COMMUNITY,
        status="confirmed",
        found_in="community",
    )
    while desk.platform.store.write(desk.platform.loop.step):
        desk.reopen()
    desk.send(
        "ReportCase",
        id="ReportCase-1",
        case="c-2",
        subject="p-2",
        hazard="epidemic",
        area=HUANGPU,
        status="confirmed",
        found_in="community",
    )
    while desk.platform.store.write(desk.platform.loop.step):
        desk.reopen()
    assert sorted(event["id"] for event in desk.events()) == sorted(
        event["id"] for event in whole.events()
    )
    assert desk.rows("tasks") == whole.rows("tasks")
    assert desk.rows("incidents") == whole.rows("incidents")
    whole.close()


def test_a_disk_that_fails_leaves_the_place_in_the_log_where_it_was(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise StorageError("the disk is full", "free space")

    desk.send(
        "ReportCase",
        case="c-1",
        subject="p-1",
        hazard="epidemic",
        area=COMMUNITY,
        status="confirmed",
    )
    with monkeypatch.context() as patch:
        patch.setattr(desk.platform.loop, "answers", broken)
        with pytest.raises(StorageError):
            desk.platform.loop.catch_up()
    assert desk.platform.loop.place() == 0
    desk.platform.loop.catch_up()
    assert desk.incident()["level"] == "IV"
