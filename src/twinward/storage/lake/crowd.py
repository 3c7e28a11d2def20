"""The crowd file beside a part in place order: what `who was ever here` needs, without decoding
or time.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from twinward.core.ports import Crowd
from twinward.storage.lake import kernels
from twinward.storage.lake.manifest import Part, sync_file
from twinward.storage.lake.rows import LakeRows

HEADER = 3  # int64: cells, entries, rows
# what follows the header, in this order: (name, kind, which length, how much longer)
LAYOUT = (
    ("cells", np.int64, 0, 0),
    ("entry_start", np.uint32, 0, 1),
    ("row_start", np.uint32, 0, 1),
    ("subject", np.int32, 1, 0),
    ("dx", np.uint16, 2, 0),
    ("dy", np.uint16, 2, 0),
    ("count", np.uint8, 1, 0),
)


def crowd_name(part_name: str) -> str:
    return f"{part_name}.crowd"


def write_crowd(root: Path, part_name: str, rows: LakeRows) -> int:
    """Write the crowd file of rows in place order, in whole 1e-7 degrees; its size in bytes."""
    at = rows.words.shape[1] - len(rows.extras)
    subject, lon7, lat7 = rows.words[:, 0], rows.words[:, at - 2], rows.words[:, at - 1]
    cells, starts = kernels.cell_runs(lon7, lat7)
    order = np.argsort(cells, kind="stable")
    entry_start, row_start, who, count, dx, dy = kernels.gather_crowd(
        cells, starts, order, subject, lon7, lat7
    )
    columns = {
        "cells": cells[order],
        "entry_start": entry_start,
        "row_start": row_start,
        "subject": who,
        "dx": dx,
        "dy": dy,
        "count": count,
    }
    path = root / crowd_name(part_name)
    with open(path, "wb") as file:
        np.array([len(cells), len(who), len(dx)], np.int64).tofile(file)
        for name, kind, _, _ in LAYOUT:
            columns[name].astype(kind, copy=False).tofile(file)
    sync_file(path)
    return path.stat().st_size


def open_crowd(root: Path, part: Part) -> Crowd:
    """The columns of a crowd file, mapped into memory: only what is asked for is read."""
    whole = np.memmap(root / crowd_name(part.name), np.uint8, "r")
    lengths, at = whole[: 8 * HEADER].view(np.int64), 8 * HEADER
    columns = {}
    for name, kind, which, longer in LAYOUT:
        size = (int(lengths[which]) + longer) * np.dtype(kind).itemsize
        columns[name] = np.asarray(whole[at : at + size].view(kind))
        at += size
    return Crowd(per_degree=kernels.CELLS_PER_DEGREE, **columns)
