"""Areas smaller than the mask of a person's points: one question of many, or of few persons, would
undo the mask and find a home.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from twinward.core.errors import InputError
from twinward.core.geography import M_PER_DEGREE
from twinward.decision.tracing.presence.areas import AskedAreas
from twinward.decision.tracing.presence.visited import Dwell, Presence
from twinward.security.privacy.masking import CELL_M

MOST_SMALL = 10  # places of a question that names persons; more of them are a grid
Named = TypeVar("Named", Presence, Dwell)


def is_small(areas: AskedAreas) -> NDArray[np.bool_]:
    """Which areas are smaller than the cell that hides where a person is (bool[areas])."""
    west, south, east, north = areas.bounds.T
    wide = (east - west) * np.cos(np.radians((south + north) / 2))
    return np.asarray(np.maximum(wide, north - south) * M_PER_DEGREE < CELL_M)


def require_coarse(areas: AskedAreas, most: int = MOST_SMALL) -> None:
    """InputError for more than `most` areas smaller than the cell that hides where a person is, in
    a question whose answer names persons: one such question would find a home.
    """
    small = int(is_small(areas).sum())
    if small > most:
        raise InputError(
            f"{small} areas are smaller than {CELL_M:.0f} m",
            f"name at most {most} such places at once, or ask for counts alone"
            if most
            else "of one person ask for larger areas, or for the case file",
            code="areas_too_fine",
        )


def hide_few(areas: AskedAreas, rows: list[Named], k: int) -> list[Named]:
    """Without the rows of small areas in which fewer than k persons were: there, a name is that
    of a home.
    """
    small = {code for code, one in zip(areas.codes, is_small(areas), strict=True) if one}
    seen: dict[str, set[str]] = {}
    for row in rows:
        seen.setdefault(row.area, set()).add(row.subject)
    return [row for row in rows if row.area not in small or len(seen[row.area]) >= k]
