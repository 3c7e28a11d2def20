"""The face of a holder of parcels on the agent: a keypad that a touch screen shows, the deeds of
a courier at it, and a thread that reconciles with the centre whenever it can.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Literal

import httpx
import msgspec

from twinward.core.clock import Clock, format_time
from twinward.core.errors import (
    AbsentError,
    ConflictError,
    InputError,
    RefusedError,
    TwinwardError,
)
from twinward.edge.agent.actions import write_screen
from twinward.edge.agent.cabinet import HERE, Cabinet, HeldParcel
from twinward.edge.agent.config import CabinetConfig, EdgeConfig
from twinward.edge.agent.parcels import Kind
from twinward.edge.agent.tokens import TokenKeeper

TIMEOUT = httpx.Timeout(30.0, connect=5.0)
EVERY_S = 30.0
MOST_SENT = 500
AGAIN = timedelta(minutes=2)  # a door that stuck may be opened again for the same code
MOST_AGAIN = 3


class OpenedBox(msgspec.Struct, frozen=True, kw_only=True):
    """What the screen says when a box opens. `stuck`: the lock could not be told; the receipt
    stands, and the same code may be tried again.
    """

    parcel: str
    box: str
    again: bool = False
    stuck: bool = False


class CabinetFace(msgspec.Struct, frozen=True, kw_only=True):
    """What the screen shows of itself: no parcel's number and no code."""

    place: str
    holder: str
    held: int
    unsent: int
    heard_at: str


class ExpectedParcel(msgspec.Struct, frozen=True, kw_only=True):
    """What a courier sees: what may be put in, what lies where, what must leave."""

    parcel: str
    state: str
    box: str
    over: bool


class CourierDeed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A courier at the holder: puts a parcel into a box, or takes one out without its receiver."""

    parcel: str
    act: Literal["deposit", "withdraw"]
    box: str = ""


class Taken(msgspec.Struct, frozen=True):
    """The part of the centre's answer to receipts that the holder needs."""

    acknowledged: dict[str, int]


