"""A fire from block to block through the built-up cells of a city, wind varying by member."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from twinward.core.chance import generator
from twinward.core.errors import InputError
from twinward.core.reasons import because_of
from twinward.decision.simulation.actions import find_action
from twinward.decision.simulation.fire.urban import (
    MOST_WIND,
    Engines,
    UrbanBlock,
    spread_blocks,
)
from twinward.decision.simulation.ground import Floats
from twinward.decision.simulation.interface import Ask, Footprint, Ground

PEOPLE_A_BUILDING, BUILDING_M2 = 20.0, 144.0  # an assumption; 12 m by 12 m
LEAST_BUILT, MOST_BUILT = 0.005, 0.6  # share of a cell: below it no fire goes on
WIND_SD, DIRECTION_SD = 0.25, 20.0  # ln, degrees: assumptions
ENGINES = 12  # blocks that engines can hold at one time when all that are called have come


def built_share(people: Floats, cell_m: float) -> Floats:
    """Share of each cell that buildings stand on, by the people who live there."""
    share = people / PEOPLE_A_BUILDING * BUILDING_M2 / cell_m**2
    return np.where(share < LEAST_BUILT, 0.0, np.minimum(share, MOST_BUILT))


def run_blocks(ground: Ground, ask: Ask, given: Mapping[str, float]) -> Footprint:
    """1 where a cell's blocks burn or have burned, from the cell at row and col, from 1."""
    rows, cols = ground.arrays["elevation"].shape
    cell = ground.numbers["cell_m"]
    row, col = int(given["row"]) - 1, int(given["col"]) - 1
    built = built_share(ground.arrays["people"], cell)
    if not (0 <= row < rows and 0 <= col < cols) or built[row * cols + col] <= 0:
        raise InputError(
            f"nobody lives at row {row + 1}, col {col + 1}: there are no blocks to burn",
            'name a place in a built-up part, or burns = "edge"',
            code="bad_ignition",
        )
    if not 0 <= given["wind_m_s"] <= MOST_WIND:
        raise InputError(
            f"wind_m_s must be 0 to {MOST_WIND:g}, got {given['wind_m_s']:g}",
            "give metres a second",
            code="bad_ask",
        )
    cells = np.flatnonzero(built > 0)
    start = int(np.searchsorted(cells, row * cols + col))
    blocks = [
        UrbanBlock(
            east_m=float(n % cols) * cell, north_m=-float(n // cols) * cell, built=float(built[n])
        )
        for n in cells
    ]
    times = ask.times()
    values = []
    for member in ask.members_to_run():
        wind, towards = _vary(given, ask, member)
        caught = spread_blocks(
            blocks,
            [(start, 0.0)],
            wind,
            towards,
            float(times[-1]),
            _engines(ask),
            reach_m=1.5 * cell,
        )
        burned = np.zeros((len(times), rows * cols), np.float32)
        burned[:, cells] = caught[None, :] <= times[:, None]
        values.append(burned)
    return Footprint(
        figure="burned",
        unit="share",
        places=ground.places,
        times=times,
        values=np.stack(values),
        assumptions=(
            because_of("remark.blocks", people=PEOPLE_A_BUILDING, m2=BUILDING_M2),
            because_of("remark.no_spotting"),
        )
        + (because_of("remark.no_suppression"),) * (_engines(ask) is None),
    )


def _engines(ask: Ask) -> Engines | None:
    called = find_action(ask.measures, "engines")
    if called is None:
        return None
    return Engines(arrival_s=called.at_s, at_once=max(1, round(ENGINES * called.share)))


def _vary(given: Mapping[str, float], ask: Ask, member: int) -> tuple[float, float]:
    wind, towards = given["wind_m_s"], given["wind_from_deg"]
    if ask.members == 1:
        return wind, towards
    chance = generator(ask.seed, f"fire-blocks-{member}")
    wind *= float(np.exp(chance.normal(0, WIND_SD)))
    return min(wind, MOST_WIND), (towards + chance.normal(0, DIRECTION_SD)) % 360
