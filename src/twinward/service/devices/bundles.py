"""Use cases: rules for the edges kept under a version, rolled out in stages, rolled back; each edge
gets them signed, for itself alone.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from twinward.core.errors import AbsentError, InputError
from twinward.core.ids import derive_id
from twinward.core.messages import Command
from twinward.core.ports import Rows
from twinward.edge.agent.bundles import MOST_RULES, RulesOrder
from twinward.edge.agent.parcels import public_of, sign
from twinward.edge.agent.wire import EdgeStanding
from twinward.edge.rules.rule import DeviceRule, check_rules
from twinward.service.deliveries.secrets import rules_key
from twinward.service.devices.edge_book import EdgeBook
from twinward.service.platform import Caller, Platform, ask
from twinward.twins.city import messages as c
from twinward.twins.city.bundles.rows import (
    ROLLOUT,
    RULE_BUNDLES,
    RULE_ROLLOUTS,
    RuleBundle,
    RuleRollout,
)

__all__ = ["DeviceRule", "RuleBundleView", "RulesKey"]
KEEP = "keep_devices"
RULES = msgspec.json.Decoder(tuple[DeviceRule, ...])


class RuleBundleView(msgspec.Struct, frozen=True, kw_only=True):
    """One bundle. `state`: stable (everywhere but where another is staged), staged, or kept;
    `wanted` edges are to run it, `running` say that they do, `refused` that they do not, and why.
    `unheard`: named for it, and nothing has been heard from them yet.
    """

    bundle: str
    state: Literal["stable", "staged", "kept"]
    rules: tuple[DeviceRule, ...]
    digest: str
    made_by: str
    made_at: datetime
    because: str
    edges: tuple[str, ...]
    share: float
    wanted: tuple[str, ...]
    running: tuple[str, ...]
    refused: dict[str, str]
    unheard: tuple[str, ...]


class RulesKey(msgspec.Struct, frozen=True, kw_only=True):
    """The public key for `edge.rules_key` of every edge.toml."""

    rules_key: str


def keep_bundle(
    platform: Platform,
    caller: Caller,
    bundle: str,
    *,
    because: str,
    modules: Sequence[str] = (),
    rules: Sequence[DeviceRule] = (),
) -> RuleBundleView:
    """Rules of these modules, and others, under a version; they run nowhere yet."""
    platform.policy.require(caller, KEEP, area=platform.reference.areas.root)
    known = platform.reference.modules()
    unknown = sorted(set(modules) - set(known))
    if unknown:
        raise AbsentError(
            f"there is no module {unknown[0]!r}",
            f"known: {', '.join(known)}",
            code="unknown_module",
        )
    wanted = (*(rule for name in dict.fromkeys(modules) for rule in known[name].rules()), *rules)
    if not 0 < len(wanted) <= MOST_RULES:
        raise InputError(
            f"a bundle of {len(wanted):,} rules", f"give 1 to {MOST_RULES:,}", code="bad_bundle"
        )
    check_rules(wanted)
    body = msgspec.json.encode(wanted)
    fields = {
        "bundle": bundle,
        "body": body.decode(),
        "digest": hashlib.sha256(body).hexdigest(),
        "count": len(wanted),
        "because": because,
    }
    ask(platform, caller, make(platform, caller, "KeepRuleBundle", fields))
    return get_bundle(platform, caller, bundle)


def make(
    platform: Platform, caller: Caller, kind: str, fields: dict[str, object]
) -> c.KeepRuleBundle | c.RollOutRules | c.RollBackRules:
    """The command; InputError `bad_bundle` where it is none."""
    with platform.store.read() as rows:
        name = derive_id(
            "cmd", kind, caller.name, rows.last_seq(), platform.clock.now().isoformat()
        )
    try:
        made: Command = msgspec.convert(fields | {"type": kind, "id": name}, getattr(c, kind))
    except msgspec.ValidationError as error:
        raise InputError(
            f"not what a bundle takes: {error}", "see `twinward bundle --help`", code="bad_bundle"
        ) from error
    assert isinstance(made, c.KeepRuleBundle | c.RollOutRules | c.RollBackRules)
    return made


def read_rules(path: Path) -> list[DeviceRule]:
    """`[[rules]]` of a TOML file, as in an edge.toml; InputError `bad_bundle`."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
        return msgspec.convert(raw.get("rules", []), list[DeviceRule])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise InputError(
            f"{path.name} holds no rules: {error}",
            "see docs/howto/run-an-edge.md",
            code="bad_bundle",
        ) from error


def list_bundles(platform: Platform, caller: Caller) -> list[RuleBundleView]:
    """Every bundle, the newest first, and which edges run it."""
    platform.policy.require(caller, "see_situation")
    with EdgeBook.open(platform.workspace) as book:
        standings = {name: word.said.standing for name, word in book.words().items()}
    with platform.store.read() as rows:
        bundles = rows.list_rows(RULE_BUNDLES, order="-made_at")
        rollout = find_rollout(rows)
    return [view_of(one, rollout, standings) for one in bundles]


