"""Rosters: everybody rests, works only what they can and may, and what stays empty is said."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from twinward.core.errors import InputError
from twinward.decision.logistics.rostering import Post, RosterPerson, Shifts, StaffAnswer, roster

WEEK = Shifts(
    starts_h=tuple(24.0 * day + hour for day in range(4) for hour in (0, 8, 16)), most_nights=2
)


def solve(people: list[RosterPerson], posts: list[Post], shifts: Shifts = WEEK) -> StaffAnswer:
    return roster(people, posts, shifts, np.zeros((len(people), len(posts))), 10.0)


def nurses(n: int, **more: Any) -> list[RosterPerson]:
    return [RosterPerson(id=f"n{i}", skills=("nurse",), **more) for i in range(n)]


def test_every_place_is_filled_and_everybody_rests() -> None:
    people = [*nurses(6), *(RosterPerson(id=f"d{i}", skills=("nurse", "doctor")) for i in range(4))]
    found = solve(
        people, [Post(id="ward", skill="nurse", need=1), Post(id="icu", skill="doctor", need=1)]
    )
    assert found.empty == [] and found.relaxation is None and found.gap < 1e-6
    assert len(found.duties) == 2 * 12
    by_person: dict[str, list[int]] = {}
    for duty in found.duties:
        assert duty.post != "icu" or duty.person.startswith("d")
        by_person.setdefault(duty.person, []).append(duty.shift)
    for worked in by_person.values():
        starts = sorted(WEEK.starts_h[shift] for shift in worked)
        assert all(later - earlier >= 19 for earlier, later in pairwise(starts))
        assert len(worked) <= 5 and sum(WEEK.starts_h[s] % 24 == 0 for s in worked) <= 2
    assert found.busiest <= 3  # 24 places among ten people


def test_who_is_away_does_not_work_and_the_nearer_one_does() -> None:
    shifts = Shifts(starts_h=(8.0, 32.0))
    people = [
        RosterPerson(id="far", skills=("x",)),
        RosterPerson(id="near", skills=("x",), away=(0,)),
    ]
    found = roster(
        people, [Post(id="p", skill="x", need=1)], shifts, np.array([[30.0], [1.0]]), 10.0
    )
    assert {duty.shift: duty.person for duty in found.duties} == {0: "far", 1: "near"}


def test_what_nobody_can_fill_is_said_with_what_it_takes() -> None:
    found = solve(
        nurses(2),
        [Post(id="ward", skill="nurse", need=1), Post(id="lab", skill="chemist", need=(1,) * 12)],
    )
    missing = Counter(post for post, _, _ in found.empty)
    assert missing["lab"] == 12 and missing["ward"] > 0
    assert found.relaxation is not None and "12 shifts of chemist" in found.relaxation


@pytest.mark.parametrize(
    ("people", "posts"),
    [
        ([], [Post(id="p", skill="x", need=1)]),
        (nurses(1) * 2, [Post(id="p", skill="x", need=1)]),
        (nurses(1), [Post(id="p", skill="x", need=-1)]),
        (nurses(1), [Post(id="p", skill="x", need=(1, 2))]),
    ],
)
def test_what_makes_no_sense_is_refused(people: list[RosterPerson], posts: list[Post]) -> None:
    with pytest.raises(InputError) as refused:
        solve(people, posts)
    assert refused.value.code == "bad_staff"
