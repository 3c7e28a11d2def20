"""The sheet on which plans are laid beside each other: what a person reads before one of them is
adopted.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from twinward.core.reasons import Reason

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
    role: str = "ranked"  # ranked, marked (it breaks something), baseline, or unranked
    breaks: tuple[str, ...] = ()  # capacity, authority, law: what it would break
    needs: tuple[str, ...] = ()  # whose decision it waits for
    tied: bool = False  # nobody can tell it from the first
    probability_best: float | None  # over doubts and dice; None: not ranked, or one run alone
    wins: float
    measures: tuple[str, ...]
    notes: tuple[str, ...]
    notes_reasons: tuple[Reason, ...] = ()
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
    """What becomes of the ranking when one input is lower or higher, on the same runs. `margin`:
    the ranked figure of the best other plan less that of the first.
    """

    input: str
    factor: float
    source: str
    first: str
    changes_first: bool
    margin: float


class PriceFlip(msgspec.Struct, frozen=True, kw_only=True):
    """A price that nobody pays in a market, and the nearest one at which another plan is first
    (None: at none).
    """

    price: str
    unit: str
    now: float
    at: float | None
    then_first: str | None


class FitDay(msgspec.Struct, frozen=True, kw_only=True):
    """One past day: what was reported (None: nothing was told), what the simulator makes of it."""

    date: date
    reported: float | None
    simulated: float


class FitArea(msgspec.Struct, frozen=True, kw_only=True):
    """What the fit found in one area: R of the last week, and the share infected so far."""

    area: str
    r: float
    immune_share: float


class FitResult(msgspec.Struct, frozen=True, kw_only=True):
    """The simulator held against the reports that it was fitted to. `held` False: it misses by more
    than half, and ranks nothing.

    found_share: infections that reports find, assumed: counts alone do not tell it
    left_by_measures: share of transmission that the measures in force leave, by the simulator
    """

    days: list[FitDay]
    ratio_7d: float
    ratio_14d: float
    held: bool
    r: float
    delay_d: int
    found_share: float
    left_by_measures: float
    areas: list[FitArea]
    says: dict[str, str]


class ForecastDay(msgspec.Struct, frozen=True, kw_only=True):
    """Reports that may come for one day: level -> count, the 23 levels of the forecast hubs."""

    date: date
    values: dict[str, float]


class ReportForecast(msgspec.Struct, frozen=True, kw_only=True):
    """Reports of the days ahead under what is in force: the fitted futures, moved to where the
    simulated runs of them lie.
    """

    of: str
    what: str
    quantiles: list[ForecastDay]
    futures: int
    runs: int


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
    probability_right: float | None
    odds_over: str = "doubts and dice"
    tied: list[str] = []
    refused: str = ""  # why nothing is ranked
    fit: FitResult | None = None
    forecast: ReportForecast | None = None
    flips: list[PriceFlip] = []
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
    start: dict[str, float | None]
    notes: tuple[str, ...]
    notes_reasons: tuple[Reason, ...] = ()
