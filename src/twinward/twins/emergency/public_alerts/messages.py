"""What is asked of alerts for the public and what then has happened."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from twinward.core.messages import Command, Fact, Instant
from twinward.twins.emergency.vocabulary import AreaCode, Lat, Lon, PersonsReason, Word

AlertStep = Literal["alert", "update", "cancel", "all_clear"]
AlertStatus = Literal["actual", "exercise", "test"]
# the words of CAP 1.2, section 3.2.2
Category = Literal[
    "Geo", "Met", "Safety", "Security", "Rescue", "Fire",
    "Health", "Env", "Transport", "Infra", "CBRNE", "Other",
]  # fmt: skip
Urgency = Literal["Immediate", "Expected", "Future", "Past", "Unknown"]
Severity = Literal["Extreme", "Severe", "Moderate", "Minor", "Unknown"]
Certainty = Literal["Observed", "Likely", "Possible", "Unlikely", "Unknown"]
# no space, comma, < or & (CAP 1.2, section 3.2.1)
Identifier = Annotated[
    str, msgspec.Meta(min_length=1, max_length=120, pattern=r"^[A-Za-z0-9._:-]+$")
]


class AlertText(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an alert says in one language (a tag such as `en` or `zh-CN`)."""

    language: Annotated[str, msgspec.Meta(pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
    headline: Annotated[str, msgspec.Meta(min_length=1, max_length=160)]
    description: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    instruction: Annotated[str, msgspec.Meta(max_length=2000)] = ""


class DraftPublicAlert(Command, frozen=True, kw_only=True):
    """Writes an alert, or the update, cancel or all-clear of one (`references` names the members of
    its chain that it follows). Nothing goes out before two persons have approved it.
    """

    alert: Identifier
    step: AlertStep = "alert"
    references: Annotated[tuple[Identifier, ...], msgspec.Meta(max_length=50)] = ()
    status: AlertStatus = "actual"
    hazard: Word
    category: Category
    urgency: Urgency
    severity: Severity
    certainty: Certainty
    area: AreaCode
    areas: Annotated[tuple[AreaCode, ...], msgspec.Meta(min_length=1, max_length=200)]
    polygon: Annotated[tuple[tuple[Lon, Lat], ...], msgspec.Meta(max_length=2000)] = ()
    texts: Annotated[tuple[AlertText, ...], msgspec.Meta(min_length=1, max_length=20)]
    expires_at: Instant
    because: PersonsReason


class AlertTerms(Fact, frozen=True, kw_only=True):
    """What an alert says, to whom and until when; `chain` is the first alert's identifier."""

    alert: str
    chain: str
    step: AlertStep
    references: tuple[str, ...]
    status: AlertStatus
    hazard: str
    category: Category
    urgency: Urgency
    severity: Severity
    certainty: Certainty
    areas: tuple[str, ...]
    polygon: tuple[tuple[float, float], ...]
    texts: tuple[AlertText, ...]
    expires_at: datetime


class PublicAlertDrafted(AlertTerms, frozen=True, kw_only=True):
    because: str


class ApprovePublicAlert(Command, frozen=True, kw_only=True):
    """One of the two persons says yes; with the second it is sent."""

    alert: Identifier


class PublicAlertApproved(Fact, frozen=True, kw_only=True):
    alert: str


class PublicAlertSent(AlertTerms, frozen=True, kw_only=True):
    """It is in force and goes out through every outlet; `ends` are the members that it follows."""

    approved_by: tuple[str, ...]
    ends: tuple[str, ...] = ()


class DiscardPublicAlert(Command, frozen=True, kw_only=True):
    """A draft is not sent; its identifier stays used."""

    alert: Identifier
    because: PersonsReason


class PublicAlertDiscarded(Fact, frozen=True, kw_only=True):
    alert: str
    because: str
