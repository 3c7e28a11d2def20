"""A subscriber with a session that its broker keeps: messages come by the burst, each is
acknowledged when its taker says so.
"""

from __future__ import annotations

import logging
import select
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

import msgspec

from twinward.core.errors import InputError
from twinward.edge.mqtt import packets
from twinward.edge.mqtt.packets import BrokerMessage, ControlPacket, PacketReader, Version

LOG = logging.getLogger("twinward.mqtt")
KEEP_ALIVE_S = 30
TIMEOUT_S = 10.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
BURST_BYTES = 262_144
MOST_BYTES = 1_000_000  # of a payload; a larger one is told without its bytes
MOST_BYTES_UNDER_WAY = 8_000_000
MOST_TO_SEND = 10_000  # of our own messages that wait for the broker
FOR_EVER = float("inf")
BROKER_TAKES = 20  # of our messages at once, where it does not say


class BrokerAddress(msgspec.Struct, frozen=True, kw_only=True):
    """A broker, and as whom it is spoken to."""

    host: str
    port: int
    client: str
    version: Version = "5"
    username: str = ""
    password: str | None = None
    tls_ca: str = ""


class Burst(NamedTuple):
    """What came at once. `line` is the connection that it came over: mids mean nothing on
    another one.
    """

    line: int
    messages: list[BrokerMessage]


class OwnMessage(NamedTuple):
    """What we say, and until when it is worth saying."""

    topic: str
    payload: bytes
    within_s: int
    until: float


class BrokenLine(Exception):
    """The connection ended, and why."""


class Bell:
    """Wakes a thread that waits for sockets. Nobody hears it before `open` or after `close`."""

    def __init__(self) -> None:
        self._ends: tuple[socket.socket, socket.socket] | None = None

    def open(self) -> None:
        self._ends = socket.socketpair()
        for end in self._ends:
            end.setblocking(False)

    def close(self) -> None:
        ends, self._ends = self._ends, None
        for end in ends or ():
            end.close()

    def fileno(self) -> int:
        return self._ends[1].fileno() if self._ends else -1

    def ring(self) -> None:
        if (ends := self._ends) is not None:
            with suppress(OSError):  # full: it is heard already
                ends[0].send(b"\0")

    def quiet(self) -> None:
        if (ends := self._ends) is not None:
            with suppress(BlockingIOError):
                while len(ends[1].recv(4096)) == 4096:
                    pass


