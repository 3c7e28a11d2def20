"""`twinward publish TABLE --level L`: counts by area with small ones hidden, and their data
sheet.
"""

from __future__ import annotations

import argparse
from datetime import timedelta

from twinward.cli.framework.output import emit_json, emit_table, emit_text
from twinward.cli.framework.session import add_person, as_time, open_for
from twinward.service.access.publication import TABLES, last_week, publish


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("table", help=f"one of {', '.join(TABLES)}")
    parser.add_argument("--level", required=True, help="the level of areas, for example district")
    parser.add_argument("--from", dest="since", type=as_time, help="default: 7 days before the end")
    parser.add_argument(
        "--to", dest="until", type=as_time, help="default: the end of the last finished week"
    )
    add_person(parser)


def run(options: argparse.Namespace) -> int:
    with open_for(options) as (platform, caller):
        first, last = last_week(platform)
        until = options.until or last
        found = publish(
            platform,
            caller,
            options.table,
            options.level,
            options.since or (first if options.until is None else until - timedelta(7)),
            until,
        )
    if options.json:
        emit_json(found)
        return 0
    emit_text(f"{found.sheet.title}; {found.sheet.hidden_cells} hidden, k = {found.sheet.k}")
    rows = [
        (*(part or "all" for part in name.split("|", 1)), "hidden" if count is None else count)
        for name, count in found.cells.items()
        if count != 0
    ]
    emit_table(("area", "what", "count"), rows)
    return 0
