"""`twinward allocate rounds`: rounds of a city's lorries and drones, and anew when one fails."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twinward.app.workspace import MARK
from twinward.cli.framework.output import emit_json, emit_text
from twinward.cli.framework.session import open_for
from twinward.cli.logistics.allocate_output import add_limit, write_geojson
from twinward.core.errors import InputError
from twinward.service.platform import Caller

if TYPE_CHECKING:
    from twinward.service.logistics.delivery_routes import RoundsPlan
    from twinward.service.platform import Platform


def add_rounds(leaf: argparse.ArgumentParser) -> None:
    leaf.add_argument("--area", help="deliver to the areas inside this one")
    leaf.add_argument("--level", default="community", help="one stop for each area of this level")
    leaf.add_argument(
        "--per-resident",
        type=float,
        default=0.13,
        help="units for each resident (default 0.13 baskets)",
    )
    leaf.add_argument(
        "--stops", type=Path, help="instead: id,lon,lat,demand[,early_s,late_s,service_s]"
    )
    leaf.add_argument("--depot", metavar="LON,LAT", help="as 121.47,31.23 or -46.64,-23.55")
    leaf.add_argument("--lorries", type=int, default=5)
    leaf.add_argument("--capacity", type=float, default=2000.0, help="of a lorry (default 2000)")
    leaf.add_argument("--drones", type=int, default=0)
    leaf.add_argument("--payload", type=float, default=5.0, help="of a drone (default 5)")
    leaf.add_argument("--drone-range-m", type=float, default=10_000.0)
    leaf.add_argument("--flights", type=int, default=1, help="of each drone, one after another")
    text = "when the fleet drives; 22:00-02:00 is over midnight"
    leaf.add_argument("--hours", default="07:00-19:00", help=text)
    leaf.add_argument("--window", default="", help="when goods may be left (default: as --hours)")
    leaf.add_argument(
        "--service-s", type=float, default=180.0, help="at each door, contactless (default 180)"
    )
    leaf.add_argument("--distances", choices=("auto", "road", "straight"), default="auto")
    leaf.add_argument(
        "--replan", type=Path, metavar="FILE", help="what --json wrote; with --at and --broken"
    )
    leaf.add_argument("--at", metavar="HH:MM", help="now, for a replan")
    leaf.add_argument("--broken", default="", metavar="VEHICLE,…")
    leaf.add_argument("--geojson", type=Path, metavar="FILE")
    text = "keep the rounds as those of this day: map and scene show their vehicles ahead"
    leaf.add_argument("--keep", metavar="YYYY-MM-DD", help=text)
    add_limit(leaf, 30)
    leaf.set_defaults(answer=_rounds)


def point_of(text: str) -> tuple[float, float]:
    try:
        lon, lat = (float(part) for part in text.replace("\u2212", "-").split(","))
    except ValueError as error:
        raise InputError(
            f"{text!r} is no point",
            "write LON,LAT with points for decimals, as 121.47,31.23 or -46.64,-23.55",
            code="bad_coordinates",
        ) from error
    return lon, lat


@contextmanager
def open_if_any(options: argparse.Namespace) -> Iterator[tuple[Any, Any]]:
    """The platform and the caller; none where there is no workspace."""
    if not (options.workspace / MARK).exists():
        yield None, None
        return
    with open_for(options) as opened:
        yield opened


def _rounds(options: argparse.Namespace) -> None:
    from twinward.service.logistics import delivery_routes

    with (open_if_any if options.stops or options.replan else open_for)(options) as (
        platform,
        caller,
    ):
        plan = (replan_anew if options.replan is not None else plan_day)(options, platform, caller)
        if options.keep:
            delivery_routes.keep_plan(platform, caller, plan, options.keep)
    write_geojson(options.geojson, delivery_routes.as_features(plan))
    if options.json:
        emit_json(plan)
        return
    show_rounds(plan)


def replan_anew(options: argparse.Namespace, platform: Platform, caller: Caller) -> RoundsPlan:
    """The rest of a planned day."""
    from twinward.service.logistics import delivery_routes

    if options.at is None:
        raise InputError("a replan needs to know the time", "say --at HH:MM", code="missing_field")
    broken = [word for word in options.broken.split(",") if word]
    return delivery_routes.replan_rounds_for(
        platform,
        caller,
        delivery_routes.read_plan(options.replan),
        delivery_routes.clock_s(options.at),
        broken,
        by=options.distances,
        time_limit_s=options.time_limit_s,
    )


def plan_day(options: argparse.Namespace, platform: Platform, caller: Caller) -> RoundsPlan:
    """A whole day's rounds, to areas or to the stops of a file."""
    from twinward.service.logistics import delivery_routes

    if options.depot is None or (options.area is None) == (options.stops is None):
        raise InputError(
            "rounds need a depot and either areas or a file of stops",
            "say --depot and --area or --stops",
            code="missing_field",
        )
    hours = delivery_routes.hours_of(options.hours)
    window = hours
    if options.window:
        window = delivery_routes.in_night(delivery_routes.hours_of(options.window), hours)
    per = options.per_resident
    stops = (
        delivery_routes.stops_of_file(options.stops, window, options.service_s, hours)
        if options.stops is not None
        else delivery_routes.stops_of_areas(
            platform, options.area, options.level, per, window, options.service_s
        )
    )
    fleet = delivery_routes.make_fleet(
        options.lorries,
        options.capacity,
        options.drones,
        options.payload,
        options.drone_range_m,
        hours,
        options.flights,
    )
    return delivery_routes.plan_rounds_for(
        platform,
        caller,
        point_of(options.depot),
        stops,
        fleet,
        by=options.distances,
        time_limit_s=options.time_limit_s,
    )


def show_rounds(plan: RoundsPlan) -> None:
    from twinward.service.logistics import delivery_routes

    bound = (
        f"no plan is shorter than {plan.bound / 1000:,.1f} km"
        if plan.bound
        else "no bound on the way"
    )
    emit_text(
        f"{plan.objective / 1000:,.1f} km {plan.distances}; {bound}; after {plan.seconds:.1f} s of "
        f"{plan.time_limit_s:g}\nwhat stands in the way: {plan.binding}"
    )
    for one in plan.rounds:
        clock = delivery_routes.show_clock(one.back_s)
        done = f", {one.done} done" if one.done else ""
        emit_text(
            f"{one.vehicle}: {len(one.visits)} stop{'' if len(one.visits) == 1 else 's'}{done}, "
            f"{one.load:g} units, "
            f"{one.distance_m / 1000:,.1f} km, back {clock}"
        )
    for name, why in plan.left_out:
        emit_text(f"left out: {name}: {why}")
    for name, metres in plan.off_road:
        emit_text(
            f"counted beside the road: {name}, {metres:,.0f} m to the crossing it is reached from"
        )
    emit_text(plan.relaxation) if plan.relaxation else None
