"""Orders to devices at their edge: kept, handed out while they are wanted, answered once.

A device that sleeps gets on waking only what is still wanted. It may be handed an order twice (with
the same id), and answers it once: what comes after an end changes nothing.
"""

from __future__ import annotations

import sqlite3
import threading
from datetime import datetime

import msgspec

from twinward.core.clock import Clock, from_us, to_us
from twinward.core.errors import AbsentError, ConflictError, InputError
from twinward.core.texts import UNPRINTABLE, require_name
from twinward.edge.agent.keeper import Keeper
from twinward.edge.agent.wire import (
    OrderReceipt,
    ReportedState,
    SyncAnswer,
    Values,
    WantedOrder,
)
from twinward.edge.profiles import get_profile

AGAIN_S = 60.0  # an order that was not answered is handed out again so much later at the earliest
AWAKE_BEATS = 2
OVER = ("done", "refused")
MOST_SAID = 300  # characters that are kept of what a device says of an order
MOST_WORD, MOST_VALUE = 120, 200  # as the centre has them
MOST_VERSION = 2**53
MOST_WORDS_BYTES = 1_000_000  # of all words in one exchange with the centre


class DeviceAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a device says of an order."""

    order: str
    state: str
    says: str = ""


class DeviceWord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a device says of itself; `version` of the wishes that it has read."""

    reported: Values
    version: int = 0


class DeviceOrders:
    """The orders of an edge. What writes runs in the keeper's thread."""

    def __init__(self, keeper: Keeper, clock: Clock) -> None:
        self.keeper, self.clock = keeper, clock
        self._lock = threading.Lock()
        self._pushed: dict[str, float] = {}  # order -> when it was last handed to the broker
        self._open: dict[str, list[WantedOrder]] = {}  # device -> what it is to do
        self._load()

    @property
    def _db(self) -> sqlite3.Connection:
        return self.keeper.store.db

    def _load(self) -> None:
        rows = self._db.execute("SELECT body FROM device_order WHERE state IN ('sent','delivered')")
        self._set_open([msgspec.json.decode(body, type=WantedOrder) for (body,) in rows])

    def _set_open(self, orders: list[WantedOrder]) -> None:
        found: dict[str, list[WantedOrder]] = {}
        for one in orders:
            found.setdefault(one.device, []).append(one)
        with self._lock:
            self._open = found

    # in the keeper's thread --------------------------------------------------------------------

    def apply(self, answer: SyncAnswer, told: dict[str, str]) -> None:
        """What the centre wants now; `told`: the states that it was told and has settled."""
        now_us = to_us(self.clock.now())
        for one in answer.orders:
            self._db.execute(
                "INSERT OR IGNORE INTO device_order VALUES (?,?,?,'sent',?,?,'','')",
                (one.order, one.device, msgspec.json.encode(one), now_us, to_us(one.expires_at)),
            )
        wanted = {one.order for one in answer.orders}
        kept = self._db.execute("SELECT id FROM device_order WHERE state IN ('sent','delivered')")
        for (name,) in kept.fetchall():
            if name not in wanted:
                self._db.execute("UPDATE device_order SET state='gone' WHERE id=?", (name,))
        for name in answer.settled:
            self._db.execute(
                "UPDATE device_order SET told=? WHERE id=?", (told.get(name, ""), name)
            )
        self._load()

    def take(self, device: str) -> list[WantedOrder]:
        """What a device is to do, handed out to it now."""
        now = self.clock.now()
        found = [one for one in self.open_of(device) if one.expires_at > now]
        for one in found:
            self._db.execute(
                "UPDATE device_order SET state='delivered', at_us=? WHERE id=? AND state='sent'",
                (to_us(now), one.order),
            )
        return found

    def note(self, device: str, answer: DeviceAnswer) -> str:
        """The state after a device's answer; InputError where it cannot be."""
        if answer.state not in ("delivered", *OVER):
            raise InputError(
                f"state must be delivered, done or refused, got {answer.state[:40]!r}",
                "say what became of the order",
                code="bad_state",
            )
        row = self._db.execute(
            "SELECT device, state, expires_us FROM device_order WHERE id=?", (answer.order,)
        ).fetchone()
        if row is None or row[0] != device:
            raise ConflictError(
                f"{device} was given no order {answer.order[:80]}",
                "answer only your own",
                code="wrong_device",
            )
        now_us = to_us(self.clock.now())
        if row[1] in OVER:
            return str(row[1])  # said before: it is done once
        if now_us >= row[2]:
            raise ConflictError(
                f"order {answer.order} has expired", "it is not wanted any more", code="order_over"
            )
        if not (row[1] == "gone" and answer.state == "delivered"):
            self._db.execute(
                "UPDATE device_order SET state=?, at_us=?, says=? WHERE id=?",
                (answer.state, now_us, in_one_line(answer.says), answer.order),
            )
        self._load()
        return answer.state

    def note_word(self, device: str, word: DeviceWord) -> None:
        """What a device says of itself waits for the centre; the newest only. AbsentError for a
        device that nobody knows, InputError for what the centre would not have.
        """
        if device not in self.keeper.stands:
            raise AbsentError(
                f"device {device} is not known here",
                "let it be admitted first: `twinward device add`",
                code="unknown_device",
            )
        require_word(word)
        self._db.execute(
            "INSERT OR REPLACE INTO device_word VALUES (?,?,?,?,0)",
            (device, msgspec.json.encode(word.reported), word.version, to_us(self.clock.now())),
        )

    # from any thread -----------------------------------------------------------------------------

    def open_of(self, device: str) -> list[WantedOrder]:
        with self._lock:
            return list(self._open.get(device, ()))

    def devices_open(self) -> list[str]:
        with self._lock:
            return list(self._open)

    def due(self, device: str, monotonic: float) -> list[bytes]:
        """What is to be handed to the broker for a device that is awake."""
        now: datetime = self.clock.now()
        found = []
        for one in self.open_of(device):
            if one.expires_at > now and monotonic - self._pushed.get(one.order, -1e9) >= AGAIN_S:
                self._pushed[one.order] = monotonic
                found.append(msgspec.json.encode(one))
        return found


