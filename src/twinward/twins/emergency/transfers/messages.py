"""Patients from one hospital to another: one asks, the other accepts or declines, the patient
departs and arrives.

`area` is that of the side that acts: the sending hospital's to ask, depart and cancel, the
receiving one's to accept, decline and note the arrival. A patient is a pseudonym, and that is said
once, sealed, apart from the beds.
"""

from __future__ import annotations

from typing import Literal

from twinward.core.messages import Command, Fact
from twinward.twins.emergency.vocabulary import AreaCode, Text, Word

BedKind = Literal["beds", "icu_beds", "isolation_beds"]


class RequestTransfer(Command, frozen=True, kw_only=True):
    """Asks another hospital to take a patient into a bed of a kind."""

    transfer: Word
    subject: Word
    area: AreaCode
    hospital: Word
    to_area: AreaCode
    to_hospital: Word
    bed: BedKind = "beds"
    bed_now: BedKind = "beds"
    incident: Word | None = None


class TransferRequested(Fact, frozen=True, kw_only=True):
    transfer: str
    area: str
    hospital: str
    to_area: str
    to_hospital: str
    bed: BedKind
    bed_now: BedKind


class TransferPatientNoted(Fact, frozen=True, kw_only=True):
    """Who is to be moved, sealed under that person's key."""

    transfer: str
    subject: str
    area: str


class AcceptTransfer(Command, frozen=True, kw_only=True):
    """A bed is kept for the patient; refused when none is free."""

    transfer: Word
    area: AreaCode


class TransferAccepted(Fact, frozen=True, kw_only=True):
    transfer: str


class DeclineTransfer(Command, frozen=True, kw_only=True):
    transfer: Word
    area: AreaCode
    because: Text


class TransferDeclined(Fact, frozen=True, kw_only=True):
    transfer: str
    because: str


class DepartTransfer(Command, frozen=True, kw_only=True):
    """The patient has left: the bed in the sending hospital is free."""

    transfer: Word
    area: AreaCode
    vehicle: Word | None = None


class PatientDeparted(Fact, frozen=True, kw_only=True):
    transfer: str
    vehicle: str | None


class ArriveTransfer(Command, frozen=True, kw_only=True):
    """The patient is in the bed that was kept."""

    transfer: Word
    area: AreaCode


class PatientArrived(Fact, frozen=True, kw_only=True):
    transfer: str


class CancelTransfer(Command, frozen=True, kw_only=True):
    """The sending hospital keeps the patient; a bed that was kept is free again."""

    transfer: Word
    area: AreaCode
    because: Text = ""


class TransferCancelled(Fact, frozen=True, kw_only=True):
    transfer: str
    because: str
