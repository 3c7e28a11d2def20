"""Fire breaks and engines against a fire that grows by travel time."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.decision.simulation.actions import Action, find_action
from twinward.decision.simulation.fire.growth import Fields, burn
from twinward.decision.simulation.ground import CaseGround, Floats

LINE_M_H = 1200.0  # six crews of 200 m/h, NWCG Fireline Handbook PMS 410-1, recalled: check it
BREAK_AHEAD = 1.3  # a break is cut so much further than the head has come when it is done
BREAK_CELLS = 2


def burn_against(
    ground: CaseGround,
    fields: Fields,
    start: tuple[int, int],
    until_s: float,
    actions: tuple[Action, ...] = (),
) -> Floats:
    """Arrival times under the actions; infinite where the fire does not come.

    Engines stop all growth once the line built is as long as the front; without them it burns on.
    """
    starts = [(*start, 0.0)]
    arrival, _ = burn(ground, fields, starts, until_s)
    cut = find_action(actions, "fire_breaks")
    if cut is not None:
        line = place_break(ground, fields, start, arrival, cut.at_s)
        head = np.where(line, 0.0, fields.head_m_min)
        arrival, _ = burn(ground, msgspec.structs.replace(fields, head_m_min=head), starts, until_s)
    engines = find_action(actions, "engines")
    if engines is not None:
        stopped = find_containment(arrival, ground.cell_m, engines, until_s)
        arrival = np.where(arrival > stopped, np.inf, arrival)
    return arrival


def place_break(
    ground: CaseGround, fields: Fields, start: tuple[int, int], arrival: Floats, done_s: float
) -> NDArray[np.bool_]:
    """Cells of a straight line across the head's direction, two cells wide and twice as long as it
    lies far, where the fire has not come when it is done.
    """
    row, col = start
    angle = np.radians(fields.towards_deg[row, col])
    rows, cols = np.indices(arrival.shape)
    east, north = (cols - col) * ground.cell_m, (row - rows) * ground.cell_m
    along = east * np.sin(angle) + north * np.cos(angle)
    across = east * np.cos(angle) - north * np.sin(angle)
    burned = arrival <= done_s
    reached = float(along[burned].max(initial=0.0))
    far = max(reached * BREAK_AHEAD, 2.0 * ground.cell_m)
    line = (along >= far) & (along < far + BREAK_CELLS * ground.cell_m * np.sqrt(2))
    return np.asarray(line & (np.abs(across) <= 2 * far) & ~burned)


def find_containment(arrival: Floats, cell_m: float, engines: Action, until_s: float) -> float:
    """When the line built is as long as the front, infinite when never; the front is the circle of
    the burned area, a lower bound of its length.
    """
    burned_at = np.sort(arrival[np.isfinite(arrival)])
    if not len(burned_at):
        return float("inf")
    steps = np.linspace(engines.at_s, max(until_s, engines.at_s), 241)
    area = np.searchsorted(burned_at, steps, side="right") * cell_m**2
    front = 2 * np.sqrt(np.pi * area)
    built = LINE_M_H * engines.share * (steps - engines.at_s) / 3600
    done = np.flatnonzero(built >= front)
    return float(steps[done[0]]) if len(done) else float("inf")
