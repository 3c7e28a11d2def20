"""JSON schemas of the console's answers, for the OpenAPI document that its client is generated
from.
"""

from __future__ import annotations

import msgspec

from twinward.core.messages import Difference
from twinward.edge.agent.parcels import Signed
from twinward.edge.agent.wire import SyncAnswer
from twinward.library.knowledge.answering import FoundAnswers
from twinward.library.manuals import Manual
from twinward.library.plans.plan import Plan
from twinward.library.plans.plan_options import Block
from twinward.library.supervision.module import Module
from twinward.security.identity.accounts import Account
from twinward.security.identity.sessions import Session, Tokens
from twinward.security.privacy.vault import Identity
from twinward.service.access import answers as access
from twinward.service.access.account_changes import AccountChange, AccountOutcome
from twinward.service.access.audit import AuditState
from twinward.service.access.doubles import LikelyDouble
from twinward.service.access.handovers import HandOverRow
from twinward.service.access.keeping import (
    ChainState,
    MisuseFound,
    ReceiptsChecked,
    RetentionKind,
    RetentionRun,
)
from twinward.service.access.publication import DataSheet, Publication
from twinward.service.assessment.five_functions import FUNCTIONS
from twinward.service.assessment.past_incidents import SimilarIncidents
from twinward.service.city.couplings import CouplingView
from twinward.service.city.drawn_area import DrawnArea
from twinward.service.city.gazetteer import FoundPlace
from twinward.service.city.layer_series import LayerFaults, LayerHistory
from twinward.service.city.layers import LayerSensor, LayerView
from twinward.service.city.reach import ReachView
from twinward.service.city.rehearsals import BegunRehearsal, Rehearsal
from twinward.service.city.scene_moment import SceneMoment
from twinward.service.city.scene_tiles import SceneView
from twinward.service.city.transit import TimetableView, TransitAccount, TransitView
from twinward.service.city.vehicle_track import VehicleTrack
from twinward.service.console.affected_places import PlaceColumns
from twinward.service.console.basemap import AreaName
from twinward.service.console.dashboard_view import Dashboard
from twinward.service.console.map_tiles import BaseMap
from twinward.service.console.workspaces import Me, MyTasks, PublicPage, Trust
from twinward.service.deliveries.hands import CourierRound
from twinward.service.deliveries.holders import HolderView, ReceiptsTaken
from twinward.service.deliveries.parcels import ParcelCode, ParcelFile, ParcelView
from twinward.service.devices.alarms import DeviceAlarmView
from twinward.service.devices.bundles import RuleBundleView
from twinward.service.devices.fleet import EdgeView
from twinward.service.devices.orders import DeviceOrderView
from twinward.service.devices.registry import DeviceSecret, DeviceView
from twinward.service.documents.claims import ClaimView, IntakeAnswer
from twinward.service.evaluation.after_action import Review
from twinward.service.incidents import answers as incidents
from twinward.service.incidents.alerts import Alert
from twinward.service.incidents.attachments import AttachmentRow
from twinward.service.incidents.corrective_actions import OpenedAction
from twinward.service.incidents.duty_log import LogLine, ShiftRow, TaskComment
from twinward.service.incidents.incident_view import IncidentView
from twinward.service.incidents.plan_adoption import Adoption, Beside
from twinward.service.intake.commands import BatchAccount
from twinward.service.intake.observations import Hour, SensorValue
from twinward.service.logistics.demand_forecast import DemandReport
from twinward.service.logistics.supply_queries import (
    RequestRow,
    StockRow,
    TransferPatient,
    TransferRow,
)
from twinward.service.movement.control import AreaControl, MeasureTotal
from twinward.service.movement.gates import GateView
from twinward.service.movement.overview import MovementOverview
from twinward.service.movement.transferred import AreaGroups, GroupView
from twinward.service.operations.public_alerts import PublicAlertView
from twinward.service.passes.issuing import Issued, PassView
from twinward.service.passes.objections import ObjectionView
from twinward.service.passes.place_codes import MadeCode
from twinward.service.passes.statuses import Statistics, StatusView
from twinward.service.passes.visits import Upload
from twinward.service.planning.comparison_jobs import CompareJob
from twinward.service.planning.comparison_store import ComparisonLine
from twinward.service.plans.plan_library import PlanLine
from twinward.service.responders.field import FieldAlarmView, FieldTaken
from twinward.service.supervision.coverage import ObjectCoverage
from twinward.service.supervision.hearing import Refusals
from twinward.service.supervision.modules import DefectView, ModuleLine
from twinward.service.surveillance.indicators import IndicatorPeriod
from twinward.service.surveillance.kept_cities import KeptCities
from twinward.service.surveillance.raised_signals import RaisedSignals, SignalView
from twinward.service.surveillance.signals import SignalReport
from twinward.service.surveillance.situation import Situation
from twinward.twins.emergency.notices.rows import EmergencyAccess, Notice
from twinward.twins.emergency.tasks.rows import Task

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
    BaseMap,
    LayerView,
    LayerSensor,
    LayerHistory,
    VehicleTrack,
    ReachView,
    TransitView,
    TransitAccount,
    TimetableView,
    LayerFaults,
    CouplingView,
    FoundPlace,
    DrawnArea,
    SceneView,
    SceneMoment,
    BegunRehearsal,
    Rehearsal,
    AreaName,
    HandOverRow,
    AuditState,
    DemandReport,
    StockRow,
    RequestRow,
    TransferRow,
    Situation,
    IndicatorPeriod,
    KeptCities,
    MovementOverview,
    GateView,
    AreaControl,
    MeasureTotal,
    GroupView,
    AreaGroups,
    PublicAlertView,
    Module,
    ModuleLine,
    ObjectCoverage,
    Refusals,
    DefectView,
    DeviceView,
    DeviceSecret,
    DeviceAlarmView,
    DeviceOrderView,
    RuleBundleView,
    EdgeView,
    SyncAnswer,
    SignalReport,
    RaisedSignals,
    SignalView,
    CompareJob,
    ComparisonLine,
    Adoption,
    Alert,
    AttachmentRow,
    LogLine,
    ShiftRow,
    TaskComment,
    Beside,
    SimilarIncidents,
    BatchAccount,
    Account,
    AccountChange,
    AccountOutcome,
    ChainState,
    DataSheet,
    MisuseFound,
    Publication,
    ReceiptsChecked,
    RetentionKind,
    RetentionRun,
    Difference,
    EmergencyAccess,
    FoundAnswers,
    Hour,
    Identity,
    LikelyDouble,
    Manual,
    Notice,
    OpenedAction,
    Plan,
    SensorValue,
    Session,
    Task,
    Tokens,
    TransferPatient,
    Issued,
    PassView,
    MadeCode,
    Upload,
    ObjectionView,
    Statistics,
    Signed,
    HolderView,
    ReceiptsTaken,
    CourierRound,
    ParcelCode,
    ParcelFile,
    ParcelView,
    ClaimView,
    FieldAlarmView,
    FieldTaken,
    IntakeAnswer,
    StatusView,
    access.ActivationLine,
    access.CasePage,
    access.ChangeShown,
    access.ChangedPassword,
    access.ClosedSession,
    access.ContactPage,
    access.DecidedDouble,
    access.FirstFactor,
    access.OpenedCase,
    access.OpenedIdentity,
    incidents.EventPage,
    incidents.Health,
    incidents.IncidentAnswer,
    incidents.IncidentLine,
    incidents.Overview,
    incidents.PlatformStatus,
    incidents.SourceAccount,
    *(answers for answers, _ in FUNCTIONS.values()),
)


