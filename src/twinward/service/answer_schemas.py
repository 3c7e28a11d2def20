"""JSON schemas of the console's answers, for the OpenAPI document that its client is generated
from.
"""

from __future__ import annotations

from typing import Any

import msgspec

from twinward.library.plans.plan_options import Block
from twinward.service.access.audit import AuditState
from twinward.service.access.handovers import HandOvers
from twinward.service.assessment.five_functions import FUNCTIONS
from twinward.service.assessment.past_incidents import SimilarIncidents
from twinward.service.console.affected_places import PlaceColumns
from twinward.service.console.basemap import AreaName
from twinward.service.console.dashboard_view import Dashboard
from twinward.service.console.workspaces import Me, MyTasks, PublicPage, Trust
from twinward.service.evaluation.after_action import Review
from twinward.service.incidents.incident_view import IncidentView
from twinward.service.incidents.plan_adoption import Adoption, Beside
from twinward.service.logistics.demand_forecast import DemandReport
from twinward.service.logistics.supply_queries import RequestRow, StockRow, TransferRow
from twinward.service.planning.comparison_jobs import CompareJob
from twinward.service.plans.plan_library import PlanLine

ANSWERS = (
    PlanLine,
    Dashboard,
    IncidentView,
    Review,
    Block,
    Me,
    MyTasks,
    Trust,
    PublicPage,
    PlaceColumns,
    AreaName,
    HandOvers,
    AuditState,
    DemandReport,
    StockRow,
    RequestRow,
    TransferRow,
    CompareJob,
    Adoption,
    Beside,
    SimilarIncidents,
    *(answers for answers, _ in FUNCTIONS.values()),
)


def schema_of_answers() -> dict[str, Any]:
    """Components by name."""
    kinds = (*ANSWERS, *answers_of_tracing())
    _, components = msgspec.json.schema_components(
        kinds, ref_template="#/components/schemas/{name}"
    )
    return dict(components)


def answers_of_tracing() -> tuple[type, ...]:
    """Loaded only for the document: kernels come with them."""
    from twinward.decision.tracing.contacts.companions import CompanionAnswer
    from twinward.decision.tracing.contacts.higher_order import BackwardAnswer
    from twinward.decision.tracing.contacts.search import ContactAnswer
    from twinward.decision.tracing.presence.flows import FlowAnswer
    from twinward.decision.tracing.presence.visited import DwellAnswer, VisitedAnswer
    from twinward.service.tracing.case_file import PersonFile
    from twinward.service.tracing.incident_chain import IncidentChain
    from twinward.service.tracing.questions import Asked

    answers = (ContactAnswer, BackwardAnswer, CompanionAnswer, VisitedAnswer, DwellAnswer)
    return (*answers, FlowAnswer, PersonFile, IncidentChain, Asked)
