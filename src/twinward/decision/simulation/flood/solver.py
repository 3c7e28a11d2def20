"""The flood solver: arrays made ready, stepped on, and what came of it."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.decision.simulation.flood.kernels import run as kernels
from twinward.decision.simulation.flood.kernels.faces import GRAVITY
from twinward.decision.simulation.ground import Floats
from twinward.decision.simulation.interface import Series

SIDES = ("north", "south", "west", "east")
ALPHA = 0.6  # of the step that waves allow; 0.7 is the limit in two dimensions
ALPHA_STAGE = 0.4  # with a level at a side, whose half cell answers twice as fast
THETA = 0.8  # de Almeida et al. 2012; 1 is Bates et al. 2010
MOMENTUM = 1.0  # Stelling and Duinmeijer 2003; 0 is local inertia alone
HIGH = 1e6  # bed of what is outside the ground: a wall that is never reached


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """A flood to run: bed with NaN outside, Manning's n, forcing by side and cell. `rain_share` and
    `loss_share` say how much of rain and loss each cell has; None: all of it.
    """

    cell_m: float
    bed: Floats
    manning: Floats
    rain_m_s: Series
    loss_m_s: Series
    open_sides: tuple[str, ...] = ()
    stages: tuple[tuple[str, Series], ...] = ()
    inflow: tuple[tuple[int, int, Series], ...] = ()
    rain_share: Floats | None = None
    loss_share: Floats | None = None


class Solver:
    """State of one flood; `depth` is float64[row, col], discharges stand on faces."""

    def __init__(self, setup: Setup, depth: Floats) -> None:
        bed = np.where(np.isnan(setup.bed), HIGH, setup.bed)
        self.setup, self.shape = setup, bed.shape
        self.active = ~np.isnan(setup.bed)
        self.falls = self._share(setup.rain_share)
        self.drinks = self._share(setup.loss_share)
        self.bed = np.ascontiguousarray(bed)
        self.friction = np.ascontiguousarray(GRAVITY * setup.manning**2, np.float32)
        rows, cols = bed.shape
        self.depth = np.where(self.active, depth, 0.0)
        self.across = np.zeros((rows, cols + 1), np.float32)
        self.down = np.zeros((rows + 1, cols), np.float32)
        self.peak, self.arrival = self.depth.copy(), np.where(self.depth >= 0.01, 0.0, -1.0)
        self.time, self.steps = 0.0, 0
        self.volumes, self.drunk = np.zeros(4), np.zeros(rows)
        self.began = float(self.depth.sum())

    def _share(self, share: Floats | None) -> Floats:
        whole = 1.0 if share is None else share
        return np.ascontiguousarray(np.where(self.active, whole, 0.0))

    def resume(self, across: Floats, down: Floats, time: float) -> None:
        """Takes up discharges and clock of a run that was saved."""
        self.across = np.array(across, np.float32)
        self.down, self.time = np.array(down, np.float32), time

    def advance(self, until: float) -> None:
        """Steps on to `until` seconds."""
        setup = self.setup
        kinds = np.zeros(4, np.int64)
        stages: list[Series] = [Series(times=np.zeros(1), values=np.zeros(1))] * 4
        for side in setup.open_sides:
            kinds[SIDES.index(side)] = kernels.OPEN
        for side, level in setup.stages:
            kinds[SIDES.index(side)] = kernels.STAGE
            stages[SIDES.index(side)] = level
        stage_times, stage_values, stage_ends = _join(stages)
        in_times, in_values, in_ends = _join([flow for _, _, flow in setup.inflow])
        cells = np.array([row * self.shape[1] + col for row, col, _ in setup.inflow], np.int64)
        other = self.depth.copy()
        across, down = np.zeros_like(self.across), np.zeros_like(self.down)
        clock = np.array([self.time, until, 0.0])
        lo, hi = np.zeros(self.shape[0], np.int64), np.zeros(self.shape[0], np.int64)
        steps = kernels.advance(
            self.bed,
            self.depth,
            other,
            self.across,
            across,
            self.down,
            down,
            self.friction,
            self.falls,
            self.drinks,
            kinds,
            stage_times,
            stage_values,
            stage_ends,
            (setup.rain_m_s.times, setup.rain_m_s.values),
            (setup.loss_m_s.times, setup.loss_m_s.values),
            cells,
            self._sides(kinds),
            in_times,
            in_values,
            in_ends,
            clock,
            setup.cell_m,
            ALPHA_STAGE if setup.stages else ALPHA,
            THETA,
            MOMENTUM,
            self.volumes,
            self.peak,
            self.arrival,
            self.drunk,
            lo,
            hi,
        )
        if clock[2] == 1:
            self.depth, self.across, self.down = other, across, down
        self.time, self.steps = until, self.steps + steps

    def _sides(self, kinds: NDArray[np.int64]) -> NDArray[np.int64]:
        """The wall through which the inflow of an edge cell comes, -1 for a source inside; in a
        corner the short side of the grid.
        """
        rows, cols = self.shape
        order = (2, 3, 0, 1) if cols >= rows else (0, 1, 2, 3)
        found = []
        for row, col, _ in self.setup.inflow:
            at = (row == 0, row == rows - 1, col == 0, col == cols - 1)
            same = sum(one[:2] == (row, col) for one in self.setup.inflow) > 1
            walls = [side for side in order if at[side] and kinds[side] == kernels.WALL]
            found.append(walls[0] if walls and not same and max(rows, cols) > 1 else -1)
        return np.array(found, np.int64)

    @property
    def mass_error(self) -> float:
        """|volume - (start + rain + inflow - outflow - infiltration)| over all that came in."""
        cells = float(self.falls.sum())
        rained, flowed, left, _ = self.volumes
        came = self.began + rained * cells + flowed
        back = max(-left, 0.0)
        expected = came - left - float(self.drunk.sum())
        return float(abs(float(self.depth.sum()) - expected) / max(came + back, 1e-12))

    @property
    def stage(self) -> Floats:
        """Water level; the bed where it is dry."""
        return np.where(self.active, self.bed + self.depth, np.nan)

    @property
    def speed(self) -> Floats:
        """m/s at the cells, from the mean discharge of their faces, at most Froude 3 (a film beside
        deep water has no speed of its own); 0 below 1 mm.
        """
        east = 0.5 * (self.across[:, :-1] + self.across[:, 1:])
        south = 0.5 * (self.down[:-1] + self.down[1:])
        wet = self.depth > 1e-3
        deep = np.where(wet, self.depth, 1.0)
        fast = np.minimum(np.hypot(east, south) / deep, 3 * np.sqrt(GRAVITY * deep))
        return np.where(wet, fast, 0.0)

    def limiting_cell(self) -> tuple[int, int]:
        """Row and column, from 1, of the deepest cell, which decides the step."""
        place = int(np.argmax(self.depth))
        return place // self.shape[1] + 1, place % self.shape[1] + 1


def _join(series: list[Series]) -> tuple[Floats, Floats, NDArray[np.int64]]:
    ends = np.cumsum([0, *(len(one.times) for one in series)]).astype(np.int64)
    if not series:
        return np.zeros(1), np.zeros(1), ends
    return (
        np.concatenate([one.times for one in series]),
        np.concatenate([one.values for one in series]),
        ends,
    )
