"""A flood of a city: rain over its terrain, one solver a member, saved and resumed exactly."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from twinward.core.chance import generator
from twinward.core.errors import InputError
from twinward.core.reasons import because_of
from twinward.decision.simulation.actions import find_action
from twinward.decision.simulation.city import HazardCity
from twinward.decision.simulation.flood.rivers import RIVER_MANNING, Rivers, find_rivers
from twinward.decision.simulation.flood.solver import Setup, Solver
from twinward.decision.simulation.ground import Floats
from twinward.decision.simulation.interface import Ask, Footprint, Ground, Series, Start

MANNING = 0.04
RIVER_SD = 0.2  # of ln discharge: an assumption until scored
RAIN_SD = 0.25  # of ln rain, forecast and radar together: an assumption until scored
MANNING_RANGE, DRAIN_RANGE = (0.7, 1.4), (0.5, 1.2)
PUMPED = 1.0  # of what drains take, pumps add as much: an assumption
DRAIN_MM_H = 15.0  # where a city gives none
MM_H = 1 / 3.6e6


def prepare(city: HazardCity) -> Ground:
    """Cells of the terrain as places."""
    terrain = city.terrain
    cells = terrain.rows * terrain.cols
    settled = city.settle_cells()
    elevation = np.where(terrain.outside, np.nan, terrain.elevation)
    soil = np.nan_to_num(city.layers.get("infiltration", np.zeros(elevation.shape)))
    loss = soil + DRAIN_MM_H
    roughness = city.layers.get("manning", np.full(elevation.shape, MANNING))
    return Ground(
        hazard="flood",
        places=tuple(str(n) for n in range(cells)) if cells <= 10_000 else (),
        area_of_place=settled.area_of_place,
        place_of_area=settled.place_of_area,
        areas=city.areas,
        residents=settled.residents,
        arrays={
            "elevation": elevation,
            "manning": np.where(np.isnan(roughness), MANNING, roughness),
            "loss_share": loss / float(loss.max()),
        },
        numbers={"cell_m": terrain.cell_m, "loss_mm_h": float(loss.max())},
        assumptions=(because_of("remark.drains", mm_h=DRAIN_MM_H),)
        + (because_of("remark.manning", n=MANNING),) * ("manning" not in city.layers),
    )


def read(ground: Ground, observed: Mapping[str, float], at_s: float = 0.0) -> Start:
    """Dry ground, or `depth_m` everywhere that sensors report."""
    depth = float(observed.get("depth_m", 0.0))
    if not 0 <= depth < 100:
        raise InputError(
            f"depth_m must be 0 to 100, got {depth:g}", "give metres", code="bad_start"
        )
    shape = ground.arrays["elevation"].shape
    return Start(at_s=at_s, state={"depth": np.full((1, *shape), depth)})


def run(ground: Ground, ask: Ask) -> Footprint:
    """Depth in every cell at each step: of rain, the forcing `rain_mm_h`, and of rivers that leave
    their bed, `river_m3_s` at the mouth of the largest; where both stand, the deeper.
    """
    ask.check()
    rain, river = _series(ask, "rain_mm_h", False), _series(ask, "river_m3_s", True)
    if rain is None and river is None:
        raise InputError(
            "the forcing rain_mm_h is missing", "give rain or river_m3_s", code="bad_ask"
        )
    if rain is None:
        rain = Series(times=np.zeros(1), values=np.zeros(1), linear=False)
    rivers = None
    if river is not None:
        rivers = find_rivers(ground.arrays["elevation"], ground.numbers["cell_m"])
    with ThreadPoolExecutor(max(1, min(ask.threads, ask.members))) as pool:
        turns = pool.map(lambda m: _member(ground, ask, rain, river, rivers, m), range(ask.members))
        found = [one for one in turns if one is not None]
    return Footprint(
        figure="depth_m",
        unit="m",
        places=ground.places,
        times=ask.times(),
        values=np.stack([values for values, _ in found]),
        state={
            name: np.stack([getattr(solver, name) for _, solver in found])
            for name in ("depth", "across", "down")
        },
        mass_error=max(solver.mass_error for _, solver in found),
        assumptions=(because_of("remark.rain_varies", sd=RAIN_SD),) * (ask.members > 1)
        + (because_of("remark.rivers", n=RIVER_MANNING),) * (river is not None),
    )


def _series(ask: Ask, name: str, linear: bool) -> Series | None:
    """A forcing over time; InputError `bad_ask` for one below 0."""
    value = ask.forcing.get(name)
    if value is None:
        return None
    if not isinstance(value, Series):
        value = Series(times=np.zeros(1), values=np.array([float(value)]), linear=linear)
    if (value.values < 0).any():
        raise InputError(f"{name} is below 0", "give what falls or flows", code="bad_ask")
    return value


def _member(
    ground: Ground,
    ask: Ask,
    rain: Series,
    river: Series | None,
    rivers: Rivers | None,
    member: int,
) -> tuple[np.ndarray, Solver] | None:
    if member and ask.go_on is not None and not ask.go_on():
        return None
    factor, rough, drain, high = 1.0, 1.0, 1.0, 1.0
    if ask.members > 1:
        chance = generator(ask.seed, f"flood-member-{member}")
        factor = float(np.exp(chance.normal(0, RAIN_SD)))
        rough, drain = chance.uniform(*MANNING_RANGE), chance.uniform(*DRAIN_RANGE)
        high = float(np.exp(chance.normal(0, RIVER_SD)))
    bed = ground.arrays["elevation"]
    setup = Setup(
        cell_m=ground.numbers["cell_m"],
        bed=bed,
        manning=ground.arrays["manning"] * rough,
        rain_m_s=Series(times=rain.times, values=rain.values * factor * MM_H, linear=False),
        loss_m_s=_losses(ground.numbers["loss_mm_h"] * drain * MM_H, ask),
        loss_share=ground.arrays["loss_share"],
        open_sides=("north", "south", "west", "east"),
    )
    state = ask.start.state
    depth = _of(state["depth"], member) if "depth" in state else np.zeros(bed.shape)
    solver = Solver(setup, depth)
    solver.time = ask.start.at_s
    if "across" in state:
        solver.resume(_of(state["across"], member), _of(state["down"], member), ask.start.at_s)
    times = ask.times()
    values = np.empty((len(times), bed.size), np.float32)
    for n, at in enumerate(times):
        solver.advance(float(at))
        depth = solver.depth
        if river is not None and rivers is not None:
            depth = np.maximum(depth, rivers.depth(river.at(float(at)) * high, rough))
        values[n] = depth.ravel()
    return values, solver


def _losses(drained_m_s: float, ask: Ask) -> Series:
    """What drains take, and from the pumps' arrival on twice as much."""
    pumps = find_action(ask.measures, "pumps")
    if pumps is None:
        return Series(times=np.zeros(1), values=np.array([drained_m_s]), linear=False)
    values = np.array([drained_m_s, drained_m_s * (1 + PUMPED * pumps.share)])
    if pumps.at_s <= 0:
        return Series(times=np.zeros(1), values=values[1:], linear=False)
    return Series(times=np.array([0.0, pumps.at_s]), values=values, linear=False)


def _of(stack: Floats, member: int) -> Floats:
    return np.asarray(stack[min(member, len(stack) - 1)])
