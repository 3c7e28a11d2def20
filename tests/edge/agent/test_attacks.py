"""What somebody sends to an agent who means it ill, over HTTP and through a broker: every item is
taken, refused or counted, and no thread of the agent ends.
"""

from __future__ import annotations

import gzip
import itertools
import json
import random
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from edge.agent.box import wait_until
from edge.agent.test_keeper import NOW, Box, item
from twinward.core.clock import SystemClock
from twinward.core.errors import StorageError
from twinward.edge.agent.config import Mqtt
from twinward.edge.agent.device_orders import DeviceOrders
from twinward.edge.agent.forward import Forwarder
from twinward.edge.agent.http import make_server
from twinward.edge.agent.mqtt import MqttDoor
from twinward.edge.agent.readings import MOST_ITEMS
from twinward.edge.agent.status import find_status
from twinward.edge.agent.tokens import TokenKeeper
from twinward.edge.mqtt.client import Burst
from twinward.edge.mqtt.packets import BrokerMessage
from twinward.edge.rules.evaluator import Evaluator
from twinward.edge.rules.rule import DeviceRule
from twinward.edge.rules.states import MOST_HITS

TEXTS = (
    "\0",
    "\x1b[2J",
    "\u202e",
    "\x85",
    "a" * 5_000,
    "../../x",
    "#",
    "+",
    "a/b",
    "rule",
    "",
    "é",
)
DEEP = [b"[" * n + b"]" * n for n in (900, 960, 970, 980, 985, 990, 995, 5_000)]
NUMBERS = (b"1e400", b"-1e400", b"NaN", b"1" + b"0" * 5_000, b"1" + b"0" * 40, b"-0.0", b"1e-400")
BODIES = (
    *(b"", b"ERR", b"\xff\xfe", b"[]", b"{}", b"null", b'"\\ud800"', b'{"\\ud800":1}', b"\x1f\x8b"),
    *DEEP, *NUMBERS, b'{"a":' * 980 + b"1" + b"}" * 980, b"[" + b"1," * (MOST_ITEMS + 1) + b"1]",
)  # fmt: skip


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    one = Box(tmp_path)
    yield one
    one.close()


@pytest.fixture
def door(box: Box) -> tuple[MqttDoor, list[int]]:
    """The door of a broker that is not there, and the messages that were acknowledged."""
    mqtt, acknowledged = MqttDoor(box.keeper, Mqtt(host="127.0.0.1"), box.clock), []
    mqtt.client.acknowledge = lambda _, mids: acknowledged.extend(mids)  # type: ignore[method-assign]
    return mqtt, acknowledged


def message(
    mid: int, payload: bytes, topic: str | bytes = "twinward/gate-1/fridge/temperature"
) -> Burst:
    raw = topic if isinstance(topic, bytes) else topic.encode("utf-8", "surrogatepass")
    return Burst(1, [BrokerMessage(raw, payload, mid, False, False)])


def alive(box: Box) -> bool:
    seq = next(SEQ)
    return box.keeper._thread.is_alive() and box.send(item(seq)).stored == 1


SEQ = itertools.count(1_000_000)


def test_no_message_of_a_broker_ends_the_agent_or_is_left_uncounted(
    box: Box, door: tuple[MqttDoor, list[int]]
) -> None:
    mqtt, acknowledged = door
    whole = json.dumps(item(1)).encode()
    fields = [json.dumps(item(1) | {name: text}).encode() for name in item(1) for text in TEXTS]
    sent = [message(n, body) for n, body in enumerate([*BODIES, *fields])]
    topics = [f"twinward/gate-1/{text}/temperature" for text in TEXTS]
    sent += [message(10_000 + n, whole, topic) for n, topic in enumerate(topics)]
    for one in [*sent, message(1, b"{}", b"\xff")]:
        mqtt.take(one)
    wait_until(lambda: len(acknowledged) == len(sent) + 1, 20)
    assert alive(box) and not box.keeper.trouble
    counts = box.store.counts()
    assert counts["received"] == counts["stored"] + counts.get("duplicate", 0) + counts["rejected"]
    assert counts["rejected"] > len(BODIES) + len(fields) // 2


