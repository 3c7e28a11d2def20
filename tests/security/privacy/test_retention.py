"""Deletion on its day: what is gone is gone everywhere, what an open activation covers stays,
the receipt proves it.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from twinward.core.errors import AbsentError
from twinward.security.privacy.keys import Keyring
from twinward.security.privacy.vault import Identity
from twinward.service.access import activations, retention


def run(world: Any) -> dict[str, int]:
    found = retention.run_retention(
        world.platform, world.person("xu"), lambda at: 0, confirmed=True
    )
    return {one["kind"]: one["deleted"] for one in found["ended"]}


def test_records_and_names_live_thirty_days_and_then_open_for_nobody(world: Any) -> None:
    world.report_cases(per_leaf=1)
    world.clock.advance(timedelta(days=30))
    assert run(world)["person_records"] == 0
    world.clock.advance(timedelta(days=1))
    assert run(world) == {"movement": 0, "person_records": 4, "identity": 4, "session": 0}
    world.open_activation()
    assert world.get("li", "/v1/cases").json()["items"] == []
    with world.platform.store.read() as rows:
        assert rows.find("cases", "c-31-a-0") is None
        assert all(
            event.fact is None for event in rows.events_after(0) if event.type == "CaseReported"
        )
    assert run(world)["person_records"] == 0


def destroyed(world: Any) -> int:
    """What an unconfirmed run destroys of the records of persons."""
    found = retention.run_retention(world.platform, world.person("xu"), lambda at: 0)
    return {one["kind"]: one["deleted"] for one in found["ended"]}["person_records"]


def test_nothing_goes_before_two_runs_a_day_apart_agree_and_then_it_goes_on_its_day(
    world: Any,
) -> None:
    world.report_cases(per_leaf=1)
    world.clock.advance(timedelta(days=30))
    assert [destroyed(world), destroyed(world)] == [0, 0]
    world.clock.advance(timedelta(days=1))
    assert destroyed(world) == 4


@pytest.mark.parametrize("months", [-4, 4])
def test_a_clock_that_is_wrong_for_a_minute_destroys_nothing(world: Any, months: int) -> None:
    world.report_cases(per_leaf=1)
    activation = world.open_activation()
    for _ in range(3):
        assert destroyed(world) == 0
        world.clock.advance(timedelta(days=30 * months))
        for _ in range(3):
            assert destroyed(world) == 0
            world.platform.loop.tick(world.clock.now())
            world.platform.loop.catch_up()
        world.clock.advance(timedelta(days=-30 * months))
        assert destroyed(world) == 0
        world.clock.advance(timedelta(days=1))
    shown = activations.list_activations(world.platform)
    assert [one.in_force for one in shown if activation in (None, one.id)] == [True]


def test_nothing_in_the_window_of_an_open_activation_is_deleted(world: Any) -> None:
    world.report_cases(per_leaf=1)
    world.clock.advance(timedelta(days=28))
    world.open_activation()  # opens 30 days back, and lasts 7
    world.clock.advance(timedelta(days=5))
    assert run(world) == {"movement": 0, "person_records": 0, "identity": 0, "session": 0}
    world.clock.advance(timedelta(days=5))
    assert run(world)["person_records"] == 4


def test_a_name_sent_with_a_refused_report_does_not_stay(world: Any) -> None:
    world.report_cases(per_leaf=1)
    item = {
        "type": "ReportCase",
        "id": "x",
        "case": "c-new",
        "hazard": "epidemic",
        "area": "nowhere",
        "status": "confirmed",
        "person": {"name": "Somebody Refused"},
    }
    assert world.post("li", "/v1/commands", {"items": [item]}).json()["rejected"]
    with pytest.raises(AbsentError):
        world.platform.vault.open(world.platform.vault.pseudonym(Identity(name="Somebody Refused")))


def test_a_name_whose_report_never_came_to_the_log_goes_with_the_second_run(world: Any) -> None:
    world.report_cases(per_leaf=1)
    world.platform.vault.keep(Identity(name="Somebody On The Way"))
    assert run(world)["identity"] == 0  # its report could still be on the way to the log
    assert run(world)["identity"] == 1


def test_the_receipt_stands_in_the_log_and_a_changed_one_does_not(world: Any) -> None:
    world.report_cases(per_leaf=1)
    for _ in range(2):
        world.clock.advance(timedelta(days=31))
        run(world)
    wu = world.person("wu")
    assert retention.verify_receipts(world.platform, wu) == {"receipts": 2, "ok": True, "wrong": []}
    first, second = retention.list_receipts(world.platform)
    assert retention.read_receipt(second).previous == retention.read_receipt(first).digest()
    held = retention.read_receipt(first)
    first.write_bytes(msgspec.json.encode(msgspec.structs.replace(held, ended=())))
    assert retention.verify_receipts(world.platform, wu)["wrong"] == [first.name, second.name]
    second.unlink()
    assert not retention.verify_receipts(world.platform, wu)["ok"]


def test_another_process_forgets_a_destroyed_key_too(tmp_path: Path, world: Any) -> None:
    day = world.clock.now().date()
    one, other = Keyring(tmp_path / "k"), Keyring(tmp_path / "k")
    sealed = one.seal("p", day, b"secret")
    one.flush()
    assert other.open("p", day, sealed) == b"secret"
    assert one.destroy_all({("p", day)}) == 1
    assert other.open("p", day, sealed) is None
    assert b"p\t" not in (tmp_path / "k").read_bytes()


@pytest.mark.parametrize("who", ["wu", "li", "ma"])
def test_only_who_keeps_the_data_deletes_it(world: Any, who: str) -> None:
    with pytest.raises(Exception, match="may not"):
        retention.run_retention(world.platform, world.person(who), lambda at: 0, confirmed=True)


def test_every_kind_says_what_it_is_for() -> None:
    assert all(kind.purpose and kind.ends_by for kind in retention.load_kinds().values())
