"""The agent's MQTT door: a message is acknowledged to the broker when its readings are durable."""

from __future__ import annotations

import logging
import re
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future
from functools import lru_cache

import msgspec

from twinward.core.clock import Clock, to_us
from twinward.core.errors import UNREADABLE, BusyError, InputError, StorageError
from twinward.edge.agent.cameras import CameraDesk
from twinward.edge.agent.config import EdgeConfig, Mqtt, require_plain
from twinward.edge.agent.device_orders import DeviceAnswer, DeviceOrders, DeviceWord
from twinward.edge.agent.keeper import Keeper, SentReadings
from twinward.edge.agent.readings import split
from twinward.edge.agent.straight import StraightWay
from twinward.edge.mqtt.client import BrokerAddress, Burst, MqttClient
from twinward.edge.mqtt.packets import BrokerMessage

LOG = logging.getLogger("twinward.edge")
OURS = ("order", "receipt", "state")  # types of topics that carry no readings
# messages that the broker hands over before one is acknowledged: what is kept here, and what the
# centre is to keep, whose answer takes longer
MOST_UNDER_WAY, MOST_STRAIGHT = 2000, 20_000
WITHIN_S = 10  # a siren or a lock hears of it so soon, or not at all
PASSING = (StorageError, BusyError)  # what is not the message's fault: it is to come again