def in_one_line(said: str) -> str:
    """A device's words as they can be kept everywhere: what became of an order is not lost for a
    line break in what is said of it.
    """
    return UNPRINTABLE.sub(" ", said[:MOST_SAID])


def require_word(word: DeviceWord) -> None:
    """InputError unless the centre can take it: one device cuts no edge off from its centre."""
    for name, value in word.reported.items():
        require_name("reported", name, MOST_WORD)
        require_name(f"reported.{name}", value, MOST_VALUE)
    if "" in word.reported or not 0 <= word.version <= MOST_VERSION:
        raise InputError(
            f"reported holds a value without a name, or version {word.version} is below 0 or above "
            f"{MOST_VERSION}",
            "name each value, and send the version of the wishes that was read",
            code="bad_field",
        )


def receipts_of(db: sqlite3.Connection, most: int = 1000) -> list[OrderReceipt]:
    """What the centre has not been told yet."""
    rows = db.execute(
        "SELECT id, device, state, at_us, says FROM device_order "
        "WHERE state<>told AND state IN ('sent','delivered','done','refused') LIMIT ?",
        (most,),
    ).fetchall()
    return [
        OrderReceipt(order=name, device=device, state=state, at=from_us(at_us), says=says)
        for name, device, state, at_us, says in rows
    ]


def words_of(db: sqlite3.Connection, most: int = 1000) -> list[ReportedState]:
    """What devices say of themselves; no more at once than one exchange carries."""
    rows = db.execute(
        "SELECT device, body, version, at_us FROM device_word WHERE told=0 LIMIT ?", (most,)
    )
    found: list[ReportedState] = []
    size = 0
    for device, body, version, at_us in rows:
        size += len(body)
        if found and size > MOST_WORDS_BYTES:
            break
        said = msgspec.json.decode(body, type=dict[str, str])
        found.append(
            ReportedState(device=device, reported=said, version=version, at=from_us(at_us))
        )
    return found


def is_awake(profile: str, last_us: int | None, now_us: int) -> bool:
    """Whether a device is worth calling: heard lately, or never (it may only listen)."""
    if last_us is None:
        return True
    return now_us - last_us <= AWAKE_BEATS * get_profile(profile).cadence_s * 1e6
