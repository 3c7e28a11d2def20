"""Reads the log from a place of its own, makes the messages, and hands them to the outlets: each
once, within the outlet's rate, never in a drill through a channel that is real.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from twinward.core.clock import Clock
from twinward.core.messages import Event
from twinward.core.ports import Rows, Store
from twinward.edge.orders.ledger import Ledger
from twinward.edge.orders.outlet import Outlet, OutletMessage, OutletReceipt
from twinward.edge.orders.routing import Heard, OutletSpec, Routing, messages_of, read_event
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.tasks.rows import AT_WORK, TASKS, Task

BATCH = 200
KINDS = (
    "OrderIssued",
    "TaskEscalated",
    "TaskDropped",
    "TaskRedirected",
    "DeadlineSet",
    "ResponseLevelSet",
    "PublicAlertSent",
)
MINUTE = timedelta(minutes=1)
REST, LONGEST_REST = timedelta(seconds=5), timedelta(minutes=5)  # of a channel that failed (ours)


class ChannelRest(NamedTuple):
    """Until when a channel is left alone, and how long it was this time."""

    until: datetime
    wait: timedelta


class Dispatcher:
    """`step` does what there is to do now and says how much; it is called again and again."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        routing: Routing,
        outlets: Mapping[str, Outlet],
        clock: Clock,
        *,
        drill: bool,
        name_of: Callable[[str], str],
        zone: tzinfo,
    ) -> None:
        self.store, self.ledger, self.clock = store, ledger, clock
        self.routing, self.outlets = routing, outlets
        self._specs: dict[str, OutletSpec] = {spec.name: spec for spec in routing.outlets}
        self._drill, self._name_of, self._zone = drill, name_of, zone
        self._sent: dict[str, list[datetime]] = {}
        self._rests: dict[tuple[str, str], ChannelRest] = {}

    def step(self) -> int:
        return self.read_log() + self.send_due() + self.look_up()

    def read_log(self) -> int:
        """Makes messages of what is new in the log; orders given before the first start are old."""
        with self.store.read() as rows:
            place, last = self.ledger.place(), rows.last_seq()
            if place is None or place >= last:
                if place is None:
                    self.ledger.add((), last, self.clock.now())
                return 0
            events = rows.events_after(place, BATCH, types=KINDS)
            heard = [(event, self._read(event, rows)) for event in events]
        made: list[OutletMessage] = []
        dropped: list[str] = []
        stale: set[str] = set()
        for event, said in heard:
            ended = ended_by(event, said)
            dropped += ended
            stale |= {message.key for message in made if message.about in ended}
            for one in said:
                area = self._name_of(one.area)
                made += messages_of(one, event, self.routing, area, self._zone)
        reached = events[-1].seq if len(events) == BATCH else last
        self.ledger.add(made, reached, self.clock.now(), dropped, stale)
        return len(made)

    def _read(self, event: Event, rows: Rows) -> tuple[Heard, ...]:
        """What an event says, first to those who must act and then to those who need not."""
        fact = event.fact
        if isinstance(fact, m.TaskDropped):
            task = rows.find(TASKS, fact.task) if fact.withdrawn else None
            return () if task is None else (withdrawn(task, task.department, fact.because),)
        if isinstance(fact, m.TaskRedirected | m.DeadlineSet):
            task = rows.find(TASKS, fact.task)
            if task is None or task.status not in AT_WORK:
                return ()
            told: tuple[Heard, ...] = (order_again(task, fact.due_at),)
            if isinstance(fact, m.TaskRedirected):
                told += (withdrawn(task, fact.before, fact.reason),)
            return told
        heard = read_event(event)
        return () if heard is None else (heard,)

    def send_due(self) -> int:
        now = self.clock.now()
        sent = 0
        resting: dict[datetime, list[str]] = {}
        for message in self.ledger.list_due(now, BATCH):
            channel = self._channel(message)
            rest = self._rests.get(channel)
            if rest is not None and now < rest.until and now < message.expires_at:
                resting.setdefault(rest.until, []).append(message.key)
                continue
            receipt = self._send(message, now)
            if receipt is not None:
                self._note_rest(channel, receipt)
                self.ledger.note(message.key, receipt, now)
                sent += 1
        for until, keys in resting.items():
            self.ledger.postpone(keys, until)
        return sent

    def _channel(self, message: OutletMessage) -> tuple[str, str]:
        """What is dead together: each webhook by itself, any other outlet as a whole."""
        spec = self._specs.get(message.outlet)
        apart = spec is not None and spec.kind == "webhook"
        return message.outlet, message.address if apart else ""

    def _note_rest(self, channel: tuple[str, str], receipt: OutletReceipt) -> None:
        """A channel that does not answer rests, so that its messages hold nobody else's up."""
        if not receipt.again:
            self._rests.pop(channel, None)
            return
        wait = min(LONGEST_REST, 2 * self._rests[channel].wait) if channel in self._rests else REST
        self._rests[channel] = ChannelRest(self.clock.now() + wait, wait)

    def _send(self, message: OutletMessage, now: datetime) -> OutletReceipt | None:
        """What became of it; None where it must wait for its turn."""
        spec, outlet = self._specs.get(message.outlet), self.outlets.get(message.outlet)
        if spec is None or outlet is None:
            return OutletReceipt(state="failed", says=f"no outlet is named {message.outlet}")
        if message.expires_at <= now:
            return OutletReceipt(state="expired", says="it could not be sent in time")
        if spec.is_quiet(message.address):
            return OutletReceipt(state="refused", says="the recipient asked not to be written to")
        if (self._drill or message.drill) and not spec.drill:
            return OutletReceipt(state="fenced", says="an exercise reaches no real channel")
        recent = [at for at in self._sent.get(spec.name, []) if at > now - MINUTE]
        self._sent[spec.name] = recent
        if len(recent) >= spec.per_minute:
            return None
        recent.append(now)
        return outlet.send(message)

    def look_up(self) -> int:
        """What the outlets have learnt since of messages that they handed on."""
        found = 0
        for message in self.ledger.list_handed_on(BATCH):
            outlet = self.outlets.get(message.outlet)
            receipt = outlet.look_up(message.key) if outlet else None
            if receipt is not None:
                self.ledger.note(message.key, receipt, self.clock.now())
                found += 1
        return found


def withdrawn(task: Task, department: str, because: str) -> Heard:
    """A department need not do it any more."""
    return Heard(
        kind="withdrawn",
        about=task.id,
        department=department,
        area=task.area,
        title=task.title,
        more=because,
    )


def order_again(task: Task, due_at: datetime | None) -> Heard:
    """Another department's now, or until another time."""
    return Heard(
        kind="order",
        about=task.id,
        department=task.department,
        area=task.area,
        title=task.title,
        due_at=due_at,
    )


def ended_by(event: Event, said: tuple[Heard, ...]) -> tuple[str, ...]:
    """What is not told any more once this has happened."""
    fact = event.fact
    if isinstance(fact, m.TaskDropped | m.TaskRedirected):
        return (fact.task,)
    return tuple(about for one in said for about in one.ends)
