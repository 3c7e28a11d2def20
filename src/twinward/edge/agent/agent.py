"""An agent, put together and run until it is told to stop."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import msgspec

from twinward.core.clock import Clock, SystemClock, from_us, parse_time, to_us
from twinward.core.errors import InputError
from twinward.core.struct_types import settle_types
from twinward.core.texts import require_name
from twinward.edge.agent.config import EdgeConfig, require_plain
from twinward.edge.agent.device_orders import DeviceOrders, is_awake
from twinward.edge.agent.forward import Forwarder
from twinward.edge.agent.http import make_server
from twinward.edge.agent.keeper import Keeper
from twinward.edge.agent.status import BrokerState
from twinward.edge.agent.store import EdgeStore
from twinward.edge.agent.sync import Syncer
from twinward.edge.agent.tokens import TokenKeeper
from twinward.edge.profiles import get_profile

if TYPE_CHECKING:
    from twinward.edge.agent.straight import StraightWay

LINES_EVERY_S = 2.0


class Agent:
    """Senses, keeps, evaluates, acts and sends on. `start` and `stop`; `run` does both."""

    def __init__(self, config: EdgeConfig, clock: Clock) -> None:
        self.config, self.clock = config, clock
        self.store = EdgeStore(config.path(config.edge.store))
        self.keeper = Keeper(config, self.store, clock)
        self._reader = EdgeStore(self.store.path, read_only=True)
        actions = self.keeper.actions
        actions.find, actions.done = self._find_action, self._action_done
        token = config.path(config.edge.token_file) if config.edge.token_file else None
        tokens = TokenKeeper(token)
        lanes = (("alarm",), ("status", "bulk")) if config.edge.core else ()
        self.forwarders = [Forwarder(self.keeper, one, clock, tokens) for one in lanes]  # type: ignore[arg-type]
        self.gate = None
        if config.gate is not None:
            from twinward.edge.agent.gate import GateDoor

            self.gate = GateDoor(config, config.gate, clock)
        self.cabinet = None
        if config.cabinet is not None:
            from twinward.edge.agent.cabinet_door import CabinetDoor

            self.cabinet = CabinetDoor(config, config.cabinet, clock, tokens)
        self.orders = DeviceOrders(self.keeper, clock)
        self.syncer = Syncer(self.keeper, self.orders, clock, tokens)
        self.server = make_server(self.keeper, self.orders, self.gate, self.cabinet)
        self.mqtt = None
        self.straight: StraightWay | None = None
        if config.mqtt is not None:
            from twinward.edge.agent.mqtt import MqttDoor
            from twinward.edge.agent.straight import StraightWay

            self.mqtt = MqttDoor(self.keeper, config.mqtt, clock)
            actions.publish = self.mqtt.publish
            if config.mqtt.straight:
                self.straight = StraightWay(
                    self.keeper, clock, tokens, self.mqtt.client.acknowledge
                )
                self.mqtt.straight = self.straight
            self.mqtt.orders = self.orders
            if self.cabinet is not None:
                self.cabinet.publish = self.mqtt.publish
            self.syncer.applied = self._wake
        self._stop = threading.Event()
        self._watch = threading.Thread(target=self._note_lines, name="lines", daemon=True)

    def start(self) -> None:
        settle_types()  # two threads that meet one for the first time end the process
        self.keeper.start()
        self.keeper.actions.start()
        self.keeper.actions.want(self._left_over())
        for forwarder in self.forwarders:
            forwarder.start()
        if self.config.edge.core:
            self.syncer.start()
        if self.straight is not None:
            self.straight.start()
        if self.mqtt is not None:
            self.mqtt.start()
        if self.gate is not None:
            self.gate.start()
        if self.cabinet is not None:
            self.cabinet.start()
        self._watch.start()

    def stop(self) -> None:
        self._stop.set()
        if self.straight is not None:
            self.straight.stop()
        if self.mqtt is not None:
            self.mqtt.stop()
        if self.gate is not None:
            self.gate.stop()
        if self.cabinet is not None:
            self.cabinet.stop()
        self.syncer.stop()
        for forwarder in self.forwarders:
            forwarder.stop()
        self.keeper.stop()
        self._reader.close()
        self.store.close()

    def run(self) -> None:
        """Until SIGTERM or Ctrl-C."""
        self.start()
        try:
            self.server.run()
        finally:
            self.stop()

    def _wake(self) -> None:
        """Orders go at once to devices that are awake; others get them when they speak."""
        if self.mqtt is None:
            return
        now_us = to_us(self.clock.now())
        profiles = dict(self._reader.list_devices())
        for device in self.orders.devices_open():
            row = self._reader.db.execute(
                "SELECT received_us FROM heard WHERE device=?", (device,)
            ).fetchone()
            profile = profiles.get(device, "")
            if profile and is_awake(profile, row[0] if row else None, now_us):
                self.mqtt.push(device)

    def _left_over(self) -> list[str]:
        """Actions that were wanted when the process ended; they are done or expire."""
        rows = self._reader.db.execute("SELECT id FROM action WHERE state='wanted'").fetchall()
        return [row[0] for row in rows]

    def _find_action(self, action: str) -> tuple[str, str, float] | None:
        row = self._reader.db.execute(
            "SELECT name, text, wanted_us FROM action WHERE id=? AND state='wanted'", (action,)
        ).fetchone()
        if row is None:
            return None
        return row[0], row[1], (to_us(self.clock.now()) - row[2]) / 1e6

    def _action_done(self, action: str, state: str) -> None:
        done_us = to_us(self.clock.now())
        self.keeper.submit(
            lambda: self.store.db.execute(
                "UPDATE action SET state=?, done_us=? WHERE id=?", (state, done_us, action)
            )
        )

    def _note_lines(self) -> None:
        """How the lines to the centre and to the broker were seen last is kept, so that `edge
        status` can say it.
        """
        while not self._stop.wait(LINES_EVERY_S):
            if self.mqtt is not None and self.config.cameras:
                self.mqtt.end_absent()
            told = self._see_lines()

            def work(told: dict[str, str] = told) -> None:
                self.store.db.executemany(
                    "INSERT OR REPLACE INTO setting VALUES (?,?)", list(told.items())
                )

            self.keeper.submit(work)

    def _see_lines(self) -> dict[str, str]:
        senders: list[Forwarder | StraightWay] = [*self.forwarders]
        if self.straight is not None:
            senders.append(self.straight)
        seen = [one.line.skew_s for one in senders if one.line.skew_s is not None]
        told = {"says": next((one.says for one in senders if one.says), "")}
        if seen:
            told["clock_skew_s"] = str(seen[0])
        if self.mqtt is not None:
            client = self.mqtt.client
            state = BrokerState(
                straight=self.straight is not None,
                says=client.says,
                under_way=client.under_way,
                connections=client.connections,
                at=self.clock.now().isoformat(timespec="seconds"),
            )
            told["broker"] = msgspec.json.encode(state).decode()
        return told


def resync(config: EdgeConfig, start: str, end: str) -> int:
    """What the centre acknowledged in a window is sent once more; the centre knows it again. How
    many readings; also while the agent runs.
    """
    first, last = to_us(parse_time(start)), to_us(parse_time(end))
    if first >= last:
        raise InputError(
            f"--from {from_us(first).isoformat()} is not before --to {from_us(last).isoformat()}",
            "give the earlier instant first",
            code="bad_window",
        )
    store = EdgeStore(config.path(config.edge.store))
    try:
        with store.transaction():
            return store.wait_again(first, last)
    finally:
        store.close()


def admit(config: EdgeConfig, device: str, profile: str, area: str, place: str) -> int:
    """An unknown device may speak from now on; what it said meanwhile is judged by the agent, at
    once where it runs. How many readings wait for that.
    """
    require_plain(device)
    get_profile(profile)
    require_name("place", place or "-")
    store = EdgeStore(config.path(config.edge.store))
    try:
        waiting, first = store.count_held(device)
        with store.transaction():
            now_us = to_us(SystemClock().now())
            store.place(device, profile, area, place, now_us if first is None else first)
        return waiting
    finally:
        store.close()
