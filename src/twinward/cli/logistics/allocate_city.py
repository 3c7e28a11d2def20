"""`twinward allocate sites|share|staff|rounds`: the same questions asked of a workspace's own
city.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from twinward.app import compose
from twinward.cli.framework.output import emit_json, emit_text, write_file
from twinward.cli.framework.session import add_person, as_time, open_for
from twinward.core.errors import InputError

CLOCK = re.compile(r"(\d{1,2}):(\d{2})")


def add_questions(questions: Any) -> None:
    add_sites(
        new(
            questions,
            "sites",
            "where in the city to open test sites, quarantine places, field hospitals",
        )
    )
    add_share(new(questions, "share", "who sends how much of which supply to which area"))
    text = "who works where and when"
    staff = questions.add_parser("staff", help=text, description=text)
    staff.add_argument("--file", type=Path, required=True, help="people, posts and shifts (TOML)")
    staff.add_argument(
        "--json", action="store_true", help="one JSON object as the last line of standard output"
    )
    add_limit(staff, 30)
    staff.set_defaults(answer=_staff)
    add_rounds(new(questions, "rounds", "which rounds the city's lorries and drones make"))


def new(questions: Any, name: str, text: str) -> argparse.ArgumentParser:
    leaf: argparse.ArgumentParser = questions.add_parser(name, help=text, description=text)
    add_person(leaf)
    return leaf


def add_limit(leaf: argparse.ArgumentParser, limit_s: float) -> None:
    leaf.add_argument(
        "--time-limit-s", type=float, default=limit_s, metavar="N", help=f"default: {limit_s:g}"
    )


def add_sites(leaf: argparse.ArgumentParser) -> None:
    leaf.add_argument("--open", type=int, required=True, dest="p", metavar="P", help="how many")
    aims = "least travel in all, least farthest way, or least travel within the sites' room"
    leaf.add_argument(
        "--aim", choices=("median", "centre", "capacitated"), default="median", help=aims
    )
    leaf.add_argument(
        "--places", default="hospital", metavar="KIND,…", help="kinds of places that may open"
    )
    leaf.add_argument("--level", default="subdistrict", help="the areas whose residents need them")
    leaf.add_argument("--area", help="only inside this area")
    leaf.add_argument(
        "--capacity", type=float, help="residents that one site serves (default: the places' own)"
    )
    leaf.add_argument(
        "--share", type=float, default=1.0, help="share of the residents in need (default 1)"
    )
    leaf.add_argument("--distances", choices=("auto", "road", "straight"), default="auto")
    leaf.add_argument("--candidates", type=int, default=300, help="at most so many (default 300)")
    leaf.add_argument("--geojson", type=Path, metavar="FILE")
    add_limit(leaf, 30)
    leaf.set_defaults(answer=_sites)


def add_share(leaf: argparse.ArgumentParser) -> None:
    leaf.add_argument(
        "--kinds", default="", metavar="KIND,…", help="default: everything that is used up"
    )
    leaf.add_argument("--days", type=int, default=14)
    leaf.add_argument(
        "--level", help="the level of the areas in need (default: right below the city)"
    )
    leaf.add_argument("--at", type=as_time, help="as of this instant")
    add_limit(leaf, 60)
    leaf.set_defaults(answer=_share)


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
    leaf.add_argument("--depot", metavar="LON,LAT")
    leaf.add_argument("--lorries", type=int, default=5)
    leaf.add_argument("--capacity", type=float, default=2000.0, help="of a lorry (default 2000)")
    leaf.add_argument("--drones", type=int, default=0)
    leaf.add_argument("--payload", type=float, default=5.0, help="of a drone (default 5)")
    leaf.add_argument("--drone-range-m", type=float, default=10_000.0)
    leaf.add_argument("--flights", type=int, default=1, help="of each drone, one after another")
    leaf.add_argument("--hours", default="07:00-19:00", help="when the fleet drives")
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
    add_limit(leaf, 30)
    leaf.set_defaults(answer=_rounds)


def clock_s(text: str) -> float:
    found = CLOCK.fullmatch(text.strip())
    if found is None or int(found[1]) > 24 or int(found[2]) > 59:
        raise InputError(f"{text!r} is no time of day", "write HH:MM, as 07:30", code="bad_time")
    return int(found[1]) * 3600.0 + int(found[2]) * 60.0


def hours_of(text: str) -> tuple[float, float]:
    start, dash, end = text.partition("-")
    if not dash or clock_s(end) <= clock_s(start):
        raise InputError(
            f"{text!r} is no span of hours", "write HH:MM-HH:MM, as 07:00-19:00", code="bad_time"
        )
    return clock_s(start), clock_s(end)


def point_of(text: str) -> tuple[float, float]:
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(
            f"{text!r} is no point", "write LON,LAT, as 121.47,31.23", code="bad_coordinates"
        ) from error
    return lon, lat


def write_geojson(path: Path | None, features: dict[str, Any]) -> None:
    if path is not None:
        write_file(path, msgspec.json.encode(features))


def _sites(options: argparse.Namespace) -> None:
    from twinward.service.logistics.facility_siting import as_features, locate_sites

    with open_for(options) as (platform, caller):
        report = locate_sites(
            platform,
            caller,
            p=options.p,
            aim=options.aim,
            kinds=tuple(options.places.split(",")),
            level=options.level,
            area=options.area,
            capacity=options.capacity,
            share_of_residents=options.share,
            by=options.distances,
            most_candidates=options.candidates,
            time_limit_s=options.time_limit_s,
        )
    write_geojson(options.geojson, as_features(report))
    if options.json:
        emit_json(report)
        return
    emit_text(
        f"{len(report.sites)} of {report.candidates} places, {report.distances}: "
        f"{report.mean_m:,.0f} m on average, "
        f"{report.farthest_m:,.0f} m at most; gap {100 * report.gap:.2f} % after "
        f"{report.seconds:.1f} s of "
        f"{report.time_limit_s:g}\nwhat stands in the way: {report.binding}"
    )
    emit_text(
        "\n".join(
            f"{s.name}  {s.area}  serves {s.residents:,.0f} in {s.serves} areas"
            for s in report.sites
        )
    )
    if report.cut_off:
        emit_text(f"cut off, no road leads to any of the places: {', '.join(report.cut_off)}")
    emit_text(report.relaxation) if report.relaxation else None


def _share(options: argparse.Namespace) -> None:
    from twinward.service.logistics.supply_allocation import share_supplies

    with open_for(options) as (platform, caller):
        report = share_supplies(
            platform,
            caller,
            kinds=tuple(word for word in options.kinds.split(",") if word),
            days=options.days,
            level=options.level,
            time_limit_s=options.time_limit_s,
            at=options.at,
        )
    if options.json:
        emit_json(report)
        return
    emit_text(
        f"{report.rule}\ngap {100 * report.gap:.2f} % after {report.seconds:.1f} s of "
        f"{report.time_limit_s:g}"
    )
    for kind in report.kinds:
        emit_text(
            f"{kind.kind:<18} need {kind.need:,.0f}, have {kind.have:,.0f}, unmet "
            f"{kind.unmet:,.0f} {kind.unit}; the "
            f"worst-served area lacks {100 * kind.worst_share:.0f} %; gap {100 * kind.gap:.2f} %"
        )
        if kind.relaxation:
            emit_text(f"{'':<18} it takes {kind.relaxation}")
    for one in report.sendings[:40]:
        emit_text(
            f"{one.first_day}  {one.from_area} {one.from_holder or ''} -> {one.to_name}: "
            f"{one.quantity:,.0f} {one.unit}"
        )


def _staff(options: argparse.Namespace) -> None:
    from twinward.service.logistics.rostering import make_roster

    report = make_roster(options.file, options.time_limit_s)
    if options.json:
        emit_json(report)
        return
    emit_text(
        f"{report.filled} of {report.places} places filled by {report.people} people, "
        f"{report.busiest} shifts at most; "
        f"gap {100 * report.gap:.2f} % after {report.seconds:.1f} s of "
        f"{report.time_limit_s:g}\n{report.binding}"
    )
    emit_text(
        "\n".join(f"shift {duty.shift:>3}  {duty.post:<20} {duty.person}" for duty in report.duties)
    )
    emit_text(report.relaxation) if report.relaxation else None


@contextmanager
def open_if_any(options: argparse.Namespace) -> Iterator[tuple[Any, Any]]:
    """The platform and the caller; none where there is no workspace."""
    if not (options.workspace / compose.MARK).exists():
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
    write_geojson(options.geojson, delivery_routes.as_features(plan))
    if options.json:
        emit_json(plan)
        return
    show_rounds(plan)


def replan_anew(options: argparse.Namespace, platform: Any, caller: Any) -> Any:
    """The rest of a planned day."""
    from twinward.service.logistics import delivery_routes

    if options.at is None:
        raise InputError("a replan needs to know the time", "say --at HH:MM", code="missing_field")
    broken = [word for word in options.broken.split(",") if word]
    return delivery_routes.replan_rounds_for(
        platform,
        caller,
        delivery_routes.read_plan(options.replan),
        clock_s(options.at),
        broken,
        by=options.distances,
        time_limit_s=options.time_limit_s,
    )


def plan_day(options: argparse.Namespace, platform: Any, caller: Any) -> Any:
    """A whole day's rounds, to areas or to the stops of a file."""
    from twinward.service.logistics import delivery_routes

    if options.depot is None or (options.area is None) == (options.stops is None):
        raise InputError(
            "rounds need a depot and either areas or a file of stops",
            "say --depot and --area or --stops",
            code="missing_field",
        )
    hours = hours_of(options.hours)
    window = hours_of(options.window) if options.window else hours
    per = options.per_resident
    stops = (
        delivery_routes.stops_of_file(options.stops, window, options.service_s)
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


def show_rounds(plan: Any) -> None:
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
        clock = f"{int(one.back_s // 3600):02d}:{int(one.back_s % 3600 // 60):02d}"
        done = f", {one.done} done" if one.done else ""
        emit_text(
            f"{one.vehicle}: {len(one.visits)} stops{done}, {one.load:g} units, "
            f"{one.distance_m / 1000:,.1f} km, back {clock}"
        )
    for name, why in plan.left_out:
        emit_text(f"left out: {name}: {why}")
    for name, metres in plan.off_road:
        emit_text(
            f"counted beside the road: {name}, {metres:,.0f} m to the crossing it is reached from"
        )
    emit_text(plan.relaxation) if plan.relaxation else None
