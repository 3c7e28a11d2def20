"""Rule bundles: a version is given once; one bundle is staged at a time."""

from __future__ import annotations

import msgspec

from twinward.core.errors import AbsentError, ConflictError, InputError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.city.bundles import messages as b
from twinward.twins.city.bundles.rows import (
    ROLLOUT,
    RULE_BUNDLES,
    RULE_ROLLOUTS,
    TABLES,
    RuleBundle,
    RuleRollout,
)
from twinward.twins.twin import Behaviour, Context

EVERYWHERE = "*"


def keep(command: b.KeepRuleBundle, rows: Rows, context: Context) -> list[Draft]:
    known = rows.find(RULE_BUNDLES, command.bundle)
    if known is not None:
        same = known.digest == command.digest
        raise ConflictError(
            f"bundle {known.id} is kept" + ("" if same else " with other rules"),
            "nothing was changed" if same else "give it a version of its own",
            code="exists" if same else "version_taken",
        )
    fields = {name: getattr(command, name) for name in b.RuleBundleKept.__struct_fields__}
    return [Draft(fact=b.RuleBundleKept(**fields), area=EVERYWHERE)]


def kept(fact: b.RuleBundleKept, event: Event, tx: Transaction) -> None:
    row = RuleBundle(
        id=fact.bundle,
        area=EVERYWHERE,
        made_by=event.actor,
        made_at=event.recorded_at,
        **{name: getattr(fact, name) for name in ("body", "digest", "count", "because")},
    )
    tx.put(RULE_BUNDLES, row, event.recorded_at)


def find_rollout(rows: Rows) -> RuleRollout | None:
    found: RuleRollout | None = rows.find(RULE_ROLLOUTS, ROLLOUT)
    return found


def roll_out(command: b.RollOutRules, rows: Rows, context: Context) -> list[Draft]:
    if rows.find(RULE_BUNDLES, command.bundle) is None:
        raise AbsentError(
            f"there is no bundle {command.bundle}", "list them with `twinward bundle list`"
        )
    if not command.edges and not command.share:
        raise InputError(
            "a roll-out names edges or a share of them", "begin with one edge", code="no_edges"
        )
    now = find_rollout(rows)
    if now is not None:
        require_turn(command, now)
    fact = b.RulesRolledOut(
        bundle=command.bundle,
        edges=tuple(sorted(set(command.edges))),
        share=command.share,
        number=(now.number if now else 0) + 1,
        because=command.because,
    )
    return [Draft(fact=fact, area=EVERYWHERE)]


def require_turn(command: b.RollOutRules, now: RuleRollout) -> None:
    """ConflictError where another bundle is staged, or this one runs there already."""
    if now.staged and now.staged != command.bundle:
        raise ConflictError(
            f"bundle {now.staged} is staged",
            "roll it out everywhere, or back",
            code="other_staged",
        )
    if not now.staged and now.stable == command.bundle:
        raise ConflictError(
            f"bundle {now.stable} runs everywhere", "nothing was changed", code="nothing_new"
        )
    if now.staged and set(command.edges) <= set(now.edges) and command.share <= now.share:
        raise ConflictError(
            f"bundle {now.staged} is staged there", "nothing was changed", code="nothing_new"
        )


def rolled_out(fact: b.RulesRolledOut, event: Event, tx: Transaction) -> None:
    now = find_rollout(tx) or RuleRollout(
        id=ROLLOUT, area=EVERYWHERE, number=0, at=event.recorded_at, by="", because=""
    )
    said = {"number": fact.number, "at": event.recorded_at, "by": event.actor}
    row = msgspec.structs.replace(now, because=fact.because, **said)
    if fact.share >= 1:
        row = msgspec.structs.replace(
            row, stable=fact.bundle, before=now.stable, staged="", edges=(), share=0.0
        )
    else:
        edges = tuple(sorted({*now.edges, *fact.edges}))
        share = max(now.share, fact.share)
        row = msgspec.structs.replace(row, staged=fact.bundle, edges=edges, share=share)
    tx.put(RULE_ROLLOUTS, row, event.recorded_at)


def roll_back(command: b.RollBackRules, rows: Rows, context: Context) -> list[Draft]:
    now = find_rollout(rows)
    if now is None or not (now.staged or now.stable):
        raise ConflictError("no bundle runs", "nothing was changed", code="nothing_new")
    fact = b.RulesRolledBack(
        bundle=now.staged or now.stable,
        to=now.stable if now.staged else now.before,
        number=now.number + 1,
        because=command.because,
    )
    return [Draft(fact=fact, area=EVERYWHERE)]


def rolled_back(fact: b.RulesRolledBack, event: Event, tx: Transaction) -> None:
    now: RuleRollout = tx.get(RULE_ROLLOUTS, ROLLOUT)
    said = {"number": fact.number, "at": event.recorded_at, "by": event.actor}
    before = now.before if now.staged else ""
    row = msgspec.structs.replace(
        now,
        stable=fact.to,
        before=before,
        staged="",
        edges=(),
        share=0.0,
        because=fact.because,
        **said,
    )
    tx.put(RULE_ROLLOUTS, row, event.recorded_at)


BEHAVIOUR = Behaviour(
    handlers={b.KeepRuleBundle: keep, b.RollOutRules: roll_out, b.RollBackRules: roll_back},
    appliers={
        b.RuleBundleKept: kept,
        b.RulesRolledOut: rolled_out,
        b.RulesRolledBack: rolled_back,
    },
    tables=TABLES,
)
