"""The emergency twin: its parts joined into one behaviour."""

from __future__ import annotations

from twinward.twins.emergency import (
    activations,
    cases,
    changes,
    contacts,
    drills,
    handovers,
    incidents,
    plans,
    resources,
    supplies,
    tasks,
    transfers,
    trust,
)
from twinward.twins.twin import join

PARTS = (
    cases,
    incidents,
    plans,
    tasks,
    contacts,
    handovers,
    resources,
    supplies,
    transfers,
    activations,
    trust,
    changes,
    drills,
)
BEHAVIOUR = join(part.BEHAVIOUR for part in PARTS)
