"""Measures against an outbreak as data: who does what, where, from when to when, and what starts
it.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from twinward.core.errors import InputError, explain_decode_error, field_path
from twinward.library.toml_lines import find_line, index_lines

Chance = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Day = Annotated[int, msgspec.Meta(ge=0, le=1600)]
Setting = Literal[
    "household", "school", "work", "care_home", "hospital", "community", "transport", "random"
]


OUTSIDE_HOME: tuple[Setting, ...] = (
    "school",
    "work",
    "care_home",
    "hospital",
    "community",
    "transport",
    "random",
)
# assumption: contacts one can name are found, passers-by hardly
USUALLY_FOUND: dict[Setting, float] = {
    "household": 1.0,
    "school": 0.7,
    "work": 0.5,
    "care_home": 0.9,
    "hospital": 0.9,
    "community": 0.1,
    "transport": 0.05,
    "random": 0.02,
}


class Trigger(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Starts a measure when a figure of the day before passes a threshold, and ends it below
    `stop_below`.
    """

    figure: Literal[
        "confirmed_per_100k_7d", "infections_per_100k_7d", "hospital_share", "icu_share"
    ]
    start_above: Annotated[float, msgspec.Meta(ge=0.0)]
    stop_below: Annotated[float, msgspec.Meta(ge=0.0)] = 0.0


class Measure(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"
):
    """What all measures have. Active on start_day <= day < end_day (and while the trigger holds).

    areas: area codes, empty for the whole city; ages: first and last year, inclusive coverage:
    share of those concerned who are reached; compliance: share of those reached who comply delay_d:
    days from the cause (a confirmation, a threshold) to the effect
    """

    name: str = ""
    start_day: Day = 0
    end_day: Day = 1600
    areas: list[str] = []
    ages: tuple[
        Annotated[int, msgspec.Meta(ge=0, le=100)], Annotated[int, msgspec.Meta(ge=0, le=100)]
    ] = (0, 100)
    coverage: Chance = 1.0
    compliance: Chance = 1.0
    delay_d: Annotated[int, msgspec.Meta(ge=0, le=30)] = 0
    trigger: Trigger | None = None

    @property
    def reach(self) -> float:
        """Share of those concerned who do it."""
        return self.coverage * self.compliance


class SymptomaticTesting(Measure, frozen=True, kw_only=True, tag="symptomatic_testing"):
    """People with symptoms seek a test `delay_d` days after onset; the result counts on that
    day.
    """


class MassTesting(Measure, frozen=True, kw_only=True, tag="mass_testing"):
    """Everybody concerned is tested every `every_d` days; results come after `delay_d` days."""

    every_d: Annotated[int, msgspec.Meta(ge=1, le=90)] = 2
    rounds: Annotated[int, msgspec.Meta(ge=1, le=1600)] = 1600


class CaseIsolation(Measure, frozen=True, kw_only=True, tag="case_isolation"):
    """Confirmed cases stay apart at home for `days`."""

    days: Annotated[int, msgspec.Meta(ge=1, le=60)] = 14


class QuarantineFacility(Measure, frozen=True, kw_only=True, tag="quarantine_facility"):
    """Confirmed cases move to a facility for `days`, while it has places; then case isolation
    applies.
    """

    places: Annotated[int, msgspec.Meta(ge=0)]
    days: Annotated[int, msgspec.Meta(ge=1, le=60)] = 14


class HouseholdQuarantine(Measure, frozen=True, kw_only=True, tag="household_quarantine"):
    """Members of a confirmed case's household stay at home for `days`."""

    days: Annotated[int, msgspec.Meta(ge=1, le=60)] = 14