class CabinetDoor:
    """One ledger with a lock behind it. `publish` tells an MQTT topic; without a broker, the file
    that is configured is written. Every request opens the ledger by itself.
    """

    def __init__(
        self, config: EdgeConfig, asked: CabinetConfig, clock: Clock, tokens: TokenKeeper
    ) -> None:
        self.config, self.asked, self.clock, self.tokens = config, asked, clock, tokens
        self.path = config.path(asked.store)
        self.publish: Callable[[str, str], object] | None = None
        self.heard_at = ""
        self.says = ""
        self._last: tuple[str, str, str, datetime, int] | None = None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cabinet", daemon=True)
        with self.ledger() as ledger:  # refused at the start where there is none
            self.holder, self.place = ledger.holder, ledger.place

    @contextmanager
    def ledger(self) -> Iterator[Cabinet]:
        found = Cabinet(self.path)
        try:
            yield found
        finally:
            found.close()

    def start(self) -> None:
        if self.config.edge.core:
            self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def face(self) -> CabinetFace:
        with self.ledger() as ledger:
            status = ledger.status()
        held = sum(one.state == "here" for one in status.parcels)
        return CabinetFace(
            place=self.place,
            holder=self.holder,
            held=held,
            unsent=status.unsent,
            heard_at=self.heard_at,
        )

    def hand_out(self, typed_parcel: str, typed: str) -> OpenedBox:
        """The receipt is on the disk, then the lock is told. The same code again within two minutes
        opens the same box again: a door may stick.
        """
        at = self.clock.now()
        digest = hashlib.sha256(typed.encode()).hexdigest()
        with self._lock, self.ledger() as ledger:
            known = ledger.status().parcels
            found = find_typed(known, typed_parcel)
            try:
                ledger.hand_out(found.parcel, typed, at)
            except ConflictError as error:
                box = self._just_opened(found.parcel, digest, at)
                if error.code != "already_handed" or box is None or is_taken(known, box):
                    raise
                return self._open(found.parcel, box, again=True)
            self._last = (found.parcel, digest, found.box, at, 0)
            return self._open(found.parcel, found.box)

    def _just_opened(self, parcel: str, digest: str, at: datetime) -> str | None:
        """The box that this code has just opened."""
        if self._last is None:
            return None
        known, code, box, opened, times = self._last
        same = known == parcel and hmac.compare_digest(code, digest)
        if not same or not opened <= at <= opened + AGAIN or times >= MOST_AGAIN:
            return None
        self._last = (known, code, box, opened, times + 1)
        return box

    def _open(self, parcel: str, box: str, *, again: bool = False) -> OpenedBox:
        """Tells the lock."""
        text = self.asked.lock_text.replace("{box}", box)
        stuck = False
        try:
            if self.publish is not None and self.asked.lock_topic:
                self.publish(self.asked.lock_topic.replace("{box}", box or "0"), text)
            if self.asked.lock_file:
                told = f"{format_time(self.clock.now())} {box} {text}"
                write_screen(self.config.path(self.asked.lock_file), told)
        except (OSError, TwinwardError, ValueError, RuntimeError):
            stuck = True
        return OpenedBox(parcel=parcel, box=box, again=again, stuck=stuck)

    def expected(self) -> list[ExpectedParcel]:
        at = self.clock.now()
        with self.ledger() as ledger:
            return [
                ExpectedParcel(
                    parcel=one.parcel,
                    state=one.state,
                    box=one.box,
                    over=one.due is not None and at >= one.due,
                )
                for one in ledger.status().parcels
                if one.state != "gone"
            ]

    def do(self, deed: CourierDeed) -> OpenedBox:
        """A courier's deed: written, then the box opens so that the hands can do it."""
        at = self.clock.now()
        with self._lock, self.ledger() as ledger:
            found = find_typed(ledger.status().parcels, deed.parcel)
            box = found.box
            if deed.act == "deposit":
                box = require_box(deed.box) if self.place else ""
                if found.withheld:
                    raise RefusedError(
                        f"parcel {found.parcel} goes elsewhere now",
                        "take it on",
                        code="parcel_moved",
                    )
                kind: Kind = "deposited" if self.place else "loaded"
                ledger.take_in(found.parcel, at, box, kind)
            else:
                ledger.give_up(found.parcel, at, "withdrawn")
        return self._open(found.parcel, box)

    def require_courier(self, key: str) -> None:
        """RefusedError unless this is the courier's key; without one configured, nobody has it."""
        brought = hashlib.sha256(key.encode()).hexdigest()
        if not self.asked.key_sha256 or not hmac.compare_digest(brought, self.asked.key_sha256):
            raise RefusedError(
                "this is not the courier's key", "ask the depot for it", code="wrong_key"
            )

    def _run(self) -> None:
        with httpx.Client(base_url=self.config.edge.core, timeout=TIMEOUT) as client:
            while not self._stop.is_set():
                try:
                    self.reconcile(client)
                    self.says = ""
                except Exception as error:  # the line is cut: the ledger goes on alone
                    self.says = str(error) or type(error).__name__
                self._stop.wait(EVERY_S)

    def reconcile(self, client: httpx.Client) -> int:
        """Receipts go up in their order, the manifest comes down; how many receipts were taken."""
        sent = 0
        with self.ledger() as ledger:
            while raws := ledger.unsent()[:MOST_SENT]:
                items = {"items": [one.decode() for one in raws]}
                answer = self._ask(
                    client, "POST", "/v1/parcel-receipts", msgspec.json.encode(items)
                )
                reached = msgspec.json.decode(answer, type=Taken).acknowledged.get(self.holder, 0)
                fresh = ledger.acknowledge(reached)
                sent += fresh
                if fresh < len(raws):
                    raise InputError("the depot has not taken every receipt", code="receipt_gap")
            path = f"/v1/parcel-holders/{self.holder}/manifest"
            ledger.accept_manifest(self._ask(client, "GET", path))
        self.heard_at = format_time(self.clock.now())
        return sent

    def _ask(self, client: httpx.Client, method: str, path: str, body: bytes = b"") -> bytes:
        access = self.tokens.read()
        for _ in range(2):
            headers = {"content-type": "application/json"}
            if access:
                headers["authorization"] = f"Bearer {access}"
            response = client.request(method, path, content=body or None, headers=headers)
            if response.status_code != 401 or not access:
                break
            access = self.tokens.renew(client, access)
        response.raise_for_status()
        return response.content


def find_typed(known: Sequence[HeldParcel], typed: str) -> HeldParcel:
    """The parcel of a number as a finger types it: case and blanks do not matter."""
    wanted = "".join(typed.split()).casefold()
    found = next((one for one in known if one.parcel.casefold() == wanted), None)
    if found is None:
        raise AbsentError(
            f"parcel {typed[:40]} is not in this holder's manifest", "look at the number again"
        )
    return found


def is_taken(known: Sequence[HeldParcel], box: str) -> bool:
    return bool(box) and any(one.box == box and one.state == HERE for one in known)


def require_box(box: str) -> str:
    """A box stands in a topic: letters and digits only."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,20}", box.strip()):
        raise InputError("a box has a number", "as on its door", code="bad_box")
    return box.strip()
