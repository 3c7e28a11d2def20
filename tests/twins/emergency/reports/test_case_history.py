"""What was said of a case holds from when it happened, whatever the order in which it arrives."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from helpers.cities import COMMUNITY, PUDONG_COMMUNITY, Desk


def at(day: int, hour: int = 8, month: int = 2) -> str:
    return f"2022-{month:02d}-{day:02d}T{hour:02d}:00:00+08:00"


def report(desk: Desk, **fields: Any) -> Any:
    told = {
        "subject": "p-a",
        "hazard": "epidemic",
        "area": COMMUNITY,
        "status": "confirmed",
    } | fields
    return desk.post("ReportCase", **told)


def case_at(desk: Desk, instant: datetime) -> Any:
    with desk.platform.store.read() as reader:
        found = reader.as_of("cases", instant)
    return found[0] if found else None


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "the older one last"])
def test_an_older_report_that_arrives_later_is_history_alone(
    desk: Desk, order: tuple[int, ...]
) -> None:
    told = [
        {"case": "k-1", "status": "suspected", "occurred_at": at(18)},
        {"case": "k-1", "status": "confirmed", "occurred_at": at(20), "found_in": "community"},
    ]
    for n in order:
        assert report(desk, **told[n]).rejected == []
    (case,) = desk.rows("cases")
    assert (case.status, case.reported_at) == ("confirmed", datetime(2022, 2, 18, tzinfo=UTC))
    assert case_at(desk, datetime(2022, 2, 17, tzinfo=UTC)) is None
    assert case_at(desk, datetime(2022, 2, 19, tzinfo=UTC)).status == "suspected"
    assert case_at(desk, datetime(2022, 2, 20, 1, tzinfo=UTC)).status == "confirmed"
    figures = desk.incident()["figures"]
    assert (figures["confirmed_total"], figures["new_total"]) == (1.0, 1.0)
    assert "reclassified_total" not in figures


def test_an_onset_that_is_known_later_is_taken_and_was_not_known_before(desk: Desk) -> None:
    report(desk, case="k-1", occurred_at=at(20))
    assert report(desk, case="k-1", occurred_at=at(21), onset="2022-02-17").stored == 1
    assert case_at(desk, datetime(2022, 2, 20, 12, tzinfo=UTC)).onset is None
    assert case_at(desk, datetime(2022, 2, 22, tzinfo=UTC)).onset == date(2022, 2, 17)
    assert desk.incident()["figures"]["confirmed_total"] == 1.0
    assert report(desk, case="k-1", occurred_at=at(22)).rejected[0].code == "already_reported"


def test_a_corrected_area_moves_the_case_with_its_counts_and_keeps_where_it_was_thought_to_be(
    desk: Desk,
) -> None:
    report(desk, case="k-1", occurred_at=at(20))
    report(desk, case="k-1", occurred_at=at(21), area=PUDONG_COMMUNITY)
    (case,) = desk.rows("cases")
    assert case.area == PUDONG_COMMUNITY
    assert case_at(desk, datetime(2022, 2, 20, 12, tzinfo=UTC)).area == COMMUNITY
    total = {row.area: row.figures.get("confirmed_total", 0.0) for row in desk.rows("incidents")}
    assert total == {"310101": 0.0, "310115": 1.0}
    (joined,) = desk.rows("case_incidents")
    assert joined.incident == next(row.id for row in desk.rows("incidents") if row.area == "310115")


def test_a_corrected_way_of_finding_changes_what_counts_as_unwatched(desk: Desk) -> None:
    report(desk, case="k-1", occurred_at=at(20), found_in="community")
    assert desk.incident()["figures"]["new_linked_total"] == 1.0
    report(desk, case="k-1", occurred_at=at(21), found_in="control")
    told = desk.incident()
    assert (told["figures"]["new_total"], told["figures"]["new_linked_total"]) == (1.0, 0.0)
    assert desk.rows("incidents")[0].last_linked_day is None


def test_ill_again_after_nine_months_is_another_case_and_a_repeat_is_not(desk: Desk) -> None:
    report(desk, occurred_at=at(2, month=1))
    desk.clock.advance(timedelta(days=300))
    assert (
        report(desk, occurred_at="2022-02-15T08:00:00+08:00").stored == 0
    )  # six weeks later: the same illness
    assert len(desk.rows("cases")) == 1
    assert report(desk, occurred_at="2022-11-20T08:00:00+08:00").stored == 1
    days = sorted(case.reported_at.date().isoformat() for case in desk.rows("cases"))
    assert days == ["2022-01-02", "2022-11-20"]
    assert {case.subject for case in desk.rows("cases")} == {"p-a"}
    assert desk.incidents(status="open")


def test_recovery_belongs_to_the_illness_before_it(desk: Desk) -> None:
    report(desk, occurred_at=at(2, month=1))
    desk.clock.advance(timedelta(days=300))
    assert report(desk, status="recovered", occurred_at="2022-03-20T08:00:00+08:00").stored == 1
    assert report(desk, occurred_at="2022-09-20T08:00:00+08:00").stored == 1
    assert sorted(case.status for case in desk.rows("cases")) == ["confirmed", "recovered"]


def test_a_repeat_without_a_case_id_that_says_nothing_new_counts_as_a_duplicate(desk: Desk) -> None:
    report(desk, occurred_at=at(20, 8))
    again = report(desk, occurred_at=at(20, 9))
    assert (again.stored, again.duplicate, again.rejected) == (0, 1, [])


def test_a_discarded_case_counts_for_nothing_and_can_come_back(desk: Desk) -> None:
    report(desk, case="k-1", occurred_at=at(20))
    assert (
        report(desk, case="k-1", occurred_at=at(21), status="discarded", note="ruled out").stored
        == 1
    )
    told = desk.incident()
    assert (told["figures"]["confirmed_total"], told["figures"]["new_total"]) == (0.0, 0.0)
    assert case_at(desk, datetime(2022, 2, 20, 12, tzinfo=UTC)).status == "confirmed"
    report(desk, case="k-1", occurred_at=at(22))
    assert desk.incident()["figures"]["confirmed_total"] == 1.0


def test_a_withdrawn_report_discards_only_the_case_that_rests_on_it_alone(desk: Desk) -> None:
    report(desk, occurred_at=at(20), report="lab-1")
    report(desk, occurred_at=at(21), report="lab-2", place="ward 3")
    kept = report(
        desk,
        status="discarded",
        occurred_at=at(22),
        report="lab-1",
        note="the observation is cancelled",
    )
    assert kept.rejected[0].code == "other_reports"
    report(desk, subject="p-b", occurred_at=at(20), report="lab-3")
    assert (
        report(desk, subject="p-b", status="discarded", occurred_at=at(22), report="lab-3").stored
        == 1
    )
    nothing = report(
        desk, subject="p-c", status="discarded", report="lab-4", note="the observation is cancelled"
    )
    assert nothing.rejected[0].code == "nothing_to_discard"
    assert "the observation is cancelled" in nothing.rejected[0].message


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_of_the_versions_of_one_report_the_latest_holds(desk: Desk, order: tuple[int, ...]) -> None:
    versions = [
        {"status": "confirmed", "occurred_at": at(18), "issued_at": at(19)},
        {"status": "discarded", "occurred_at": at(20), "issued_at": at(20)},
        {"status": "confirmed", "occurred_at": at(18), "issued_at": at(21), "place": "ward 3"},
    ]
    for n in order:
        report(desk, report="lab-1", **versions[n])
    (case,) = desk.rows("cases")
    assert (case.status, case.place) == ("confirmed", "ward 3")
    figures = desk.incident()["figures"]
    assert (figures["confirmed_total"], figures["new_total"]) == (1.0, 1.0)


def test_an_older_version_that_arrives_after_the_withdrawal_stays_withdrawn(desk: Desk) -> None:
    first = {"status": "confirmed", "occurred_at": at(18), "issued_at": at(19)}
    report(desk, report="lab-1", **first)
    report(desk, report="lab-1", status="discarded", occurred_at=at(21), issued_at=at(21))
    late = first | {"issued_at": at(20), "place": "ward 3"}
    assert report(desk, report="lab-1", **late).duplicate == 1
    assert desk.rows("cases")[0].status == "discarded"


def test_what_counts_agrees_with_a_recount_after_any_order_of_reports(desk: Desk) -> None:
    told = [
        {"status": "suspected", "occurred_at": at(16), "found_in": "control"},
        {"status": "asymptomatic", "occurred_at": at(17)},
        {"status": "confirmed", "occurred_at": at(19), "onset": "2022-02-18"},
        {"status": "recovered", "occurred_at": at(27)},
    ]
    for n, order in enumerate([(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)]):
        for one in order:
            report(desk, case=f"k-{n}", subject=f"p-{n}", **told[one])
    figures = desk.incident()["figures"]
    wanted = {
        "suspected": 3.0,
        "asymptomatic": 3.0,
        "confirmed": 3.0,
        "recovered": 3.0,
        "new": 3.0,
        "reclassified": 6.0,
    }
    assert {name: figures[f"{name}_total"] for name in wanted} == wanted
    assert figures.get("new_linked_total", 0.0) == 0.0
    assert len({msgpack(case) for case in desk.rows("cases")}) == 1


def msgpack(case: Any) -> tuple[Any, ...]:
    return (
        case.status,
        case.onset,
        case.found_in,
        case.reported_at,
        tuple(one.at for one in case.said),
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [("epidemic", "epidemic/sars-cov-2"), ("epidemic/sars-cov-2", "epidemic")],
)
def test_a_report_that_names_only_the_family_of_the_hazard_is_of_the_same_case_and_incident(
    desk: Desk, first: str, second: str
) -> None:
    report(desk, hazard=first, occurred_at=at(20))
    report(desk, hazard=second, occurred_at=at(21), onset="2022-02-17")
    report(desk, hazard=second, subject="p-b", occurred_at=at(21))
    assert {case.subject for case in desk.rows("cases")} == {"p-a", "p-b"}
    assert len(desk.rows("cases")) == 2
    (incident,) = desk.rows("incidents")
    assert incident.figures["confirmed_total"] == 2.0


def test_two_agents_of_one_family_are_two_illnesses_and_two_incidents(desk: Desk) -> None:
    report(desk, hazard="epidemic/influenza", occurred_at=at(20))
    report(desk, hazard="epidemic/sars-cov-2", occurred_at=at(20))
    assert len(desk.rows("cases")) == 2
    assert len(desk.rows("incidents")) == 2
