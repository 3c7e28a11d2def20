"""The sheet on which plans are laid beside each other: what a person reads before one of them is
adopted.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """A figure over replicates: its mean and quantiles 0.05, 0.5, 0.95."""

    mean: float
    low: float
    median: float
    high: float


class CriterionShare(msgspec.Struct, frozen=True, kw_only=True):
    """What one area or age band bears: means, each with its [0.05, 0.95]. Small infections are
    hidden (null).
    """

    key: str
    name: str
    residents: int
    infections: float | None
    infections_range: tuple[float, float] | None = None
    days_lost_per_100: float
    days_lost_range: tuple[float, float] = (0.0, 0.0)


class Fairness(msgspec.Struct, frozen=True, kw_only=True):
    """How evenly days lost per head fall on areas and ages: Gini (0 even), and the most burdened
    against the mean.
    """

    gini_by_area: float
    most_by_area: float
    gini_by_age: float
    most_by_age: float


class PlanResult(msgspec.Struct, frozen=True, kw_only=True):
    """One plan. `against_first`: paired differences (this less the first) on the same random
    numbers.
    """

    id: str
    title: str
    origin: str
    place: int
    probability_best: float
    wins: float
    measures: tuple[str, ...]
    notes: tuple[str, ...]
    figures: dict[str, Spread]
    against_first: dict[str, Spread]
    # share of replicates in which more lie in hospital than there are beds, or are turned away
    over_beds: float
    over_icu: float
    pareto: bool
    beaten_by: str | None
    by_area: list[CriterionShare]
    by_age: list[CriterionShare]
    fairness: Fairness
    fan: dict[str, list[list[float]]]  # series -> [5 levels][days]


class SensitivityResult(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of the ranking when one input is lower or higher. `margin`: cost of the
    second less the first.
    """

    input: str
    factor: float
    source: str
    first: str
    changes_first: bool
    margin: float


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the table of unit costs."""

    name: str
    value: float
    unit: str
    source: str


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The whole comparison; simulated, never a fact. `fingerprint` names every input: the same
    gives the same bytes.
    """

    fingerprint: str
    simulated: bool = True
    drill: str = ""  # the drill in whose workspace it was made
    as_of: datetime | None
    live: bool
    incident: str | None
    city: str
    residents: int
    disease: str
    days: int
    replicates: int
    seed: int
    ranked_by: str
    first: str
    probability_right: float
    why: dict[str, str]
    beds: int
    icu_beds: int
    currency: str
    levels: tuple[float, ...]
    plans: list[PlanResult]
    pareto: list[str]
    pareto_by: tuple[str, ...]
    sensitivity: list[SensitivityResult]
    costs: list[Cost]
    start: dict[str, float]
    notes: tuple[str, ...]
