"""Hazards as data: which figures open an incident and call for which response level."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from twinward.core.reasons import Reason, because_of

LEVELS = ("IV", "III", "II", "I")  # rising
Level = Literal["IV", "III", "II", "I"]


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Holds when the figure is at least so much."""

    figure: str
    at_least: float


class LevelRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The response level that any one of the rules calls for."""

    level: Level
    any: tuple[Rule, ...]
    decided_by: Literal["figures", "person"] = "figures"  # who sets it when the figures call for it


class Hazard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One hazard: at which administrative level incidents stand, and which figures call for
    which response level.
    """

    id: str
    title: str
    zh: str = ""  # its title in Chinese
    source: str
    incident_level: int  # 0 the city as a whole, 1 its first subdivision, …
    opens: tuple[Rule, ...]  # any of these figures of a single report opens an incident
    levels: tuple[LevelRule, ...]
    per_100k: dict[str, str] = {}  # figure for each 100,000 residents -> the reported one it is of
    needs_by: str = ""  # the figure of an incident by which tasks need things for each case
    lower_after_days: Annotated[int, msgspec.Meta(ge=1)] = 7
    reopens_within_days: Annotated[int, msgspec.Meta(ge=0)] = 28

    def needs_person(self, level: Level) -> bool:
        """Whether a person decides on this level."""
        return any(rule.level == level and rule.decided_by == "person" for rule in self.levels)

    def highest_by_figures(self, level: Level) -> Level | None:
        """The highest level up to this one that figures alone set."""
        ranks = [LEVELS.index(rule.level) for rule in self.levels if rule.decided_by == "figures"]
        below = [rank for rank in ranks if rank <= LEVELS.index(level)]
        return LEVELS[max(below)] if below else None  # type: ignore[return-value]

    def level_for(self, figures: dict[str, float]) -> tuple[Level | None, Reason]:
        """The highest level that a rule calls for, and which rule."""
        for rule in sorted(self.levels, key=lambda r: LEVELS.index(r.level), reverse=True):
            for part in rule.any:
                value = figures.get(part.figure, 0.0)
                if value >= part.at_least:
                    reached = because_of(
                        "level.reached", figure=part.figure, value=value, at_least=part.at_least
                    )
                    return rule.level, reached
        return None, because_of("level.none")
