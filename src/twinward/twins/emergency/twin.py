"""The emergency twin: its parts joined into one behaviour."""

from __future__ import annotations

from twinward.twins.emergency import decisions
from twinward.twins.emergency.access import handlers as activations
from twinward.twins.emergency.approvals import handlers as changes
from twinward.twins.emergency.claims import handlers as claims
from twinward.twins.emergency.contacts import handlers as contacts
from twinward.twins.emergency.deliveries import handlers as deliveries
from twinward.twins.emergency.drills import handlers as drills
from twinward.twins.emergency.faults import handlers as faults
from twinward.twins.emergency.handovers import handlers as handovers
from twinward.twins.emergency.incidents import handlers as incidents
from twinward.twins.emergency.journal import handlers as journal
from twinward.twins.emergency.movement import handlers as movement
from twinward.twins.emergency.notices import handlers as trust
from twinward.twins.emergency.passes import handlers as passes
from twinward.twins.emergency.plans import handlers as plans
from twinward.twins.emergency.public_alerts import handlers as public_alerts
from twinward.twins.emergency.reports import handlers as cases
from twinward.twins.emergency.resources import handlers as resources
from twinward.twins.emergency.responders import handlers as responders
from twinward.twins.emergency.risks import handlers as risks
from twinward.twins.emergency.signals import handlers as signals
from twinward.twins.emergency.supervision import handlers as supervision
from twinward.twins.emergency.supplies import handlers as supplies
from twinward.twins.emergency.tasks import handlers as tasks
from twinward.twins.emergency.transfers import handlers as transfers
from twinward.twins.emergency.warnings import handlers as warnings
from twinward.twins.twin import join

PARTS = (
    cases,
    incidents,
    decisions,
    plans,
    tasks,
    contacts,
    handovers,
    resources,
    supplies,
    transfers,
    activations,
    trust,
    journal,
    changes,
    passes,
    drills,
    faults,
    signals,
    movement,
    warnings,
    risks,
    supervision,
    public_alerts,
    deliveries,
    claims,
    responders,
)
BEHAVIOUR = join(part.BEHAVIOUR for part in PARTS)
