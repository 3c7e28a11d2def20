"""`twinward allocate sites|share|staff|rounds`: the same questions asked of a workspace's own
city.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from twinward.cli.framework.output import emit_json, emit_text
from twinward.cli.framework.session import add_person, as_time, open_for
from twinward.cli.logistics.allocate_output import add_limit, write_geojson
from twinward.cli.logistics.allocate_rounds import add_rounds

if TYPE_CHECKING:
    from twinward.cli.framework.parser import Verbs


def add_questions(questions: Verbs) -> None:
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


def new(questions: Verbs, name: str, text: str) -> argparse.ArgumentParser:
    leaf: argparse.ArgumentParser = questions.add_parser(name, help=text, description=text)
    add_person(leaf)
    return leaf


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
            f"{s.name}  {s.area}  serves {s.residents:,.0f} in {s.serves} "
            f"{'area' if s.serves == 1 else 'areas'}"
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
