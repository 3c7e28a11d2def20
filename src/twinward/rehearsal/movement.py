"""Pretended movement with known truth: residents of a city base live their days; who really was
together is known.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.citybase.column_types import NO_SITE
from twinward.citybase.schema import CityBase
from twinward.core.chance import generator
from twinward.core.geography import M_PER_DEGREE

DAY_S = 86_400
HOMES_A_BUILDING = 12
FLAT_M, TEAM_M, SHOP_M, BUS_M = (
    9.0,
    25.0,
    6.0,
    2.0,
)  # how far apart households, teams, shoppers and riders stand
SHOPS_A_LEAF = 20
RIDERS = 25  # in one vehicle
VEHICLE_GAP_M = 60.0
SHOP_SHARE = 0.35
BUS_SLOT_S = 900
RIDE_S = 1_800
SETTINGS = ("household", "work", "venue", "transport")
HOUSEHOLD, WORK, VENUE, TRANSPORT = range(4)
# hourly hazards of the pretended outbreak: high enough for a few generations in two weeks
HAZARDS = (0.02, 0.006, 0.006, 0.006)


class Presences(msgspec.Struct, frozen=True, kw_only=True):
    """The truth: one row says that a resident was at a place from start to end (seconds since the
    first midnight).

    `place` is equal for those who are really together; `kind` indexes SETTINGS. A ride goes from
    (lon, lat) to (lon2, lat2); elsewhere both are the same point. Sorted by resident, then start;
    days have no gaps.
    """

    resident: NDArray[Any]
    start_s: NDArray[Any]
    end_s: NDArray[Any]
    place: NDArray[Any]
    kind: NDArray[Any]
    lon: NDArray[Any]
    lat: NDArray[Any]
    lon2: NDArray[Any]
    lat2: NDArray[Any]


def live_days(base: CityBase, residents: int, days: int, seed: int) -> Presences:
    """The first `residents` residents of the base over `days` days, the first a Monday."""
    who = np.arange(min(residents, base.residents))
    home, home_xy = homes(base, who, seed)
    site, site_xy, has_site = sites(base, who, seed)
    rows: list[tuple[NDArray[np.generic], ...]] = []
    for day in range(days):
        rows += one_day(
            base, who, day, home, home_xy, site, site_xy, has_site & (day % 7 < 5), seed
        )
    columns = [np.concatenate(parts) for parts in zip(*rows, strict=True)]
    order = np.lexsort((columns[1], columns[0]))
    names = Presences.__struct_fields__
    return Presences(**{name: column[order] for name, column in zip(names, columns, strict=True)})


def offset(xy: NDArray[Any], metres: NDArray[Any]) -> NDArray[Any]:
    """Points moved by (east, north) metres."""
    shift = metres / M_PER_DEGREE
    shift[:, 0] /= np.cos(np.radians(xy[:, 1]))
    return np.asarray(xy + shift)


def leaf_of(base: CityBase, who: NDArray[Any]) -> NDArray[Any]:
    return np.searchsorted(base.leaf_start, who, "right") - 1


def homes(base: CityBase, who: NDArray[Any], seed: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """(household, point of home): twelve households share a building, neighbours are a few
    metres apart.
    """
    random = generator(seed, "movement.homes")
    household = base.household_of[who].astype(np.int64)
    count = int(household.max()) + 1
    blocks = random.uniform(-400.0, 400.0, (count // HOMES_A_BUILDING + 1, 2))
    flats = random.uniform(-FLAT_M, FLAT_M, (count, 2))
    leaf_xy = base.leaf_lonlat[leaf_of(base, who)].astype(np.float64)
    return household, offset(leaf_xy, blocks[household // HOMES_A_BUILDING] + flats[household])


def sites(
    base: CityBase, who: NDArray[Any], seed: int
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """(site and team as one number, point, whether there is any): teams of a site keep apart."""
    random = generator(seed, "movement.sites")
    site = base.site_of[who]
    has = site != NO_SITE
    row = np.where(has, site, 0).astype(np.int64)
    key = row * 65_536 + base.team_of[who].astype(np.int64)
    teams, number = np.unique(key, return_inverse=True)
    spread = random.normal(0.0, TEAM_M, (len(teams), 2))
    return number, offset(base.site_lonlat[row].astype(np.float64), spread[number]), has


def one_day(
    base: CityBase,
    who: NDArray[Any],
    day: int,
    home: NDArray[Any],
    home_xy: NDArray[Any],
    site: NDArray[Any],
    site_xy: NDArray[Any],
    out: NDArray[Any],
    seed: int,
) -> list[tuple[NDArray[np.generic], ...]]:
    """Home, a ride, the site, a ride back, perhaps a shop, home again."""
    random = generator(seed, f"movement.day.{day}")
    n, midnight = len(who), day * DAY_S
    leave = midnight + 7 * 3600 + random.integers(0, 6, n) * BUS_SLOT_S
    back = midnight + 17 * 3600 + random.integers(0, 6, n) * BUS_SLOT_S
    shops = random.random(n) < SHOP_SHARE
    shop_at = midnight + 20 * 3600 + random.integers(0, 12, n) * 300
    shop_for = random.integers(600, 2_700, n)
    leaf = leaf_of(base, who)
    shop = leaf * SHOPS_A_LEAF + random.integers(0, SHOPS_A_LEAF, n)
    steady = generator(seed, "movement.shops")
    shop_xy = offset(
        np.repeat(base.leaf_lonlat.astype(np.float64), SHOPS_A_LEAF, axis=0),
        steady.uniform(-300.0, 300.0, (len(base.leaf_codes) * SHOPS_A_LEAF, 2)),
    )[shop]
    shop_xy = offset(shop_xy, random.normal(0.0, SHOP_M, (n, 2)))
    end = np.full(n, midnight + DAY_S)
    at_shop, shop_end = np.where(shops, shop_at, end), np.where(shops, shop_at + shop_for, end)
    evening = np.where(out, back + RIDE_S, midnight)
    stop = base.leaf_lonlat[leaf].astype(np.float64)
    middle = np.broadcast_to(base.leaf_lonlat.astype(np.float64).mean(axis=0), stop.shape)

    def rows(
        mask: NDArray[np.bool_],
        start: NDArray[np.int64],
        finish: NDArray[np.int64],
        place: NDArray[np.generic],
        kind: int,
        a: NDArray[np.generic],
        b: NDArray[np.generic],
    ) -> tuple[NDArray[np.generic], ...]:
        keep = mask & (finish > start)
        kinds = np.full(int(keep.sum()), kind)
        return (
            who[keep],
            start[keep],
            finish[keep],
            place[keep] * 4 + kind,
            kinds,
            *a[keep].T,
            *b[keep].T,
        )

    everyone = np.ones(n, np.bool_)
    midnights = np.full(n, midnight)
    vehicles = max(round(n / len(base.leaf_codes) / 6 / RIDERS), 1)
    vehicle = random.integers(0, vehicles, n)
    gap = np.stack([vehicle * VEHICLE_GAP_M, np.zeros(n)], axis=1)
    stop, middle = offset(stop, gap), offset(middle, gap)
    line = (leaf * vehicles + vehicle) * 1_000_000
    go, come = line + leave // BUS_SLOT_S * 2, line + back // BUS_SLOT_S * 2 + 1
    return [
        rows(out, midnights, leave, home, HOUSEHOLD, home_xy, home_xy),
        rows(out, leave, leave + RIDE_S, go, TRANSPORT, stop, middle),
        rows(out, leave + RIDE_S, back, site, WORK, site_xy, site_xy),
        rows(out, back, back + RIDE_S, come, TRANSPORT, middle, stop),
        rows(everyone, evening, at_shop, home, HOUSEHOLD, home_xy, home_xy),
        rows(shops, at_shop, shop_end, shop, VENUE, shop_xy, shop_xy),
        rows(shops, shop_end, end, home, HOUSEHOLD, home_xy, home_xy),
    ]


class Sampling(msgspec.Struct, frozen=True, kw_only=True):
    """How phones report: on average every `every_min`, with a Gaussian error of `sigma_m` an
    axis, stated or not.
    """

    every_min: float = 15.0
    sigma_m: float = 15.0
    states_error: bool = True


def observe(
    truth: Presences, days: int, sampling: Sampling, start_us: int, seed: int
) -> dict[str, NDArray[Any]]:
    """What is seen of the truth: columns subject, time_us, lon, lat (7 decimals) and error_m."""
    random = generator(seed, f"movement.observe.{sampling.every_min}.{sampling.sigma_m}")
    people = int(truth.resident.max()) + 1
    each = int(days * DAY_S / (sampling.every_min * 60))
    slot = np.tile(np.arange(each), people)
    when = ((slot + random.random(people * each)) * sampling.every_min * 60).astype(np.int64)
    who = np.repeat(np.arange(people), each)
    span = days * DAY_S + 1
    at = np.searchsorted(truth.resident * span + truth.start_s, who * span + when, "right") - 1
    share = (when - truth.start_s[at]) / np.maximum(truth.end_s[at] - truth.start_s[at], 1)
    lon = truth.lon[at] + share * (truth.lon2[at] - truth.lon[at])
    lat = truth.lat[at] + share * (truth.lat2[at] - truth.lat[at])
    seen = offset(np.stack([lon, lat], axis=1), random.normal(0.0, sampling.sigma_m, (len(who), 2)))
    error = np.full(
        len(who), 1.5152 * sampling.sigma_m if sampling.states_error else np.nan, np.float32
    )
    columns: dict[str, NDArray[Any]] = {
        "subject": who,
        "time_us": start_us + when * 1_000_000,
        "error_m": error,
    }
    return columns | {"lon": np.round(seen[:, 0], 7), "lat": np.round(seen[:, 1], 7)}


def true_contacts(
    truth: Presences, case: int, from_s: int, to_s: int
) -> dict[int, tuple[float, float]]:
    """Others who really were together with a resident: minutes, and the expected infections
    (hazard times hours).
    """
    mine = np.flatnonzero(
        (truth.resident == case) & (truth.end_s > from_s) & (truth.start_s < to_s)
    )
    met: dict[int, tuple[float, float]] = {}
    for row in mine:
        same = np.flatnonzero((truth.place == truth.place[row]) & (truth.resident != case))
        low = np.maximum(np.maximum(truth.start_s[same], truth.start_s[row]), from_s)
        high = np.minimum(np.minimum(truth.end_s[same], truth.end_s[row]), to_s)
        for other, seconds in zip(
            truth.resident[same].tolist(), (high - low).tolist(), strict=True
        ):
            if seconds > 0:
                minutes, hazard = met.get(other, (0.0, 0.0))
                risk = HAZARDS[int(truth.kind[row])] * seconds / 3600
                met[other] = minutes + seconds / 60, hazard + risk
    return met


class TrueInfection(msgspec.Struct, frozen=True):
    """Who infected whom, on which day of the pretended outbreak."""

    infector: int
    infectee: int
    day: int


def spread(
    truth: Presences, days: int, first: int, seed: int, infectious_after: int = 2
) -> list[TrueInfection]:
    """An outbreak over the very co-presences: a case infects those it is with, from two days
    after its infection.
    """
    random = generator(seed, "movement.outbreak")
    infected, out = {first: -infectious_after}, []
    for day in range(days):
        for case in [case for case, since in infected.items() if day - since >= infectious_after]:
            met = true_contacts(truth, case, day * DAY_S, (day + 1) * DAY_S)
            for other in sorted(met):
                if other not in infected and random.random() < -np.expm1(-met[other][1]):
                    infected[other] = day
                    out.append(TrueInfection(case, other, day))
    return out
