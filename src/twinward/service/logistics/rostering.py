"""Use case: a roster from a file of people, posts and shifts."""

from __future__ import annotations

import tomllib
from pathlib import Path
from time import perf_counter

import msgspec
import numpy as np

from twinward.core.errors import InputError, explain_decode_error, field_path
from twinward.decision.logistics.rostering import Post, RosterDuty, RosterPerson, Shifts, roster
from twinward.decision.logistics.routing.travel import DETOUR, straight_m
from twinward.library.toml_lines import find_line, index_lines
from twinward.service.logistics.benchmark_instances import read_text, require_limit


class StaffFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`staff.toml`: [shifts], then [[person]] and [[post]]."""

    shifts: Shifts
    person: list[RosterPerson]
    post: list[Post]


class StaffReport(msgspec.Struct, frozen=True, kw_only=True):
    """`empty` are places nobody can take; `objective` in kilometres, empty places and the
    busiest person weighed in.
    """

    duties: list[RosterDuty]
    empty: list[dict[str, object]]
    people: int
    places: int
    filled: int
    busiest: int
    objective: float
    bound: float
    gap: float
    binding: str
    relaxation: str | None
    time_limit_s: float
    out_of_time: bool
    seconds: float


def make_roster(path: Path, time_limit_s: float = 30.0) -> StaffReport:
    """Who works where and when, from `staff.toml`; needs neither workspace nor activation."""
    require_limit(time_limit_s)
    start = perf_counter()
    text = read_text(path)
    try:
        told = msgspec.convert(tomllib.loads(text), StaffFile)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        line = find_line(index_lines(text), field_path(str(error)))
        raise InputError(
            f"{path.name}:{line}: {explain_decode_error(str(error))}"
            if isinstance(error, msgspec.ValidationError)
            else f"{path.name}: {error}",
            "see docs/howto/allocate.md for its form",
            code="bad_staff",
        ) from error
    travel = np.zeros((len(told.person), len(told.post)))
    points = [
        [(one.lon, one.lat) for one in told.person],
        [(one.lon, one.lat) for one in told.post],
    ]
    if travel.size and all(None not in point for things in points for point in things):
        homes, doors = (np.array(things, float) for things in points)
        travel = DETOUR * straight_m(homes, doors) / 1000
    answer = roster(
        told.person, told.post, told.shifts, travel, time_limit_s - (perf_counter() - start)
    )
    missing = sum(count for _, _, count in answer.empty)
    return StaffReport(
        duties=answer.duties,
        empty=[
            {"post": post, "shift": shift, "missing": count} for post, shift, count in answer.empty
        ],
        people=len(told.person),
        places=len(answer.duties) + missing,
        filled=len(answer.duties),
        busiest=answer.busiest,
        objective=round(answer.objective, 6),
        bound=round(answer.bound, 6),
        gap=answer.gap,
        binding=answer.binding,
        relaxation=answer.relaxation,
        time_limit_s=time_limit_s,
        out_of_time=answer.out_of_time,
        seconds=round(perf_counter() - start, 3),
    )
