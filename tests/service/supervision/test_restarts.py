"""What modules remember goes on over a restart of the centre: how far each source has come in event
time, since when it listens, and nothing of what is supervised no more.
"""

from __future__ import annotations

import random
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from helpers.supervised import SUNDAY, SupervisedCity, supervised_city

Found = set[tuple[str, str, datetime, int]]
STORES = ("store-1", "store-2", "store-3")
SLOW_SEEDS = [pytest.param(n, marks=pytest.mark.slow) for n in range(2, 12)]


def make_stores(city: SupervisedCity) -> None:
    for name in STORES:
        city.put("cold-chain", "freezer", name, devices=[f"t-{name}", f"d-{name}"], edge="edge-1")
    city.put("cold-chain", "freezer", "store-alone", devices=["t-alone"])


def found(city: SupervisedCity) -> Found:
    return {(one.object, one.kind, one.began_at, one.times) for one in city.defects()}


def end_and_begin(city: SupervisedCity, *, settled: bool) -> None:
    """`settled`: all that came was drained before; else it is shown again."""
    if settled:
        city.platform.intake.open().drain()  # type: ignore[attr-defined]
    city.restart()
    city.settle()


@pytest.mark.parametrize("seed", [1, *SLOW_SEEDS])
def test_a_centre_that_ends_and_begins_finds_the_same_defects(tmp_path: Path, seed: int) -> None:
    """Nearly seven hours of three stores behind an edge whose line is cut now and then, and of one that
    speaks to the centre itself; one of two centres ends every half an hour or so.
    """
    chance = random.Random(seed)
    with (
        supervised_city(tmp_path / "steady") as steady,
        supervised_city(tmp_path / "ended") as ended,
    ):
        for city in (steady, ended):
            make_stores(city)
        warm = dict.fromkeys((*STORES, "store-alone"), 0)
        open_until = dict.fromkeys(STORES, 0)
        waiting: list[tuple[str, str, datetime, float, str | None]] = []
        cut_until = silent_until = restarts = 0
        for minute in range(5, 405, 5):
            at = SUNDAY + timedelta(minutes=minute)
            for name in warm:
                if minute >= warm[name] and chance.random() < 0.06:
                    warm[name] = minute + chance.choice((20, 40, 90))
            if minute >= cut_until and chance.random() < 0.05:
                cut_until = minute + chance.choice((15, 45))
            if minute >= silent_until and chance.random() < 0.03:
                silent_until = minute + 80
            for name in STORES:
                if minute >= open_until[name] and chance.random() < 0.1:
                    open_until[name] = minute + chance.choice((10, 20))
                if name != "store-2" or minute >= silent_until:
                    value = -10.0 if minute < warm[name] else -20.0
                    waiting.append((f"t-{name}", "temperature", at, value, "C"))
                door = 1.0 if minute < open_until[name] else 0.0
                waiting.append((f"d-{name}", "door", at, door, None))
            alone = (
                "t-alone",
                "temperature",
                at,
                -10.0 if minute < warm["store-alone"] else -20.0,
                "C",
            )
            sent, waiting = ([], waiting) if minute < cut_until else (waiting, [])
            for city in (steady, ended):
                city.clock.at = at + timedelta(seconds=2)
                city.read("alone", alone)
                if sent:
                    city.read("edge-1", *sent)
            if chance.random() < 0.15:
                end_and_begin(ended, settled=chance.random() < 0.5)
                restarts += 1
            for city in (steady, ended):
                city.clock.at = at + timedelta(minutes=2)
                city.settle()
        assert restarts > 4
        assert found(ended) == found(steady)
        assert {one[1] for one in found(steady)} >= {"chain-broken", "door-open"}


def test_silence_goes_on_over_a_restart_and_an_absence_of_the_centre_proves_none(
    tmp_path: Path,
) -> None:
    with supervised_city(tmp_path) as city:
        make_stores(city)
        for minute in range(5, 90, 5):
            at = city.clock.at = SUNDAY + timedelta(minutes=minute)
            told = [("t-store-1", "temperature", at, -20.0, "C")]
            told += [("t-store-2", "temperature", at, -20.0, "C")] if minute <= 20 else []
            city.read("edge-1", *told)
            if minute <= 20:
                city.read("alone", ("t-alone", "temperature", at, -20.0, "C"))
            if minute == 50:  # the edge is heard on; nothing was away for long
                city.restart()
        silent = {(one.object, one.began_at) for one in city.defects(kind="logger-silent")}
        since = SUNDAY + timedelta(minutes=80)
        # one that has never spoken is waited for since it was registered
        never = ("store-3", SUNDAY + timedelta(hours=1))
        assert silent == {("store-2", since), ("store-alone", since), never}

    with supervised_city(tmp_path / "away") as city:
        make_stores(city)
        at = city.clock.at = SUNDAY + timedelta(minutes=5)
        city.read("alone", ("t-alone", "temperature", at, -20.0, "C"))
        city.platform.intake.open().drain()  # type: ignore[attr-defined]
        city.clock.at = SUNDAY + timedelta(hours=3)  # and is away until then
        city.restart()
        city.wait(minutes=50)
        assert city.defects(kind="logger-silent") == []
        city.wait(minutes=11)
        (one,) = city.defects(kind="logger-silent")
        assert (one.object, one.began_at) == ("store-alone", SUNDAY + timedelta(hours=4))


def test_one_that_is_registered_later_is_waited_for_since_then(tmp_path: Path) -> None:
    with supervised_city(tmp_path) as city:
        city.put("cold-chain", "freezer", "store-1", devices=["t-1"], edge="edge-1")
        late = SUNDAY + timedelta(hours=5)
        for minute in range(5, 420, 5):
            at = city.clock.at = SUNDAY + timedelta(minutes=minute)
            if at == late:
                city.put("cold-chain", "freezer", "store-2", devices=["t-2"], edge="edge-1")
            city.read("edge-1", ("t-1", "temperature", at, -20.0, "C"))
            if at < late + timedelta(hours=1):
                assert city.defects() == []
        (one,) = city.defects()
        assert (one.object, one.began_at) == ("store-2", late + timedelta(hours=1))


@pytest.mark.parametrize("away", [False, True])
def test_nothing_is_remembered_of_what_is_supervised_no_more(tmp_path: Path, away: bool) -> None:
    with supervised_city(tmp_path) as city:
        make_stores(city)
        at = city.clock.at = SUNDAY + timedelta(minutes=5)
        city.read("edge-1", *((f"t-{name}", "temperature", at, -10.0, "C") for name in STORES))
        city.platform.intake.open().drain()  # type: ignore[attr-defined]
        if away:
            city.restart()
        city.tell("RetireObject", object="store-1", because="sold")
        city.clock.at += timedelta(minutes=5)
        city.platform.supervision.forget()
        city.read("edge-1", ("t-store-2", "temperature", city.clock.at, -10.0, "C"))
        city.platform.intake.open().drain()  # type: ignore[attr-defined]
        with sqlite3.connect(tmp_path / "supervision.db") as db:
            kept = {about for (about,) in db.execute("SELECT about FROM memory")}
        assert kept == {"t-store-2", "t-store-3", "store-2", "store-3", "store-alone"}
