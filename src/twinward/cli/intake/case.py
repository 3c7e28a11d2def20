"""`twinward case report FILE…`: case reports from CSV, Parquet and JSON Lines; persons go to the
vault on the way.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from twinward.cli.framework.session import add_person, open_for
from twinward.cli.intake.ingest import add_reading, parse_pairs, require_files, separator_of, show
from twinward.service.intake import file_import

READS = ".csv, .parquet, .jsonl; FHIR R4 (.json, .xml); HL7 v2 ORU and OUL (.hl7)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar="report")
    report = acts.add_parser("report", help="report the cases of files")
    report.add_argument("files", nargs="+", type=Path, metavar="FILE", help=READS)
    report.add_argument("--source", default="case-file", help="who says so")
    add_reading(report)
    add_person(report)


def run(options: argparse.Namespace) -> int:
    columns, constants = parse_pairs(options.map), parse_pairs(options.set)
    reading = file_import.case_reading(columns, constants, options.encoding, separator_of(options))
    require_files(options.files)
    with open_for(options) as (platform, caller):
        report = file_import.report_cases(platform, caller, options.files, options.source, reading)
    show(report, as_json=options.json)
    return 0
