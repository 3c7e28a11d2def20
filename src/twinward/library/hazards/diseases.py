"""Diseases as data: every figure with its unit in the name and its source beside it."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import msgspec

from twinward.core.errors import InputError

DEFAULT = "sars-cov-2-ancestral"
Chance = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Positive = Annotated[float, msgspec.Meta(gt=0.0)]
NotNegative = Annotated[float, msgspec.Meta(ge=0.0)]
Rate = Annotated[float, msgspec.Meta(ge=0.0, le=100.0)]


class Share(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A share or probability, with where it comes from."""

    value: Chance
    source: str


class DiseaseFigure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One number of at least 0, in the unit its name says, with where it comes from."""

    value: NotNegative
    source: str


class Curve(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Numbers by day, at least one of them above 0."""

    value: Annotated[list[NotNegative], msgspec.Meta(min_length=1, max_length=60)]
    source: str


class ByAge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Chances by age band; the bands begin at `ages.from_year`."""

    value: Annotated[list[Chance], msgspec.Meta(min_length=1)]
    source: str


class AgeValues(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first year of each age band, ascending, from 0."""

    from_year: Annotated[
        list[Annotated[int, msgspec.Meta(ge=0, le=100)]], msgspec.Meta(min_length=1)
    ]


class Transmission(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How contagious.

    r0: mean number infected by one typical infector where all others are susceptible
    dispersion_k: shape of the gamma distribution of individual infectiousness; small is uneven
    infectiousness: relative infectiousness by day since the end of latency
    asymptomatic: infectiousness of those without symptoms, relative to those with
    susceptibility: relative chance that an exposure infects, by age band
    weight_*: how much one contact of this setting transmits, relative to the others
    hospital_factor: contacts of a patient with staff, relative to those with a household
    """

    r0: DiseaseFigure
    dispersion_k: DiseaseFigure
    infectiousness: Curve
    asymptomatic: Share
    susceptibility: ByAge
    weight_household: DiseaseFigure
    weight_school: DiseaseFigure
    weight_work: DiseaseFigure
    weight_community: DiseaseFigure
    hospital_factor: Share


class DiseaseCourse(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happens to the infected, in days (means, and standard deviations where they matter)."""

    latent_mean_d: DiseaseFigure
    latent_sd_d: DiseaseFigure
    onset_after_latent_mean_d: DiseaseFigure
    onset_after_latent_sd_d: DiseaseFigure
    sick_mean_d: DiseaseFigure
    sick_sd_d: DiseaseFigure
    onset_to_hospital_d: DiseaseFigure
    hospital_stay_d: DiseaseFigure
    hospital_to_icu_d: DiseaseFigure
    icu_stay_d: DiseaseFigure


class Severity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How ill, by age band; each chance is given the step before it."""

    symptomatic: ByAge
    hospital_given_symptoms: ByAge
    icu_given_hospital: ByAge
    death_given_hospital: ByAge
    death_given_icu: ByAge
    death_without_bed: Share
    death_without_icu: Share


class Capacity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Beds that can be given to this disease, for each 1,000 residents."""

    hospital_beds_per_1000: DiseaseFigure
    icu_beds_per_1000: DiseaseFigure


class Immunity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an infection leaves behind. half_life_d 0 means that protection does not wane."""

    protection: Share
    half_life_d: DiseaseFigure
    protection_severe: Share


class Dose(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Protection after this dose."""

    infection: Share
    severe: Share
    half_life_d: DiseaseFigure


class Strain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A strain beside the first. `cross_immunity`: share of protection that holds between it and
    each other strain.
    """

    name: str
    transmission_factor: DiseaseFigure
    severity_factor: DiseaseFigure
    cross_immunity: Share
    vaccine_factor: Share


class Test(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Chance that a test is positive, by day since infection (0 is the day itself)."""

    sensitivity: ByAge


class Disease(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One pathogen. The first strain is the one the figures speak of; `strains` are further ones
    (at most 6).
    """

    name: str
    title: str
    ages: AgeValues
    transmission: Transmission
    course: DiseaseCourse
    severity: Severity
    capacity: Capacity
    immunity: Immunity
    test: Test
    doses: Annotated[list[Dose], msgspec.Meta(max_length=3)] = []
    strains: Annotated[list[Strain], msgspec.Meta(max_length=6)] = []


def list_diseases() -> list[str]:
    """Names of the diseases that come with Twinward."""
    folder = resources.files("twinward.library") / "data" / "diseases"
    return sorted(
        entry.name.removesuffix(".toml")
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    )


def load_disease(name_or_file: str, settings: list[str] | None = None) -> Disease:
    """A bundled disease by name or one from a TOML file, with `path.to.figure=value` settings laid
    over it.

    Raises InputError `unknown_disease`, `bad_disease`, `bad_setting`.
    """
    return check_disease(_apply(_read(name_or_file), settings or []))


def _read(name_or_file: str) -> dict[str, object]:
    if name_or_file in list_diseases():
        text = (
            resources.files("twinward.library") / "data" / "diseases" / f"{name_or_file}.toml"
        ).read_text("utf-8")
    elif Path(name_or_file).is_file():
        text = Path(name_or_file).read_text("utf-8", errors="replace")
    else:
        raise InputError(
            f"no disease {name_or_file!r}",
            f"name one of {', '.join(list_diseases())}, or a TOML file that exists",
            code="unknown_disease",
        )
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(
            f"{name_or_file} is not TOML: {error}", "mend the line it names", code="bad_disease"
        ) from error


def _apply(data: dict[str, Any], settings: list[str]) -> dict[str, Any]:
    for setting in settings:
        path, _, text = setting.partition("=")
        node: Any = data
        keys = path.strip().split(".")
        try:
            for key in keys[:-1]:
                node = node[int(key)] if isinstance(node, list) else node[key]
            value = tomllib.loads(f"x = {text}")["x"]
            last: Any = int(keys[-1]) if isinstance(node, list) else keys[-1]
            old = node[last]
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise InputError(
                f"--set {setting}: there is no such figure, or {text!r} is not a value",
                "write for example --set transmission.r0=2.5; `twinward simulate --schema "
                "disease` lists the figures",
                code="bad_setting",
            ) from error
        node[last] = (
            {"value": value, "source": "set by the user"} if isinstance(old, dict) else value
        )
    return data


def check_disease(data: dict[str, object]) -> Disease:
    """The disease, or InputError `bad_disease` naming the figure that is missing or out of
    range.
    """
    try:
        disease = msgspec.convert(data, Disease)
    except msgspec.ValidationError as error:
        raise InputError(
            f"the disease cannot be used: {error}",
            'each figure is { value = …, source = "…" }; `twinward simulate --schema disease` '
            "prints the form",
            code="bad_disease",
        ) from error
    bands = len(disease.ages.from_year)
    years = disease.ages.from_year
    if years[0] != 0 or years != sorted(set(years)):
        raise InputError(
            "ages.from_year must start at 0 and ascend",
            "for example [0, 10, 20]",
            code="bad_disease",
        )
    for group in (disease.transmission, disease.severity):
        for field in group.__struct_fields__:
            figure = getattr(group, field)
            if isinstance(figure, ByAge) and len(figure.value) != bands:
                raise InputError(
                    f"{field} has {len(figure.value)} values for {bands} age bands",
                    "give one value for each entry of ages.from_year",
                    code="bad_disease",
                )
    _check_figures(disease)
    return disease


def _check_figures(disease: Disease) -> None:
    if sum(disease.transmission.infectiousness.value) <= 0:
        raise InputError(
            "transmission.infectiousness is 0 on all days",
            "give one day above 0",
            code="bad_disease",
        )
    if disease.transmission.dispersion_k.value <= 0:
        raise InputError(
            "transmission.dispersion_k must be above 0",
            "use 1000 for even spread",
            code="bad_disease",
        )
    if disease.transmission.r0.value > 30:
        raise InputError(
            "transmission.r0 is above 30",
            "no known disease is; measles has 12 to 18",
            code="bad_disease",
        )
    for field in disease.course.__struct_fields__:
        if getattr(disease.course, field).value > 60:
            raise InputError(
                f"course.{field} is above 60 days",
                "the simulator follows acute disease",
                code="bad_disease",
            )


def disease_schema() -> dict[str, object]:
    """JSON Schema of a disease file."""
    return msgspec.json.schema(Disease)
