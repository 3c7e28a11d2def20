"""Tells the centre how this edge stands and learns which devices may speak and what they are to do;
every ten seconds, beside the readings.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import httpx
import msgspec

from twinward.core.clock import Clock, from_us, parse_time, to_us
from twinward.core.errors import UNREADABLE
from twinward.edge.agent.centre import AS_A_WHOLE, code_of
from twinward.edge.agent.claims import claims_of, settle
from twinward.edge.agent.config import EdgeConfig
from twinward.edge.agent.device_orders import DeviceOrders, receipts_of, words_of
from twinward.edge.agent.keeper import Keeper
from twinward.edge.agent.status import find_status
from twinward.edge.agent.store import EdgeStore
from twinward.edge.agent.tables import HELD
from twinward.edge.agent.tokens import TokenKeeper
from twinward.edge.agent.wire import (
    MOST_DEVICES,
    SYNC_S,
    EdgeStanding,
    HeardDevice,
    HeldDevice,
    OrderReceipt,
    ReportedState,
    SyncAnswer,
    SyncRequest,
    ToldClaim,
)

TIMEOUT = httpx.Timeout(20.0, connect=5.0)
PATH = "/v1/edges/sync"
# devices up to which each fault is told in full: all that is told fits one body
FEW_DEVICES, FAULT, SHORT_FAULT = 5000, 300, 60
SyncWord = ReportedState | OrderReceipt | ToldClaim | HeldDevice


class Syncer:
    """A thread of its own: what goes wrong here delays no reading."""

    def __init__(
        self, keeper: Keeper, orders: DeviceOrders, clock: Clock, tokens: TokenKeeper
    ) -> None:
        self.keeper, self.orders, self.clock, self.tokens = keeper, orders, clock, tokens
        self.says = ""
        self.applied: Callable[[], None] | None = None  # called after each exchange
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sync", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def _run(self) -> None:
        with httpx.Client(base_url=self.keeper.config.edge.core, timeout=TIMEOUT) as client:
            while not self._stop.is_set():
                try:
                    self.sync(client)
                    self.says = ""
                except Exception as error:  # the line, the disk, an answer that is none: next time
                    self.says = str(error) or type(error).__name__
                self._stop.wait(SYNC_S)

    def sync(self, client: httpx.Client) -> None:
        """One exchange; what the centre says is applied when this returns."""
        request = standing_of(self.keeper.config)
        bare = msgspec.structs.replace(request, reported=(), receipts=(), claims=(), held=())
        words: list[SyncWord] = [*request.receipts, *request.claims]
        words += [*request.reported, *request.held]
        self._tell(client, bare, words)
        if self.applied is not None:
            self.applied()

    def _tell(self, client: httpx.Client, bare: SyncRequest, words: Sequence[SyncWord]) -> None:
        """Where the centre will not have it as a whole, halves are tried, down to the one word,
        which is set aside: nobody's words keep the edge from its centre.
        """
        try:
            self._exchange(client, with_words(bare, words))
        except httpx.HTTPStatusError as error:
            if error.response.status_code not in AS_A_WHOLE or not words:
                raise
            if len(words) > 1:
                middle = len(words) // 2
                self._tell(client, bare, words[:middle])
                self._tell(client, bare, words[middle:])
                return
            now_us, code = to_us(self.clock.now()), code_of(error.response)
            word = words[0]
            self.keeper.submit(lambda: set_aside(self.keeper.store, word, code, now_us)).result(
                timeout=60
            )

    def _exchange(self, client: httpx.Client, request: SyncRequest) -> None:
        body = msgspec.json.encode(request)
        access = self.tokens.read()
        for _ in range(2):
            headers = {"content-type": "application/json"}
            if access:
                headers["authorization"] = f"Bearer {access}"
            response = client.post(PATH, content=body, headers=headers)
            if response.status_code != 401 or not access:
                break
            access = self.tokens.renew(client, access)
        response.raise_for_status()
        try:
            answer = msgspec.json.decode(response.content, type=SyncAnswer)
        except UNREADABLE as error:
            raise ValueError(f"the centre's answer is none: {error}") from error
        self.keeper.submit(lambda: self._apply(answer, request)).result(timeout=60)

    def _apply(self, answer: SyncAnswer, request: SyncRequest) -> None:
        store, now_us = self.keeper.store, to_us(self.clock.now())
        for one in answer.devices or ():
            store.keep_registered(one, now_us)
        if answer.devices is not None:
            self.keeper.meet_anew()
            store.db.execute(
                "INSERT OR REPLACE INTO setting VALUES ('registry', ?)", (answer.registry,)
            )
        if answer.claims:
            settle(store.db, answer.claims)
            self.keeper.meet_anew()
        for word in request.reported:
            note_told(store, word)
        self.orders.apply(answer, {one.order: one.state for one in request.receipts})
        if answer.rules:
            self.keeper.take_rules(answer.rules)


def with_words(bare: SyncRequest, words: Sequence[SyncWord]) -> SyncRequest:
    """The request with some of what is to be said besides how the edge stands."""
    return msgspec.structs.replace(
        bare,
        receipts=tuple(one for one in words if isinstance(one, OrderReceipt)),
        claims=tuple(one for one in words if isinstance(one, ToldClaim)),
        reported=tuple(one for one in words if isinstance(one, ReportedState)),
        held=tuple(one for one in words if isinstance(one, HeldDevice)),
    )


def set_aside(store: EdgeStore, word: SyncWord, code: str, now_us: int) -> None:
    """What the centre will not have is not told again, and is counted."""
    if isinstance(word, ReportedState):
        note_told(store, word)
    elif isinstance(word, OrderReceipt):
        store.db.execute("UPDATE device_order SET told=? WHERE id=?", (word.state, word.order))
    store.note_loss(f"word refused: {code}", "status", 1, (now_us, now_us), now_us)


def note_told(store: EdgeStore, word: ReportedState) -> None:
    """Unless the device has said something newer since."""
    store.db.execute(
        "UPDATE device_word SET told=1 WHERE device=? AND at_us=?", (word.device, to_us(word.at))
    )


def standing_of(config: EdgeConfig) -> SyncRequest:
    """How the edge stands, read from its store."""
    status = find_status(config)
    store = EdgeStore(config.path(config.edge.store), read_only=True)
    try:
        registry = store.db.execute("SELECT value FROM setting WHERE name='registry'").fetchone()
        held = store.db.execute(
            "SELECT device, count(*), min(received_us), max(received_us) FROM reading "
            "WHERE state=? AND why='unknown_device' GROUP BY device LIMIT 1000",
            (HELD,),
        ).fetchall()
        receipts, words = receipts_of(store.db), words_of(store.db)
        claims = claims_of(store.db)
    finally:
        store.close()
    names = set(EdgeStanding.__struct_fields__) - {"disk_bound"}
    most = FAULT if len(status.devices) <= FEW_DEVICES else SHORT_FAULT
    return SyncRequest(
        edge=config.edge.id,
        registry=registry[0] if registry else "",
        standing=EdgeStanding(
            disk_bound=round(config.edge.disk_mb * 1e6),
            **{name: getattr(status, name) for name in names},
        ),
        devices=tuple(
            HeardDevice(
                device=one.device,
                state=one.state,  # type: ignore[arg-type]
                last_at=parse_time(one.last_at) if one.last_at else None,
                fault=one.fault[:most],
            )
            for one in status.devices[:MOST_DEVICES]
        ),
        held=tuple(
            HeldDevice(device=name, count=n, first_at=from_us(first), last_at=from_us(last))
            for name, n, first, last in held
        ),
        reported=tuple(words),
        receipts=tuple(receipts),
        claims=tuple(claims),
    )