class MqttDoor:
    """A session that the broker keeps while the agent is away (QoS 1, fixed client id).

    What could not be kept is not acknowledged; the door then connects anew, for a broker sends
    again what was not acknowledged only to a new connection.
    """

    def __init__(self, keeper: Keeper, mqtt: Mqtt, clock: Clock) -> None:
        self.keeper, self.mqtt, self.clock = keeper, mqtt, clock
        self.orders: DeviceOrders | None = None  # handed in by the agent
        self.straight: StraightWay | None = None  # likewise
        self.cameras = CameraDesk(keeper.config.cameras)
        self._camera_topics = {one.encode("utf-8") for one in self.cameras.topics}
        edge = keeper.config.edge.id
        pattern = pattern_of(mqtt.topic, edge)
        self._route = lru_cache(maxsize=100_000)(lambda topic: route_of(pattern, topic))
        broker = BrokerAddress(
            host=mqtt.host,
            port=mqtt.port,
            client=f"twinward-edge-{edge}",
            version=mqtt.version,
            username=mqtt.username,
            password=password_of(keeper.config, mqtt) if mqtt.username else None,
            tls_ca=str(keeper.config.path(mqtt.tls_ca)) if mqtt.tls_ca else "",
        )
        self.client = MqttClient(
            broker,
            [subscription_of(mqtt.topic, edge), *self.cameras.topics],
            self.take,
            most_under_way=MOST_STRAIGHT if mqtt.straight else MOST_UNDER_WAY,
        )

    def start(self) -> None:
        """Connects in the background, and again whenever the broker was away."""
        self.client.start()

    def stop(self) -> None:
        self.client.stop()

    def end_absent(self) -> None:
        """What cameras have not spoken of for too long has ended."""
        gone = self.cameras.end_absent(self.clock.now().timestamp())
        if gone:
            self.keeper.submit_messages([SentReadings(device, items) for device, items in gone])

    def publish(self, topic: str, text: str) -> None:
        """For local actions and locks, which are never done late: InputError where there is no line
        now, or for a topic that is none.
        """
        self.client.publish(topic, text.encode("utf-8"), within_s=WITHIN_S)

    def take(self, burst: Burst) -> None:
        """Each message is acknowledged when it is durable, or counted where nobody can read it. A
        retained message is old news that arrives now: the device's own time tells.
        """
        readings: list[tuple[int, SentReadings]] = []
        unreadable: list[tuple[int, str]] = []
        needless: list[int] = []
        for message in burst.messages:
            try:
                found = self._read(burst.line, message)
            except InputError as error:
                unreadable.append((message.mid, str(error.code)))
            except Exception as error:
                LOG.error("a message met a fault of ours", exc_info=error)
                unreadable.append((message.mid, "fault"))
            else:
                if isinstance(found, SentReadings):
                    readings.append((message.mid, found))
                elif found:
                    needless.append(message.mid)
        if needless:
            self.client.acknowledge(burst.line, needless)
        if unreadable:
            self._count_unreadable(burst.line, unreadable)
        if readings and self.straight is not None:
            readings = self.straight.take(burst.line, readings)
        if readings:
            self._keep(burst.line, readings)

    def _read(self, line: int, message: BrokerMessage) -> SentReadings | bool:
        """The readings of a message; False where it is acknowledged later, True where there is
        nothing to keep. InputError where nobody can read it.
        """
        if message.payload is None:
            raise InputError("the payload is too large", code="too_large")
        if message.topic in self._camera_topics:
            told = self.cameras.take(message.topic.decode("utf-8"), message.payload)
            return SentReadings(*told) if told is not None and told[1] else True
        route = self._route(message.topic)
        if route is None or not message.payload:
            return True
        device, kind = route
        require_plain(device)
        if kind in OURS and self.orders is not None:
            return self._take_answer(self.orders, line, message, device, kind)
        return SentReadings(device, split(message.payload), kind)

    def _keep(self, line: int, readings: Sequence[tuple[int, SentReadings]]) -> None:
        """A burst is kept at once; where it meets a fault of ours, each message by itself."""

        def kept(done: Future[object]) -> None:
            error = done.exception()
            mids = [mid for mid, _ in readings]
            if isinstance(error, PASSING):
                self.client.connect_anew(line)
            elif error is None or isinstance(error, InputError):
                self.client.acknowledge(line, mids)
                self._push_to({one.device for _, one in readings})
            elif len(readings) > 1:
                for one in readings:
                    self._keep(line, [one])
            else:
                self._count_unreadable(line, [(mids[0], "fault")])

        sent = [one for _, one in readings]
        self.keeper.submit_messages(sent).add_done_callback(kept)

    def _take_answer(
        self, orders: DeviceOrders, line: int, message: BrokerMessage, device: str, kind: str
    ) -> bool:
        """A device's answer to an order, or what it says of itself; our own orders come by too."""
        if kind == "order":
            return True
        body = message.payload or b""
        try:
            if kind == "receipt":
                told = msgspec.json.decode(body, type=DeviceAnswer)
                taken = self.keeper.submit(lambda: orders.note(device, told))
            else:
                word = msgspec.json.decode(body, type=DeviceWord)
                taken = self.keeper.submit(lambda: orders.note_word(device, word))
        except UNREADABLE as error:
            raise InputError(f"no {kind}: {error}", "see docs/howto", code="bad_field") from error

        def kept(done: Future[object]) -> None:
            error = done.exception()
            if isinstance(error, PASSING):
                self.client.connect_anew(line)
            elif error is None:
                self.client.acknowledge(line, [message.mid])
                self._push_to({device})
            else:  # nobody answers a broker: why it was refused is kept for whoever asks
                code = str(error.code) if isinstance(error, InputError) else "fault"
                self._count_unreadable(line, [(message.mid, code)])

        taken.add_done_callback(kept)
        return False

    def _push_to(self, devices: set[str]) -> None:
        """Devices that have just spoken are awake: they get what is still wanted of them."""
        if self.orders is not None and (wanted := devices.intersection(self.orders.devices_open())):
            for device in wanted:
                self.push(device)

    def push(self, device: str) -> None:
        """Orders that wait go to the device's topic, of the type `order`."""
        if self.orders is None or "{type}" not in self.mqtt.topic:
            return
        topic = self.mqtt.topic.replace("{edge}", self.keeper.config.edge.id)
        topic = topic.replace("{device}", device).replace("{type}", "order")
        for body in self.orders.due(device, time.monotonic()):
            self.client.publish(topic, body)

    def _count_unreadable(self, line: int, unreadable: Sequence[tuple[int, str]]) -> None:
        store, now_us = self.keeper.store, to_us(self.clock.now())
        codes = Counter(code for _, code in unreadable)

        def work() -> None:
            store.count("received", len(unreadable))
            store.count("rejected", len(unreadable))
            for code, count in sorted(codes.items()):
                store.note_loss(f"unreadable: {code}", "bulk", count, (now_us, now_us), now_us)

        def counted(done: Future[object]) -> None:
            if isinstance(done.exception(), PASSING):
                self.client.connect_anew(line)
            else:
                self.client.acknowledge(line, [mid for mid, _ in unreadable])

        self.keeper.submit(work).add_done_callback(counted)


def subscription_of(topic: str, edge: str) -> str:
    """The topic filter for every device and type."""
    return topic.replace("{edge}", edge).replace("{device}", "+").replace("{type}", "+")


def pattern_of(topic: str, edge: str) -> re.Pattern[str]:
    text = re.escape(topic.replace("{edge}", edge))
    for name in ("device", "type"):
        text = text.replace(re.escape(f"{{{name}}}"), f"(?P<{name}>[^/]+)")
    return re.compile(text)


def route_of(pattern: re.Pattern[str], topic: bytes) -> tuple[str, str] | None:
    """The device and type of a topic; None where it is none of ours, InputError where it is no
    text.
    """
    try:
        found = pattern.fullmatch(topic.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise InputError("the topic is no text", code="bad_topic") from error
    return None if found is None else (found["device"], found.groupdict().get("type", ""))


def password_of(config: EdgeConfig, mqtt: Mqtt) -> str | None:
    if not mqtt.password_file:
        return None
    try:
        return config.path(mqtt.password_file).read_text("utf-8").strip()
    except OSError as error:
        raise InputError(
            f"mqtt.password_file cannot be read ({error.strerror})", code="bad_config"
        ) from error
