"""The emergency twin: its parts joined into one behaviour."""

from __future__ import annotations

from twinward.twins.emergency import activations, cases, changes, contacts, incidents, resources, tasks, trust
from twinward.twins.twin import join

BEHAVIOUR = join(part.BEHAVIOUR for part in (cases, incidents, tasks, contacts, resources, activations, trust, changes))
