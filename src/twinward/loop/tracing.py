"""A confirmed case traces its contacts by itself: a reader of the log with a place of its own, beside the loop.

The question to the lake is asked outside any transaction, so that writers do not wait for it; the contacts found
and the place in the log are then written together, so that a crash repeats the question but not the answer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import msgspec

from twinward.core.errors import AbsentError, InputError, RefusedError, TwinwardError
from twinward.core.ids import derive_id
from twinward.core.messages import Event, Request
from twinward.core.ports import Store, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.twin import Twins

ACTOR = "loop"
OFFSET = "tracing"
BATCH = 200
TRACED = ("CaseReported", "CaseReclassified")
TRACED_STATUSES = {"confirmed", "asymptomatic"}


class FoundContact(msgspec.Struct, frozen=True, kw_only=True):
    """One who was with the case: pseudonym, the area they live in, the setting, the probability of real co-presence."""

    subject: str
    area: str
    setting: str
    probability: float


# (subject, area of the case) -> contacts; RefusedError in peacetime, AbsentError when the lake knows nothing
FindContacts = Callable[[str, str], Sequence[FoundContact]]


class CaseTracer:
    """Asks for the contacts of every confirmed case and names them; the loop turns them into tasks."""

    def __init__(self, store: Store, twins: Twins, find: FindContacts) -> None:
        self.store = store
        self.twins = twins
        self.find = find
        self.failure: TwinwardError | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def step(self) -> int:
        """Trace the next cases; how many events were read."""
        with self.store.read() as rows:
            place, last = rows.get_offset(OFFSET), rows.last_seq()
            events = rows.events_after(place, BATCH, types=TRACED)
        if place >= last:
            return 0
        requests = [request for event in events for request in self.requests_of(event)]
        reached = events[-1].seq if len(events) == BATCH else last

        def work(tx: Transaction) -> None:
            if tx.get_offset(OFFSET) == place:  # another process may have traced them meanwhile
                self.twins.ask(tx, requests)
                tx.set_offset(OFFSET, reached)

        self.store.write(work)
        return reached - place

    def requests_of(self, event: Event) -> list[Request]:
        fact = event.fact
        if not isinstance(fact, m.CaseReported | m.CaseReclassified) or fact.status not in TRACED_STATUSES:
            return []
        try:
            found = self.find(fact.subject, fact.area)
        except (RefusedError, AbsentError, InputError):
            return []  # peacetime, or the lake knows nothing of this person: there is nothing to name
        return [Request(command=name_contact(fact.case, one, event), actor=ACTOR, cause=event.id) for one in found]

    def catch_up(self) -> None:
        while self.step():
            pass

    def start(self) -> None:
        """Follow the log in a thread of its own until `stop`."""
        self._thread = threading.Thread(target=self._follow, name="tracing", daemon=True)
        self._thread.start()

    def _follow(self) -> None:
        try:
            while not self._stop.is_set():
                if not self.step():
                    with self.store.read() as rows:
                        place = rows.get_offset(OFFSET)
                    self.store.wait_for(place, 1.0)
        except TwinwardError as error:
            self.failure = error

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=30)


def name_contact(case: str, found: FoundContact, event: Event) -> m.NameContact:
    """The same case and person are one contact, however often it is asked."""
    return m.NameContact(
        id=derive_id("cmd", event.id, "contact", found.subject),
        contact=derive_id("contact", case, found.subject),
        case=case,
        subject=found.subject,
        area=found.area,
        setting=found.setting,
        probability=found.probability,
    )
