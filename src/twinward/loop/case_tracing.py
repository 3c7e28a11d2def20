"""A confirmed case traces its contacts by itself: a reader of the log with a place of its own,
beside the loop.

The question to the lake is asked outside any transaction, so that writers do not wait for it; the
contacts found and the place in the log are then written together, so that a crash repeats the
question but not the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twinward.core.errors import RefusedError
from twinward.core.messages import Event
from twinward.core.ports import Store
from twinward.loop.log_reader import LogReader
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.reports.case_history import NEW_STATUSES
from twinward.twins.twin import Twins

OFFSET = "tracing"
BATCH = 100
KINDS = ("CaseReported", "CaseReclassified", "CaseAmended")
Reported = m.CaseReported | m.CaseReclassified | m.CaseAmended
FindContacts = Callable[[Reported, Event], Sequence[m.NameContact]]


class CaseTracing(LogReader):
    """Asks `find_contacts` once for every case that is confirmed, and again when its onset becomes
    known.

    Naming a contact again names it once.

    In peacetime, or where the activation does not open the question, nothing is asked and the log
    is followed on.
    """

    offset = OFFSET
    kinds = KINDS
    batch = BATCH

    def __init__(self, store: Store, twins: Twins, find_contacts: FindContacts) -> None:
        super().__init__("the tracer", store, twins)
        self.find_contacts = find_contacts

    def commands_of(self, event: Event) -> Sequence[m.NameContact]:
        fact = event.fact
        if not isinstance(fact, Reported) or fact.status not in NEW_STATUSES:
            return ()
        if isinstance(fact, m.CaseAmended) and not fact.retrace:
            return ()
        try:
            return self.find_contacts(fact, event)
        except RefusedError:
            return ()
