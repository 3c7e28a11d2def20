"""One contract for every hazard model: the same questions to all five, and to a sixth."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from twinward.citybase.people.plain_city import plain_base
from twinward.core.errors import InputError
from twinward.decision.simulation.chemical.model import MODEL as CHEMICAL
from twinward.decision.simulation.city import HazardCity, make_city
from twinward.decision.simulation.earthquake.model import MODEL as EARTHQUAKE
from twinward.decision.simulation.epidemic.hazard import EpidemicModel
from twinward.decision.simulation.exposure import judge_footprint
from twinward.decision.simulation.fire.model import MODEL as FIRE
from twinward.decision.simulation.flood.model import MODEL as FLOOD
from twinward.decision.simulation.interface import Ask, Start
from twinward.decision.simulation.registry import load_model
from twinward.service.hazards.forecasts import HazardRequest, forecast_hazard, levels_of

DAY = 86_400.0
BASE = plain_base(12_000, 3)
CITY = make_city(BASE, 150.0)
EPIDEMIC = EpidemicModel(CITY)
# model, forcing, what doubling means, step, levels of the figure
MODELS: dict[str, tuple[Any, dict[str, float], str, float, tuple[tuple[str, float], ...]]] = {
    "flood": (
        FLOOD,
        {"rain_mm_h": 60.0},
        "rain_mm_h",
        600.0,
        (("IV", 0.01), ("III", 0.03), ("II", 0.1)),
    ),
    "fire": (
        FIRE,
        {"wind_m_s": 4.0, "wind_from_deg": 270.0, "row": 8.0, "col": 4.0},
        "wind_m_s",
        600.0,
        (("IV", 0.5),),
    ),
    "chemical": (
        CHEMICAL,
        {
            "rate_kg_s": 2.0,
            "duration_s": 900.0,
            "wind_m_s": 3.0,
            "wind_from_deg": 270.0,
            "east_m": 0.0,
            "north_m": 700.0,
        },
        "rate_kg_s",
        600.0,
        (("IV", 1e-6), ("III", 1e-5), ("II", 1e-4)),
    ),
    "earthquake": (
        EARTHQUAKE,
        {"magnitude": 6.0, "east_m": 0.0, "north_m": -5000.0},
        "magnitude",
        600.0,
        (("IV", 0.02), ("III", 0.1), ("II", 0.3)),
    ),
    "epidemic": (EPIDEMIC, {"infected": 30.0}, "infected", DAY, (("IV", 1.0), ("III", 10.0))),
}
ALL = pytest.mark.parametrize("name", sorted(MODELS))


def ask(
    name: str, steps: int = 3, start: Start | None = None, members: int = 1, **more: Any
) -> Ask:
    _, forcing, _, step, _ = MODELS[name]
    begin = start or Start()
    given = {
        "forcing": forcing,
        "step_s": step,
        "until_s": begin.at_s + steps * step,
        "start": begin,
        "members": members,
    }
    return Ask(**(given | more))


def prepared(name: str, city: HazardCity = CITY) -> tuple[Any, Any]:
    model = MODELS[name][0]
    return model, model.prepare(city)


@ALL
def test_two_forks_of_one_start_give_equal_bytes_on_any_number_of_threads(name: str) -> None:
    model, ground = prepared(name)
    digests = {
        model.run(ground, ask(name, members=2, threads=threads)).digest() for threads in (1, 1, 2)
    }
    assert len(digests) == 1


@ALL
def test_saved_and_resumed_is_the_same_as_run_through(name: str) -> None:
    model, ground = prepared(name)
    step = MODELS[name][3]
    whole = model.run(ground, ask(name, 4))
    half = model.run(ground, ask(name, 2))
    rest = model.run(ground, ask(name, 2, Start(at_s=2 * step, state=half.state)))
    assert np.concatenate([half.values, rest.values], axis=1).tobytes() == whole.values.tobytes()
    assert np.concatenate([half.times, rest.times]).tolist() == whole.times.tolist()


@ALL
def test_what_comes_out_is_finite_named_and_of_the_shape_it_says(name: str) -> None:
    model, ground = prepared(name)
    found = model.run(ground, ask(name, members=3))
    assert found.values.shape == (3, 3, len(ground.area_of_place))
    assert found.values.dtype == np.float32
    assert np.isfinite(found.values).all() and (found.values >= 0).all()
    assert found.unit and found.figure
    assert found.peak.shape == (3, len(ground.area_of_place))


@ALL
def test_quantiles_are_ordered_and_chances_fall_with_the_level(name: str) -> None:
    model, ground = prepared(name)
    forecast = judge_footprint(
        model.run(ground, ask(name, members=5)), ground, CITY, MODELS[name][4]
    )
    assert (np.diff(forecast.by_area, axis=0) >= 0).all()
    chances = [forecast.p_level[level] for level, _ in MODELS[name][4]]
    for lower, higher in itertools.pairwise(chances):
        assert (higher <= lower).all()
    for one in forecast.exposed:
        assert list(one.people) == sorted(one.people)
        assert one.people[-1] <= CITY.residents.sum() + 1e-6
    assert forecast.calibration == "not calibrated here"
    assert forecast.notes[0].code == "remark.synthetic_terrain"


@ALL
def test_more_forcing_never_lowers_the_peak(name: str) -> None:
    model, ground = prepared(name)
    _, forcing, what, _, _ = MODELS[name]
    more = forcing | {what: forcing[what] * (1.2 if name == "earthquake" else 2.0)}
    low, high = model.run(ground, ask(name)), model.run(ground, ask(name, forcing=more))
    if name == "epidemic":  # chance decides single areas; the city's total does not fall
        assert high.values.sum() >= low.values.sum()
    else:
        assert high.values.max() >= low.values.max() * (1 - 1e-6)


@ALL
def test_a_missing_or_impossible_forcing_is_refused(name: str) -> None:
    model, ground = prepared(name)
    _, forcing, what, _, _ = MODELS[name]
    less = {key: value for key, value in forcing.items() if key != what}
    for wrong in ({}, less, forcing | {what: math.nan}, forcing | {what: math.inf}):
        with pytest.raises(InputError):
            model.run(ground, ask(name, forcing=wrong))
    for change in (
        {"members": 0},
        {"until_s": 0.0},
        {"until_s": -5.0},
        {"step_s": 0.0},
        {"until_s": 1e12},
    ):
        with pytest.raises(InputError):
            model.run(ground, msgspec.structs.replace(ask(name), **change))


@ALL
def test_one_area_and_an_area_without_people_are_no_special_case(name: str) -> None:
    one = make_city(plain_base(300, 1), 300.0)
    model = EpidemicModel(one) if name == "epidemic" else MODELS[name][0]
    ground = model.prepare(one)
    given = ask(
        name, forcing=MODELS[name][1] | ({"row": 2.0, "col": 2.0} if name == "fire" else {})
    )
    forecast = judge_footprint(model.run(ground, given), ground, one, MODELS[name][4])
    assert len(forecast.areas) == 1
    empty = msgspec.structs.replace(CITY, residents=np.zeros_like(CITY.residents))
    found = judge_footprint(
        model.run(ground, given),
        ground,
        msgspec.structs.replace(one, residents=np.zeros(1)),
        MODELS[name][4],
    )
    assert all(value == 0 for level in found.exposed for value in level.people)
    assert empty.residents.sum() == 0


@ALL
def test_a_deadline_ends_with_the_members_that_are_done(name: str) -> None:
    model, ground = prepared(name)
    whole = model.run(ground, ask(name, members=3))
    if name == "earthquake":  # all members are one array: there is nothing to cut
        return
    calls = iter([True, False, False, False])
    short = model.run(ground, ask(name, members=3, go_on=lambda: next(calls)))
    assert short.values.tobytes() == whole.values[:2].tobytes()
    none = model.run(ground, ask(name, members=3, go_on=lambda: False))
    assert len(none.values) == 1, "the first member is always run"


@ALL
def test_the_levels_of_a_card_rise_and_are_those_of_its_figure(name: str) -> None:
    if name == "epidemic":
        return
    stored, model = load_model(name)
    found = levels_of(stored.card, model, ask(name))
    assert [value for _, value in found] == sorted(value for _, value in found)
    assert stored.card.hit_level in dict(found)
    assert stored.card.drive is not None and stored.card.lead_h[1] >= stored.card.drive.hours


@ALL
def test_a_ground_has_one_name(name: str) -> None:
    model, ground = prepared(name)
    assert ground.sha256 == model.prepare(CITY).sha256
    other = make_city(plain_base(12_000, 3), 300.0)
    if name in ("flood", "fire"):
        assert MODELS[name][0].prepare(other).sha256 != ground.sha256


def test_every_hazard_folder_has_a_card_and_every_figure_its_unit() -> None:
    for name in ("flood", "fire", "chemical", "earthquake"):
        stored, _ = load_model(name)
        assert stored.card.calibration == "not calibrated here"
        assert all(figure.unit for figure in stored.card.figures)


SIXTH = '''
"""Hail: a sixth hazard."""
import msgspec
import numpy as np
from twinward.decision.simulation.interface import (
    CaseRun, Footprint, Ground, ProbeReading, Start, judge,
)


class HailSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    size_mm: float


class HailModel:
    settings = HailSettings

    def run_case(self, card, case, threads):
        value = 0.4 * case.settings.size_mm
        rows = [ProbeReading(name=p.name, time_s=t, figure=p.figure, unit="J", value=value)
                for p in case.probes for t in case.times()]
        return CaseRun(readings=tuple(rows), mass_error=None, cells=1, steps=1)

    def prepare(self, city):
        return Ground(hazard="hail", places=city.areas, areas=city.areas, arrays={},
                      area_of_place=np.arange(len(city.areas)), residents=city.residents)

    def read(self, ground, observed, at_s=0.0):
        return Start(at_s=at_s)

    def run(self, ground, ask):
        ask.check()
        shape = (ask.members, len(ask.times()), len(ground.areas))
        return Footprint(figure="energy_j", unit="J", places=ground.places, times=ask.times(),
                         values=np.full(shape, 0.4 * ask.number("size_mm"), np.float32))

    def check(self):
        return [judge("energy of 10 mm", 4.0, 4.0, 0.0)]


MODEL = HailModel()
'''
SIXTH_CARD = """
id = "hail-energy"
hazard = "hail"
version = 1
interface = "hazard-model/1"
title = "Energy of hail"
method = "none"
sources = []
assumptions = []
needs = []
not_for = ["anything but a test"]
[[figures]]
name = "energy_j"
unit = "J"
of = "city"
[[levels]]
level = "IV"
at_least = 2.0
[[levels]]
level = "III"
at_least = 5.0
"""


def test_a_sixth_hazard_is_one_folder(tmp_path: Path) -> None:
    from twinward.decision.simulation.cases import read_case

    folder = tmp_path / "models" / "hail" / "1"
    folder.mkdir(parents=True)
    (folder / "model.toml").write_text(SIXTH_CARD)
    (folder / "model.py").write_text(SIXTH)
    case = tmp_path / "case.toml"
    case.write_text(
        'hazard = "hail"\nuntil_s = 60\n[hail]\nsize_mm = 10.0\n[[probes]]\nname = "p"\nfigure = "energy_j"\n'
    )
    stored, model = load_model("hail", tmp_path / "models")
    done = model.run_case(stored.card, read_case(case, "hail", model), 1)
    assert done.readings[0].value == pytest.approx(4.0)
    assert all(one.ok for one in model.check())
    home = (tmp_path / "models",)
    over = HazardRequest(
        hazard="hail", given={"size_mm": 10.0}, residents=3000, hours=1, members=2, models=home
    )
    answer = forecast_hazard(over)
    assert [one.level for one in answer.exposed] == ["IV", "III"]
    assert answer.exposed[0].people[2] == 3000 and answer.exposed[1].people[2] == 0
    assert answer.model == "hail-energy" and len(answer.fingerprint) == 64
