"""A backup holds what rules remember, no newer than its log: in a restored workspace a state that
must last goes on, and alarms at its time, once.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from helpers.supervised import SUNDAY, SupervisedCity, supervised_city
from twinward.app import compose
from twinward.app.maintenance import (
    RULE_MEMORIES,
    backup_workspace,
    check_workspace,
    restore_workspace,
)
from twinward.edge.rules.rule import DeviceRule
from twinward.service.devices import alarms, bundles, registry
from twinward.storage.maintenance.backup import Contents, backup

LONG = DeviceRule(id="long", type="temperature", above=8.0, clear=7.0, hold_s=1800)
MEMORIES = ("alarms.db", "supervision.db")


class Held:
    """A device that is too warm from the first minute on, for a rule of a bundle and a module's."""

    def __init__(self, city: SupervisedCity) -> None:
        self.city = city
        asked = registry.DeviceRequest(
            device="t-1", edge="edge-1", profile="thermometer", area=city.root, place="store-9"
        )
        registry.add(city.platform, city.me, asked)
        because = {"because": "order 12"}
        bundles.keep_bundle(city.platform, city.me, "v1", rules=(LONG,), **because)
        bundles.roll_out(city.platform, city.me, "v1", share=1.0, **because)
        city.put("cold-chain", "freezer", "store-1", devices=["logger-1"], edge="edge-1")

    def hear(self, first: int, last: int, value: float = 12.0) -> None:
        """Each minute from `first` to before `last`; both devices speak."""
        for minute in range(first, last):
            at = self.city.clock.at = SUNDAY + timedelta(minutes=minute)
            self.city.read(
                "edge-1",
                ("t-1", "temperature", at, value, "C"),
                ("logger-1", "temperature", at, value - 22.0, "C"),
            )

    def drain(self) -> None:
        self.city.platform.intake.open().drain()  # type: ignore[attr-defined]

    def alarms(self) -> list[tuple[datetime, datetime | None]]:
        found = alarms.list_alarms(self.city.platform, self.city.me, every=True)
        return [(one.began_at, one.ended_at) for one in found]

    def broken(self) -> list[tuple[datetime, int]]:
        return [(one.began_at, one.times) for one in self.city.defects(kind="chain-broken")]


def at(minute: int) -> datetime:
    return SUNDAY + timedelta(minutes=minute)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    yield "" if request.param == "sqlite" else request.getfixturevalue("new_database")


def lose(database: str) -> None:
    """The database server is there again, without what it held."""
    if not database:
        return
    name = database.split("?")[0].rpartition("/")[2]
    with psycopg.connect(database.replace(name, "postgres"), autocommit=True) as admin:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{name}"')


@pytest.mark.parametrize("sent_again", [True, False])
def test_a_backup_in_the_midst_of_a_hold_alarms_at_its_time_once(
    tmp_path: Path, database: str, sent_again: bool
) -> None:
    with supervised_city(tmp_path / "city", database=database) as city:
        held = Held(city)
        held.hear(0, 15)
        held.drain()
        held.hear(15, 18)  # what the memory on the disk does not know
        contents = backup_workspace(tmp_path / "city", tmp_path / "backup")
        assert set(MEMORIES) <= set(contents.files) and contents.left_out == ()
        held.hear(18, 25)
        city.platform.close()
        lose(database)
        restore_workspace(tmp_path / "backup", tmp_path / "copy")
        city.move(tmp_path / "copy")
        held.hear(18 if sent_again else 25, 29)
        assert held.alarms() == [] == held.broken()
        held.hear(29, 40)
        assert (held.alarms(), held.broken()) == ([(at(30), None)], [(at(30), 1)])
        held.hear(40, 43, value=1.0)
        assert held.alarms() == [(at(30), at(40))]
        city.platform.close()
        odd = [
            one for one in check_workspace(tmp_path / "copy", deep=False) if one.check == "rules"
        ]
        assert [one.status for one in odd] == ["ok"]


def test_what_was_raised_after_the_memory_was_kept_is_raised_no_second_time(
    tmp_path: Path,
) -> None:
    with supervised_city(tmp_path / "city") as city:
        held = Held(city)
        held.hear(0, 28)
        held.drain()
        held.hear(28, 34)
        backup_workspace(tmp_path / "city", tmp_path / "backup")
        city.platform.close()
        restore_workspace(tmp_path / "backup", tmp_path / "copy")
        city.move(tmp_path / "copy")
        held.hear(34, 41)
        held.hear(41, 44, value=1.0)
        assert held.alarms() == [(at(30), at(41))]
        assert held.broken() == [(at(30), 1)]


def test_a_memory_that_knows_more_than_the_log_is_left_out_and_put_aside(tmp_path: Path) -> None:
    """Somebody puts an older log beside it: what stands in the log is what rules begin from."""
    log, older = tmp_path / "city" / "twinward.db", tmp_path / "older.db"
    with supervised_city(tmp_path / "city") as city:
        held = Held(city)
        held.hear(0, 33)
        with closing(sqlite3.connect(log)) as source, closing(sqlite3.connect(older)) as copy:
            source.backup(copy)
        held.hear(33, 36, value=1.0)  # ends what the older log still shows
        held.drain()
        assert held.alarms() == [(at(30), at(33))]
        city.platform.close()
        for beside in tmp_path.glob("city/twinward.db*"):
            beside.unlink()
        shutil.copyfile(older, log)
        contents = backup_of(tmp_path)
        assert contents.left_out == MEMORIES[::-1]
        assert not set(MEMORIES) & set(contents.files)
        city.platform = compose.open_platform(tmp_path / "city", city.clock)
        held.hear(40, 41)
        assert held.alarms() == [(at(30), None)]
        held.hear(41, 44, value=1.0)
        assert held.alarms() == [(at(30), at(41))]
        held.drain()
        city.platform.close()
        for name in MEMORIES:
            assert (tmp_path / "city" / name).with_suffix(".ahead").is_file()
        odd = [
            one for one in check_workspace(tmp_path / "city", deep=False) if one.check == "rules"
        ]
        assert [one.status for one in odd] == ["warn", "warn"]
        assert "knew of events that the log does not have" in odd[0].found


def test_a_memory_that_nobody_can_read_stops_no_backup(tmp_path: Path) -> None:
    with supervised_city(tmp_path / "city") as city:
        held = Held(city)
        held.hear(0, 3)
        held.drain()
        (tmp_path / "city" / "alarms.db").write_bytes(b"this is no database" * 100)
        assert backup_of(tmp_path).left_out == ("alarms.db",)


def backup_of(folder: Path) -> Contents:
    database = compose.open_database(folder / "city")
    return backup(folder / "city", database, folder / "backup", RULE_MEMORIES)
