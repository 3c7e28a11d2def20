"""Passes issued and revoked; and the room's behaviour joined."""

from __future__ import annotations

import msgspec

from twinward.core.errors import AbsentError, ConflictError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.passes import objections, statuses
from twinward.twins.emergency.passes.rows import (
    BATCHES,
    HOLDINGS,
    PASSES,
    PLACE_CODES,
    TABLES,
    Holding,
    IssuedPass,
    PassBatch,
    PlaceVersion,
)
from twinward.twins.twin import Behaviour, Context


def issue_pass(command: m.IssuePass, rows: Rows, context: Context) -> list[Draft]:
    taken = command.index is not None and rows.list_rows(
        PASSES, list_uri=command.list_uri, index=command.index
    )
    if rows.find(PASSES, command.pass_id) is not None or taken:
        raise ConflictError(
            f"pass {command.pass_id} or its place in the list was given before",
            "draw another",
            code="exists",
        )
    fields = {name: getattr(command, name) for name in m.PassIssued.__struct_fields__}
    drafts = [Draft(fact=m.PassIssued(**fields), area=command.area)]
    if command.subject is not None:
        held = m.PassHeld(
            pass_id=command.pass_id,
            subject=command.subject,
            status=command.status,
            until=command.until,
        )
        drafts.append(Draft(fact=held, area=command.area, subject=command.subject))
    return drafts


def pass_issued(fact: m.PassIssued, event: Event, tx: Transaction) -> None:
    fields = {
        name: getattr(fact, name) for name in m.PassIssued.__struct_fields__ if name != "pass_id"
    }
    row = IssuedPass(id=fact.pass_id, area=event.area, issued_at=event.recorded_at, **fields)
    tx.put(PASSES, row, event.recorded_at)


def pass_held(fact: m.PassHeld, event: Event, tx: Transaction) -> None:
    row = Holding(
        id=fact.pass_id,
        area=event.area,
        subject=fact.subject,
        status=fact.status,
        until=fact.until,
    )
    tx.put(HOLDINGS, row, event.recorded_at)


def issue_batch(command: m.IssueBatch, rows: Rows, context: Context) -> list[Draft]:
    taken = rows.list_rows(BATCHES, list_uri=command.list_uri)
    if rows.find(BATCHES, command.batch) is not None or taken:
        raise ConflictError(
            f"batch {command.batch} or its list was given before", "begin another", code="exists"
        )
    fields = {name: getattr(command, name) for name in m.BatchIssued.__struct_fields__}
    return [Draft(fact=m.BatchIssued(**fields), area=command.area)]


def batch_issued(fact: m.BatchIssued, event: Event, tx: Transaction) -> None:
    fields = {
        name: getattr(fact, name) for name in m.BatchIssued.__struct_fields__ if name != "batch"
    }
    row = PassBatch(
        id=fact.batch,
        area=event.area,
        issued_at=event.recorded_at,
        issued_by=event.actor,
        **fields,
    )
    tx.put(BATCHES, row, event.recorded_at)


def issue_place_code(command: m.IssuePlaceCode, rows: Rows, context: Context) -> list[Draft]:
    before = max(
        (one.version for one in rows.list_rows(PLACE_CODES, place=command.place)), default=0
    )
    if command.version != before + 1:
        raise ConflictError(
            f"place {command.place} has version {before}",
            f"the next one is {before + 1}",
            code="bad_version",
        )
    fields = {name: getattr(command, name) for name in m.PlaceCodeIssued.__struct_fields__}
    return [Draft(fact=m.PlaceCodeIssued(**fields), area=command.area)]


def place_code_issued(fact: m.PlaceCodeIssued, event: Event, tx: Transaction) -> None:
    row = PlaceVersion(
        id=f"{fact.place}@{fact.version}",
        area=event.area,
        place=fact.place,
        version=fact.version,
        issued_at=event.recorded_at,
        until=fact.until,
        closed=fact.closed,
    )
    tx.put(PLACE_CODES, row, event.recorded_at)


def revoke_pass(command: m.RevokePass, rows: Rows, context: Context) -> list[Draft]:
    found: IssuedPass | None = rows.find(PASSES, command.pass_id)
    if found is None:
        raise AbsentError(
            f"there is no pass {command.pass_id}", "its number was told when it was issued"
        )
    if found.state == "revoked":
        raise ConflictError(f"pass {found.id} is revoked", "nothing was changed", code="revoked")
    if found.index is None:
        raise ConflictError(
            f"pass {found.id} has no place in a list", "it ends within minutes", code="too_short"
        )
    return [Draft(fact=m.PassRevoked(pass_id=found.id, reason=command.reason), area=found.area)]


def pass_revoked(fact: m.PassRevoked, event: Event, tx: Transaction) -> None:
    row = msgspec.structs.replace(
        tx.get(PASSES, fact.pass_id), state="revoked", revoked_because=fact.reason
    )
    tx.put(PASSES, row, event.recorded_at)


BEHAVIOUR = Behaviour(
    handlers={
        m.SetStatus: statuses.set_status,
        m.ConfirmStatus: statuses.confirm_status,
        m.RefuseStatus: statuses.refuse_status,
        m.LiftStatus: statuses.lift_status,
        m.AuthoriseRule: statuses.authorise_rule,
        m.ConfirmRule: statuses.confirm_rule,
        m.LodgeObjection: objections.lodge_objection,
        m.DecideObjection: objections.decide_objection,
        m.IssuePass: issue_pass,
        m.IssueBatch: issue_batch,
        m.IssuePlaceCode: issue_place_code,
        m.RevokePass: revoke_pass,
    },
    appliers={
        m.StatusProposed: statuses.status_proposed,
        m.StatusSet: statuses.status_set,
        m.StatusRefused: statuses.status_refused,
        m.StatusLifted: statuses.status_lifted,
        m.RuleProposed: statuses.rule_proposed,
        m.RuleAuthorised: statuses.rule_authorised,
        m.ObjectionLodged: objections.objection_lodged,
        m.ObjectionDecided: objections.objection_decided,
        m.PassIssued: pass_issued,
        m.BatchIssued: batch_issued,
        m.PlaceCodeIssued: place_code_issued,
        m.PassHeld: pass_held,
        m.PassRevoked: pass_revoked,
    },
    tables=TABLES,
)
