"""The centre's door for a broker: what it acknowledged is at the centre, once, also after kills."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from edge.agent.box import AgentProcess, Broker, Centre, publish, reading, wait_until
from twinward.core.clock import SystemClock
from twinward.core.errors import InputError
from twinward.edge.agent.config import EdgeConfig, EdgeIdentity, load_config
from twinward.edge.agent.keeper import SentReadings, Stand
from twinward.edge.agent.straight import StraightWay
from twinward.edge.agent.tokens import TokenKeeper
from twinward.edge.profiles import get_profile
from twinward.edge.rules.rule import DeviceRule

TOPIC = "twinward/gate-1"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    one = Broker(tmp_path)
    yield one.port
    one.close()


@pytest.fixture
def centre() -> Iterator[Centre]:
    one = Centre()
    yield one
    one.close()


def door(folder: Path, centre: Centre, broker: int, more: str = "") -> AgentProcess:
    said = f'[mqtt]\nhost = "127.0.0.1"\nport = {broker}\nstraight = true\n{more}'
    return AgentProcess(folder, centre.port, said)


def sums(status: dict[str, int]) -> bool:
    return status["received"] == status["stored"] + status["duplicate"] + status["rejected"]


def test_killed_in_mid_flight_the_door_loses_nothing_and_doubles_nothing(
    tmp_path: Path, broker: int, centre: Centre
) -> None:
    """The centre breaks off a fifth of the exchanges, before or after it has kept them. A retained
    message comes with every new line, and is one reading.
    """
    centre.unkind, centre.slow_s = 0.2, 0.1
    publish(broker, f"{TOPIC}/fridge/temperature", [json.dumps(reading(4000))], "-r")
    agent = door(tmp_path, centre, broker, 'version = "3.1.1"\n')
    lines = [json.dumps(reading(seq)) for seq in range(2000)]
    lists = [json.dumps([reading(s) for s in range(at, at + 50)]) for at in range(2000, 4000, 50)]
    for turn in range(2):
        part = slice(turn * 1000, turn * 1000 + 1000)
        publish(broker, f"{TOPIC}/fridge/temperature", lines[part] + lists[turn * 20 :][:20])
        time.sleep(0.1 * turn)
        agent.kill()
        agent.start()
    centre.unkind = 0.0
    wait_until(lambda: len(centre.bodies) == 4001, 60)
    publish(broker, f"{TOPIC}/fridge/temperature", lines[:100])
    wait_until(lambda: agent.status()["duplicate"] >= 100, 20)
    wait_until(lambda: (agent.status()["broker"] or {"says": "?"})["says"] == "", 20)
    assert agent.status()["broker"]["straight"]
    status = agent.status()
    agent.stop()
    assert sums(status) and status["backlog"] == 0
    names = {f"fridge/b1/{seq}" for seq in range(4001)}
    assert set(centre.bodies) == names, "lost, or doubled under another name"
    assert {body["area"] for body in centre.bodies.values()} == {"0101"}


def test_what_is_not_taken_is_counted_with_its_reason(
    tmp_path: Path, broker: int, centre: Centre
) -> None:
    agent = door(tmp_path, centre, broker)
    bad = [
        "ERR",
        json.dumps(reading(1, value=-127.0)),
        json.dumps(reading(2, kind="door-bell")),
        json.dumps(reading(3) | {"device": "freezer"}),
        json.dumps(reading(4) | {"phone": "13800000000"}),
        json.dumps(reading(5) | {"occurred_at": "yesterday"}),
        json.dumps([7, reading(6) | {"device": "fridge"}]),
    ]
    first = reading(10, value=4.0)
    other = first | {"value": 5.0}
    publish(broker, f"{TOPIC}/fridge/temperature", [*bad, *map(json.dumps, (first, first, other))])
    wait_until(lambda: agent.status()["received"] == 11, 20)
    status = agent.status()
    assert sums(status)
    assert (status["stored"], status["duplicate"], status["rejected"]) == (2, 1, 8)
    reasons = {one["reason"]: one["count"] for one in status["losses"]}
    assert reasons == {
        "unreadable: bad_body": 1,
        "refused: sensor_fault": 1,
        "refused: unknown_type": 1,
        "refused: wrong_device": 1,
        "refused: bad_field": 2,
        "refused: bad_time": 1,
        "refused: conflict": 1,
    }
    assert set(centre.bodies) == {"fridge/b1/6", "fridge/b1/10"}
    assert centre.bodies["fridge/b1/10"]["value"] == 4.0
    publish(broker, f"{TOPIC}/fridge/temperature", [json.dumps(reading(1, value=85.0))])
    wait_until(lambda: agent.status()["devices"][0]["state"] == "faulty", 20)
    agent.stop()


def test_an_unknown_device_waits_and_is_heard_with_what_it_said(
    tmp_path: Path, broker: int, centre: Centre
) -> None:
    agent = door(tmp_path, centre, broker)
    publish(broker, f"{TOPIC}/stranger/temperature", [json.dumps(reading(s)) for s in range(20)])
    wait_until(lambda: agent.status()["held"] == {"unknown_device": 20}, 20)
    assert not centre.bodies
    agent.kill()
    agent.start()
    centre.registry = [
        {
            "device": "stranger",
            "profile": "thermometer",
            "area": "0202",
            "place": "",
            "may_speak": True,
        }
    ]
    wait_until(lambda: len(centre.bodies) == 20, 30)
    publish(
        broker, f"{TOPIC}/stranger/temperature", [json.dumps(reading(s)) for s in range(20, 30)]
    )
    wait_until(lambda: len(centre.bodies) == 30, 20)
    assert agent.status()["backlog"] == 0
    agent.stop()
    assert {body["area"] for body in centre.bodies.values()} == {"0202"}


def test_another_body_is_a_conflict_also_after_a_restart_and_long_after(
    tmp_path: Path, broker: int, centre: Centre
) -> None:
    """The door remembers nothing: the centre says what it keeps."""
    agent = door(tmp_path, centre, broker)
    topic, first = f"{TOPIC}/fridge/temperature", [reading(seq) for seq in range(60)]
    publish(broker, topic, [json.dumps(first)])
    wait_until(lambda: agent.status()["stored"] == 60, 20)
    agent.kill()
    agent.start()
    again = [one | {"value": 7.0} if one["seq"] % 3 == 0 else one for one in first]
    publish(broker, topic, [json.dumps(again), json.dumps(again[4]), json.dumps(again[3])])
    wait_until(lambda: agent.status()["received"] == 122, 20)
    status = agent.status()
    agent.stop()
    assert sums(status)
    assert (status["stored"], status["duplicate"], status["rejected"]) == (60, 41, 21)
    assert [(one["reason"], one["count"]) for one in status["losses"]] == [
        ("refused: conflict", 21)
    ]
    assert {body["value"] for body in centre.bodies.values()} == {4.0}


def test_what_a_rule_listens_to_is_kept_and_judged_here_from_the_moment_that_it_runs(
    tmp_path: Path,
) -> None:
    """Rules come from the centre while the door runs."""
    identity = EdgeIdentity(id="gate-1", core="http://127.0.0.1:9")
    keeper = SimpleNamespace(
        config=EdgeConfig(edge=identity),
        stands={"fridge": Stand(get_profile("cold-chain-logger"), "0101", "", 0)},
    )
    way = StraightWay(keeper, SystemClock(), TokenKeeper(None), lambda *_: None)  # type: ignore[arg-type]

    def kinds_kept() -> list[int]:
        sent = [
            (mid, SentReadings("fridge", [json.dumps(reading(mid, kind=kind)).encode()]))
            for mid, kind in ((1, "temperature"), (2, "battery"))
        ]
        return [mid for mid, _ in way.take(1, sent)]

    assert kinds_kept() == []
    rule = DeviceRule(id="warm", type="temperature", above=8.0)
    keeper.config = EdgeConfig(edge=identity, rules=(rule,))
    assert kinds_kept() == [1]
    keeper.config = EdgeConfig(edge=identity)
    assert kinds_kept() == []


def test_a_straight_way_leads_somewhere(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_text('[edge]\nid = "a"\n[mqtt]\nhost = "h"\nstraight = true\n')
    with pytest.raises(InputError, match=r"edge\.core"):
        load_config(path)
