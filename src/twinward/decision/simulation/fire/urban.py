"""Fire from block to block in a built-up area (Hamada as in Hazus), with engines by arrival."""

from __future__ import annotations

import heapq
from typing import Annotated

import msgspec
import numpy as np

from twinward.core.errors import InputError
from twinward.decision.simulation.ground import Floats

# Hamada's constants c1 to c5 downwind, aside and upwind, as read in ELMFIRE (Hazus manual,
# chapter 10: check it there)
DOWN, SIDE, UP = (
    (1.6, 0.1, 0.007, 25.0, 2.5),
    (1.0, 0.0, 0.005, 5.0, 0.25),
    (1.0, 0.0, 0.002, 5.0, 0.2),
)
MOST_WIND = 40.0
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class UrbanBlock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One block: metres east and north of an origin, building width and separation, share of
    fire-resistant buildings, share of the block that is built on.
    """

    east_m: float
    north_m: float
    building_m: Annotated[float, msgspec.Meta(gt=0)] = 12.0
    separation_m: Annotated[float, msgspec.Meta(ge=0)] = 5.0
    resistant: Share = 0.0
    built: Share = 0.4


class Engines(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Engines reach a block so many seconds after it has caught fire, `at_once` blocks at a time;
    `water` False: mains are broken, nothing is put out.
    """

    arrival_s: Annotated[float, msgspec.Meta(ge=0)]
    at_once: Annotated[int, msgspec.Meta(ge=0, le=10_000)]
    hold_s: Annotated[float, msgspec.Meta(gt=0)] = 3600.0
    water: bool = True


def burn_time_min(block: UrbanBlock, wind_m_s: float, constants: tuple[float, ...]) -> float:
    """Minutes for the fire to go from one building to the next (Hamada)."""
    c1, c2, c3, c4, c5 = constants
    a, d, f, v = block.building_m, block.separation_m, block.resistant, wind_m_s
    gap = d / (c4 + c5 * v)
    slow = (1 - f) * (3 + 0.375 * a + 8 * gap) + f * (5 + 0.625 * a + 16 * gap)
    return slow / (c1 * (1 + c2 * v + c3 * v * v))


def speed_m_s(block: UrbanBlock, wind_m_s: float, towards: float) -> float:
    """Metres a second in a direction, radians off downwind; an ellipse through the three speeds,
    below 10 m/s blended with the speed aside by wind / 10 as in Hazus.
    """
    if not 0 <= wind_m_s <= MOST_WIND:
        raise InputError(
            f"wind must be 0 to {MOST_WIND:g} m/s, got {wind_m_s:g}",
            "check its unit",
            code="bad_case",
        )
    if block.built <= 0:
        return 0.0
    step = block.building_m + block.separation_m
    down, side, up = (step / (60 * burn_time_min(block, wind_m_s, one)) for one in (DOWN, SIDE, UP))
    share = min(wind_m_s / 10, 1.0)
    down, up = side + (down - side) * share, side + (up - side) * share
    along = down if np.cos(towards) >= 0 else up
    radius = 1 / np.hypot(np.cos(towards) / along, np.sin(towards) / side)
    return float(radius * block.built**0.5)


def spread_blocks(
    blocks: list[UrbanBlock],
    ignitions: list[tuple[int, float]],
    wind_m_s: float,
    wind_from_deg: float,
    until_s: float,
    engines: Engines | None = None,
    reach_m: float = 60.0,
) -> Floats:
    """Seconds at which each block catches fire, infinite where it does not.

    Fire goes to blocks within `reach_m`. Engines that reach a burning block in time keep it from
    setting fire to others; each is free again after `hold_s`.
    """
    for number, _ in ignitions:
        if not 0 <= number < len(blocks):
            raise InputError(
                f"ignition {number} is outside {len(blocks)} blocks",
                "name a block",
                code="bad_case",
            )
    east = np.array([one.east_m for one in blocks])
    north = np.array([one.north_m for one in blocks])
    towards = np.radians((wind_from_deg + 180) % 360)
    caught = np.full(len(blocks), np.inf)
    queue = [(at, number) for number, at in ignitions]
    heapq.heapify(queue)
    free = [0.0] * (engines.at_once if engines is not None and engines.water else 0)
    while queue:
        at, number = heapq.heappop(queue)
        if at >= caught[number] or at > until_s or blocks[number].built <= 0:
            continue
        caught[number] = at
        stopped = put_out_at(at, engines, free)
        away = np.hypot(east - east[number], north - north[number])
        for other in np.flatnonzero((away <= reach_m) & (away > 0)):
            bearing = np.arctan2(east[other] - east[number], north[other] - north[number])
            speed = speed_m_s(blocks[number], wind_m_s, float(bearing - towards))
            if speed <= 0:
                continue
            arrives = at + away[other] / speed
            if arrives < min(caught[other], stopped):
                heapq.heappush(queue, (float(arrives), int(other)))
    return caught


def put_out_at(at: float, engines: Engines | None, free: list[float]) -> float:
    """When engines have the block, infinite when none is free within an hour."""
    if engines is None or not free:
        return float("inf")
    soonest = min(range(len(free)), key=lambda n: free[n])
    begins = max(at + engines.arrival_s, free[soonest])
    if begins > at + 3600:
        return float("inf")
    free[soonest] = begins + engines.hold_s
    return begins
