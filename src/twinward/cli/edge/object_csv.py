"""Objects of a module as comma-separated values, for `twinward module coverage --csv`."""

from __future__ import annotations

import csv
import sys
from datetime import datetime
from typing import TYPE_CHECKING

from twinward.cli.framework.output import local

if TYPE_CHECKING:
    from twinward.service.supervision.modules import Coverage

OBJECT = ("object", "name", "kind", "title", "area", "area_name", "state", "heard_at")
COUNTS = ("late_h", "defects")


def write_csv(found: Coverage) -> None:
    """The objects under their names in the API; a text that a spreadsheet would compute is quoted
    as text.
    """
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([*OBJECT, *COUNTS, "last_check_at", "due_at", "checks_late"])
    for one in found.items:
        due = min((each.due_at for each in one.checks if each.due_at), default=None)
        last = max((each.last_at for each in one.checks if each.last_at), default=None)
        late = sum(each.late for each in one.checks)
        cells = [*(getattr(one, name) for name in (*OBJECT, *COUNTS)), last, due, late]
        writer.writerow([inert(cell) for cell in cells])


def inert(cell: object) -> object:
    if isinstance(cell, datetime):
        return local(cell)
    text = isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r")
    return f"'{cell}" if text else "" if cell is None else cell
