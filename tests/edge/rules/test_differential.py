"""The same bundle over the same readings gives the same alarms at the edge, which hears them in
batches and is stopped now and then, and at the centre, which has them all at once.
"""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from twinward.core.clock import SetClock, parse_time, to_us
from twinward.core.errors import InputError
from twinward.edge.agent.config import EdgeConfig, load_config
from twinward.edge.agent.judging import judge_file
from twinward.edge.agent.keeper import Keeper
from twinward.edge.agent.store import EdgeStore
from twinward.edge.rules.replay import ListenedDevice, RuleReading, replay

START = datetime(2030, 1, 5, tzinfo=UTC)
DEVICES = ("d0", "d1", "d2", "d3")
BUNDLE = """
[edge]
id = "gate-1"
[[rules]]
id = "warm"
type = "temperature"
above = 8.0
clear = 7.0
hold_s = 60
beat_s = 30
escalate_after_s = 600
[[rules]]
id = "calm"
type = "temperature"
above = 6.0
clear_hold_s = 120
beat_s = 45
[[rules]]
id = "rising"
kind = "rate"
type = "temperature"
above = 4.0
window_s = 300
[[rules]]
id = "often"
kind = "count"
type = "temperature"
above = 9.0
count = 3
window_s = 600
[[rules]]
id = "silent"
kind = "dead_man"
type = "temperature"
silence_s = 400
[[rules]]
id = "open"
type = "door"
above = 0.5
[[rules]]
id = "open-and-warm"
kind = "both"
of = ["open", "warm"]
severity = "alarm"
[[rules]]
id = "open-or-rising"
kind = "either"
of = ["open", "rising"]
[[rules]]
id = "many"
type = "temperature"
above = 9.5
most = 2
most_window_s = 900
"""


def bundle(folder: Path) -> EdgeConfig:
    text = BUNDLE + "".join(
        f'[[devices]]\nid = "{name}"\nprofile = "cold-chain-logger"\narea = "0101"\n'
        f'place = "store-{number % 2}"\n'
        for number, name in enumerate(DEVICES)
    )
    (folder / "edge.toml").write_text(text)
    return load_config(folder / "edge.toml")


def walk(chance: random.Random) -> list[tuple[datetime, str, dict[str, object]]]:
    """Six hours of four loggers: temperatures that wander, doors, and times of silence."""
    found = []
    for name in DEVICES:
        at, value, seq = START, 5.0, 0
        while at < START + timedelta(hours=6):
            at += timedelta(seconds=chance.choice((20, 60, 90, 120, 900)))
            value = min(12.0, max(2.0, value + chance.gauss(0, 1.2)))
            door = chance.random() < 0.15
            told: dict[str, object] = {
                "boot": "b",
                "seq": seq,
                "type": "door" if door else "temperature",
                "occurred_at": at.isoformat(),
                "value": float(chance.random() < 0.5) if door else round(value, 2),
            }
            found.append((at, name, told))
            seq += 1
    return sorted(found, key=lambda one: (one[0], one[1]))


def hear(
    config: EdgeConfig, walked: list[tuple[datetime, str, dict[str, object]]], seed: int
) -> tuple[set[tuple[object, ...]], list[bytes]]:
    """The alarms that the edge kept, and every reading as it goes to the centre. Each batch spans
    no more than its timers wait; the agent is stopped now and then.
    """
    chance, clock = random.Random(seed), SetClock(START)
    store = EdgeStore(config.path(config.edge.store))
    keeper = Keeper(config, store, clock)
    keeper.start()
    for at, name, told in walked:
        clock.at = at  # time has passed: what was due before is told before
        keeper.submit(lambda: None).result(timeout=60)
        clock.at = at + timedelta(milliseconds=chance.randrange(1500))
        keeper.submit_items(name, [json.dumps(told).encode()]).result(timeout=60)
        if chance.random() < 0.01:
            keeper.stop()
            store.close()
            store = EdgeStore(config.path(config.edge.store))
            keeper = Keeper(config, store, clock)
            keeper.evaluator._from_us = to_us(START)  # it was away for no time at all
            keeper.start()
    clock.at = START + timedelta(hours=8)
    keeper.submit(lambda: None).result(timeout=60)
    kept = set(store.db.execute("SELECT rule, device, began_us, severity, cleared_us FROM alarm"))
    bodies = [row[0] for row in store.db.execute("SELECT body FROM reading ORDER BY random()")]
    keeper.stop()
    store.close()
    return kept, bodies


@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(n, marks=pytest.mark.slow) for n in range(2, 6))]
)
def test_edge_and_centre_reach_the_same_alarms(tmp_path: Path, seed: int) -> None:
    config = bundle(tmp_path)
    at_edge, bodies = hear(config, walk(random.Random(seed)), seed)
    devices = {
        one.id: ListenedDevice(profile=one.profile, place=one.place) for one in config.devices
    }
    told = [json.loads(body) for body in bodies]  # in no order at all, as a centre may get them
    readings = [
        RuleReading(
            to_us(parse_time(one["occurred_at"])), one["subject"], one["type"], one["value"]
        )
        for one in told
        if one["type"] != "alarm"
    ]
    start, end = to_us(START), to_us(START + timedelta(hours=8)) - 2_000_000
    signals = replay(config.rules, devices, readings, from_us=start, until_us=end)
    at_centre: dict[tuple[object, ...], list[object]] = {}
    for one in signals:
        name = (one.rule, one.device, one.began_us)
        if one.what in ("raised", "flood"):
            at_centre.setdefault(name, [one.severity, None])
        elif one.what == "escalated":
            at_centre[name][0] = one.severity
        elif name in at_centre:
            at_centre[name][1] = one.at_us
    assert {(*name, *state) for name, state in at_centre.items()} == at_edge
    assert {one.rule for one in signals} >= {"warm", "calm", "silent", "open"}


def test_a_file_of_readings_is_judged_and_a_line_that_is_none_is_named(tmp_path: Path) -> None:
    config = bundle(tmp_path)
    items = [
        {"subject": "d0", "type": "temperature", "occurred_at": at.isoformat(), "value": 9.0}
        for at in (START, START + timedelta(seconds=70))
    ]
    file = tmp_path / "readings.jsonl"
    file.write_text("\n".join(map(json.dumps, items)) + "\n\n")
    said = [(one.rule, one.what, one.at) for one in judge_file(config, file)]
    assert ("warm", "raised", (START + timedelta(seconds=60)).isoformat()) in said
    file.write_text(json.dumps(items[0]) + "\nERR\n")
    with pytest.raises(InputError, match="line 2: no reading"):
        judge_file(config, file)
    file.write_text("")
    with pytest.raises(InputError, match="no reading"):
        judge_file(config, file)
