"""A confirmed case traces its contacts by itself: a reader of the log with a place of its own,
beside the loop.

The question to the lake is asked outside any transaction, so that writers do not wait for it; the
contacts found and the place in the log are then written together, so that a crash repeats the
question but not the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from twinward.core.errors import RefusedError, TwinwardError
from twinward.core.messages import Event
from twinward.core.ports import Store, Transaction
from twinward.loop.follower import PASSING, Follower
from twinward.loop.setting_aside import answer, set_aside
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
        self._follower = Follower("the tracer", self._turn)
        self._wait_s = 1.0

    def step(self) -> int:
        """Trace the cases among the next events; how far the place in the log has moved."""
        with self.store.read() as rows:
            place, last = rows.get_offset(OFFSET), rows.last_seq()
            events = rows.events_after(place, BATCH, types=KINDS) if place < last else []
        if place >= last:
            return 0
        found = [(event, *self._asked(event)) for event in events]
        reached = events[-1].seq if len(events) == BATCH else last

        def work(tx: Transaction) -> None:
            if tx.get_offset(OFFSET) == place:  # another process may have traced them meanwhile
                for event, commands, fault in found:
                    if fault is not None:
                        set_aside(self.twins, tx, OFFSET, event.id, event.area, fault)
                    answer(self.twins, tx, OFFSET, event, partial(iter, commands))
                tx.set_offset(OFFSET, reached)

        self.store.write(work)
        return reached - place

    def _asked(self, event: Event) -> tuple[Sequence[m.NameContact], Exception | None]:
        """The contacts of one event, or why nobody can ask for them; what passes is tried again."""
        try:
            return self.contacts_of(event), None
        except PASSING:
            raise
        except Exception as error:
            return (), error

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

    @property
    def failure(self) -> TwinwardError | None:
        """Why the log is not followed just now, or None."""
        return self._follower.failure

    def start(self, wait_s: float = 1.0) -> None:
        """Follow the log in a thread of its own until `stop`."""
        self._wait_s = wait_s
        self._follower.start()

    def _turn(self) -> None:
        if not self.step():
            with self.store.read() as rows:
                place = rows.get_offset(OFFSET)
            self.store.wait_for(place, self._wait_s)

    def stop(self) -> None:
        self._follower.stop()
