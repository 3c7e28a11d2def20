"""Hot loops of the lake, by what they do: cells, rows, motion."""

from twinward.storage.lake.kernels.cells import (CELLS_PER_DEGREE, SECOND_BITS, box_ranges, cells_of, find_runs, grid_cells, place_keys, rows_of_runs, subject_keys, touched_groups)
from twinward.storage.lake.kernels.crowd import cell_runs, corner_e7, gather_crowd
from twinward.storage.lake.kernels.motion import find_stays, flag_speeds
from twinward.storage.lake.kernels.parquet import (MOST_BYTES_A_CHUNK, MOST_BYTES_A_VALUE, put_footer_groups, put_groups)
from twinward.storage.lake.kernels.parquet import NUMBERS as CHUNK_NUMBERS
from twinward.storage.lake.kernels.rows import (ascends, exact_e7, exact_time, from_e7, has_ties, interleave, is_f32, mark_known, mark_repeats, mark_same, order_ties, split_days, to_e7, widen)
from twinward.storage.lake.kernels.sorting import (close_ranks, group_rows, rank_blocks, sort_order, sort_rows, take, take_rows)

__all__ = [
    "CELLS_PER_DEGREE",
    "CHUNK_NUMBERS",
    "MOST_BYTES_A_CHUNK",
    "MOST_BYTES_A_VALUE",
    "SECOND_BITS",
    "ascends",
    "box_ranges",
    "cell_runs",
    "cells_of",
    "close_ranks",
    "corner_e7",
    "exact_e7",
    "exact_time",
    "find_runs",
    "find_stays",
    "flag_speeds",
    "from_e7",
    "gather_crowd",
    "grid_cells",
    "group_rows",
    "has_ties",
    "interleave",
    "is_f32",
    "mark_known",
    "mark_repeats",
    "mark_same",
    "order_ties",
    "place_keys",
    "put_footer_groups",
    "put_groups",
    "rank_blocks",
    "rows_of_runs",
    "sort_order",
    "sort_rows",
    "split_days",
    "subject_keys",
    "take",
    "take_rows",
    "to_e7",
    "touched_groups",
    "widen",
]
