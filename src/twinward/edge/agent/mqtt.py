"""The agent's MQTT door: a message is acknowledged to the broker when its readings are durable."""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from concurrent.futures import Future
from typing import Any

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from twinward.core.clock import Clock, to_us
from twinward.core.errors import UNREADABLE, BusyError, InputError, StorageError
from twinward.edge.agent.config import EdgeConfig, Mqtt, require_plain
from twinward.edge.agent.device_orders import DeviceAnswer, DeviceOrders, DeviceWord
from twinward.edge.agent.keeper import Keeper

LOG = logging.getLogger("twinward.edge")
MOST_BYTES = 1_000_000
OURS = ("order", "receipt", "state")  # types of topics that carry no readings
MOST_ITEMS = 10_000
MOST_UNDER_WAY = 1_000  # messages that the broker hands over before one is acknowledged
KEEP_ALIVE_S = 30
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
PASSING = (StorageError, BusyError)  # what is not the message's fault: it is to come again


class MqttDoor:
    """A session that the broker keeps while the agent is away (QoS 1, fixed client id).

    What could not be kept is not acknowledged; the door then connects anew, for a broker sends
    again what was not acknowledged only to a new connection.
    """

    def __init__(self, keeper: Keeper, mqtt: Mqtt, clock: Clock) -> None:
        self.keeper, self.mqtt, self.clock = keeper, mqtt, clock
        self.orders: DeviceOrders | None = None  # handed in by the agent
        self._route = pattern_of(mqtt.topic, keeper.config.edge.id)
        self._lock = threading.Lock()
        self._untaken, self._stopping = threading.Event(), threading.Event()
        self._pause_s = FIRST_PAUSE_S
        self._mender = threading.Thread(target=self._mend, name="mqtt", daemon=True)
        version = paho.MQTTv5 if mqtt.version == "5" else paho.MQTTv311
        self.client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"twinward-edge-{keeper.config.edge.id}",
            protocol=version,
            manual_ack=True,
            **({} if mqtt.version == "5" else {"clean_session": False}),
        )
        self.client.on_connect = self._on_connect
        self.client.on_message = self._on_message
        self.client.reconnect_delay_set(1, 30)
        self.client.max_inflight_messages_set(0)
        self.client.max_queued_messages_set(0)
        if mqtt.username:
            self.client.username_pw_set(mqtt.username, password_of(keeper.config, mqtt))
        if mqtt.tls_ca:
            self.client.tls_set(str(keeper.config.path(mqtt.tls_ca)))

    def start(self) -> None:
        """Connects in the background, and again whenever the broker was away."""
        self._connect()
        self._mender.start()

    def _connect(self) -> None:
        settings: dict[str, Any] = {}
        if self.mqtt.version == "5":
            properties = paho.Properties(paho.PacketTypes.CONNECT)  # type: ignore[attr-defined]
            properties.SessionExpiryInterval = 0xFFFFFFFF
            properties.ReceiveMaximum = MOST_UNDER_WAY
            settings = {"clean_start": False, "properties": properties}
        self.client.connect_async(self.mqtt.host, self.mqtt.port, KEEP_ALIVE_S, **settings)
        self.client.loop_start()

    def stop(self) -> None:
        self._stopping.set()
        self._untaken.set()
        if self._mender.is_alive():
            self._mender.join(timeout=10)
        self.client.disconnect()
        self.client.loop_stop()

    def _mend(self) -> None:
        """Connects anew, some time after something could not be kept."""
        while self._untaken.wait() and not self._stopping.wait(self._pause_s):
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
            self._untaken.clear()
            try:
                self.client.disconnect()
                self.client.loop_stop()
                self._connect()
            except Exception:
                LOG.exception("the broker could not be connected to anew; it is tried again")
                self._untaken.set()

    def publish(self, topic: str, text: str) -> None:
        """For local actions; ValueError for a topic that is none."""
        self.client.publish(topic, text, qos=1)

    def _on_connect(
        self, client: Any, data: object, flags: object, reason: Any, props: object
    ) -> None:
        if not reason.is_failure:
            client.subscribe(subscription_of(self.mqtt.topic, self.keeper.config.edge.id), qos=1)

    def _on_message(self, client: Any, data: Any, message: Any) -> None:
        """A retained message is old news that arrives now: the device's own time tells. Whatever a
        message is, the thread that takes it goes on.
        """
        try:
            taken = self._take(message)
        except Exception as error:
            LOG.error("a message met a fault of ours", exc_info=error)
            taken = self._count_unreadable("fault")

        def acknowledge(done: Future[object]) -> None:
            if isinstance(done.exception(), PASSING):
                self._untaken.set()
                return
            error = done.exception()
            if error is None:
                self._pause_s = FIRST_PAUSE_S
            elif not isinstance(error, InputError):
                self._count_unreadable("fault")
            with self._lock:
                client.ack(message.mid, message.qos)
            if error is None:
                self._push_to(message)

        taken.add_done_callback(acknowledge)

    def _take(self, message: Any) -> Future[object]:
        """Done when the message is durable, or counted where nobody can read it."""
        try:
            found = self._route.fullmatch(message.topic)
        except UnicodeDecodeError:
            return self._count_unreadable("bad_topic")
        payload = bytes(message.payload)
        if found is None or not payload:
            return settled()
        try:
            device, kind = require_plain(found["device"]), found.groupdict().get("type", "")
            if kind in OURS and self.orders is not None:
                return self._take_answer(self.orders, device, kind, payload)
            items = split(payload, kind)
        except InputError as error:
            return self._count_unreadable(str(error.code))
        return self.keeper.submit_items(device, items)

    def _take_answer(
        self, orders: DeviceOrders, device: str, kind: str, payload: bytes
    ) -> Future[object]:
        """A device's answer to an order, or what it says of itself; our own orders come by too."""
        if kind == "order":
            return settled()
        try:
            if kind == "receipt":
                told = msgspec.json.decode(payload, type=DeviceAnswer)
                return self.keeper.submit(lambda: orders.note(device, told))
            word = msgspec.json.decode(payload, type=DeviceWord)
            return self.keeper.submit(lambda: orders.note_word(device, word))
        except UNREADABLE as error:
            raise InputError(f"no {kind}: {error}", "see docs/howto", code="bad_field") from error

    def _push_to(self, message: Any) -> None:
        """A device that has just spoken is awake: it gets what is still wanted of it."""
        try:
            found = self._route.fullmatch(message.topic)
        except UnicodeDecodeError:
            return
        if found is not None and found.groupdict().get("type") not in ("order", None):
            self.push(found["device"])

    def push(self, device: str) -> None:
        """Orders that wait go to the device's topic, of the type `order`."""
        if self.orders is None or "{type}" not in self.mqtt.topic:
            return
        topic = self.mqtt.topic.replace("{edge}", self.keeper.config.edge.id)
        topic = topic.replace("{device}", device).replace("{type}", "order")
        for body in self.orders.due(device, time.monotonic()):
            self.client.publish(topic, body, qos=1)

    def _count_unreadable(self, code: str) -> Future[object]:
        store, now_us = self.keeper.store, to_us(self.clock.now())

        def work() -> None:
            store.count("received", 1)
            store.count("rejected", 1)
            store.note_loss(f"unreadable: {code}", "bulk", 1, (now_us, now_us), now_us)

        return self.keeper.submit(work)


