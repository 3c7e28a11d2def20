"""Patients moved between hospitals: requested, accepted or declined, departed, arrived; the beds of both follow."""

from __future__ import annotations

from datetime import datetime

import msgspec

from twinward.core.errors import AbsentError, ConflictError, InputError, RefusedError
from twinward.core.messages import Draft, Event, Fact
from twinward.core.ports import Rows, Table, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.resources import Stock, change_stock, find_stock, get_stock
from twinward.twins.twin import Behaviour, Context


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """`status`: requested, accepted, departed, arrived, declined, cancelled. Says nothing of who the patient is."""

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


TABLES = (
    Table(
        name="transfers",
        row=Transfer,
        columns=("status", "to_area", "requested_at", "incident"),
        indexes=(("status", "to_area"),),
    ),
    Table(
        name="transfer_patients",
        row=TransferPatient,
        columns=("subject", "noted_at"),
        indexes=(("subject",),),
        subject="subject",
    ),
)


def get_transfer(rows: Rows, transfer: str, *statuses: str) -> Transfer:
    """The transfer, if it is in one of the `statuses`."""
    found: Transfer | None = rows.find("transfers", transfer)
    if found is None:
        raise AbsentError(f"there is no transfer {transfer}", "see `twinward supply transfer list`")
    if found.status not in statuses:
        raise ConflictError(
            f"transfer {transfer} is {found.status}, not {' or '.join(statuses)}", "nothing was changed",
            code="out_of_order",
        )  # fmt: skip
    return found


def require_side(transfer: Transfer, area: str, own: str) -> None:
    if area != own:
        raise RefusedError(
            f"{area} has no part in this step of transfer {transfer.id}", f"only {own} can do this", code="wrong_side"
        )


def about(transfer: Transfer, fact: Fact, area: str) -> list[Draft]:
    return [Draft(fact=fact, area=area, incident=transfer.incident)]


def request_transfer(command: m.RequestTransfer, rows: Rows, context: Context) -> list[Draft]:
    if rows.find("transfers", command.transfer) is not None:
        raise ConflictError(f"transfer {command.transfer} exists", "nothing was changed", code="exists")
    here, there = (command.area, command.hospital), (command.to_area, command.to_hospital)
    if here == there and command.bed == command.bed_now:
        raise InputError("the patient is there already", "name another hospital", code="same_side")
    for row in rows.list_rows("transfer_patients", subject=command.subject):
        other: Transfer | None = rows.find("transfers", row.id)
        if other is not None and other.status in ("requested", "accepted", "departed"):
            raise ConflictError(
                f"this patient has the unfinished transfer {other.id}",
                "finish or cancel it first",
                code="already_moving",
            )
    fields = {name: getattr(command, name) for name in m.TransferRequested.__struct_fields__}
    patient = m.TransferPatientNoted(transfer=command.transfer, subject=command.subject, area=command.area)
    return [
        Draft(fact=m.TransferRequested(**fields), area=command.area, incident=command.incident),
        Draft(fact=patient, area=command.area, incident=command.incident, subject=command.subject),
    ]


def transfer_requested(fact: m.TransferRequested, event: Event, tx: Transaction) -> None:
    fields = {name: getattr(fact, name) for name in Transfer.__struct_fields__ if hasattr(fact, name)}
    row = Transfer(
        id=fact.transfer, status="requested", requested_at=event.occurred_at, incident=event.incident, **fields
    )
    tx.put("transfers", row, event.occurred_at)


def transfer_patient_noted(fact: m.TransferPatientNoted, event: Event, tx: Transaction) -> None:
    row = TransferPatient(id=fact.transfer, area=fact.area, subject=fact.subject, noted_at=event.occurred_at)
    tx.put("transfer_patients", row, event.occurred_at)


def accept_transfer(command: m.AcceptTransfer, rows: Rows, context: Context) -> list[Draft]:
    transfer = get_transfer(rows, command.transfer, "requested")
    require_side(transfer, command.area, transfer.to_area)
    beds = get_stock(rows, transfer.bed, transfer.to_area, transfer.to_hospital)
    if beds.free(context.occurred_at.date()) < 1:
        raise ConflictError(
            f"{transfer.to_hospital} has no free {transfer.bed}", "decline, or count the beds anew", code="no_free_bed"
        )
    return about(transfer, m.TransferAccepted(transfer=transfer.id), transfer.to_area)


def transfer_accepted(fact: m.TransferAccepted, event: Event, tx: Transaction) -> None:
    keep_bed(tx, fact.transfer, event, +1)
    change(tx, fact.transfer, event, status="accepted")