def test_random_bytes_are_refused_or_taken_over_http_and_never_our_fault(box: Box) -> None:
    chance = random.Random(5)
    client = TestClient(
        make_server(box.keeper, DeviceOrders(box.keeper, box.clock)).config.app,
        raise_server_exceptions=True,
    )  # type: ignore[arg-type]
    good = json.dumps({"device": "fridge", "items": [item(1), item(2)]}).encode()
    for _ in range(300):
        body = bytearray(good)
        for _ in range(chance.randint(0, 3)):
            at = chance.randrange(len(body) + 1)
            if chance.random() < 0.5:
                body[at:at] = chance.choice(BODIES)[:40_000]
            elif at < len(body):
                body[at] = chance.randrange(256)
        headers = {"content-encoding": "gzip"} if chance.random() < 0.4 else {}
        content = bytes(body)
        if headers and chance.random() < 0.9:
            packed = bytearray(gzip.compress(content))
            packed[chance.randrange(10, len(packed))] ^= 1 << chance.randrange(8)
            content = bytes(packed)
        answer = client.post("/v1/readings", content=content, headers=headers)
        assert answer.status_code in (200, 400, 401, 413, 422), answer.text
    assert alive(box)


def test_a_body_that_unpacks_without_end_is_refused_before_it_takes_the_memory(box: Box) -> None:
    client = TestClient(make_server(box.keeper, DeviceOrders(box.keeper, box.clock)).config.app)  # type: ignore[arg-type]
    bomb = gzip.compress(b" " * 20_000_000, 9)
    answer = client.post("/v1/readings", content=bomb, headers={"content-encoding": "gzip"})
    assert answer.status_code == 413


def test_no_device_takes_the_id_of_an_alarm_before_it_is_raised(box: Box) -> None:
    """An alarm goes to the centre under the rule's and the device's name and the time it began."""
    began = int(NOW.timestamp() * 1e6)
    taken = {"boot": "rule", "seq": began * 4 + 1}
    (refused,) = box.send(item(1) | taken, device="too-warm:fridge").rejected
    assert refused.code == "bad_id"
    box.send(item(0, value=9.5))
    bodies = [json.loads(one.body) for one in box.store.list_waiting(("alarm",), 10)]
    assert [(one["subject"], one["value"]) for one in bodies] == [("too-warm:fridge", 1.0)]


def test_a_fault_of_ours_costs_the_one_job_and_nobody_waits_for_ever(box: Box) -> None:
    def broken() -> None:
        box.store.count("received", 7)
        raise KeyError("a row that is not there")

    gate = threading.Event()
    first = box.keeper.submit(lambda: gate.wait(5))  # so that the others make one group
    bad = box.keeper.submit(broken)
    good = box.keeper.submit_items("fridge", [json.dumps(item(1)).encode()])
    surrogate = box.keeper.submit(lambda: box.store.count("\ud800", 1))
    gate.set()
    assert first.result(timeout=60) is True
    assert good.result(timeout=60).stored == 1  # type: ignore[attr-defined]
    for one in (bad, surrogate):
        assert getattr(one.exception(timeout=60), "code", "") == "fault"
    assert box.store.counts()["received"] == 1
    assert alive(box) and not box.keeper.trouble


def test_what_rules_remember_is_what_is_kept_after_a_fault(box: Box) -> None:
    """A rule that said something in a transaction that was undone says it again."""

    def raises_an_alarm() -> None:
        box.keeper._take("fridge", [json.dumps(item(1, value=9.5)).encode()])
        raise KeyError("after the rule has spoken")

    assert box.keeper.submit(raises_an_alarm).exception(timeout=60) is not None
    assert not box.store.list_waiting(("alarm",), 10)
    assert not box.keeper.alarmed.is_set()
    box.send(item(2, value=9.5))
    assert len(box.store.list_waiting(("alarm",), 10)) == 1
    wait_until(box.keeper.alarmed.is_set, 5)  # whoever sends alarms is woken


def test_unreadable_messages_do_not_push_readings_out_of_the_file(
    box: Box, door: tuple[MqttDoor, list[int]]
) -> None:
    mqtt, acknowledged = door
    for number in range(2_000):
        mqtt.take(message(number, b"ERR"))
    wait_until(lambda: len(acknowledged) == 2_000, 20)
    assert box.store.db.execute("SELECT count(*), sum(count) FROM ledger").fetchone() == (1, 2000)
    box.clock.advance(timedelta(hours=2))
    mqtt.take(message(1, b"ERR"))
    wait_until(lambda: len(acknowledged) == 2_001, 5)
    assert [loss.count for loss in find_status(box.config).losses] == [2_001]


