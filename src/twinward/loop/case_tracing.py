"""A confirmed case traces its contacts by itself: a reader of the log with a place of its own,
beside the loop.

The question to the lake is asked outside any transaction, so that writers do not wait for it; the
contacts found and the place in the log are then written together, so that a crash repeats the
question but not the answer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from twinward.core.errors import RefusedError, TwinwardError
from twinward.core.messages import Event, Request
from twinward.core.ports import Store, Transaction
from twinward.loop.context import ACTOR
from twinward.twins.emergency import messages as m
from twinward.twins.twin import Twins

OFFSET = "tracing"
BATCH = 100
KINDS = ("CaseReported", "CaseReclassified", "CaseAmended")
TRACED = ("confirmed", "asymptomatic")
Reported = m.CaseReported | m.CaseReclassified | m.CaseAmended
FindContacts = Callable[[Reported, Event], Sequence[m.NameContact]]


class CaseTracing:
    """Asks `find_contacts` once for every case that is confirmed, and again when its onset becomes
    known.

    Naming a contact again names it once.

    In peacetime, or where the activation does not open the question, nothing is asked and the log
    is followed on.
    """

    def __init__(self, store: Store, twins: Twins, find_contacts: FindContacts) -> None:
        self.store = store
        self.twins = twins
        self.find_contacts = find_contacts
        self.failure: TwinwardError | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def step(self) -> int:
        """Trace the cases among the next events; how far the place in the log has moved."""
        with self.store.read() as rows:
            place, last = rows.get_offset(OFFSET), rows.last_seq()
            events = rows.events_after(place, BATCH, types=KINDS) if place < last else []
        if place >= last:
            return 0
        commands = [(event, command) for event in events for command in self.contacts_of(event)]
        reached = events[-1].seq if len(events) == BATCH else last

        def work(tx: Transaction) -> None:
            if tx.get_offset(OFFSET) == place:  # another process may have traced them meanwhile
                for event, command in commands:
                    self.twins.ask_one(tx, Request(command=command, actor=ACTOR, cause=event.id))
                tx.set_offset(OFFSET, reached)

        self.store.write(work)
        return reached - place

    def contacts_of(self, event: Event) -> Sequence[m.NameContact]:
        fact = event.fact
        if not isinstance(fact, Reported) or fact.status not in TRACED:
            return ()
        if isinstance(fact, m.CaseAmended) and not fact.retrace:
            return ()
        try:
            return self.find_contacts(fact, event)
        except RefusedError:
            return ()

    def start(self, wait_s: float = 1.0) -> None:
        """Follow the log in a thread of its own until `stop`."""
        self._thread = threading.Thread(
            target=self._follow, args=(wait_s,), name="tracer", daemon=True
        )
        self._thread.start()

    def _follow(self, wait_s: float) -> None:
        try:
            while not self._stop.is_set():
                if not self.step():
                    with self.store.read() as rows:
                        place = rows.get_offset(OFFSET)
                    self.store.wait_for(place, wait_s)
        except TwinwardError as error:
            self.failure = error

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=30)