class ContactTracing(Measure, frozen=True, kw_only=True, tag="contact_tracing"):
    """Contacts of confirmed cases are found and quarantined at home, and tested when found.

    found: chance that a contact is found, by setting; days_back: how far back contacts are asked
    for backward: chance that a case's own infector is found; cases_per_tracer_day and
    tracers_per_100k limit the work
    """

    found: dict[Setting, Chance] = msgspec.field(default_factory=lambda: dict(USUALLY_FOUND))
    days_back: Annotated[int, msgspec.Meta(ge=1, le=14)] = 4
    backward: Chance = 0.0
    tracers_per_100k: Annotated[float, msgspec.Meta(ge=0.0, le=100_000.0)] = 30.0
    cases_per_tracer_day: Annotated[float, msgspec.Meta(ge=0.0, le=100.0)] = 2.0
    days: Annotated[int, msgspec.Meta(ge=1, le=60)] = 14


class SchoolClosure(Measure, frozen=True, kw_only=True, tag="school_closure"):
    """Schools and kindergartens close for those concerned."""


class WorkplaceClosure(Measure, frozen=True, kw_only=True, tag="workplace_closure"):
    """Workplaces close for those concerned (care homes and hospitals stay open)."""


class Distancing(Measure, frozen=True, kw_only=True, tag="distancing"):
    """Contacts fall by `reduction` in the settings named."""

    settings: list[Setting] = msgspec.field(
        default_factory=lambda: ["work", "community", "transport", "random"]
    )
    reduction: Chance = 0.5


class GatheringLimit(Measure, frozen=True, kw_only=True, tag="gathering_limit"):
    """No more than `persons` meet: community, transport and random contacts of a person fall to
    that number a day.
    """

    persons: Annotated[float, msgspec.Meta(ge=0.0, le=1000.0)] = 2.0


class Lockdown(Measure, frozen=True, kw_only=True, tag="lockdown"):
    """Residents of the areas named stay at home: all contacts outside the household fall by
    `reduction`.
    """

    reduction: Chance = 0.9


class TravelRestriction(Measure, frozen=True, kw_only=True, tag="travel_restriction"):
    """Contacts between the areas in which outcomes are counted (districts) fall by `reduction`."""

    reduction: Chance = 0.8


class Masks(Measure, frozen=True, kw_only=True, tag="masks"):
    """Masks outside the household: `efficacy` is the share of transmission a mask on both sides
    prevents.
    """

    efficacy: Chance = 0.5
    settings: list[Setting] = msgspec.field(default_factory=lambda: list(OUTSIDE_HOME))


class Vaccination(Measure, frozen=True, kw_only=True, tag="vaccination"):
    """`doses_per_100k_day` first doses a day, oldest first by ten years if so wished; a second
    follows.
    """

    doses_per_100k_day: Annotated[float, msgspec.Meta(gt=0.0, le=100_000.0)] = 500.0
    dose_interval_d: Annotated[int, msgspec.Meta(ge=0, le=365)] = 21
    oldest_first: bool = True


AnyMeasure = (
    SymptomaticTesting
    | MassTesting
    | CaseIsolation
    | QuarantineFacility
    | HouseholdQuarantine
    | ContactTracing
    | SchoolClosure
    | WorkplaceClosure
    | Distancing
    | GatheringLimit
    | Lockdown
    | TravelRestriction
    | Masks
    | Vaccination
)
KNOWN_MEASURES = {kind.__struct_config__.tag for kind in AnyMeasure.__args__}  # type: ignore[attr-defined]
ON_CONFIRMED = (CaseIsolation, HouseholdQuarantine, QuarantineFacility, ContactTracing)
SINGULAR = (*ON_CONFIRMED, GatheringLimit, TravelRestriction)


class MeasureFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A TOML file of measures: any number of [[measures]] tables."""

    measures: list[AnyMeasure]


def load_measures(path: Path) -> tuple[Measure, ...]:
    """Measures of a TOML file. Raises InputError `measures_absent`, `bad_measures`,
    `contradictory_measures`.
    """
    if not path.is_file():
        raise InputError(
            f"no measures file {path}", "give the path of a TOML file", code="measures_absent"
        )
    text = path.read_text("utf-8", errors="replace")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(
            f"{path} is not TOML: {error}", "mend the line it names", code="bad_measures"
        ) from error
    return read_measures(data, f"{path.name}:{{}}: ", text)


def read_measures(data: dict[str, object], where: str = "", text: str = "") -> tuple[Measure, ...]:
    """Measures of a plain mapping `{"measures": [...]}`, checked. `where` takes the line in
    `text` that is at fault.
    """
    try:
        measures = tuple(msgspec.convert(data, MeasureFile).measures)
    except msgspec.ValidationError as error:
        line = find_line(index_lines(text), field_path(str(error)))
        raise InputError(
            f"{where.format(line)}the measures cannot be used: "
            f"{explain_decode_error(str(error), data)}",
            "`twinward simulate --schema measures` prints the form",
            code="bad_measures",
        ) from error
    if found := find_wrong(measures):
        number, wrong = found
        at = where.format(find_line(index_lines(text), ("measures", number)))
        raise InputError(f"{at}{wrong.message}", wrong.advice, code=wrong.code)
    return measures


def check_measures(measures: tuple[Measure, ...]) -> None:
    """InputError for an empty window or for two measures of a kind of which only one can hold at
    a place and time.
    """
    if found := find_wrong(measures):
        raise found[1]


def find_wrong(measures: tuple[Measure, ...]) -> tuple[int, InputError] | None:
    """The first measure that makes no sense by itself or beside those before it, and why."""
    for n, one in enumerate(measures):
        if one.start_day >= one.end_day:
            message = (
                f"measure {label(one)} ends on day {one.end_day}, before it starts on day "
                f"{one.start_day}"
            )
            return n, InputError(message, "give an end_day after start_day", code="bad_measures")
        if one.ages[0] > one.ages[1]:
            message = f"measure {label(one)} has ages {list(one.ages)}"
            return n, InputError(message, "first year first", code="bad_measures")
        if one.trigger is not None and one.trigger.stop_below > one.trigger.start_above:
            message = (
                f"measure {label(one)} would stop below {one.trigger.stop_below:g}, above "
                f"where it starts"
            )
            advice = f"give stop_below at most {one.trigger.start_above:g}"
            return n, InputError(message, advice, code="bad_measures")
        for other in measures[:n]:
            if (
                type(one) is type(other)
                and isinstance(one, SINGULAR)
                and one != other
                and _meet(one, other)
            ):
                message = (
                    f"measures {label(other)} and {label(one)} contradict each other: same "
                    f"days, areas and ages"
                )
                advice = "let one end before the other starts, or give them different areas"
                return n, InputError(message, advice, code="contradictory_measures")
    return None


def list_idle(measures: tuple[Measure, ...]) -> list[str]:
    """A sentence for each measure that waits for confirmed cases while no measure tests anybody."""
    if any(isinstance(one, SymptomaticTesting | MassTesting) for one in measures):
        return []
    waiting = [
        one
        for one in measures
        if isinstance(one, ON_CONFIRMED)
        or (one.trigger and one.trigger.figure == "confirmed_per_100k_7d")
    ]
    return [
        f"measure {label(one)} has no effect: it waits for confirmed cases and nobody is tested; "
        "add symptomatic_testing or mass_testing"
        for one in waiting
    ]


def label(measure: Measure) -> str:
    """Its name, else its type."""
    return repr(measure.name or str(measure.__struct_config__.tag))


def _meet(one: Measure, other: Measure) -> bool:
    days = one.start_day < other.end_day and other.start_day < one.end_day
    ages = one.ages[0] <= other.ages[1] and other.ages[0] <= one.ages[1]
    areas = (
        not one.areas
        or not other.areas
        or any(a.startswith(b) or b.startswith(a) for a in one.areas for b in other.areas)
    )
    return days and ages and areas


def measures_schema() -> dict[str, object]:
    """JSON Schema of a measures file."""
    return msgspec.json.schema(MeasureFile)
