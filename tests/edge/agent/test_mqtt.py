"""Messages of a broker: acknowledged when durable, kept by the broker while the agent is away."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.agent.box import AgentProcess, Broker, Centre, publish, reading, wait_until
from twinward.core.errors import InputError
from twinward.edge.agent.mqtt import pattern_of, subscription_of
from twinward.edge.agent.readings import decode_item, split


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    one = Broker(tmp_path)
    yield one.port
    one.close()


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_what_a_broker_was_given_reaches_the_centre_once_also_after_a_kill(
    tmp_path: Path, broker: int, version: str
) -> None:
    centre = Centre()
    more = f'[mqtt]\nhost = "127.0.0.1"\nport = {broker}\nversion = "{version}"\n'
    agent = AgentProcess(tmp_path, centre.port, more)
    topic = "twinward/gate-1/fridge/temperature"
    publish(broker, topic, [json.dumps(reading(seq)) for seq in range(200)])
    wait_until(lambda: len(centre.bodies) == 200, 30)
    agent.kill()
    publish(broker, topic, [json.dumps(reading(seq)) for seq in range(150, 300)])
    publish(broker, topic, ["ERR", "{}", json.dumps([reading(300), reading(301)])])
    agent.start()
    wait_until(lambda: len(centre.bodies) == 302, 30)
    wait_until(lambda: agent.status()["rejected"] >= 2, 10)
    status = agent.status()
    assert status["received"] == status["stored"] + status["duplicate"] + status["rejected"]
    assert status["stored"] == 302
    agent.stop()
    centre.close()


def test_the_topic_names_the_device_and_the_type() -> None:
    topic = "city/{edge}/{device}/{type}"
    assert subscription_of(topic, "gate-1") == "city/gate-1/+/+"
    found = pattern_of(topic, "gate-1").fullmatch("city/gate-1/fridge/temperature")
    assert found is not None
    assert found.groupdict() == {"device": "fridge", "type": "temperature"}
    assert pattern_of(topic, "gate-1").fullmatch("city/gate-2/fridge/temperature") is None


def test_a_payload_is_one_item_or_a_list_and_takes_the_type_of_its_topic() -> None:
    whole = reading(1)
    bare = {name: one for name, one in whole.items() if name != "type"}
    (found,) = split(json.dumps(bare).encode())
    assert decode_item(found, "door").type == "door"
    assert decode_item(split(json.dumps([whole]).encode())[0], "door").type == "temperature"
    with pytest.raises(InputError, match="type"):
        decode_item(found)
    broken = split(json.dumps([whole, {**whole, "value": float("nan")}]).encode())
    assert decode_item(broken[0], "door") and len(broken) == 2
    with pytest.raises(InputError):
        decode_item(broken[1], "door")
    mixed = split(json.dumps([whole, {"seq": 2}, 7]).encode())
    assert decode_item(mixed[0]).seq == 1
    for none in mixed[1:]:
        with pytest.raises(InputError):
            decode_item(none)
    for bad in (b"", b"ERR", b"\xff", b"[" * 100_000, b" " * 2_000_000):
        with pytest.raises(InputError):
            split(bad)


@pytest.mark.slow
def test_a_foreign_client_gets_its_order_and_answers_it_once(tmp_path: Path, broker: int) -> None:
    """`mosquitto_sub` as the device: it sleeps, speaks, is handed its order, and answers twice."""
    centre = Centre()
    until = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    centre.orders = [
        {"order": "o-1", "device": "fridge", "action": "defrost", "values": {}, "expires_at": until}
    ]
    more = f'[mqtt]\nhost = "127.0.0.1"\nport = {broker}\n'
    agent = AgentProcess(tmp_path, centre.port, more)
    wait_until(lambda: ("o-1", "sent") in centre.receipts, 30)
    topic = "twinward/gate-1/fridge"
    command = ["/usr/bin/mosquitto_sub", "-p", str(broker), "-t", f"{topic}/order", "-C", "1"]
    device = subprocess.Popen([*command, "-W", "90"], stdout=subprocess.PIPE)
    time.sleep(0.5)
    told = b""
    for seq in range(90):  # the broker was handed it before anybody listened: once a minute
        publish(broker, f"{topic}/temperature", [json.dumps(reading(seq))])
        if device.poll() is not None:
            assert device.stdout is not None
            told = device.stdout.read()
            device.stdout.close()
            break
        time.sleep(1)
    assert json.loads(told)["action"] == "defrost"
    answer = json.dumps({"order": "o-1", "state": "done"})
    publish(broker, f"{topic}/receipt", [answer, answer, json.dumps({"order": "o-9"}), "ERR"])
    wait_until(lambda: ("o-1", "done") in centre.receipts, 30)
    agent.stop()
    agent.start()
    publish(broker, f"{topic}/temperature", [json.dumps(reading(1000))])
    time.sleep(1)
    assert [state for _, state in centre.receipts].count("done") == 1
    agent.stop()
    centre.close()
