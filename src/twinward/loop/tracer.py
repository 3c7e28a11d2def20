"""A case confirmed triggers tracing by itself: follows the log in its own place, names the contacts that are found."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from twinward.core.errors import RefusedError, TwinwardError
from twinward.core.messages import Event, Request
from twinward.core.ports import Store, Transaction
from twinward.loop.engine import Loop
from twinward.twins.emergency import messages as m

ACTOR = "tracer"
OFFSET = "tracer"
BATCH = 100
TRACED = ("confirmed", "asymptomatic")
KINDS = ("CaseReported", "CaseReclassified")
FindContacts = Callable[[m.CaseReported | m.CaseReclassified, Event], Sequence[m.NameContact]]


class Tracer:
    """Asks `find_contacts` once for every case that is confirmed; naming a contact again names it once.

    In peacetime, or where the activation does not open the question, nothing is asked and the log is followed on.
    """

    def __init__(self, store: Store, loop: Loop, find_contacts: FindContacts) -> None:
        self.store = store
        self.loop = loop
        self.find_contacts = find_contacts
        self.failure: TwinwardError | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def step(self) -> int:
        """Trace the cases among the next events; how many events were read. The search itself holds no transaction."""
        with self.store.read() as rows:
            events = rows.events_after(rows.get_offset(OFFSET), BATCH, types=KINDS)
        for event in events:
            commands = self.contacts_of(event)

            def name_them(tx: Transaction, event: Event = event, commands: Sequence[m.NameContact] = commands) -> None:
                for command in commands:
                    self.loop.twins.ask_one(tx, Request(command=command, actor=ACTOR, cause=event.id))
                tx.set_offset(OFFSET, event.seq)

            self.store.write(name_them)
        return len(events)

    def contacts_of(self, event: Event) -> Sequence[m.NameContact]:
        fact = event.fact
        if not isinstance(fact, m.CaseReported | m.CaseReclassified) or fact.status not in TRACED:
            return ()
        try:
            return self.find_contacts(fact, event)
        except RefusedError:
            return ()

    def catch_up(self) -> None:
        """Trace every case in the log now, and let the loop answer what came of it."""
        while self.step():
            self.loop.catch_up()

    def start(self, wait_s: float = 1.0) -> None:
        """Follow the log in a thread of its own until `stop`."""
        self._thread = threading.Thread(target=self._follow, args=(wait_s,), name="tracer", daemon=True)
        self._thread.start()

    def _follow(self, wait_s: float) -> None:
        try:
            while not self._stop.is_set():
                with self.store.read() as rows:
                    last = rows.last_seq()
                if not self.step():
                    self.store.wait_for(last, wait_s)
        except TwinwardError as error:
            self.failure = error

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=30)
