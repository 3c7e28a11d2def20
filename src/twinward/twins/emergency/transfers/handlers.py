"""Patients moved between hospitals: requested, accepted or declined, departed, arrived; the beds
of both follow.
"""

from __future__ import annotations

from twinward.core.errors import ConflictError, InputError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.counterparties import Dealing, about, same_fields
from twinward.twins.emergency.resources.handlers import change_stock, find_stock, get_stock
from twinward.twins.emergency.resources.rows import Stock
from twinward.twins.emergency.transfers.rows import (
    TABLES,
    TRANSFER_PATIENTS,
    TRANSFERS,
    Transfer,
    TransferPatient,
)
from twinward.twins.twin import Behaviour, Context

TRANSFER = Dealing(table=TRANSFERS, word="transfer", listed="twinward supply transfer list")


def get_transfer(rows: Rows, transfer: str, *statuses: str) -> Transfer:
    """The transfer, if it is in one of the `statuses`."""
    found: Transfer = TRANSFER.get(rows, transfer, statuses)
    return found


def require_side(transfer: Transfer, area: str, side: str) -> None:
    """RefusedError unless `area` is the one that sends or takes the patient, as `side` says."""
    TRANSFER.require_side(
        transfer.id, side, transfer.to_area if side == "receiver" else transfer.area, area
    )


def request_transfer(command: m.RequestTransfer, rows: Rows, context: Context) -> list[Draft]:
    TRANSFER.require_new(rows, command.transfer, command.incident)
    here, there = (command.area, command.hospital), (command.to_area, command.to_hospital)
    if here == there and command.bed == command.bed_now:
        raise InputError("the patient is there already", "name another hospital", code="same_side")
    for row in rows.list_rows(TRANSFER_PATIENTS, subject=command.subject):
        other: Transfer | None = rows.find(TRANSFERS, row.id)
        if other is not None and other.status in ("requested", "accepted", "departed"):
            raise ConflictError(
                f"this patient has the unfinished transfer {other.id}",
                "finish or cancel it first",
                code="already_moving",
            )
    asked = m.TransferRequested(**same_fields(command, m.TransferRequested))
    patient = m.TransferPatientNoted(
        transfer=command.transfer, subject=command.subject, area=command.area
    )
    return [
        *about(command, asked, command.area),
        Draft(fact=patient, area=command.area, incident=command.incident, subject=command.subject),
    ]


def transfer_requested(fact: m.TransferRequested, event: Event, tx: Transaction) -> None:
    TRANSFER.put_new(tx, Transfer, fact, fact.transfer, event)


def transfer_patient_noted(fact: m.TransferPatientNoted, event: Event, tx: Transaction) -> None:
    row = TransferPatient(
        id=fact.transfer, area=fact.area, subject=fact.subject, noted_at=event.occurred_at
    )
    tx.put(TRANSFER_PATIENTS, row, event.occurred_at)


def accept_transfer(command: m.AcceptTransfer, rows: Rows, context: Context) -> list[Draft]:
    transfer = get_transfer(rows, command.transfer, "requested")
    require_side(transfer, command.area, "receiver")
    beds = get_stock(rows, transfer.bed, transfer.to_area, transfer.to_hospital)
    if beds.free(context.day) < 1:
        raise ConflictError(
            f"{transfer.to_hospital} has no free {transfer.bed}",
            "decline, or count the beds anew",
            code="no_free_bed",
        )
    return about(transfer, m.TransferAccepted(transfer=transfer.id), transfer.to_area)


def transfer_accepted(fact: m.TransferAccepted, event: Event, tx: Transaction) -> None:
    keep_bed(tx, fact.transfer, event, +1)
    TRANSFER.change(tx, fact.transfer, event, status="accepted")


def decline_transfer(command: m.DeclineTransfer, rows: Rows, context: Context) -> list[Draft]:
    transfer = get_transfer(rows, command.transfer, "requested", "accepted")
    require_side(transfer, command.area, "receiver")
    return about(
        transfer,
        m.TransferDeclined(transfer=transfer.id, because=command.because),
        transfer.to_area,
    )


def transfer_declined(fact: m.TransferDeclined, event: Event, tx: Transaction) -> None:
    keep_bed(tx, fact.transfer, event, -1, only="accepted")
    TRANSFER.change(tx, fact.transfer, event, status="declined", because=fact.because)


def depart_transfer(command: m.DepartTransfer, rows: Rows, context: Context) -> list[Draft]:
    transfer = get_transfer(rows, command.transfer, "accepted")
    require_side(transfer, command.area, "sender")
    beds = find_stock(rows, transfer.bed_now, transfer.area, transfer.hospital)
    if beds is not None and beds.in_use < 1:
        raise ConflictError(
            f"{transfer.hospital} has stated no {transfer.bed_now} in use",
            "count its beds anew first",
            code="no_bed_in_use",
        )
    return about(
        transfer, m.PatientDeparted(transfer=transfer.id, vehicle=command.vehicle), transfer.area
    )


def patient_departed(fact: m.PatientDeparted, event: Event, tx: Transaction) -> None:
    transfer: Transfer = tx.get(TRANSFERS, fact.transfer)
    beds = find_stock(tx, transfer.bed_now, transfer.area, transfer.hospital)
    if beds is not None:
        change_stock(tx, event, beds, in_use=max(beds.in_use - 1, 0.0))
    TRANSFER.change(tx, fact.transfer, event, status="departed", vehicle=fact.vehicle)


def arrive_transfer(command: m.ArriveTransfer, rows: Rows, context: Context) -> list[Draft]:
    transfer = get_transfer(rows, command.transfer, "departed")
    require_side(transfer, command.area, "receiver")
    return about(transfer, m.PatientArrived(transfer=transfer.id), transfer.to_area)


def patient_arrived(fact: m.PatientArrived, event: Event, tx: Transaction) -> None:
    beds = keep_bed(tx, fact.transfer, event, -1)
    if beds is not None:
        change_stock(tx, event, beds, in_use=beds.in_use + 1)
    TRANSFER.change(tx, fact.transfer, event, status="arrived")


def cancel_transfer(command: m.CancelTransfer, rows: Rows, context: Context) -> list[Draft]:
    transfer = get_transfer(rows, command.transfer, "requested", "accepted")
    require_side(transfer, command.area, "sender")
    return about(
        transfer, m.TransferCancelled(transfer=transfer.id, because=command.because), transfer.area
    )


def transfer_cancelled(fact: m.TransferCancelled, event: Event, tx: Transaction) -> None:
    keep_bed(tx, fact.transfer, event, -1, only="accepted")
    TRANSFER.change(tx, fact.transfer, event, status="cancelled", because=fact.because or None)


def keep_bed(
    tx: Transaction, transfer: str, event: Event, by: int, only: str | None = None
) -> Stock | None:
    """Keep a bed at the receiving hospital (+1) or let it go (-1); returns its beds as they then
    are.
    """
    row: Transfer = tx.get(TRANSFERS, transfer)
    beds = find_stock(tx, row.bed, row.to_area, row.to_hospital)
    if beds is None or (only is not None and row.status != only):
        return beds
    change_stock(tx, event, beds, committed=max(beds.committed + by, 0.0))
    return find_stock(tx, row.bed, row.to_area, row.to_hospital)


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
