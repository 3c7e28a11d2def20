"""The risk register: chains between hazards, added by a workspace, simulated from a hazard."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np

from twinward.core.errors import InputError
from twinward.core.ids import derive_id
from twinward.decision.simulation.triggers import SimulatedLink, simulate_chain
from twinward.library.hazards.chains import ChainRule, load_chains, read_chains
from twinward.service.platform import Caller, Platform, ask
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.incidents.rows import INCIDENTS
from twinward.twins.emergency.risks.rows import FIRED_LINKS

FOLDER = "risks"
MOST_MEMBERS = 100_000


class ChainAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The links that fire from a first hazard, each with the share of members."""

    first: str
    members: int
    seed: int
    links: tuple[SimulatedLink, ...]
    simulated: bool = True


def list_risks(workspace: Path | None = None) -> tuple[ChainRule, ...]:
    """The bundled chains, and the workspace's own on top."""
    return load_chains(workspace / FOLDER if workspace is not None else None)


def add_risks(workspace: Path, path: Path) -> tuple[ChainRule, ...]:
    """Puts the chains of a file into the workspace's folder, one file each; same id replaces."""
    rules = read_chains(path)
    if not workspace.is_dir():
        raise InputError(
            f"{workspace} is no workspace", "run `twinward init` first", code="no_workspace"
        )
    folder = workspace / FOLDER
    folder.mkdir(exist_ok=True)
    for rule in rules:
        lines = ["[[chain]]"]
        for name in rule.__struct_fields__:
            value = getattr(rule, name)
            shown = list(value) if isinstance(value, tuple) else value
            lines.append(f"{name} = {msgspec.json.encode(shown).decode()}")
        (folder / f"{rule.id}.toml").write_text("\n".join(lines) + "\n", "utf-8")
    return rules


def simulate_risks(
    first: str, figures: dict[str, float], members: int, seed: int, workspace: Path | None = None
) -> ChainAnswer:
    """What a hazard of those figures sets off; InputError where no chain begins with it."""
    if not 1 <= members <= MOST_MEMBERS:
        raise InputError(
            f"members must be 1 to {MOST_MEMBERS:,}, got {members:,}",
            "ask for 1,000",
            code="bad_members",
        )
    rules = list_risks(workspace)
    causes = sorted({rule.cause for rule in rules})
    if first not in causes:
        raise InputError(
            f"no chain begins with {first!r}",
            f"name one of {', '.join(causes)}",
            code="unknown_hazard",
        )
    given = {name: np.full(members, value) for name, value in figures.items()}
    return ChainAnswer(
        first=first,
        members=members,
        seed=seed,
        links=tuple(simulate_chain(first, rules, given, members, seed)),
    )


class FiredLinkView(msgspec.Struct, frozen=True, kw_only=True):
    """A link that fired: which incident caused which."""

    id: str
    rule: str
    incident: str
    effect: str
    opened: str | None
    area: str
    depth: int
    way: tuple[str, ...]
    probability: float
    because: str
    carried: dict[str, float]
    fired_by: str
    fired_at: datetime


def fire_link(
    platform: Platform,
    caller: Caller,
    incident: str,
    rule: str,
    because: str,
    area: str | None = None,
) -> FiredLinkView:
    """A person has seen that a link of a chain holds: the next incident opens with its cause."""
    rules = {one.id: one for one in platform.reference.chains()}
    if rule not in rules:
        raise InputError(
            f"there is no chain rule {rule!r}", f"name one of {', '.join(rules)}", code="no_rule"
        )
    with platform.store.read() as rows:
        cause, last = rows.find(INCIDENTS, incident), rows.last_seq()
    platform.policy.require_thing(
        caller,
        "command_incident",
        f"incident {incident}",
        getattr(cause, "area", None),
        "list them with `twinward incident list`",
    )
    assert cause is not None
    one = rules[rule]
    if one.cause != cause.hazard.partition("/")[0]:
        raise InputError(
            f"rule {rule} begins with {one.cause}, incident {incident} is {cause.hazard}",
            f"name one of {', '.join(r.id for r in rules.values() if r.cause == cause.hazard)}",
            code="wrong_rule",
        )
    place = area or cause.area
    platform.reference.areas.require(place)
    platform.policy.require(caller, "command_incident", area=place)
    name = derive_id("link", incident, rule, place)
    command = m.FireLink(
        id=derive_id("cmd", name, last),
        link=name,
        rule=rule,
        incident=incident,
        effect=one.effect,
        area=place,
        affected=(area,) if area else cause.affected,
        probability=one.probability,
        because=because,
        figure=one.effect_figure or "links_fired",
        value=one.effect_value,
    )
    ask(platform, caller, command)
    platform.loop.catch_up()
    return next(view for view in list_fired(platform, caller) if view.id == name)


def list_fired(
    platform: Platform, caller: Caller, incident: str | None = None
) -> list[FiredLinkView]:
    """Links that fired in the caller's areas, the newest first; with `incident`, those on its way
    and after it.
    """
    platform.policy.require(caller, "see_situation")
    mine = platform.policy.jurisdiction(caller)
    with platform.store.read() as rows:
        links = rows.list_rows(FIRED_LINKS, order="-fired_at")
        opened = {one.cause_link: one.id for one in rows.list_rows(INCIDENTS) if one.cause_link}
    shown = [
        FiredLinkView(
            opened=opened.get(row.id),
            **{
                name: getattr(row, name)
                for name in FiredLinkView.__struct_fields__
                if name != "opened"
            },
        )
        for row in links
        if mine.concerns(row.area)
    ]
    return [one for one in shown if incident in (None, one.incident, one.opened)]