def get_bundle(platform: Platform, caller: Caller, bundle: str) -> RuleBundleView:
    """One bundle."""
    found = [one for one in list_bundles(platform, caller) if one.bundle == bundle]
    if not found:
        raise AbsentError(f"there is no bundle {bundle}", "list them with `twinward bundle list`")
    return found[0]


def find_rollout(rows: Rows) -> RuleRollout | None:
    found: RuleRollout | None = rows.find(RULE_ROLLOUTS, ROLLOUT)
    return found


def view_of(
    row: RuleBundle, rollout: RuleRollout | None, standings: dict[str, EdgeStanding]
) -> RuleBundleView:
    wanted = [e for e in standings if rollout is not None and rollout.wanted_of(e) == row.id]
    staged = rollout is not None and rollout.staged == row.id
    stable = rollout is not None and rollout.stable == row.id
    named = rollout.edges if rollout is not None and staged else ()
    return RuleBundleView(
        bundle=row.id,
        state="staged" if staged else "stable" if stable else "kept",
        rules=RULES.decode(row.body),
        digest=row.digest,
        made_by=row.made_by,
        made_at=row.made_at,
        because=row.because,
        edges=named,
        share=rollout.share if rollout is not None and staged else 1.0 if stable else 0.0,
        wanted=tuple(wanted),
        running=tuple(e for e, one in standings.items() if one.rules_version == row.id),
        refused={
            e: standings[e].rules_refused
            for e in wanted
            if standings[e].rules_refused and standings[e].rules_version != row.id
        },
        unheard=tuple(edge for edge in named if edge not in standings),
    )


def roll_out(
    platform: Platform,
    caller: Caller,
    bundle: str,
    *,
    because: str,
    edges: Sequence[str] = (),
    share: float = 0.0,
) -> RuleBundleView:
    """To these edges, or to a share of all (1: everywhere); each gets it with its next word."""
    platform.policy.require(caller, KEEP, area=platform.reference.areas.root)
    fields = {"bundle": bundle, "edges": list(edges), "share": share, "because": because}
    get_bundle(platform, caller, bundle)
    ask(platform, caller, make(platform, caller, "RollOutRules", fields))
    return get_bundle(platform, caller, bundle)


def roll_back(platform: Platform, caller: Caller, bundle: str, *, because: str) -> RuleBundleView:
    """This bundle, staged or everywhere, runs nowhere any more, and what ran before it does again;
    ConflictError where another one runs by now.
    """
    platform.policy.require(caller, KEEP, area=platform.reference.areas.root)
    found = get_bundle(platform, caller, bundle)
    with platform.store.read() as rows:
        rollout = find_rollout(rows)
    if rollout is None or bundle != (rollout.staged or rollout.stable):
        raise InputError(
            f"bundle {bundle} is {found.state}, so there is nothing to roll back",
            "name the one that was rolled out last",
            code="not_rolled_out",
        )
    ask(platform, caller, make(platform, caller, "RollBackRules", {"because": because}))
    return get_bundle(platform, caller, bundle)


def show_key(platform: Platform, caller: Caller) -> RulesKey:
    """What every edge checks its rules with."""
    platform.policy.require(caller, KEEP, area=platform.reference.areas.root)
    return RulesKey(rules_key=public_of(rules_key(platform)))


def export_rules(platform: Platform, caller: Caller, edge: str) -> str:
    """What an edge is to run, signed, for one that is carried there on a stick."""
    platform.policy.require(caller, KEEP, area=platform.reference.areas.root)
    with platform.store.read() as rows:
        rollout = find_rollout(rows)
        if rollout is None:
            raise AbsentError("no bundle was rolled out", "see `twinward bundle roll`")
        return signed_rules(platform, rows, rollout, edge)


def signed_rules(platform: Platform, rows: Rows, rollout: RuleRollout, edge: str) -> str:
    """The order of rules for one edge."""
    wanted = rollout.wanted_of(edge)
    row: RuleBundle | None = rows.find(RULE_BUNDLES, wanted) if wanted else None
    rules = RULES.decode(row.body) if row is not None else ()
    order = RulesOrder(edge=edge, number=rollout.number, bundle=wanted, rules=rules)
    return sign(rules_key(platform), order).decode()


def rules_for(platform: Platform, rows: Rows, edge: str, standing: EdgeStanding) -> str:
    """What an edge has to be told of its rules; nothing where it runs what it is to run."""
    rollout = find_rollout(rows)
    if rollout is None or rollout.wanted_of(edge) == standing.rules_version:
        return ""
    return signed_rules(platform, rows, rollout, edge)
