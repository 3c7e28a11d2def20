"""The machine's clock is followed until it jumps; then time goes on until a person has seen to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from twinward.app.workspace_clock import WorkspaceClock
from twinward.core.clock import SetClock

START = datetime(2026, 3, 1, 8, tzinfo=UTC)


class Machine:
    """A machine whose clock and whose time since it started are set apart."""

    def __init__(self) -> None:
        self.clock = SetClock(START)
        self.up = 1000.0
        self.boot = "first"

    def run(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))
        self.up += seconds

    def open(self, folder: Path) -> WorkspaceClock:
        return WorkspaceClock(folder, self.clock, lambda: self.up, lambda: self.boot)


def test_it_follows_the_machine(tmp_path: Path) -> None:
    machine = Machine()
    clock = machine.open(tmp_path)
    for seconds in (1, 3600, 90_000):
        machine.run(seconds)
        assert clock.now() == machine.clock.now()
    machine.clock.advance(timedelta(minutes=50))  # set right by hand, or by the network
    assert clock.now() == machine.clock.now()
    assert clock.find_trouble() is None


@pytest.mark.parametrize("days", [-120, -1, 1, 40, 120])
def test_a_jump_is_not_followed_and_is_told_until_the_clock_is_right_again(
    tmp_path: Path, days: int
) -> None:
    machine = Machine()
    clock = machine.open(tmp_path)
    machine.run(60)
    machine.clock.advance(timedelta(days=days))
    machine.run(60)
    assert clock.now() == START + timedelta(seconds=120)
    trouble = clock.find_trouble()
    assert trouble is not None
    assert trouble.code == "clock_jumped"
    machine.clock.advance(timedelta(days=-days))
    machine.run(60)
    assert clock.now() == START + timedelta(seconds=180)
    assert clock.find_trouble() is None


def test_a_jump_between_two_starts_is_seen_by_how_long_the_machine_ran(tmp_path: Path) -> None:
    machine = Machine()
    machine.open(tmp_path).now()
    machine.run(600)
    machine.clock.advance(timedelta(days=40))
    assert machine.open(tmp_path).now() == START + timedelta(seconds=600)


def test_a_machine_that_was_off_may_have_been_off_for_long_but_not_back(tmp_path: Path) -> None:
    machine = Machine()
    machine.open(tmp_path).now()
    machine.boot, machine.up = "second", 5.0
    machine.clock.advance(timedelta(days=90))
    assert machine.open(tmp_path).now() == START + timedelta(days=90)
    machine.boot, machine.up = "third", 5.0
    machine.clock.advance(timedelta(days=-9000))  # its battery was empty
    again = machine.open(tmp_path)
    assert again.now() == START + timedelta(days=90)
    assert again.find_trouble() is not None


def test_a_person_confirms_and_every_process_follows(tmp_path: Path) -> None:
    machine = Machine()
    server = machine.open(tmp_path)
    server.now()
    machine.clock.advance(timedelta(days=40))
    machine.run(10)
    assert server.find_trouble() is not None
    machine.open(tmp_path).confirm()
    machine.run(10)
    assert server.now() == machine.clock.now()
    assert server.find_trouble() is None


def test_a_file_that_cannot_be_read_is_no_clock(tmp_path: Path) -> None:
    (tmp_path / "clock.json").write_bytes(b"\xff{")
    machine = Machine()
    assert machine.open(tmp_path).now() == START
