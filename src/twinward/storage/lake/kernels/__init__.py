"""Hot loops of the lake, by what they do: cells, rows, motion."""

from twinward.storage.lake.kernels.cells import (
    CELLS_PER_DEGREE,
    SECOND_BITS,
    box_ranges,
    find_runs,
    grid_cells,
    place_keys,
    rows_of_runs,
    subject_keys,
    touched_groups,
)
from twinward.storage.lake.kernels.crowd import cell_runs, corner_e7, gather_crowd
from twinward.storage.lake.kernels.motion import find_stays, flag_speeds
from twinward.storage.lake.kernels.rows import (
    from_e7,
    is_constant,
    is_e7,
    is_f32,
    mark_known,
    mark_repeats,
    order_ties,
    sort_order,
    split_days,
    take,
    to_e7,
)

__all__ = [
    "CELLS_PER_DEGREE",
    "SECOND_BITS",
    "box_ranges",
    "cell_runs",
    "corner_e7",
    "find_runs",
    "find_stays",
    "flag_speeds",
    "from_e7",
    "gather_crowd",
    "grid_cells",
    "is_constant",
    "is_e7",
    "is_f32",
    "mark_known",
    "mark_repeats",
    "order_ties",
    "place_keys",
    "rows_of_runs",
    "sort_order",
    "split_days",
    "subject_keys",
    "take",
    "to_e7",
    "touched_groups",
]
