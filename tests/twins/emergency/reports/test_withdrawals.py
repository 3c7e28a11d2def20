"""Laboratories' messages overtake each other: what was taken back before it came makes no case."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from helpers.cities import COMMUNITY, Desk


def at(day: int) -> str:
    return f"2022-02-{day:02d}T08:00:00+08:00"


def report(desk: Desk, **fields: Any) -> Any:
    told = {
        "subject": "p-a",
        "hazard": "epidemic",
        "area": COMMUNITY,
        "status": "confirmed",
        "occurred_at": at(20),
    } | fields
    return desk.post("ReportCase", **told)


def withdraw(desk: Desk, **fields: Any) -> Any:
    told = {"status": "discarded", "note": "the observation is cancelled", "occurred_at": at(21)}
    return report(desk, **(told | fields))


@pytest.mark.parametrize("named", [{"report": "lab-1"}, {"case": "k-1"}, {}])
def test_a_withdrawal_that_comes_first_holds(desk: Desk, named: dict[str, str]) -> None:
    refused = withdraw(desk, **named).rejected[0]
    assert refused.code == "nothing_to_discard"
    assert "cancelled" in refused.message
    late = report(desk, **named).rejected[0]
    assert (late.code, "cancelled" in late.message) == ("withdrawn_report", True)
    assert desk.rows("cases") == []
    assert desk.incidents() == []


@pytest.mark.parametrize(
    "later",
    [
        {"report": "lab-2"},
        {"subject": "p-b", "report": "lab-3"},
        {"report": "lab-1", "issued_at": at(23)},
    ],
    ids=["another result", "another person", "a later version of it"],
)
def test_it_takes_back_no_more_than_it_names(desk: Desk, later: dict[str, str]) -> None:
    withdraw(desk, report="lab-1", issued_at=at(21))
    assert report(desk, **later).stored == 1
    assert len(desk.rows("cases")) == 1


def test_a_case_reported_after_the_withdrawal_is_a_case(desk: Desk) -> None:
    withdraw(desk)
    assert report(desk, occurred_at=at(22)).stored == 1
    withdraw(desk, subject="p-b")
    assert report(desk, subject="p-b", hazard="flood").stored == 1


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_two_results_both_taken_back_leave_no_case_in_any_order(
    desk: Desk, order: tuple[int, ...]
) -> None:
    told = [
        {"report": "lab-1"},
        {"report": "lab-2", "occurred_at": at(19)},
        {"report": "lab-1", "status": "discarded", "occurred_at": at(21)},
        {"report": "lab-2", "status": "discarded", "occurred_at": at(21)},
    ]
    for n in order:
        report(desk, **told[n])
    assert {case.status for case in desk.rows("cases")} <= {"discarded"}
    assert all(row["figures"].get("confirmed_total", 0.0) == 0.0 for row in desk.incidents())
