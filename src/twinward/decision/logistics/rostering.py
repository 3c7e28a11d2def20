"""Who works where and when: posts covered by skill, with rest between shifts, fair nights, and
as little travel.
"""

from __future__ import annotations

import linopy
import msgspec
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from twinward.core.errors import InputError
from twinward.decision.logistics.solver import solve

Floats = NDArray[np.float64]
UNCOVERED = 1000.0  # a place left empty counts as so many kilometres of travel
OVERWORK = 5.0  # each shift of the busiest person counts so much: work is shared out evenly


class RosterPerson(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One who can work: a staff number, never a name. `away` are shifts that this person cannot
    take.
    """

    id: str
    skills: tuple[str, ...]
    lon: float | None = None
    lat: float | None = None
    most_shifts: int = 5
    away: tuple[int, ...] = ()


class Post(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place where `need` persons (by shift, or the same in all) of a skill are to work;
    `weight` its importance.
    """

    id: str
    skill: str
    need: int | tuple[int, ...]
    lon: float | None = None
    lat: float | None = None
    weight: float = 1.0


class Shifts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`starts_h` of every shift from the first midnight; each `hours` long; `rest_h` between two
    of one person.
    """

    starts_h: tuple[float, ...]
    hours: float = 8.0
    rest_h: float = 11.0
    most_nights: int = 3

    def nights(self) -> NDArray[np.bool_]:
        """Shifts that cover 2 o'clock in the morning."""
        starts = np.array(self.starts_h) % 24
        return np.asarray(((2 - starts) % 24) < self.hours)


class RosterDuty(msgspec.Struct, frozen=True, kw_only=True):
    person: str
    post: str
    shift: int


class StaffAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`empty` are places that nobody can take: (post, shift, how many); `relaxation` how many
    more of which skill.
    """

    objective: float
    bound: float
    gap: float
    duties: list[RosterDuty]
    empty: list[tuple[str, int, int]]
    busiest: int
    binding: str
    relaxation: str | None
    out_of_time: bool


def check(people: list[RosterPerson], posts: list[Post], shifts: Shifts) -> None:
    """InputError for what makes no sense, by name."""
    if not people or not posts or not shifts.starts_h:
        raise InputError(
            "people, posts and shifts are needed", "give at least one of each", code="bad_staff"
        )
    for things, what in ((people, "person"), (posts, "post")):
        names = [thing.id for thing in things]
        double = {name for name in names if names.count(name) > 1}
        if double:
            raise InputError(
                f"the {what} {sorted(double)[0]} occurs twice",
                "each has its own id",
                code="bad_staff",
            )
    for post in posts:
        needs = (post.need,) if isinstance(post.need, int) else post.need
        if min(needs, default=0) < 0 or (
            not isinstance(post.need, int) and len(needs) != len(shifts.starts_h)
        ):
            raise InputError(
                f"post {post.id}: {len(needs)} needs for {len(shifts.starts_h)} shifts",
                "one for each, none below 0",
                code="bad_staff",
            )
    last = len(shifts.starts_h) - 1
    for person in people:
        if any(not 0 <= shift <= last for shift in person.away):
            raise InputError(
                f"person {person.id} is away in a shift that is not there",
                f"shifts are 0 to {last}",
                code="bad_staff",
            )
    if shifts.hours <= 0 or shifts.rest_h < 0 or any(person.most_shifts < 0 for person in people):
        raise InputError("hours, rest and shifts are above 0", "check them", code="bad_staff")


def needs_of(posts: list[Post], shifts: int) -> Floats:
    return np.array(
        [[post.need] * shifts if isinstance(post.need, int) else post.need for post in posts], float
    )


def roster(
    people: list[RosterPerson],
    posts: list[Post],
    shifts: Shifts,
    travel_km: Floats,
    time_limit_s: float,
) -> StaffAnswer:
    """The best duties found by the limit. travel_km [people, posts]."""
    check(people, posts, shifts)
    need = needs_of(posts, len(shifts.starts_h))
    model, skilled = _build(people, posts, shifts, travel_km, need)
    found = solve(model, time_limit_s)
    if not found.found:
        raise InputError(
            f"no roster was found in {time_limit_s:.2g} s",
            "allow more time or fewer people at once",
            code="out_of_time",
        )
    chosen = (found.values["work"] > 0.5) & skilled[:, :, None]
    empty = np.round(np.maximum(need - chosen.sum(axis=0), 0)).astype(int)
    return StaffAnswer(
        objective=found.objective,
        bound=found.bound,
        gap=found.gap,
        duties=[
            RosterDuty(person=people[i].id, post=posts[j].id, shift=int(t))
            for i, j, t in zip(*np.nonzero(chosen), strict=True)
        ],
        empty=[
            (posts[j].id, int(t), int(empty[j, t])) for j, t in zip(*np.nonzero(empty), strict=True)
        ],
        busiest=int(chosen.sum(axis=(1, 2)).max(initial=0)),
        binding=_binding(people, posts, chosen, need),
        relaxation=_relax(posts, empty),
        out_of_time=found.out_of_time,
    )


def _build(
    people: list[RosterPerson], posts: list[Post], shifts: Shifts, travel_km: Floats, need: Floats
) -> tuple[linopy.Model, NDArray[np.bool_]]:
    n, m, k = len(people), len(posts), len(shifts.starts_h)
    skilled = np.array([[post.skill in person.skills for post in posts] for person in people])
    free = np.ones((n, k), bool)
    for i, person in enumerate(people):
        free[i, [t for t in person.away if 0 <= t < k]] = False
    coords = {"i": np.arange(n), "j": np.arange(m), "t": np.arange(k)}
    most = xr.DataArray(
        (skilled[:, :, None] & free[:, None, :]).astype(float), coords=coords, dims=["i", "j", "t"]
    )
    model = linopy.Model()
    work = model.add_variables(integer=True, lower=0, upper=most, name="work")
    empty = model.add_variables(
        lower=0, coords=[coords["j"], coords["t"]], dims=["j", "t"], name="empty"
    )
    busiest = model.add_variables(lower=0, name="busiest")
    model.add_constraints(
        work.sum("i") + empty == xr.DataArray(need, dims=["j", "t"]), name="covered"
    )
    daily = work.sum("j")
    for first, clash in enumerate(_clashes(shifts)):
        model.add_constraints(daily.sel(t=clash).sum("t") <= 1, name=f"rest-{first}")
    model.add_constraints(
        daily.sum("t") <= xr.DataArray([p.most_shifts for p in people], dims=["i"]), name="most"
    )
    nights = np.flatnonzero(shifts.nights())
    if len(nights):
        model.add_constraints(daily.sel(t=nights).sum("t") <= shifts.most_nights, name="nights")
    model.add_constraints(daily.sum("t") - busiest <= 0, name="busiest-of-all")
    weight = xr.DataArray([post.weight for post in posts], dims=["j"])
    ways = xr.DataArray(travel_km, dims=["i", "j"])
    model.add_objective(
        UNCOVERED * (empty * weight).sum() + (work * ways).sum() + OVERWORK * busiest
    )
    return model, skilled


def _clashes(shifts: Shifts) -> list[list[int]]:
    """For each shift, itself and those that begin before a person who worked it has rested."""
    starts = np.array(shifts.starts_h)
    found = [
        np.flatnonzero((starts >= at) & (starts < at + shifts.hours + shifts.rest_h)).tolist()
        for at in starts
    ]
    return [clash for clash in found if len(clash) > 1] or [[0]]


def _binding(
    people: list[RosterPerson], posts: list[Post], chosen: NDArray[np.bool_], need: Floats
) -> str:
    """What keeps the roster from being better: the skill that is nearest to being used up."""
    worked = chosen.sum(axis=(1, 2))
    used = {}
    for skill in sorted({post.skill for post in posts}):
        own = [i for i, person in enumerate(people) if skill in person.skills]
        room = sum(people[i].most_shifts for i in own)
        if not own:
            return f"nobody has the skill {skill}"
        used[skill] = float(worked[own].sum()) / room if room else 1.0
    tightest = max(used, key=lambda skill: used[skill])
    return (
        f"{tightest}: {100 * used[tightest]:.0f} % of the shifts that its people may work are used"
    )


def _relax(posts: list[Post], empty: NDArray[np.int64]) -> str | None:
    if not empty.sum():
        return None
    lacking: dict[str, int] = {}
    for post, row in zip(posts, empty.tolist(), strict=True):
        lacking[post.skill] = lacking.get(post.skill, 0) + sum(row)
    words = ", ".join(
        f"{count} shifts of {skill}" for skill, count in sorted(lacking.items()) if count
    )
    return f"{int(empty.sum())} places stay empty: it takes {words}, or as much less need"
