"""Changes one value of a document, to make what a fault is named after."""

from __future__ import annotations

import copy
from typing import Any

GONE = object()


def put(base: Any, path: str, value: Any) -> Any:
    """A copy in which the value at a path is another, is added or is gone."""
    found = copy.deepcopy(base)
    *way, last = [int(one) if one.isdigit() else one for one in path.split("/")]
    at: Any = found
    for one in way:
        at = at.setdefault(one, {}) if isinstance(at, dict) else at[one]
    if value is GONE:
        del at[last]
    elif isinstance(at, list) and last == len(at):
        at.append(value)
    else:
        at[last] = value
    return found
