"""Chains between hazards and scenarios of them, as data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

from twinward.core.errors import AbsentError, InputError
from twinward.library.loading import HOME, read_toml

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{1,60}$")]


class ChainRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One link: where the figure of `cause` reaches `at_least`, `effect` follows with that chance
    after a delay that is exponential with that mean.
    """

    id: Name
    cause: Name
    effect: Name
    figure: str
    at_least: float
    probability: Share
    delay_h: Annotated[float, msgspec.Meta(ge=0, le=8760)]
    title: str
    source: str
    evidence: str = "moderate"
    owner: str = ""
    controls: tuple[str, ...] = ()
    review: str = ""


class HazardScenario(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Forcing by name; `at` is a place as shares of the city's width and height."""

    id: Name
    hazard: Name
    title: str
    forcing: dict[str, float]
    at: tuple[Share, Share] | None = None


class _Chains(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    chain: tuple[ChainRule, ...]


class _Scenarios(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    scenario: tuple[HazardScenario, ...]


def load_chains(own: Path | None = None) -> tuple[ChainRule, ...]:
    """The bundled chains, and those in a workspace's own folder on top (same id replaces)."""
    found = {rule.id: rule for rule in read_toml(HOME / "chains.toml", _Chains).chain}
    if own is not None and own.is_dir():
        for path in sorted(own.glob("*.toml")):
            found |= {rule.id: rule for rule in read_chains(path)}
    return tuple(found.values())


def read_chains(path: Path) -> tuple[ChainRule, ...]:
    """Chains in a file, `[[chain]]` each; InputError `no_file`, `bad_plan` with its line."""
    if not path.is_file():
        raise InputError(f"{path}: no such file", "name a file of chains", code="no_file")
    return read_toml(path, _Chains).chain


def get_scenario(hazard: str, name: str) -> HazardScenario:
    """AbsentError `unknown_scenario` that lists those of the hazard."""
    known = list(read_toml(HOME / "hazard_scenarios.toml", _Scenarios).scenario)
    mine = {one.id: one for one in known if one.hazard == hazard}
    if name not in mine:
        raise AbsentError(
            f"there is no {hazard} scenario {name!r}",
            f"name one of {', '.join(mine)}",
            code="unknown_scenario",
        )
    return mine[name]
