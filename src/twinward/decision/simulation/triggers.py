"""Chains between hazards as data: which figure sets off what, how likely, how late, in which
members of a run.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.chance import generator
from twinward.core.errors import InputError
from twinward.decision.simulation.ground import Floats
from twinward.library.hazards.chains import ChainRule

DEPTH_LIMIT = 4
LEAST_CHANCE = 0.01


class SimulatedLink(msgspec.Struct, frozen=True, kw_only=True):
    """One link of a chain as it came out: in which share of members, when, after which link."""

    rule: str
    cause: str
    effect: str
    depth: int
    path: tuple[str, ...]
    probability: float
    at_h: tuple[float, float, float]  # quantiles .05 .5 .95 of the members in which it fires


def check_rules(rules: tuple[ChainRule, ...]) -> None:
    """InputError `bad_chain` for two rules of one id."""
    ids = [rule.id for rule in rules]
    for name in ids:
        if ids.count(name) > 1:
            raise InputError(f"two chains are named {name!r}", "rename one", code="bad_chain")


def simulate_chain(
    first: str,
    rules: tuple[ChainRule, ...],
    figures: dict[str, Floats],
    members: int,
    seed: int,
) -> list[SimulatedLink]:
    """Follows the rules from the hazard `first`, member by member: member m of a cause drives
    member m of its effect. figures: values by name and member, for the first hazard; later links
    take their threshold as reached, since their chance already says so.

    A chain cannot run for ever: at most four links, no rule twice on one way, and a link that
    fires in less than one member in a hundred leads no further.
    """
    if members < 1:
        raise InputError("members must be 1 or more", "ask for 100", code="bad_members")
    check_rules(rules)
    found: list[SimulatedLink] = []
    everyone = np.ones(members, np.bool_)
    _follow(first, rules, figures, everyone, np.zeros(members), (), seed, found)
    return found


def _follow(
    cause: str,
    rules: tuple[ChainRule, ...],
    figures: dict[str, Floats],
    alive: NDArray[np.bool_],
    at_h: Floats,
    path: tuple[str, ...],
    seed: int,
    found: list[SimulatedLink],
) -> None:
    if len(path) >= DEPTH_LIMIT:
        return
    for rule in rules:
        if rule.cause != cause or rule.id in path:
            continue
        chance = generator(seed, "chain:" + "/".join((*path, rule.id)))
        draws, waits = chance.random(len(alive)), chance.exponential(1.0, len(alive))
        reached = alive.copy()
        if not path and rule.figure in figures:
            reached &= figures[rule.figure] >= rule.at_least
        fires = reached & (draws < rule.probability)
        share = float(fires.mean())
        if share < LEAST_CHANCE:
            continue
        when = at_h + rule.delay_h * waits
        quantiles = np.quantile(when[fires], (0.05, 0.5, 0.95))
        found.append(
            SimulatedLink(
                rule=rule.id,
                cause=rule.cause,
                effect=rule.effect,
                depth=len(path) + 1,
                path=(*path, rule.id),
                probability=share,
                at_h=(float(quantiles[0]), float(quantiles[1]), float(quantiles[2])),
            )
        )
        _follow(rule.effect, rules, figures, fires, when, (*path, rule.id), seed, found)
