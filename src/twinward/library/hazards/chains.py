"""Chains between hazards and scenarios of them, as data."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

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
    hip: str = ""  # code of the cause and the effect in the UNDRR/ISC hazard profiles
    fires: Literal["person", "automatic"] = "person"  # who opens the next incident
    effect_figure: str = ""  # what the next incident opens with
    effect_value: float = 1.0


class HazardScenario(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Forcing by name; `at` is a place as shares of the city's width and height."""

    id: Name
    hazard: Name
    title: str
    forcing: dict[str, float]
    words: dict[str, str] = {}
    at: tuple[Share, Share] | None = None


class _Chains(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    chain: tuple[ChainRule, ...]


class _Scenarios(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    scenario: tuple[HazardScenario, ...]


class ChainRegister:
    """The chains of a workspace, read again only when its folder has changed."""

    def __init__(self, own: Path) -> None:
        self._own = own
        self._seen: int | None = None
        self._rules: tuple[ChainRule, ...] | None = None

    def list_rules(self) -> tuple[ChainRule, ...]:
        """The bundled chains, and the workspace's own on top."""
        stamp = self._own.stat().st_mtime_ns if self._own.is_dir() else 0
        if self._rules is None or stamp != self._seen:
            self._rules, self._seen = load_chains(self._own), stamp
        return self._rules


@lru_cache(maxsize=1)
def _bundled() -> tuple[ChainRule, ...]:
    return read_toml(HOME / "chains.toml", _Chains).chain


def load_chains(own: Path | None = None) -> tuple[ChainRule, ...]:
    """The bundled chains, and those in a workspace's own folder on top (same id replaces)."""
    found = {rule.id: rule for rule in _bundled()}
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
