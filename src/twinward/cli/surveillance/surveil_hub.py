"""`twinward surveil hub read|write`: forecasts as files of forecast hubs (hubverse v6)."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from twinward.cli.framework.output import emit_json, emit_table, emit_text, write_file
from twinward.cli.framework.output_paths import check_file
from twinward.cli.framework.parser import whole
from twinward.cli.main import add_common
from twinward.cli.surveillance.surveil_nowcast import a_date

if TYPE_CHECKING:
    from twinward.cli.framework.parser import Verbs


def add_arguments(questions: Verbs) -> None:
    text = "files of forecast hubs: checked, scored, written"
    hub = questions.add_parser("hub", help=text, description=text)
    acts = hub.add_subparsers(dest="act", required=True, metavar="read|write")
    text = "check files of hubs and, against counts, score them on the targets that all have"
    read = acts.add_parser("read", help=text, description=text)
    add_common(read, workspace=False)
    read.add_argument("files", nargs="+", type=Path, metavar="FILE", help="model output, CSV")
    read.add_argument("--observed", type=Path, help="CSV with the columns area,date,new")
    read.set_defaults(answer=_read)
    text = "forecast many series of counts and write them as a file of hubs"
    write = acts.add_parser("write", help=text, description=text)
    add_common(write, workspace=False)
    write.add_argument("file", type=Path, metavar="FILE", help="where it is written")
    write.add_argument(
        "--observed", type=Path, required=True, help="CSV with the columns area,date,new"
    )
    write.add_argument("--until", required=True, metavar="DATE", help="last day that may be known")
    write.add_argument("--predict", type=whole, default=4, metavar="N", help="weeks, or days")
    write.add_argument("--target", default="inc case", help="name of the target")
    write.set_defaults(answer=_write)


def _read(options: argparse.Namespace) -> None:
    from twinward.service.surveillance.hub_reading import read_hub_files

    found = read_hub_files(options.files, options.observed)
    if options.json:
        emit_json(found)
        return
    rows = [
        (
            one.file,
            one.forecasts,
            one.locations,
            ", ".join(one.targets),
            "–" if one.wis is None else f"{one.wis:,.2f}",
            "–" if one.coverage_95 is None else f"{one.coverage_95:.0%}",
        )
        for one in found.files
    ]
    emit_table(("file", "forecasts", "locations", "targets", "WIS", "inside 95 %"), rows)
    for note in found.notes:
        emit_text(f"note: {note}")


def _write(options: argparse.Namespace) -> None:
    from twinward.service.surveillance.forecasts import ForecastRequest, forecast_areas
    from twinward.service.surveillance.hub_files import make_hub_file

    check_file(options.file, "hub")
    found = forecast_areas(
        ForecastRequest(
            observed=options.observed,
            until=a_date(options.until, "--until"),
            predict=options.predict,
        )
    )
    write_file(options.file, make_hub_file(found, options.target).encode())
    told = {"file": options.file.name, "areas": found.areas, "rows": len(found.rows)}
    if options.json:
        emit_json(told | {"notes": found.notes})
    else:
        emit_text(f"{options.file.name}: {found.areas} areas")