def decline_transfer(command: m.DeclineTransfer, rows: Rows, context: Context) -> list[Draft]:
    transfer = get_transfer(rows, command.transfer, "requested", "accepted")
    require_side(transfer, command.area, transfer.to_area)
    return about(transfer, m.TransferDeclined(transfer=transfer.id, because=command.because), transfer.to_area)


def transfer_declined(fact: m.TransferDeclined, event: Event, tx: Transaction) -> None:
    keep_bed(tx, fact.transfer, event, -1, only="accepted")
    change(tx, fact.transfer, event, status="declined", because=fact.because)


def depart_transfer(command: m.DepartTransfer, rows: Rows, context: Context) -> list[Draft]:
    transfer = get_transfer(rows, command.transfer, "accepted")
    require_side(transfer, command.area, transfer.area)
    beds = find_stock(rows, transfer.bed_now, transfer.area, transfer.hospital)
    if beds is not None and beds.in_use < 1:
        raise ConflictError(
            f"{transfer.hospital} has stated no {transfer.bed_now} in use",
            "count its beds anew first",
            code="no_bed_in_use",
        )
    return about(transfer, m.PatientDeparted(transfer=transfer.id, vehicle=command.vehicle), transfer.area)


def patient_departed(fact: m.PatientDeparted, event: Event, tx: Transaction) -> None:
    transfer: Transfer = tx.find("transfers", fact.transfer)
    beds = find_stock(tx, transfer.bed_now, transfer.area, transfer.hospital)
    if beds is not None:
        change_stock(tx, event, beds, in_use=max(beds.in_use - 1, 0.0))
    change(tx, fact.transfer, event, status="departed", vehicle=fact.vehicle)


def arrive_transfer(command: m.ArriveTransfer, rows: Rows, context: Context) -> list[Draft]:
    transfer = get_transfer(rows, command.transfer, "departed")
    require_side(transfer, command.area, transfer.to_area)
    return about(transfer, m.PatientArrived(transfer=transfer.id), transfer.to_area)


def patient_arrived(fact: m.PatientArrived, event: Event, tx: Transaction) -> None:
    beds = keep_bed(tx, fact.transfer, event, -1)
    if beds is not None:
        change_stock(tx, event, beds, in_use=beds.in_use + 1)
    change(tx, fact.transfer, event, status="arrived")


def cancel_transfer(command: m.CancelTransfer, rows: Rows, context: Context) -> list[Draft]:
    transfer = get_transfer(rows, command.transfer, "requested", "accepted")
    require_side(transfer, command.area, transfer.area)
    return about(transfer, m.TransferCancelled(transfer=transfer.id, because=command.because), transfer.area)


def transfer_cancelled(fact: m.TransferCancelled, event: Event, tx: Transaction) -> None:
    keep_bed(tx, fact.transfer, event, -1, only="accepted")
    change(tx, fact.transfer, event, status="cancelled", because=fact.because or None)


def keep_bed(tx: Transaction, transfer: str, event: Event, by: int, only: str | None = None) -> Stock | None:
    """Keep a bed at the receiving hospital (+1) or let it go (-1); returns its beds as they then are."""
    row: Transfer = tx.find("transfers", transfer)
    beds = find_stock(tx, row.bed, row.to_area, row.to_hospital)
    if beds is None or (only is not None and row.status != only):
        return beds
    change_stock(tx, event, beds, committed=max(beds.committed + by, 0.0))
    return find_stock(tx, row.bed, row.to_area, row.to_hospital)


def change(tx: Transaction, transfer: str, event: Event, **fields: object) -> None:
    row = tx.find("transfers", transfer)
    tx.put("transfers", msgspec.structs.replace(row, changed_at=event.occurred_at, **fields), event.occurred_at)


BEHAVIOUR = Behaviour(
    handlers={
        m.RequestTransfer: request_transfer,
        m.AcceptTransfer: accept_transfer,
        m.DeclineTransfer: decline_transfer,
        m.DepartTransfer: depart_transfer,
        m.ArriveTransfer: arrive_transfer,
        m.CancelTransfer: cancel_transfer,
    },
    appliers={
        m.TransferRequested: transfer_requested,
        m.TransferPatientNoted: transfer_patient_noted,
        m.TransferAccepted: transfer_accepted,
        m.TransferDeclined: transfer_declined,
        m.PatientDeparted: patient_departed,
        m.PatientArrived: patient_arrived,
        m.TransferCancelled: transfer_cancelled,
    },
    tables=TABLES,
)
