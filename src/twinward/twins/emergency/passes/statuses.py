"""Statuses: set with a reason and an end, adverse ones by two persons or a rule with bounds."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from twinward.core.errors import AbsentError, ConflictError, InputError, RefusedError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.access.handlers import require_open
from twinward.twins.emergency.approvals.handlers import require_another
from twinward.twins.emergency.passes.rows import RULES, STATUSES, Status, StatusRule
from twinward.twins.twin import Context

LONGEST = timedelta(days=14)
REVIEW = timedelta(hours=72)  # an adverse status is looked at again by then, objection or none
ADVICE_BELOW = 0.5  # a probability from tracing below this restricts nobody
MASS, MASS_WITHIN = 20, timedelta(hours=24)  # persons of one source in a day: an alarm
ADVERSE = "restricted"
PURPOSE = "care"


def get_status(rows: Rows, status: str) -> Status:
    found: Status | None = rows.find(STATUSES, status)
    if found is None:
        raise AbsentError(f"there is no status {status}", "see `twinward pass status list`")
    return found


def set_status(command: m.SetStatus, rows: Rows, context: Context) -> list[Draft]:
    if rows.find(STATUSES, command.status) is not None:
        raise ConflictError(f"status {command.status} exists", "give another id", code="exists")
    activation = require_open(rows, command.activation, PURPOSE, context)
    latest = min(context.now + LONGEST, activation.ends_at)
    if not context.now < command.until <= latest:
        raise InputError(
            f"a status ends within {LONGEST.days} days, and with its activation",
            f"say a time until {latest:%Y-%m-%d %H:%M} UTC",
            code="bad_until",
        )
    if command.reason_code in ("traced", "place_visited") and command.probability is None:
        raise InputError(
            "a status from tracing says its probability", "give it", code="no_probability"
        )
    unsure = command.probability is not None and command.probability < ADVICE_BELOW
    if command.value == ADVERSE and unsure:
        raise RefusedError(
            f"a probability of {command.probability:.2f} is below {ADVICE_BELOW}",
            "give advice instead: it binds nobody",
            code="below_threshold",
        )
    fields = {
        name: getattr(command, name)
        for name in m.StatusProposed.__struct_fields__
        if hasattr(command, name)
    } | {"basis": activation.basis, "renewals": count_renewals(command, rows, context)}
    proposed = m.StatusProposed(**fields)
    draft = Draft(fact=proposed, area=command.area, subject=command.subject)
    if command.value == ADVERSE and command.rule is None:
        return [draft]
    rule = require_rule(command, rows, context) if command.rule is not None else None
    return [draft, *in_force(proposed, command.area, rows, context, context.actor, None, rule)]


def count_renewals(command: m.SetStatus, rows: Rows, context: Context) -> int:
    """How often the person had a status of this value and reason one after the other."""
    before = [
        row
        for row in rows.list_rows(STATUSES, subject=command.subject, order="-set_at")
        if row.value == command.value
        and row.reason_code == command.reason_code
        and row.decided == "in_force"
        and row.until >= context.now - LONGEST
    ]
    return before[0].renewals + 1 if before else 0


def require_rule(command: m.SetStatus, rows: Rows, context: Context) -> StatusRule:
    """The rule that covers this, or RefusedError: its area, reason, probability, number, time."""
    rule: StatusRule | None = rows.find(RULES, command.rule or "")
    since = context.now - timedelta(days=1)
    if rule is None or rule.confirmed_by is None or context.now >= rule.until:
        raise RefusedError(
            f"rule {command.rule} is not in force",
            "two persons decide",
            code="second_person_needed",
        )
    done = [row for row in rows.list_rows(STATUSES, rule=rule.id) if row.set_at >= since]
    inside = (
        command.area.startswith(rule.area)
        and command.reason_code == rule.reason_code
        and command.activation == rule.activation
        and command.probability is not None
        and command.probability >= rule.least_probability
        and len(done) < rule.most_a_day
    )
    if not inside:
        raise RefusedError(
            f"rule {rule.id} does not cover this", "two persons decide", code="second_person_needed"
        )
    return rule


def in_force(
    proposed: m.StatusProposed,
    area: str,
    rows: Rows,
    context: Context,
    set_by: str,
    confirmed_by: str | None,
    rule: StatusRule | None,
) -> list[Draft]:
    """The status as set; and, where one source hits many, the alarm with it."""
    fields = {name: getattr(proposed, name) for name in m.StatusProposed.__struct_fields__}
    fact = m.StatusSet(
        **fields,
        set_by=set_by,
        confirmed_by=confirmed_by,
        rule=rule.id if rule is not None else None,
        review_by=min(context.now + REVIEW, proposed.until),
    )
    drafts = [Draft(fact=fact, area=area, subject=proposed.subject)]
    if proposed.value == ADVERSE:
        drafts += mass_alarm(proposed.source, area, rows, context)
    return drafts


def mass_alarm(source: str, area: str, rows: Rows, context: Context) -> list[Draft]:
    """Notices to duty officers and auditors when one record restricts many persons in a day; each
    time the number doubles.
    """
    since = context.now - MASS_WITHIN
    hit = {
        row.subject
        for row in rows.list_rows(STATUSES, source=source)
        if row.set_at >= since and row.value == ADVERSE and row.decided == "in_force"
    }
    number = len(hit) + 1
    if number < MASS or number % MASS or (number // MASS).bit_count() != 1:
        return []
    text = f"{number} persons were restricted within a day for one record, {source}: check it"
    name = f"mass.{source}.{number}.{context.now:%Y%m%dT%H%M%S}"
    return [
        Draft(fact=m.NoticeSent(notice=f"{name}.{role}", to_role=role, text=text), area=area)
        for role in ("duty_officer", "auditor")
    ]


def status_proposed(fact: m.StatusProposed, event: Event, tx: Transaction) -> None:
    fields = {
        name: getattr(fact, name) for name in m.StatusProposed.__struct_fields__ if name != "status"
    }
    row = Status(
        id=fact.status,
        area=event.area,
        decided="proposed",
        set_by=event.actor,
        set_at=event.recorded_at,
        **fields,
    )
    tx.put(STATUSES, row, event.recorded_at)


def confirm_status(command: m.ConfirmStatus, rows: Rows, context: Context) -> list[Draft]:
    status = get_status(rows, command.status)
    require_state(status, context.now, "proposed")
    require_another(context.actor, status.set_by)
    require_open(rows, status.activation, PURPOSE, context)
    fields = {
        name: getattr(status, "id" if name == "status" else name)
        for name in m.StatusProposed.__struct_fields__
    }
    proposed = m.StatusProposed(**fields)
    return in_force(proposed, status.area, rows, context, status.set_by, context.actor, None)


def require_state(status: Status, at: datetime, *wanted: str) -> None:
    state = status.state_at(at)
    if state not in wanted:
        raise ConflictError(
            f"status {status.id} is {state}".replace("_", " "),
            f"this can be done only to one that is {' or '.join(wanted)}".replace("_", " "),
            code=state,
        )


def status_set(fact: m.StatusSet, event: Event, tx: Transaction) -> None:
    change(
        tx,
        event,
        fact.status,
        decided="in_force",
        confirmed_by=fact.confirmed_by,
        rule=fact.rule,
        review_by=fact.review_by,
        set_at=event.recorded_at,
    )


def change(tx: Transaction, event: Event, status: str, **fields: object) -> None:
    tx.put(STATUSES, msgspec.structs.replace(get_status(tx, status), **fields), event.recorded_at)


def refuse_status(command: m.RefuseStatus, rows: Rows, context: Context) -> list[Draft]:
    status = get_status(rows, command.status)
    require_state(status, context.now, "proposed")
    fact = m.StatusRefused(status=status.id, subject=status.subject, because=command.because)
    return [Draft(fact=fact, area=status.area, subject=status.subject)]


def status_refused(fact: m.StatusRefused, event: Event, tx: Transaction) -> None:
    change(tx, event, fact.status, decided="refused", because=fact.because)


def lift_status(command: m.LiftStatus, rows: Rows, context: Context) -> list[Draft]:
    status = get_status(rows, command.status)
    require_state(status, context.now, "in_force", "under_review")
    fact = m.StatusLifted(status=status.id, subject=status.subject, because=command.because)
    return [Draft(fact=fact, area=status.area, subject=status.subject)]


def status_lifted(fact: m.StatusLifted, event: Event, tx: Transaction) -> None:
    change(tx, event, fact.status, decided="lifted", because=fact.because)


def authorise_rule(command: m.AuthoriseRule, rows: Rows, context: Context) -> list[Draft]:
    if rows.find(RULES, command.rule) is not None:
        raise ConflictError(f"rule {command.rule} exists", "give another id", code="exists")
    activation = require_open(rows, command.activation, PURPOSE, context)
    if not context.now < command.until <= min(context.now + LONGEST, activation.ends_at):
        raise InputError(
            f"a rule ends within {LONGEST.days} days, and with its activation",
            "authorise it again then",
            code="bad_until",
        )
    if command.least_probability < ADVICE_BELOW:
        raise InputError(
            f"a rule restricts nobody below a probability of {ADVICE_BELOW}",
            "raise --least-probability",
            code="below_threshold",
        )
    fields = {name: getattr(command, name) for name in m.RuleProposed.__struct_fields__}
    return [Draft(fact=m.RuleProposed(**fields), area=command.area)]


def rule_proposed(fact: m.RuleProposed, event: Event, tx: Transaction) -> None:
    fields = {
        name: getattr(fact, name) for name in m.RuleProposed.__struct_fields__ if name != "rule"
    }
    row = StatusRule(id=fact.rule, area=event.area, proposed_by=event.actor, **fields)
    tx.put(RULES, row, event.recorded_at)


def confirm_rule(command: m.ConfirmRule, rows: Rows, context: Context) -> list[Draft]:
    rule: StatusRule | None = rows.find(RULES, command.rule)
    if rule is None or rule.confirmed_by is not None:
        raise AbsentError(f"there is no rule {command.rule} to confirm", "propose it first")
    require_another(context.actor, rule.proposed_by)
    fact = m.RuleAuthorised(rule=rule.id, proposed_by=rule.proposed_by)
    return [Draft(fact=fact, area=rule.area)]


def rule_authorised(fact: m.RuleAuthorised, event: Event, tx: Transaction) -> None:
    row = msgspec.structs.replace(tx.get(RULES, fact.rule), confirmed_by=event.actor)
    tx.put(RULES, row, event.recorded_at)
