"""`twinward hazard run HAZARD --case FILE`: a hazard model on a case without a city."""

from __future__ import annotations

import argparse
from pathlib import Path

from twinward.cli.framework.output import emit_json, emit_table, emit_text
from twinward.cli.framework.output_paths import check_folder
from twinward.cli.main import add_common
from twinward.service.hazards import cases, models


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar="run|schema")
    running = acts.add_parser("run", help="run a model on a case without a city")
    running.add_argument("hazard", help="flood, fire, chemical or earthquake")
    running.add_argument("--case", type=Path, required=True, metavar="FILE", help="a TOML file")
    running.add_argument("--out", type=Path, metavar="DIR", help="write readings and grids there")
    running.add_argument("--threads", type=int, default=1, help="never changes the result")
    add_common(running, workspace=False)
    form = acts.add_parser("schema", help="the JSON Schema of a case file")
    form.add_argument("hazard")
    add_common(form, workspace=False)


def run(options: argparse.Namespace) -> int:
    if options.act == "schema":
        emit_json(models.get_case_schema(options.hazard))
        return 0
    check_folder(options.out)
    answer = cases.run_case(options.hazard, options.case, options.out, options.threads)
    if options.json:
        emit_json(answer)
        return 0
    rows = [[one.name, one.time_s, one.figure, one.value, one.unit] for one in answer.probes]
    emit_table(["probe", "time_s", "figure", "value", "unit"], rows)
    emit_text(f"{answer.model} {answer.version}: {answer.calibration}")
    emit_text(f"{answer.cells:,} cells, {answer.steps:,} steps, {answer.cpu_s:.2f} CPU seconds")
    for text in (*answer.assumptions, *answer.out_of_range, *answer.notes):
        emit_text(f"  {text}")
    return 0
