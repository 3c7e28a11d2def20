"""JSON schemas of the console's answers, for the OpenAPI document that its client is generated from."""

from __future__ import annotations

from typing import Any

import msgspec

from twinward.library.blocks import Block
from twinward.service.adoption import Adoption, Beside
from twinward.service.audit import AuditState
from twinward.service.case_records import SimilarIncidents
from twinward.service.console import Me, MyTasks, PublicPage, Trust
from twinward.service.demand import DemandReport
from twinward.service.functions import FUNCTIONS
from twinward.service.ground import AreaName
from twinward.service.handovers import HandOvers
from twinward.service.map import PlaceColumns
from twinward.service.planning_jobs import CompareJob
from twinward.service.plans import PlanLine
from twinward.service.review import Review
from twinward.service.room import Room
from twinward.service.screen_rows import Screen
from twinward.service.supplies import RequestRow, StockRow, TransferRow

ANSWERS = (
    PlanLine,
    Screen,
    Room,
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
    _, components = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    return dict(components)


def answers_of_tracing() -> tuple[type, ...]:
    """Loaded only for the document: kernels come with them."""
    from twinward.decision.tracing.companions import CompanionAnswer
    from twinward.decision.tracing.contacts import ContactAnswer
    from twinward.decision.tracing.flows import FlowAnswer
    from twinward.decision.tracing.orders import BackwardAnswer
    from twinward.decision.tracing.presence import DwellAnswer, VisitedAnswer
    from twinward.service.case_file import PersonFile
    from twinward.service.incident_chain import IncidentChain
    from twinward.service.tracing import Asked

    answers = (ContactAnswer, BackwardAnswer, CompanionAnswer, VisitedAnswer, DwellAnswer)
    return (*answers, FlowAnswer, PersonFile, IncidentChain, Asked)