def schema_of_answers() -> dict[str, object]:
    """Components by name."""
    kinds = (*ANSWERS, *answers_of_tracing(), *answers_of_hazards())
    _, components = msgspec.json.schema_components(
        kinds, schema_hook=any_json, ref_template="#/components/schemas/{name}"
    )
    return dict(components)


def any_json(kind: type) -> dict[str, object]:
    """Where an answer holds any JSON value, its schema says nothing of it."""
    if kind is object:
        return {"description": "any JSON value"}
    raise NotImplementedError


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


def answers_of_hazards() -> tuple[type, ...]:
    """Loaded only for the document: kernels come with them."""
    from twinward.decision.planning.hazards.compare import HazardComparison
    from twinward.library.hazards.chains import ChainRule
    from twinward.service.hazards.forecast_store import ForecastLine, HazardMap
    from twinward.service.hazards.forecasts import HazardAnswer
    from twinward.service.hazards.models import ModelEntry, ModelView
    from twinward.service.hazards.risks import ChainAnswer, FiredLinkView
    from twinward.service.hazards.warning_scores import WarningScores
    from twinward.service.hazards.warnings import WarningView

    answers = (ModelEntry, ModelView, ForecastLine, HazardAnswer, HazardMap, HazardComparison)
    return (*answers, ChainRule, ChainAnswer, FiredLinkView, WarningView, WarningScores)
