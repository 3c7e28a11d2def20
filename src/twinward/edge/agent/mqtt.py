"""The agent's MQTT door: a message is acknowledged to the broker when its readings are durable."""

from __future__ import annotations

import json
import re
import threading
from concurrent.futures import Future
from typing import Any

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from twinward.core.clock import Clock, to_us
from twinward.core.errors import InputError
from twinward.edge.agent.config import EdgeConfig, Mqtt
from twinward.edge.agent.keeper import Keeper

MOST_BYTES = 1_000_000
KEEP_ALIVE_S = 30


class MqttDoor:
    """A session that the broker keeps while the agent is away (QoS 1, fixed client id)."""

    def __init__(self, keeper: Keeper, mqtt: Mqtt, clock: Clock) -> None:
        self.keeper, self.mqtt, self.clock = keeper, mqtt, clock
        self._route = pattern_of(mqtt.topic, keeper.config.edge.id)
        self._lock = threading.Lock()
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
        settings: dict[str, Any] = {}
        if self.mqtt.version == "5":
            properties = paho.Properties(paho.PacketTypes.CONNECT)  # type: ignore[attr-defined]
            properties.SessionExpiryInterval = 0xFFFFFFFF
            settings = {"clean_start": False, "properties": properties}
        self.client.connect_async(self.mqtt.host, self.mqtt.port, KEEP_ALIVE_S, **settings)
        self.client.loop_start()

    def stop(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def publish(self, topic: str, text: str) -> None:
        """For local actions; ValueError for a topic that is none."""
        self.client.publish(topic, text, qos=1)

    def _on_connect(
        self, client: Any, data: object, flags: object, reason: Any, props: object
    ) -> None:
        if not reason.is_failure:
            client.subscribe(subscription_of(self.mqtt.topic, self.keeper.config.edge.id), qos=1)

    def _on_message(self, client: Any, data: Any, message: Any) -> None:
        """A retained message is old news that arrives now: the device's own time tells."""

        def acknowledge(done: Future[object] | None = None) -> None:
            if done is None or done.exception() is None or isinstance(done.exception(), InputError):
                with self._lock:
                    client.ack(message.mid, message.qos)

        found = self._route.fullmatch(message.topic)
        payload = bytes(message.payload)
        if found is None or not payload:
            return acknowledge()
        try:
            items = split(payload, found.groupdict().get("type", ""))
        except InputError as error:
            self._count_unreadable(str(error.code)).add_done_callback(acknowledge)
            return None
        self.keeper.submit_items(found["device"], items).add_done_callback(acknowledge)
        return None

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
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the payload is no JSON: {error}", code="bad_body") from error
    items = told if isinstance(told, list) else [told]
    return [
        json.dumps({"type": kind} | item if kind and isinstance(item, dict) else item).encode()
        for item in items
    ]


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