def split(payload: bytes, kind: str) -> list[bytes]:
    """The items of a payload: one, or a list; the topic's type where the item names none."""
    if len(payload) > MOST_BYTES:
        raise InputError(f"a payload may have {MOST_BYTES:,} bytes", code="too_large")
    try:
        told = msgspec.json.decode(payload)
        items = told if isinstance(told, list) else [told]
        if len(items) > MOST_ITEMS:
            raise InputError(f"a payload may have {MOST_ITEMS:,} items", code="too_large")
        return [
            json.dumps({"type": kind} | item if kind and isinstance(item, dict) else item).encode()
            for item in items
        ]
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise InputError(f"the payload is no JSON: {error}", code="bad_body") from error


def settled() -> Future[object]:
    """What needs nothing to be kept."""
    done: Future[object] = Future()
    done.set_result(None)
    return done


def subscription_of(topic: str, edge: str) -> str:
    """The topic filter for every device and type."""
    return topic.replace("{edge}", edge).replace("{device}", "+").replace("{type}", "+")


def pattern_of(topic: str, edge: str) -> re.Pattern[str]:
    text = re.escape(topic.replace("{edge}", edge))
    for name in ("device", "type"):
        text = text.replace(re.escape(f"{{{name}}}"), f"(?P<{name}>[^/]+)")
    return re.compile(text)


def password_of(config: EdgeConfig, mqtt: Mqtt) -> str | None:
    if not mqtt.password_file:
        return None
    try:
        return config.path(mqtt.password_file).read_text("utf-8").strip()
    except OSError as error:
        raise InputError(
            f"mqtt.password_file cannot be read ({error.strerror})", code="bad_config"
        ) from error