class MqttClient:
    """One thread that reads and writes. `take` is called in it with each burst; `acknowledge` and
    `publish` may be called from anywhere.

    No more than about `most_under_way` messages, or 8 MB of them, are taken before the first is
    acknowledged: the socket is then not read, and the broker keeps them.
    """

    def __init__(
        self,
        broker: BrokerAddress,
        filters: Sequence[str],
        take: Callable[[Burst], None],
        *,
        most_under_way: int = 1000,
    ) -> None:
        self.broker, self.filters, self._take = broker, tuple(filters), take
        self.most_under_way = most_under_way
        self.says = "not connected yet"  # why nothing comes; empty while it does
        self.connections = 0
        self._lock = threading.Lock()
        self._out = bytearray()
        self._waiting: deque[OwnMessage] = deque()  # our messages, not sent yet
        self._sent: dict[int, tuple[bytes, float]] = {}  # until when, where not acknowledged
        self._broker_takes = BROKER_TAKES
        self._mid = 0
        self._under_way: dict[int, int] = {}  # bytes of each message
        self._bytes = 0
        self._line = 0
        self._anew = self._stopping = False
        self._pause_s = FIRST_PAUSE_S
        self._bell = Bell()
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)

    def start(self) -> None:
        """Connects in the background, and again whenever the broker was away."""
        self._bell.open()
        self._thread.start()

    def stop(self) -> None:
        """What is acknowledged until now is still told to the broker."""
        self._stopping = True
        self._bell.ring()
        if self._thread.is_alive():
            self._thread.join(timeout=2 * TIMEOUT_S)
        self._bell.close()

    @property
    def under_way(self) -> int:
        """Messages that were taken and not acknowledged yet."""
        return len(self._under_way)

    def acknowledge(self, line: int, mids: Iterable[int]) -> None:
        """The broker forgets these messages; those of an earlier connection come again."""
        with self._lock:
            if line != self._line:
                return
            known = [mid for mid in mids if mid in self._under_way]
            self._bytes -= sum(map(self._under_way.pop, known))
            self._out += packets.puback_packets(known)
        self._pause_s = FIRST_PAUSE_S
        self._bell.ring()

    def connect_anew(self, line: int) -> None:
        """After a pause: a broker sends again what was not acknowledged only over a new
        connection.
        """
        if line == self._line:
            self._anew = True
            self._bell.ring()

    def publish(self, topic: str, payload: bytes, *, within_s: int = 0) -> None:
        """At QoS 1, as soon as the broker is there; InputError for a topic that is none. With
        `within_s` it goes at once or never late: InputError `no_broker` while there is no line.
        """
        packets.publish_packet(1, topic, b"", self.broker.version)
        if within_s and self.says:
            raise InputError(
                f"the broker is not reached: {self.says}", "see whether it runs", code="no_broker"
            )
        with self._lock:
            if len(self._waiting) >= MOST_TO_SEND:
                raise InputError(
                    f"{MOST_TO_SEND:,} messages wait for the broker",
                    "see whether it runs",
                    code="too_busy",
                )
            until = time.monotonic() + within_s if within_s else FOR_EVER
            self._waiting.append(OwnMessage(topic, payload, within_s, until))
        self._bell.ring()

    # the thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        """No error ends it: a broker that is away, an answer that is none, a taker that fails."""
        while not self._stopping:
            try:
                self._follow()
            except OSError as error:
                broker = f"{self.broker.host}:{self.broker.port}"
                self._note(f"broker {broker}: {error.strerror or error or type(error).__name__}")
            except (BrokenLine, InputError) as error:
                self._note(str(error) or type(error).__name__)
            except Exception as error:
                LOG.exception("the broker's messages met a fault of ours; the line is made anew")
                self._note(f"a fault of ours ({type(error).__name__})")
            if not self._stopping:
                self._sleep()

    def _note(self, says: str) -> None:
        if says != self.says:
            LOG.warning("the line to the broker ended: %s", says)
        self.says = says

    def _sleep(self) -> None:
        end = time.monotonic() + self._pause_s
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        while not self._stopping and (left := end - time.monotonic()) > 0:
            select.select([self._bell], [], [], left)
            self._bell.quiet()

    def _follow(self) -> None:
        """One connection, until it ends."""
        plain = socket.create_connection((self.broker.host, self.broker.port), TIMEOUT_S)
        with self._secured(plain) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line.settimeout(TIMEOUT_S)
            reader = PacketReader(self.broker.version, MOST_BYTES)
            self._greet(line, reader)
            line.setblocking(False)
            while not (self._stopping and not self._out):
                if self._anew and not self._out:  # what was acknowledged is told first
                    raise BrokenLine("something could not be kept")
                self._turn(line, reader)
            line.settimeout(TIMEOUT_S)
            line.sendall(packets.GOODBYE)

    def _secured(self, plain: socket.socket) -> socket.socket:
        if not self.broker.tls_ca:
            return plain
        try:
            context = ssl.create_default_context(cafile=self.broker.tls_ca)
            return context.wrap_socket(plain, server_hostname=self.broker.host)
        except BaseException:
            plain.close()
            raise

    def _greet(self, line: socket.socket, reader: PacketReader) -> None:
        """Opens the session, asks for the topics, and sends again what we sent before."""
        broker = self.broker
        line.sendall(
            packets.connect_packet(
                broker.client,
                broker.version,
                keep_alive_s=KEEP_ALIVE_S,
                most_under_way=min(self.most_under_way, 65_535),
                username=broker.username,
                password=broker.password,
            )
        )
        with self._lock:
            self._line += 1
            self._under_way, self._bytes, self._anew = {}, 0, False
            self._out.clear()
        self.connections += 1
        self._heard_at = self._spoke_at = time.monotonic()
        self._greeted = False
        while not self._greeted:
            data = line.recv(BURST_BYTES)
            if not data:
                raise BrokenLine("the broker closed the line before it said why")
            self._receive(data, reader)
        with self._lock:
            self._out += packets.subscribe_packet(self._next_mid(), self.filters, broker.version)
            now = time.monotonic()
            self._sent = {mid: one for mid, one in self._sent.items() if one[1] > now}
            for sent, _ in self._sent.values():
                self._out += bytes([sent[0] | 0x08]) + sent[1:]
        self.says = ""

    def _turn(self, line: socket.socket, reader: PacketReader) -> None:
        """Waits for something to do, and does it."""
        self._send_ours()
        full = len(self._under_way) >= self.most_under_way or self._bytes >= MOST_BYTES_UNDER_WAY
        pending = isinstance(line, ssl.SSLSocket) and line.pending() and not full
        listened: list[Bell | socket.socket] = [self._bell] if full else [self._bell, line]
        readable, writable, _ = select.select(
            listened,
            [line] if self._out else [],
            [],
            0 if pending else KEEP_ALIVE_S / 4,
        )
        if self._bell in readable:
            self._bell.quiet()
        if writable:
            self._write(line)
        if pending or line in readable:
            try:
                data = line.recv(BURST_BYTES)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            if not data:
                raise BrokenLine("the broker closed the line")
            self._receive(data, reader)
        elif full:
            self._heard_at = time.monotonic()  # we do not listen, so silence proves nothing
        self._keep_alive()

    def _write(self, line: socket.socket) -> None:
        with self._lock:
            part = bytes(self._out[:BURST_BYTES])
        try:
            sent = line.send(part)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        self._spoke_at = time.monotonic()
        with self._lock:
            del self._out[:sent]

    def _keep_alive(self) -> None:
        now = time.monotonic()
        if now - self._heard_at > 1.5 * KEEP_ALIVE_S:
            raise BrokenLine(f"the broker was silent for {now - self._heard_at:.0f} s")
        if now - min(self._spoke_at, self._heard_at) > KEEP_ALIVE_S / 2:
            self._spoke_at = now
            with self._lock:
                self._out += packets.PING

    def _receive(self, data: bytes, reader: PacketReader) -> None:
        self._heard_at = time.monotonic()
        messages: list[BrokerMessage] = []
        for one in reader.feed(data):
            if type(one) is BrokerMessage:
                messages.append(one)
            elif isinstance(one, ControlPacket):
                self._answer(one)
        if messages:
            with self._lock:
                for one in messages:
                    if one.mid:
                        size = len(one.payload or b"")
                        self._bytes += size - self._under_way.get(one.mid, 0)
                        self._under_way[one.mid] = size
            self._take(Burst(self._line, messages))

    def _answer(self, packet: ControlPacket) -> None:
        """What is no message."""
        body = packet.body
        if packet.kind == packets.PUBACK:
            with self._lock:
                self._sent.pop(int.from_bytes(body[:2], "big"), None)
        elif packet.kind == packets.CONNACK:
            if len(body) < 2 or body[1]:
                raise BrokenLine(f"the broker refused us (reason {body[1] if body[1:] else '?'})")
            if self.broker.version == "5":
                told = packets.read_properties(body, 2)
                self._broker_takes = told.get(packets.RECEIVE_MAXIMUM, 65_535)
            self._greeted = True
        elif packet.kind == packets.SUBACK:
            if any(code >= 0x80 for code in body[-len(self.filters) :]):
                raise BrokenLine(f"the broker refused a topic of {', '.join(self.filters)}")
        elif packet.kind == packets.DISCONNECT:
            raise BrokenLine(f"the broker ended it (reason {body[0] if body else 0})")

    # our own messages ----------------------------------------------------------------------

    def _send_ours(self) -> None:
        with self._lock:
            while self._waiting and len(self._sent) < self._broker_takes:
                one = self._waiting.popleft()
                if one.until <= time.monotonic():
                    continue
                mid = self._next_mid()
                sent = packets.publish_packet(
                    mid, one.topic, one.payload, self.broker.version, expires_s=one.within_s
                )
                self._sent[mid] = sent, one.until
                self._out += sent

    def _next_mid(self) -> int:
        self._mid = self._mid % 65_535 + 1
        while self._mid in self._sent:
            self._mid = self._mid % 65_535 + 1
        return self._mid
