"""`twinward hazard run HAZARD`: a hazard model on a case without a city, or on a city."""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

import msgspec

from twinward.cli.framework.output import emit_json, emit_table, emit_text
from twinward.cli.framework.output_paths import check_folder
from twinward.cli.framework.session import add_person, open_for
from twinward.cli.main import add_common
from twinward.core.errors import InputError
from twinward.service.hazards import cases, forecast_store, forecasts, live, models
from twinward.service.languages import say_reasons


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar="run|schema|forecasts|report")
    running = acts.add_parser("run", help="run a model on a case without a city")
    running.add_argument("hazard", help="flood, fire, chemical or earthquake")
    running.add_argument("--case", type=Path, metavar="FILE", help="a case without a city (TOML)")
    running.add_argument("--out", type=Path, metavar="DIR", help="write readings and grids there")
    running.add_argument("--threads", type=int, default=1, help="never changes the result")
    running.add_argument("--scenario", metavar="NAME", help="a scenario of the library")
    running.add_argument("--rain", metavar="FILE", help="mm/h, or a CSV of time_s,value")
    running.add_argument(
        "--river", metavar="FILE", help="m3/s of the largest river, or a CSV of time_s,value"
    )
    for name in ("source", "rupture", "ignition"):
        running.add_argument(f"--{name}", type=Path, metavar="FILE", help=f"the {name} (TOML)")
    running.add_argument("--hours", type=float, default=6.0)
    running.add_argument("--members", type=int, default=20)
    running.add_argument("--seed", type=int, default=1)
    running.add_argument("--cell-m", type=float, default=250.0, help="width of terrain cells")
    running.add_argument("--terrain", type=Path, metavar="FILE", help="elevation of the city")
    running.add_argument(
        "--layer",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="fuel, vs30, manning, infiltration (a grid each), buildings (a table)",
    )
    running.add_argument(
        "--deadline", type=float, metavar="SECONDS", help="then no further member is begun"
    )
    running.add_argument("--residents", type=int, help="a plain city, not the workspace's")
    running.add_argument("--at", default="now", help="from the live twins: now")
    running.add_argument("--keep", action="store_true", help="keep it in the workspace")
    add_person(running)
    listing = acts.add_parser("forecasts", help="forecasts that the workspace keeps")
    listing.add_argument("--hazard", help="only this hazard")
    reporting = acts.add_parser("report", help="a kept forecast as HTML and PDF")
    reporting.add_argument("id", nargs="?", help="id of the forecast; default: the newest")
    reporting.add_argument(
        "--out", type=Path, metavar="DIR", default=Path("."), help="folder for the files"
    )
    for leaf in (listing, reporting):
        add_person(leaf)
    form = acts.add_parser("schema", help="the JSON Schema of a case file")
    form.add_argument("hazard")
    add_common(form, workspace=False)


def run(options: argparse.Namespace) -> int:
    if options.act == "schema":
        emit_json(models.get_case_schema(options.hazard))
        return 0
    if options.act == "forecasts":
        return list_kept(options)
    if options.act == "report":
        return write_report(options)
    if options.case is None:
        return forecast(options)
    check_folder(options.out)
    answer = cases.run_case(options.hazard, options.case, options.out, options.threads)
    if options.json:
        emit_json(answer)
        return 0
    rows = [[one.name, one.time_s, one.figure, one.value, one.unit] for one in answer.probes]
    emit_table(["probe", "time_s", "figure", "value", "unit"], rows)
    emit_text(f"{answer.model} {answer.version}: {answer.calibration}")
    emit_text(f"{answer.cells:,} cells, {answer.steps:,} steps, {answer.cpu_s:.2f} CPU seconds")
    emit_remarks(answer)
    return 0


def forecast(options: argparse.Namespace) -> int:
    """A run over a city: the workspace's, or a plain one."""
    request = forecasts.HazardRequest(
        hazard=options.hazard,
        scenario=options.scenario,
        rain=options.rain,
        river=options.river,
        forcing=options.source or options.rupture or options.ignition,
        terrain=options.terrain,
        layers=tuple(layer_of(text) for text in options.layer),
        deadline_s=options.deadline,
        residents=options.residents,
        city=options.workspace / "city" if options.residents is None else None,
        hours=options.hours,
        members=options.members,
        cell_m=options.cell_m,
        seed=options.seed,
        threads=options.threads,
    )
    if options.at != "now":
        raise InputError(f"--at {options.at}: models run from now", "leave it out", code="bad_at")
    kept = ""
    if options.keep:
        with open_for(options) as (platform, caller):
            stored = live.make_forecast(platform, caller, request)
        answer, kept = stored.answer, stored.id
    else:
        answer = forecasts.forecast_hazard(request)
    if options.json and kept:
        emit_json(msgspec.to_builtins(answer) | {"forecast": kept})
        return 0
    if options.json:
        emit_json(answer)
        return 0
    emit_text(f"{answer.model} {answer.version}: {answer.calibration}, {answer.members} members")
    for one in answer.exposed:
        low, middle, high = one.people[0], one.people[2], one.people[4]
        emit_text(
            f"level {one.level} ({answer.figure} >= {one.at_least:g}): "
            f"{two_figures(middle)} people ({two_figures(low)} to {two_figures(high)}), "
            f"{one.hospitals[2]:.0f} hospitals, {one.schools[2]:.0f} schools"
        )
    rows = [
        [one.area, one.name or one.area, one.residents, f"{one.peak[2]:.3g}", f"{one.peak[4]:.3g}"]
        for one in answer.areas[:10]
    ]
    emit_table(["area", "name", "residents", "median", "high"], rows)
    emit_remarks(answer)
    return 0


def layer_of(text: str) -> tuple[str, Path]:
    """NAME=FILE as a layer of the city's ground."""
    name, sign, file = text.partition("=")
    if not sign or not name or not file:
        raise InputError(f"--layer {text}", "write NAME=FILE, e.g. vs30=vs30.tif", code="bad_layer")
    return name, Path(file)


def emit_remarks(answer: cases.CaseAnswer | forecasts.HazardAnswer) -> None:
    """What was assumed and what lay out of range, in the reader's language."""
    every = (answer.notes_reasons, answer.assumptions_reasons, answer.out_of_range_reasons)
    for one in itertools.chain(*every):
        emit_text(f"  {say_reasons([one])}")


def two_figures(value: float) -> str:
    """A forecast carries no more than two figures."""
    return f"{float(f'{value:.2g}'):,.0f}"


def list_kept(options: argparse.Namespace) -> int:
    with open_for(options) as (platform, _):
        found = forecast_store.list_forecasts(platform.workspace, options.hazard)
    if options.json:
        emit_json({"forecasts": found})
        return 0
    rows = [[one.id, one.issued_at.isoformat(), one.level, one.because] for one in found]
    emit_table(["forecast", "issued_at", "level", "because"], rows)
    return 0


def write_report(options: argparse.Namespace) -> int:
    from twinward.service.hazards import report

    check_folder(options.out)
    with open_for(options) as (platform, _):
        name = options.id
        if name is None:
            kept = forecast_store.list_forecasts(platform.workspace)
            if not kept:
                raise InputError(
                    "no forecast is kept",
                    "make one: twinward hazard run --keep",
                    code="no_forecast",
                )
            name = kept[0].id
        stored = forecast_store.get_forecast(platform.workspace, name)
        files = report.write_files(stored, platform.reference.library, options.out)
    if options.json:
        emit_json({"forecast": name, "files": files})
    else:
        emit_text("\n".join(str(options.out / one) for one in files))
    return 0
