"""What models are given by mistake: each a clear error, or an assumption that is counted; nothing
that is no number ever leaves a model.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from twinward.citybase.people.plain_city import plain_base
from twinward.citybase.terrain.elevation import Elevation
from twinward.citybase.terrain.layers import read_buildings, read_layer
from twinward.core.errors import InputError
from twinward.decision.simulation.chemical.live import stability_at
from twinward.decision.simulation.city import make_city
from twinward.decision.simulation.earthquake.site import vs30_of_slope
from twinward.decision.simulation.fire.growth import FireSettings, Ignition, burn, make_fields
from twinward.decision.simulation.fire.urban import UrbanBlock, spread_blocks
from twinward.decision.simulation.flood.checks import constant, make_setup
from twinward.decision.simulation.flood.solver import Solver
from twinward.decision.simulation.ground import CaseGround
from twinward.decision.simulation.interface import Ask, Start
from twinward.decision.simulation.registry import load_model
from twinward.library.hazards.units import require_figure_unit
from twinward.library.models.card import MODELS, read_model
from twinward.service.hazards.forecasts import HazardRequest, forecast_hazard, prepare_run

BASE = plain_base(12_000, 3)
GAS = {
    "rate_kg_s": 2.0,
    "duration_s": 900.0,
    "wind_m_s": 3.0,
    "wind_from_deg": 270.0,
    "lon": 0.0,
    "lat": 0.005,
}
BURN = {"wind_m_s": 4.0, "wind_from_deg": 270.0, "lon": 0.004, "lat": 0.004}
QUAKE = {"magnitude": 6.0, "lon": 0.0, "lat": 0.0}


def forecast(hazard: str, given: dict[str, float], **more: Any) -> Any:
    told = {"residents": 12_000, "hours": 1, "members": 2, "cell_m": 250.0} | more
    return forecast_hazard(HazardRequest(hazard=hazard, given=given, **told))


def refused(hazard: str, given: dict[str, float], **more: Any) -> str:
    with pytest.raises(InputError) as caught:
        forecast(hazard, given, **more)
    assert caught.value.advice
    return str(caught.value.code)


@pytest.mark.parametrize(
    ("hazard", "given", "wrong", "code"),
    [
        # all: places in metres, lat and lon changed over with metres, numbers that are none
        ("chemical", GAS, {"lon": 350_000.0, "lat": 3_450_000.0}, "bad_lonlat"),
        ("fire", BURN, {"lat": 121.4}, "bad_lonlat"),
        ("earthquake", QUAKE, {"magnitude": math.nan}, "bad_ask"),
        ("earthquake", QUAKE, {"magnitude": math.inf}, "bad_ask"),
        # chemical: rate, wind and hour that cannot be
        ("chemical", GAS, {"rate_kg_s": -1.0}, "bad_release"),
        ("chemical", GAS, {"rate_kg_s": 1e6}, "bad_release"),
        ("chemical", GAS, {"wind_m_s": 120.0}, "bad_release"),
        ("chemical", GAS, {"duration_s": 0.0}, "bad_release"),
        ("chemical", GAS, {"hour": 25.0}, "bad_ask"),
        # fire: outside the map, wind in km/h
        ("fire", BURN, {"lon": 5.0}, "outside_grid"),
        ("fire", BURN, {"wind_m_s": 90.0}, "bad_case"),
        # earthquake: no magnitude of an earthquake, depth in metres
        ("earthquake", QUAKE, {"magnitude": 2.0}, "bad_rupture"),
        ("earthquake", QUAKE, {"magnitude": 12.0}, "bad_rupture"),
        ("earthquake", QUAKE, {"depth_km": -3.0}, "bad_rupture"),
        ("earthquake", QUAKE, {"depth_km": 10_000.0}, "bad_rupture"),
    ],
)
def test_a_forcing_that_cannot_be_is_refused_by_name(
    hazard: str, given: dict[str, float], wrong: dict[str, float], code: str
) -> None:
    assert refused(hazard, given | wrong) == code


@pytest.mark.parametrize("name", ["magnitude", "lon"])
def test_what_is_missing_is_asked_for(name: str) -> None:
    less = {key: value for key, value in QUAKE.items() if key != name}
    assert refused("earthquake", less) == "bad_ask"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"substance": "unobtainium"}, "unknown_substance"),
        ({"substance": "99-99-9"}, "unknown_substance"),
        ({"substance": "methane"}, "no_levels"),
        ({"stability": "Z"}, "bad_dispersion"),
        ({"ground": "moon"}, "bad_ask"),
    ],
)
def test_words_of_a_release_that_mean_nothing_are_refused(words: dict[str, str], code: str) -> None:
    assert refused("chemical", GAS, words=words) == code


def test_an_unlikely_stability_is_run_and_counted() -> None:
    night = forecast("chemical", GAS | {"hour": 2.0}, words={"stability": "A"})
    assert [one.code for one in night.out_of_range_reasons] == ["remark.stability"]
    assert stability_at(2.0, 2.0) == "F" and stability_at(12.0, 2.0) == "D"
    assert stability_at(None, 2.0) == "D"


@pytest.mark.parametrize("wind", [0.0, 0.1, 0.99])
def test_calm_air_over_a_city_is_finite_and_counted(wind: float) -> None:
    calm = forecast("chemical", GAS | {"wind_m_s": wind}, members=1)
    assert all(math.isfinite(value) for area in calm.areas for value in area.peak)
    assert "remark.wind_low" in {one.code for one in calm.out_of_range_reasons}


def test_no_release_reaches_nobody() -> None:
    none = forecast("chemical", GAS | {"rate_kg_s": 0.0})
    assert all(value == 0 for one in none.exposed for value in one.people)


def test_a_release_shorter_than_its_way_still_arrives() -> None:
    short = forecast("chemical", GAS | {"duration_s": 5.0}, members=1)
    assert max(area.peak[-1] for area in short.areas) > 0


def test_mean_wind_is_turned_by_member_across_north() -> None:
    """359 and 1 degree are two degrees apart: members about north do not blow from the south."""
    north = forecast("chemical", GAS | {"wind_from_deg": 0.0, "lat": 0.02}, members=8)
    south = {area.area for area in north.areas if area.peak[2] > 1e-9}
    assert south, "the wind from the north carries it south"


# the ground of a city


def test_a_city_without_areas_is_no_city() -> None:
    empty = msgspec.structs.replace(BASE, leaf_lonlat=np.zeros((0, 2)), leaf_codes=[])
    with pytest.raises(InputError, match="no areas"):
        make_city(empty, 250.0)


def test_an_elevation_of_another_place_is_refused() -> None:
    far = Elevation(values=np.ones((20, 20)), x=50.0, y=50.0, step_x=0.001, step_y=-0.001, crs="")
    with pytest.raises(InputError, match="covers 0%"):
        make_city(BASE, 250.0, far)


GRID = "ncols 3\nnrows 2\nxllcorner {west}\nyllcorner 0\ncellsize {cell}\n{body}\n"


@pytest.mark.parametrize(
    ("name", "west", "cell", "body", "code"),
    [
        ("vs30", 0, 0.01, "0 300 300\n300 300 300", "bad_layer"),
        ("vs30", 0, 0.01, "5000 300 300\n300 300 300", "bad_layer"),
        ("manning", 0, 0.01, "0 0.03 0.03\n0.03 0.03 0.03", "bad_layer"),
        ("infiltration", 0, 0.01, "-5 1 1\n1 1 1", "bad_layer"),
        ("fuel", 500_000, 30, "1 1 1\n1 1 1", "no_crs"),
        ("smell", 0, 0.01, "1 1 1\n1 1 1", "bad_layer"),
    ],
)
def test_a_layer_in_the_wrong_unit_or_place_is_refused(
    name: str, west: float, cell: float, body: str, code: str, tmp_path: Path
) -> None:
    path = tmp_path / f"{name}.asc"
    path.write_text(GRID.format(west=west, cell=cell, body=body))
    with pytest.raises(InputError) as caught:
        read_layer(name, path)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "table",
    [
        "area,class,share\n,C1.M.LC,0.5\n,URM.L.LC,0.6\n",
        "area,class,share\n,C1.M.LC,1.2\n,URM.L.LC,-0.2\n",
        "area,class,share\n,C1.M.LC,0.5\n,C1.M.LC,0.5\n",
        "area,class,share\n,C1.M.LC,many\n",
        "class,share\nC1.M.LC,1\n",
        "area,class,share\n",
    ],
)
def test_building_classes_that_do_not_add_up_are_refused(table: str, tmp_path: Path) -> None:
    (tmp_path / "mix.csv").write_text(table)
    with pytest.raises(InputError) as caught:
        read_buildings(tmp_path / "mix.csv")
    assert caught.value.code == "bad_buildings"


def test_an_unknown_building_class_and_an_area_without_one_are_refused(tmp_path: Path) -> None:
    mix = tmp_path / "mix.csv"
    mix.write_text("area,class,share\n,HUT,1\n")
    request = HazardRequest(hazard="earthquake", given=QUAKE, residents=3000, members=1)
    ready = prepare_run(msgspec.structs.replace(request, layers=(("buildings", mix),)))
    footprint = ready.model.run(ready.ground, ready.ask)
    with pytest.raises(InputError, match="no building class"):
        ready.model.find_harm(ready.ground, ready.ask, footprint)  # type: ignore[attr-defined]
    mix.write_text("area,class,share\n7,W1.LC,1\n")
    with pytest.raises(InputError, match="say nothing of area"):
        prepare_run(msgspec.structs.replace(request, layers=(("buildings", mix),)))


def test_ground_slope_gives_wave_speed_and_is_said() -> None:
    assert vs30_of_slope(np.array([0.0, 1e-4, 6.3e-3, 0.138, 9.0])).tolist() == [
        180.0,
        180.0,
        300.0,
        760.0,
        760.0,
    ]
    hill = np.tile(np.arange(60.0)[:, None] * 5.0, (1, 60))
    steep = Elevation(values=hill, x=-0.02, y=0.05, step_x=0.0015, step_y=-0.0015, crs="")
    rough = make_city(BASE, 250.0, steep)
    ground = load_model("earthquake")[1].prepare(rough)
    assert {one.code for one in ground.assumptions} >= {"remark.vs30_slope", "remark.building_mix"}
    assert (ground.arrays["vs30_m_s"] > 300).all()
    flat = load_model("earthquake")[1].prepare(make_city(BASE, 250.0))
    assert "remark.vs30_everywhere" in {one.code for one in flat.assumptions}


# water


def test_a_stage_above_the_whole_grid_fills_it_and_keeps_its_volume() -> None:
    bed = np.random.default_rng(1).random((12, 15)) * 3
    setup = make_setup(bed, 10.0, 0.03, stages=(("west", constant(8.0)),))
    solver = Solver(setup, np.zeros(bed.shape))
    solver.advance(1800.0)
    assert (solver.depth > 2).all() and abs(float((bed + solver.depth).mean()) - 8) < 1
    assert solver.mass_error < 1e-9


def test_an_outflow_edge_on_a_hill_gives_nothing_and_an_island_keeps_its_inflow() -> None:
    bed = np.tile(np.linspace(0, 20, 20), (8, 1))
    bed[4, 3] = 30.0
    given = {"open_sides": ("east",), "inflow": ((4, 3, constant(2.0)),)}
    solver = Solver(make_setup(bed, 10.0, 0.03, **given), np.zeros(bed.shape))
    solver.advance(600.0)
    assert solver.volumes[2] == 0 and solver.mass_error < 1e-12
    assert np.isfinite(solver.depth).all() and np.isfinite(solver.speed).all()


def test_smooth_ground_and_water_that_stands_on_a_slope_stay_finite() -> None:
    bed = np.tile(np.linspace(50, 0, 20), (6, 1))
    solver = Solver(make_setup(bed, 5.0, 0.0, open_sides=("east",)), np.full(bed.shape, 2.0))
    solver.advance(120.0)
    assert np.isfinite(solver.depth).all() and solver.mass_error < 1e-9


# fire


def fire(elevation: np.ndarray, starts: list[tuple[int, int, float]], fuel: float = 2.0) -> Any:
    ground = CaseGround(cell_m=30.0, elevation=elevation, outside=np.isnan(elevation))
    asked = FireSettings(fuel=fuel, wind_m_s=3.0, ignition=(Ignition(row=1, col=1),))
    fields = make_fields(ground, np.full(elevation.shape, fuel), asked)
    return burn(ground, fields, starts, 3600.0)[0]


def test_one_cell_a_cliff_and_ten_thousand_ignitions_burn_without_a_number_that_is_none() -> None:
    assert fire(np.zeros((1, 1)), [(0, 0, 0.0)]).tolist() == [[0.0]]
    cliff = np.zeros((20, 20))
    cliff[:, 10:] = 2000.0
    assert not np.isnan(fire(cliff, [(5, 5, 0.0)])).any()
    every = [(n // 100, n % 100, 0.0) for n in range(10_000)]
    assert (fire(np.zeros((100, 100)), every) == 0).all()


def test_blocks_without_buildings_or_gaps_are_no_special_case() -> None:
    touching = [UrbanBlock(east_m=12.0 * n, north_m=0.0, separation_m=0.0) for n in range(3)]
    assert np.isfinite(spread_blocks(touching, [(0, 0.0)], 5.0, 270.0, 7200.0)).all()
    bare = [UrbanBlock(east_m=0.0, north_m=0.0), UrbanBlock(east_m=12.0, north_m=0.0, built=0.0)]
    assert np.isinf(spread_blocks(bare, [(0, 0.0)], 5.0, 270.0, 7200.0)[1])


def test_a_fire_in_houses_needs_houses_and_a_word_that_is_known() -> None:
    assert refused("fire", BURN, words={"burns": "everything"}) == "bad_ask"
    blocks = forecast("fire", BURN, words={"burns": "blocks"}, members=3)
    assert blocks.exposed[0].people[2] > 0
    assert "remark.blocks" in {one.code for one in blocks.assumptions_reasons}


# time and members


def test_a_deadline_that_is_too_short_gives_fewer_members_and_says_so() -> None:
    short = forecast("flood", {}, rain="40", members=50, deadline_s=0.001)
    assert short.members < 50 and short.degraded
    assert "remark.degraded" in {one.code for one in short.notes_reasons}
    assert refused("flood", {}, rain="40", deadline_s=0.0) == "bad_request"


@pytest.mark.parametrize("hours", [0.0, -1.0, 9.0])
def test_a_horizon_that_the_model_is_not_for_is_refused(hours: float) -> None:
    assert refused("chemical", GAS, hours=hours) == "bad_request"


def test_coefficients_that_change_are_seen_in_the_hash(tmp_path: Path) -> None:
    import shutil

    shutil.copytree(MODELS / "flood" / "1", tmp_path / "flood" / "1")
    before = read_model(tmp_path / "flood" / "1" / "model.toml")
    file = next((tmp_path / "flood" / "1" / "coefficients").iterdir())
    file.write_text(file.read_text() + "\n")
    after = read_model(tmp_path / "flood" / "1" / "model.toml")
    assert before.coefficients_sha256 != after.coefficients_sha256
    answer = forecast("flood", {}, rain="40", members=1)
    assert answer.coefficients_sha256 == before.coefficients_sha256


def test_a_start_that_is_over_before_it_began_is_refused() -> None:
    with pytest.raises(InputError, match="must lie after the start"):
        Ask(start=Start(at_s=100.0), forcing={"rain_mm_h": 1.0}, until_s=50.0, step_s=10.0).check()


# units: asked back, never guessed


@pytest.mark.parametrize(
    ("figure", "value", "unit", "said"),
    [
        ("water_depth_m", 30, "cm", "30 cm is 0.3 m"),
        ("wind_m_s", 36, "km/h", "36 km/h is 10 m/s"),
        ("rain_mm_h", 2, "in/h", "2 in/h is 50.8 mm/h"),
        ("concentration_kg_m3", 220, "ppm", "not in kg/m3"),
        ("pga_g", 0.2, "m/s2", "not in g"),
        ("magnitude", 6.1, "ML", "not in mw or 1"),
        ("magnitude", 6.1, "mb", "not in mw or 1"),
    ],
)
def test_a_report_in_another_unit_is_asked_back(
    figure: str, value: float, unit: str, said: str
) -> None:
    with pytest.raises(InputError, match=said) as caught:
        require_figure_unit(figure, value, unit)
    assert caught.value.code == "wrong_unit"


@pytest.mark.parametrize(
    ("figure", "unit"),
    [
        ("water_depth_m", "metres"),
        ("wind_m_s", "mps"),
        ("magnitude", "Mw"),
        ("pga_g", "g"),
        ("roads_closed", "1"),
    ],
)
def test_a_unit_by_any_of_its_names_is_the_unit(figure: str, unit: str) -> None:
    require_figure_unit(figure, 1.0, unit)