def test_what_a_full_disk_did_not_keep_comes_again(
    box: Box, door: tuple[MqttDoor, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not acknowledged, and the door connects anew: then the broker sends it again."""
    mqtt, acknowledged = door
    anew: list[int] = []
    monkeypatch.setattr(mqtt.client, "connect_anew", anew.append)
    taken = mqtt.keeper.submit_messages

    def full(*_: object) -> Future[object]:
        found: Future[object] = Future()
        found.set_exception(StorageError("the disk is full"))
        return found

    monkeypatch.setattr(mqtt.keeper, "submit_messages", full)
    whole = message(1, json.dumps(item(1)).encode())
    mqtt.take(whole)
    assert anew == [1] and acknowledged == []
    monkeypatch.setattr(mqtt.keeper, "submit_messages", taken)
    mqtt.take(whole)
    wait_until(lambda: acknowledged == [1], 5)


def test_a_fault_of_ours_costs_one_message_of_a_burst(
    box: Box, door: tuple[MqttDoor, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    mqtt, acknowledged = door
    take = box.keeper._take

    def broken(device: str, *rest: Any) -> Any:
        if device == "bad":
            raise KeyError("a row that is not there")
        return take(device, *rest)

    monkeypatch.setattr(box.keeper, "_take", broken)
    whole = json.dumps(item(1)).encode()
    bad = message(2, whole, "twinward/gate-1/bad/temperature")
    mqtt.take(Burst(1, [*message(1, whole).messages, *bad.messages]))
    wait_until(lambda: sorted(acknowledged) == [1, 2], 5)
    counts = box.store.counts()
    assert (counts["received"], counts["stored"], counts["rejected"]) == (2, 1, 1)


ANSWERS: tuple[Callable[[], object], ...] = (
    lambda: StorageError("the edge's store refused to write"),
    lambda: sqlite3.OperationalError("disk I/O error"),
    lambda: UnicodeDecodeError("ascii", b"\xff", 0, 1, "a torn token"),
    lambda: KeyError("index"),
    lambda: ValueError("the answer is no account"),
)


@pytest.mark.parametrize("error", ANSWERS)
def test_no_error_on_its_way_to_the_centre_ends_a_forwarder(
    box: Box, monkeypatch: pytest.MonkeyPatch, error: Callable[[], Exception]
) -> None:
    forwarder = Forwarder(box.keeper, ("status",), SystemClock(), TokenKeeper(None))
    turns: list[int] = []

    def sending(*_: object) -> None:
        turns.append(1)
        if len(turns) < 3:
            raise error()
        forwarder._stop.set()

    monkeypatch.setattr(forwarder, "send", sending)
    monkeypatch.setattr(forwarder._stop, "wait", lambda _s: forwarder._stop.is_set())
    box.send(item(1))
    forwarder.start()
    wait_until(lambda: len(turns) == 3, 10)
    forwarder.stop()


def test_ten_thousand_readings_of_one_device_cost_what_few_do() -> None:
    """Neither what a rule remembers nor its timers grow with what is sent."""
    rules = [
        DeviceRule(id="r", kind="rate", above=1.0, window_s=3600),
        DeviceRule(id="n", kind="count", above=0.0, count=5, window_s=3600),
        DeviceRule(id="d", kind="dead_man", silence_s=3600),
        DeviceRule(id="h", above=0.0, hold_s=60, clear_hold_s=60),
    ]
    evaluator = Evaluator(rules)
    raised = []
    for n in range(10_000):
        raised += evaluator.read("x", "p", "here", "t", n * 1000, n * 1e-3)
    hits = [len(memory.hits) for memory in evaluator.memories.values()]
    assert max(hits) <= MOST_HITS and len(evaluator._due) <= 3 * len(rules)
    assert {signal.rule for signal in raised} == {"r", "n"}
    due = {signal.rule for signal in evaluator.advance(10**10, {"x": "here"})}
    assert {"d", "h"} <= due
