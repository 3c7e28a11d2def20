"""Steps the flood on from one instant to another: forcing, faces, edges, depths."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from twinward.decision.simulation.flood.kernels.faces import (
    GRAVITY,
    discharges,
    flow_depths,
    open_edge,
    stage_edge,
)
from twinward.decision.simulation.flood.kernels.update import (
    add_rain,
    highest,
    integral,
    keep_row,
    limit_row,
    row_depths,
)

WALL, OPEN, STAGE = 0, 1, 2
NORTH, SOUTH, WEST, EAST = 0, 1, 2, 3
LONGEST_STEP = 60.0


@njit(cache=True, nogil=True, error_model="numpy")
def choose_step(dx: Any, alpha: Any, depth: Any, rise: Any) -> Any:
    """alpha dx / sqrt(g h) for the depth that sources raise within the step."""
    step = LONGEST_STEP
    for _ in range(60):
        allowed = alpha * dx / math.sqrt(GRAVITY * max(depth + rise * step, 1e-9))
        if step <= allowed:
            return step
        step = max(allowed, 0.5 * step) if step > 2 * allowed else allowed
    return step


@njit(cache=True, nogil=True, error_model="numpy")
def edges(
    z: Any, h: Any, k: Any, qx: Any, qy: Any, kinds: Any, stages: Any, dt: Any, dx: Any
) -> None:
    """Sets the faces of the four sides in place; walls stay 0."""
    rows, cols = z.shape
    for side in range(4):
        if kinds[side] == WALL:
            continue
        along = cols if side < 2 else rows
        for n in range(along):
            if side < 2:
                i, j = (0 if side == NORTH else rows - 1), n
                a = min(max(i + (1 if side == NORTH else -1), 0), rows - 1)
                b = j
            else:
                i, j = n, (0 if side == WEST else cols - 1)
                a = i
                b = min(max(j + (1 if side == WEST else -1), 0), cols - 1)
            if z[i, j] > 1e5:
                continue
            sign = 1.0 if side in (NORTH, WEST) else -1.0
            old = (
                qy[i if side == NORTH else rows, j]
                if side < 2
                else qx[i, 0 if side == WEST else cols]
            )
            if kinds[side] == OPEN:
                slope = (z[a, b] - z[i, j]) / dx if z[a, b] < 1e5 else 0.0
                new = -open_edge(h[i, j], np.float64(k[i, j]), slope)
            else:
                new = stage_edge(z[i, j], h[i, j], old * sign, k[i, j], stages[side], dt, dx)
            if side < 2:
                qy[i if side == NORTH else rows, j] = new * sign
            else:
                qx[i, 0 if side == WEST else cols] = new * sign


@njit(cache=True, nogil=True, error_model="numpy")
def widen(lo: Any, hi: Any, h: Any) -> None:
    """Wet columns of each row, grown by a cell where water has come; they never shrink."""
    cols = h.shape[1]
    for i in range(h.shape[0]):
        while lo[i] > 0 and hi[i] > lo[i] and h[i, lo[i]] > 0:
            lo[i] -= 1
        while hi[i] < cols and hi[i] > lo[i] and h[i, hi[i] - 1] > 0:
            hi[i] += 1


@njit(cache=True, nogil=True, error_model="numpy")
def faces_of(
    z: Any,
    h: Any,
    k: Any,
    qx: Any,
    qy: Any,
    nx: Any,
    ny: Any,
    lo: Any,
    hi: Any,
    theta: Any,
    dt: Any,
    dtx: Any,
    carry: Any,
    room: Any,
) -> None:
    """New discharges of all inner faces beside wet cells; `room` is float32[4, columns]."""
    rows, cols = z.shape
    f = np.float32
    theta, dt, dtx, carry = f(theta), f(dt), f(dtx), f(carry)
    hf, fall, above, mine = room[0], room[1], room[2], room[3]
    for i in range(rows):
        above, mine = mine, above
        wet, wet_above = hi[i] > lo[i], i > 0 and hi[i - 1] > lo[i - 1]
        if not wet and not wet_above:
            mine[:cols] = 0.0
            continue
        narrow(h[i], mine)
        if wet:
            a, b = max(lo[i] - 1, 0), min(hi[i], cols - 1)
            zr, hr, kr, q, s = z[i], h[i], k[i], qx[i], mine
            flow_depths(zr[a:b], zr[a + 1 : b + 1], hr[a:b], hr[a + 1 : b + 1], hf, fall, b - a)
            discharges(
                hf,
                fall,
                kr[a:b],
                kr[a + 1 : b + 1],
                q[a + 1 : b + 1],
                q[a:b],
                q[a + 2 : b + 2],
                s[a:b],
                s[a + 1 : b + 1],
                nx[i][a + 1 : b + 1],
                b - a,
                theta,
                dt,
                dtx,
                carry,
            )
        if i > 0:
            a = min(lo[i] if wet else cols, lo[i - 1] if wet_above else cols)
            b = max(hi[i] if wet else 0, hi[i - 1] if wet_above else 0)
            flow_depths(z[i - 1][a:b], z[i][a:b], h[i - 1][a:b], h[i][a:b], hf, fall, b - a)
            discharges(
                hf,
                fall,
                k[i - 1][a:b],
                k[i][a:b],
                qy[i][a:b],
                qy[i - 1][a:b],
                qy[i + 1][a:b],
                above[a:b],
                mine[a:b],
                ny[i][a:b],
                b - a,
                theta,
                dt,
                dtx,
                carry,
            )


@njit(cache=True, nogil=True, error_model="numpy")
def narrow(h: Any, out: Any) -> None:
    """Depths of a row in single precision."""
    for j in range(len(h)):
        out[j] = h[j]


@njit(cache=True, nogil=True, error_model="numpy")
def reach_of(lo: Any, hi: Any, i: Any, cols: Any) -> Any:
    """Columns of row i that water of it and its neighbours can reach in a step."""
    first, last = cols, 0
    for r in range(max(i - 1, 0), min(i + 2, len(lo))):
        if hi[r] > lo[r]:
            first, last = min(first, lo[r] - 1), max(last, hi[r] + 1)
    return max(first, 0), min(last, cols)


@njit(cache=True, nogil=True, error_model="numpy")
def depths_of(
    h: Any, new: Any, qx: Any, qy: Any, lo: Any, hi: Any, dtx: Any, least: Any, most: Any
) -> Any:
    """New depths of the cells in reach of water, none below 0; the greatest of them. `least` and
    `most` are by row.
    """
    rows, cols = h.shape
    for i in range(rows):
        a, b = reach_of(lo, hi, i, cols)
        least[i], most[i] = row_depths(h[i], new[i], qx[i], qy[i], qy[i + 1], a, b, dtx)
    for _ in range(rows + cols):
        if least.min() >= 0:
            break
        for i in range(rows):
            if least[i] < 0:
                a, b = reach_of(lo, hi, i, cols)
                limit_row(h[i], new[i], qx[i], qy[i], qy[i + 1], a, b, dtx)
        short = least < 0
        for i in range(rows):
            if short[i] or (i > 0 and short[i - 1]) or (i + 1 < rows and short[i + 1]):
                a, b = reach_of(lo, hi, i, cols)
                least[i], most[i] = row_depths(h[i], new[i], qx[i], qy[i], qy[i + 1], a, b, dtx)
    return most.max()


@njit(cache=True, nogil=True, error_model="numpy")
def seed_rows(lo: Any, hi: Any, h: Any, kinds: Any, wide: Any) -> None:
    """The wet columns of each row at the start; all of them where `wide`."""
    rows, cols = h.shape
    for i in range(rows):
        lo[i], hi[i] = cols, 0
        for j in range(cols):
            if h[i, j] > 0 or wide:
                lo[i], hi[i] = min(lo[i], j), max(hi[i], j + 1)
    for side in range(4):
        if kinds[side] == STAGE:
            for i in range(rows):
                if side == WEST or (side == NORTH and i == 0) or (side == SOUTH and i == rows - 1):
                    lo[i], hi[i] = 0, max(hi[i], 1 if side == WEST else cols)
                if side == EAST:
                    lo[i], hi[i] = min(lo[i], cols - 1), cols


@njit(cache=True, nogil=True, error_model="numpy")
def touch(lo: Any, hi: Any, i: Any, j: Any) -> None:
    """A cell becomes wet."""
    if hi[i] <= lo[i]:
        lo[i], hi[i] = j, j + 1
    else:
        lo[i], hi[i] = min(lo[i], j), max(hi[i], j + 1)


@njit(cache=True, nogil=True, error_model="numpy")
def spread_rows(lo: Any, hi: Any, h: Any) -> None:
    """Rows without wet columns take those of a wet neighbour where water has crossed."""
    rows, cols = h.shape
    for i in range(rows):
        for r in (i - 1, i + 1):
            if 0 <= r < rows and hi[r] > lo[r]:
                for j in range(max(lo[r] - 1, 0), min(hi[r] + 1, cols)):
                    if (hi[i] <= lo[i] or j < lo[i] or j >= hi[i]) and h[i, j] > 0:
                        touch(lo, hi, i, j)


@njit(cache=True, nogil=True, error_model="numpy")
def advance(
    z: Any,
    h: Any,
    h2: Any,
    qx: Any,
    qx2: Any,
    qy: Any,
    qy2: Any,
    k: Any,
    falls: Any,
    drinks: Any,
    kinds: Any,
    stage_times: Any,
    stage_values: Any,
    stage_ends: Any,
    rain: Any,
    loss: Any,
    in_cell: Any,
    in_side: Any,
    in_times: Any,
    in_values: Any,
    in_ends: Any,
    clock: Any,
    dx: Any,
    alpha: Any,
    theta: Any,
    momentum: Any,
    volumes: Any,
    peak: Any,
    arrival: Any,
    drunk: Any,
    lo: Any,
    hi: Any,
) -> Any:
    """From clock[0] to clock[1] seconds; the number of steps. `volumes` gathers metres of depth:
    rained, flowed in, left through the sides, infiltrated (by `drunk`).
    """
    rows, cols = z.shape
    t, end, steps = clock[0], clock[1], 0
    room = np.zeros((4, cols), np.float32)
    least, most = np.zeros(rows), np.zeros(rows)
    deepest = h.max()
    raining = rain[1].max() > 0 or loss[1].max() > 0
    if steps == 0:
        seed_rows(lo, hi, h, kinds, raining)
    stages = [0.0, 0.0, 0.0, 0.0]
    while t < end - 1e-9:
        rise = highest(rain[0], rain[1], t, t + LONGEST_STEP)
        for n in range(len(in_cell)):
            a, b = in_ends[n], in_ends[n + 1]
            here = highest(in_times[a:b], in_values[a:b], t, t + LONGEST_STEP) / (dx * dx)
            rise = max(rise, here)
        level = deepest
        for side in range(4):
            if kinds[side] == STAGE:
                a, b = stage_ends[side], stage_ends[side + 1]
                mean = integral(stage_times[a:b], stage_values[a:b], True, t, t + 1.0)
                level = max(level, deepest_at(z, mean, side))
        dt = min(choose_step(dx, alpha, level, rise), end - t)
        dtx = dt / dx
        for side in range(4):
            if kinds[side] == STAGE:
                a, b = stage_ends[side], stage_ends[side + 1]
                stages[side] = integral(stage_times[a:b], stage_values[a:b], True, t, t + dt) / dt
        for n in range(len(in_cell)):
            touch(lo, hi, in_cell[n] // cols, in_cell[n] % cols)
        faces_of(
            z, h, k, qx, qy, qx2, qy2, lo, hi, theta, dt, GRAVITY * dtx, 0.5 * momentum * dtx, room
        )
        edges(z, h, k, qx2, qy2, kinds, stages, dt, dx)
        for n in range(len(in_cell)):
            if in_side[n] >= 0:
                a, b = in_ends[n], in_ends[n + 1]
                water = integral(in_times[a:b], in_values[a:b], True, t, t + dt) / (dx * dt)
                through_side(qx2, qy2, in_side[n], in_cell[n] // cols, in_cell[n] % cols, water)
        deepest = depths_of(h, h2, qx2, qy2, lo, hi, dtx, least, most)
        for i in range(rows):
            volumes[2] += (np.float64(qx2[i, cols]) - np.float64(qx2[i, 0])) * dtx
        for j in range(cols):
            volumes[2] += (np.float64(qy2[rows, j]) - np.float64(qy2[0, j])) * dtx
        if raining:
            wet = integral(rain[0], rain[1], False, t, t + dt)
            gone = integral(loss[0], loss[1], False, t, t + dt)
            add_rain(h2, falls, drinks, wet, gone, drunk)
            volumes[0] += wet
        for n in range(len(in_cell)):
            a, b = in_ends[n], in_ends[n + 1]
            water = integral(in_times[a:b], in_values[a:b], True, t, t + dt) / (dx * dx)
            h2[in_cell[n] // cols, in_cell[n] % cols] += water * (1 - (in_side[n] >= 0))
            volumes[1] += water * (1 - (in_side[n] >= 0))
        t += dt
        settle(h2, peak, arrival, t, lo, hi)
        h, h2 = h2, h
        qx, qx2 = qx2, qx
        qy, qy2 = qy2, qy
        if not raining:
            widen(lo, hi, h)
            spread_rows(lo, hi, h)
        steps += 1
    clock[0] = t
    clock[2] = steps % 2
    return steps


@njit(cache=True, nogil=True, error_model="numpy")
def through_side(qx: Any, qy: Any, side: Any, i: Any, j: Any, discharge: Any) -> None:
    """Water of a cell at the edge comes through that side, with its momentum."""
    if side == NORTH:
        qy[0, j] = discharge
    elif side == SOUTH:
        qy[qy.shape[0] - 1, j] = -discharge
    elif side == WEST:
        qx[i, 0] = discharge
    else:
        qx[i, qx.shape[1] - 1] = -discharge


@njit(cache=True, nogil=True, error_model="numpy")
def deepest_at(z: Any, level: Any, side: Any) -> Any:
    """Greatest depth of a level along one side."""
    rows, cols = z.shape
    if side == NORTH:
        return level - z[0].min()
    if side == SOUTH:
        return level - z[rows - 1].min()
    return level - (z[:, 0].min() if side == WEST else z[:, cols - 1].min())


@njit(cache=True, nogil=True, error_model="numpy")
def settle(new: Any, peak: Any, arrival: Any, t: Any, lo: Any, hi: Any) -> None:
    """Rounding below 0 becomes 0; peaks and first arrivals of 1 cm are kept."""
    rows, cols = new.shape
    for i in range(rows):
        a, b = reach_of(lo, hi, i, cols)
        keep_row(new[i], peak[i], arrival[i], t, a, b)
