"""The rows of transfers and their tables."""

from __future__ import annotations

from datetime import datetime

import msgspec

from twinward.core.ports import Table


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """`status`: requested, accepted, departed, arrived, declined, cancelled. Says nothing of who
    the patient is.
    """

    id: str
    area: str
    hospital: str
    to_area: str
    to_hospital: str
    bed: str
    bed_now: str
    status: str
    incident: str | None
    requested_at: datetime
    changed_at: datetime | None = None
    vehicle: str | None = None
    because: str | None = None


class TransferPatient(msgspec.Struct, frozen=True, kw_only=True):
    """Who is moved: a pseudonym, sealed under that person's key."""

    id: str
    area: str
    subject: str
    noted_at: datetime


TRANSFERS: Table[Transfer] = Table(
    name="transfers",
    row=Transfer,
    columns=("status", "to_area", "requested_at", "incident"),
    indexes=(("status", "to_area"),),
)
TRANSFER_PATIENTS: Table[TransferPatient] = Table(
    name="transfer_patients",
    row=TransferPatient,
    columns=("subject", "noted_at"),
    indexes=(("subject",),),
    subject="subject",
)

TABLES = (
    TRANSFERS,
    TRANSFER_PATIENTS,
)
