"""`twinward layer …`: layers of the city and of society, and what their readings concern."""

from __future__ import annotations

import argparse
from pathlib import Path

from twinward.cli.framework.output import emit_json, emit_table, emit_text
from twinward.cli.framework.session import add_person, as_time, open_for

MOST_SHOWN = 40
HEADS = ("layer", "status", "sensors", "current", "median", "unit", "age", "areas")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, text, act in (
        ("list", "every layer: status, age, coverage, source", list_all),
        ("show", "one layer and its sensors; with --sensor its hours and forecast", show),
        ("check", "sensors that are stuck, drift, were exchanged or stand in two places", check),
        ("track", "where a vehicle was in the last minutes", track),
        ("couplings", "what readings past their mark concern", couple),
        ("reach", "who reaches less within 15 minutes while streets are closed", reach),
        ("find", "a place, a street or an area by its name", find),
        ("add", "put a layer of your own into the workspace", add),
    ):
        leaf = verbs.add_parser(name, help=text, description=text)
        add_person(leaf)
        leaf.set_defaults(answer=act)
        if name in {"show", "check", "track"}:
            leaf.add_argument("layer", help="its id, see `twinward layer list`")
        if name in {"list", "show"}:
            leaf.add_argument(
                "--at", type=as_time, help="as it was at this instant (RFC 3339 with zone)"
            )
        if name == "show":
            leaf.add_argument("--sensor", help="one of its sensors, by its name")
        if name == "track":
            leaf.add_argument("--sensor", required=True, help="the vehicle, as the list names it")
            leaf.add_argument("--minutes", type=int, default=15, help="how far it reaches back")
        if name == "find":
            leaf.add_argument("text", metavar="TEXT", help="what to look for")
        if name == "add":
            leaf.add_argument("file", type=Path, help="a TOML file, as docs/howto says")


def run(options: argparse.Namespace) -> int:
    return int(options.answer(options) or 0)


def list_all(options: argparse.Namespace) -> None:
    from twinward.service.city.layers import list_layers

    with open_for(options) as (platform, caller):
        found = list_layers(platform, caller, options.at)
    if options.json:
        emit_json({"items": found})
        return
    emit_table(
        HEADS,
        [
            (
                one.id,
                one.status,
                one.sensors or "–",
                one.current if one.sensors else "–",
                "–" if one.median is None else one.median,
                one.unit,
                "–" if one.age_s is None else f"{one.age_s} s",
                f"{one.covered}/{one.areas}" if one.sensors else "–",
            )
            for one in found
        ],
    )


def show(options: argparse.Namespace) -> None:
    from twinward.service.city.layer_series import get_history
    from twinward.service.city.layers import get_layer_view, list_layer_sensors

    with open_for(options) as (platform, caller):
        view = get_layer_view(platform, caller, options.layer, options.at)
        if options.sensor:
            history = get_history(platform, caller, options.layer, options.sensor)
        total, sensors = list_layer_sensors(
            platform,
            caller,
            options.layer,
            limit=100_000 if options.json else MOST_SHOWN,
            offset=0,
            at=options.at,
        )
    if options.json:
        emit_json(
            {"layer": view, "history": history}
            if options.sensor
            else {"layer": view, "sensors": sensors}
        )
        return
    emit_text(f"{view.title}: {view.status}, {view.sensors} sensors. {view.source}")
    if options.sensor:
        ahead = history.ahead
        said = (
            ", ".join(f"{value:g}" for value in ahead.middle)
            + f" ({ahead.better:.0%} better than the last value, by the hour of the {ahead.model})"
            if ahead
            else f"none: {history.why_not}"
        )
        emit_text(f"{len(history.hours)} hours heard; next hours: {said}")
        return
    emit_table(
        ("sensor", "value", "state", "age", "area"),
        [(s.sensor, s.value, s.state, f"{s.age_s} s", s.area or "–") for s in sensors],
    )
    if total > len(sensors):
        emit_text(f"and {total - len(sensors)} more")


def check(options: argparse.Namespace) -> None:
    from twinward.service.city.layer_series import check_layer

    with open_for(options) as (platform, caller):
        found = check_layer(platform, caller, options.layer)
    if options.json:
        emit_json(found)
        return
    if found.faults:
        emit_table(
            ("sensor", "fault", "amount", "with"),
            [(f.sensor, f.kind, f.amount, f.other or "–") for f in found.faults],
        )
    emit_text(f"{len(found.faults)} faults; {found.checked} of {found.sensors} sensors checked")


def track(options: argparse.Namespace) -> None:
    from twinward.service.city.vehicle_track import get_track

    with open_for(options) as (platform, caller):
        found = get_track(platform, caller, options.layer, options.sensor, options.minutes)
    if options.json:
        emit_json(found)
        return
    emit_text(f"{found.sensor}: {found.status}, heard {found.age_s} s ago")
    emit_table(
        ("at", "lon", "lat", found.unit),
        [(one.at.isoformat(), one.lon, one.lat, one.value) for one in found.points],
    )


def couple(options: argparse.Namespace) -> None:
    from twinward.service.city.couplings import list_couplings

    with open_for(options) as (platform, caller):
        found = list_couplings(platform, caller)
    if options.json:
        emit_json({"items": found})
        return
    for row in found:
        emit_text(f"{row.title}: {len(row.fired)} past {row.mark:g} {row.unit}")
        for one in row.fired[:MOST_SHOWN]:
            roads = f", {one.roads_closed} pieces of road" if one.roads_closed else ""
            emit_text(
                f"  {one.sensor} {one.value:g} {row.unit}: {len(one.concerned) + one.left_out} "
                f"concerned{roads}; incident {one.incident or 'none'}"
            )


def reach(options: argparse.Namespace) -> None:
    from twinward.service.city.reach import get_reach

    with open_for(options) as (platform, caller):
        found = get_reach(platform, caller)
    if options.json:
        emit_json(found)
        return
    if found.why:
        emit_text(f"cannot be reckoned: {found.why}")
        return
    emit_text(
        f"{found.minutes} minutes on foot to {', '.join(found.groups)}: {found.before:.3f} when "
        f"all is open, {found.now:.3f} now; {found.streets_closed} streets closed"
    )
    emit_table(
        ("area", "name", "before", "now", "lost", "residents"),
        [
            (one.area, one.name, one.before, one.now, ", ".join(one.lost), one.residents or "–")
            for one in found.areas
        ],
    )


def find(options: argparse.Namespace) -> None:
    from twinward.service.city.gazetteer import Gazetteer

    with open_for(options) as (platform, _):
        found = Gazetteer(platform).search(options.text)
    if options.json:
        emit_json({"items": found})
        return
    emit_table(
        ("kind", "name", "in", "lon", "lat"),
        [(f.kind, f.name, f.within or "–", f.lon, f.lat) for f in found],
    )


def add(options: argparse.Namespace) -> None:
    from twinward.service.city.layers import add_layer

    with open_for(options) as (platform, _):
        layer = add_layer(platform.workspace, options.file)
    if options.json:
        emit_json(layer)
    else:
        emit_text(f"layer {layer.id}: {layer.title}")
