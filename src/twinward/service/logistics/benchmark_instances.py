"""The use cases `allocate locate` and `allocate route`: published instance files in, proven answers
out.

They need neither workspace nor activation: nothing of a city is read.
"""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import msgspec

from twinward.core.errors import InputError

MAX_BYTES = 100_000_000
LOCATE_LIMIT_S = 20.0
ROUTE_LIMIT_S = 30.0


class LocateReport(msgspec.Struct, frozen=True, kw_only=True):
    """`open` are node numbers of the file, from 1; gap = (objective - bound) / objective."""

    objective: float
    bound: float
    gap: float
    open: list[int]
    optimal: bool
    time_limit_s: float
    seconds: float


class RouteReport(msgspec.Struct, frozen=True, kw_only=True):
    """`routes` hold node numbers of the file without the depot; `cost` is in the instance's
    units.
    """

    cost: float
    vehicles: int
    routes: list[list[int]]
    bound: float
    gap: float
    distances: list[float]
    loads: list[float]
    rounding: str
    time_limit_s: float
    seconds: float


def read_text(path: Path) -> str:
    if not path.is_file():
        raise InputError(f"there is no file {path}", "check the path", code="no_such_file")
    raw = path.read_bytes()
    if len(raw) > MAX_BYTES:
        raise InputError(
            f"{path.name} is larger than 100 MB", "is it an instance file?", code="too_large"
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")  # old instances have accents in their comments
    if "\x00" in text:
        raise InputError(
            f"{path.name} is not a text file",
            "give the instance as plain text",
            code="bad_encoding",
        )
    return text


def require_limit(time_limit_s: float) -> None:
    if not 0.1 <= time_limit_s <= 86_400:
        raise InputError(
            f"a time limit of {time_limit_s:g} s makes no sense",
            "say 0.1 to 86400 seconds",
            code="bad_time_limit",
        )


def locate_orlib(path: Path, time_limit_s: float = LOCATE_LIMIT_S) -> LocateReport:
    """Where to open p facilities in an OR-Library p-median file, with a valid bound."""
    from twinward.decision.logistics.siting.orlib import read_orlib
    from twinward.decision.logistics.siting.p_median import solve_p_median

    require_limit(time_limit_s)
    start = perf_counter()
    instance = read_orlib(read_text(path))
    answer = solve_p_median(instance.cost, instance.p, lambda: perf_counter() - start, time_limit_s)
    return LocateReport(
        objective=answer.objective,
        bound=answer.bound,
        gap=answer.gap,
        open=[site + 1 for site in answer.open],
        optimal=answer.optimal,
        time_limit_s=time_limit_s,
        seconds=round(perf_counter() - start, 3),
    )


def route_vrplib(
    path: Path, rounding: str = "nearest", time_limit_s: float = ROUTE_LIMIT_S
) -> RouteReport:
    """Rounds for a VRPLIB file, with a valid bound."""
    from twinward.decision.logistics.routing.vehicle_routing import plan_rounds
    from twinward.decision.logistics.routing.vrplib import read_vrplib

    require_limit(time_limit_s)
    start = perf_counter()
    case = read_vrplib(read_text(path))
    answer = plan_rounds(case, rounding, lambda: perf_counter() - start, time_limit_s)
    return RouteReport(
        cost=answer.cost,
        vehicles=len(answer.rounds),
        routes=[one.nodes for one in answer.rounds],
        bound=round(answer.bound, 6),
        gap=round(answer.gap, 6),
        distances=[one.distance for one in answer.rounds],
        loads=[one.load for one in answer.rounds],
        rounding=rounding,
        time_limit_s=time_limit_s,
        seconds=round(perf_counter() - start, 3),
    )
