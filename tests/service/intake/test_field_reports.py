"""What the field sends, from the file to the case: persons, dates, corrections, and the vault that a
refused report leaves as it was.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from helpers.cities import COMMUNITY, NEIGHBOUR, PUDONG_COMMUNITY, Desk
from twinward.core.errors import AbsentError
from twinward.security.identity.people import Caller
from twinward.service.intake import file_import

NOW = datetime(2026, 11, 30, 4, tzinfo=UTC)


@pytest.fixture
def field(desk: Desk) -> Desk:
    desk.clock.at = NOW
    return desk


def send(desk: Desk, tmp_path: Path, text: str, name: str = "f.csv", **constants: str) -> Any:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    told = ({"hazard": "epidemic"} if name.endswith(".csv") else {}) | constants
    reading = file_import.case_reading({}, told, "utf-8-sig", ",")
    found = file_import.report_cases(desk.platform, desk.me, [path], "clinic", reading)
    desk.platform.loop.catch_up()
    assert found.received == found.stored + found.duplicate + found.rejected
    return found


def laboratory(number: str, day: str, **more: Any) -> str:
    whole = {
        "resourceType": "DiagnosticReport", "id": f"r-{number}-{day}", "status": "final",
        "code": {"coding": [{"code": "94500-6"}]}, "subject": {"reference": "Patient/p"},
        "effectiveDateTime": f"{day}T08:00:00+08:00", "issued": f"{day}T15:00:00+08:00",
        "conclusionCode": [{"coding": [{"code": "260373001"}]}],
    } | more  # fmt: skip
    person = {
        "resourceType": "Patient", "id": "p", "identifier": [{"value": number}],
        "address": [{"district": COMMUNITY}],
    }  # fmt: skip
    entries = [{"resource": person}, {"resource": whole}]
    return json.dumps({"resourceType": "Bundle", "entry": entries})


def names(desk: Desk) -> list[str | None]:
    return sorted(str(desk.platform.vault.open(case.subject).name) for case in desk.rows("cases"))


def test_a_family_with_one_telephone_is_two_cases(field: Desk, tmp_path: Path) -> None:
    rows = f"""name,phone,area,status,onset
Parent Sample,139 0000 1111,{COMMUNITY},confirmed,2026-11-18
Baby Sample,+86 139-0000-1111,{COMMUNITY},confirmed,2026-11-21
"""
    assert send(field, tmp_path, rows).stored == 2
    assert field.incident()["figures"]["confirmed_total"] == 2.0
    assert names(field) == ["Baby Sample", "Parent Sample"]
    assert len(field.platform.vault.list_doubles()) == 1


def test_a_family_with_one_telephone_is_two_cases_over_the_api_too(field: Desk) -> None:
    for name in ("Parent Sample", "Baby Sample"):
        told = {"hazard": "epidemic", "area": COMMUNITY, "status": "confirmed", "case": name}
        assert (
            field.post("ReportCase", person={"name": name, "phone": "13900001111"}, **told).stored
            == 1
        )
    assert names(field) == ["Baby Sample", "Parent Sample"]


def test_words_for_no_document_make_no_stranger_dead(field: Desk, tmp_path: Path) -> None:
    rows = f"""name,document,phone,area,status
Ann Sample,N/A,,{COMMUNITY},confirmed
Bea Sample,N/A,,{PUDONG_COMMUNITY},dead
Cora Sample,无,0,{COMMUNITY},confirmed
Dora Sample,无,0,{COMMUNITY},confirmed
unknown,,,{COMMUNITY},confirmed
"""
    found = send(field, tmp_path, rows)
    assert (found.stored, found.reasons) == (4, {"no_identity": 1})
    status = {field.platform.vault.open(c.subject).name: c.status for c in field.rows("cases")}
    assert status == {
        "Ann Sample": "confirmed", "Bea Sample": "dead", "Cora Sample": "confirmed",
        "Dora Sample": "confirmed",
    }  # fmt: skip


def test_unnamed_persons_with_an_id_of_their_case_are_persons_of_their_own(
    field: Desk, tmp_path: Path
) -> None:
    rows = f"name,case,area,status\nUnknown,u-1,{COMMUNITY},confirmed\nUnknown,u-2,{COMMUNITY},confirmed\n"
    assert send(field, tmp_path, rows).stored == 2
    assert len({case.subject for case in field.rows("cases")}) == 2


def test_one_person_in_many_spellings_is_one_case(field: Desk, tmp_path: Path) -> None:
    spellings = [
        "+86 139 0000 1111",
        "13900001111",
        "139-0000-1111",
        "１３９００００１１１１",
        "13900001111.0",
    ]
    rows = [
        f"Li Sample,{text},{COMMUNITY},suspected,2026-11-20T0{n}:00:00+08:00"
        for n, text in enumerate(spellings)
    ]
    found = send(field, tmp_path, "name,phone,area,status,occurred_at\n" + "\n".join(rows) + "\n")
    assert (found.stored, found.duplicate) == (1, 4)
    assert len(field.rows("cases")) == 1


def test_what_a_copy_brought_along_costs_no_report(field: Desk, tmp_path: Path) -> None:
    rows = f"""name,phone,area,status
Li Sample,\u202a13900001111\u202c,{COMMUNITY},confirmed
Li\tSample,\u2066139-0000-1111\u2069,{COMMUNITY},confirmed
"""
    found = send(field, tmp_path, rows)
    assert (found.stored, found.rejected) == (1, 0) and names(field) == ["Li Sample"]


def test_a_number_that_a_spreadsheet_has_spoilt_makes_no_one_person(
    field: Desk, tmp_path: Path
) -> None:
    rows = f"""name,document,area,status
Ann Sample,3.10101E+17,{COMMUNITY},confirmed
Bea Sample,3.10101E+17,{COMMUNITY},confirmed
Cora Sample,310101199001011000,{COMMUNITY},confirmed
"""
    found = send(field, tmp_path, rows)
    assert (found.stored, len(field.rows("cases"))) == (3, 3)
    assert sum(found.notes.values()) == 3


def test_ill_again_after_nine_months_is_a_second_case_of_the_same_person(
    field: Desk, tmp_path: Path
) -> None:
    for day in ("2026-03-02", "2026-11-20"):
        assert send(field, tmp_path, laboratory("N-1", day), "m.json").stored == 1
    assert send(field, tmp_path, laboratory("N-1", "2026-11-28"), "m.json").duplicate == 1
    days = sorted(case.reported_at.date() for case in field.rows("cases"))
    assert days == [date(2026, 3, 2), date(2026, 11, 20)]
    assert len({case.subject for case in field.rows("cases")}) == 1


def test_a_laboratory_that_cancels_a_result_takes_the_case_back(
    field: Desk, tmp_path: Path
) -> None:
    send(field, tmp_path, laboratory("N-1", "2026-11-20"), "m.json")
    assert field.incident()["figures"]["confirmed_total"] == 1.0
    said = {"status": "entered-in-error", "issued": "2026-11-21T09:00:00+08:00"}
    assert send(field, tmp_path, laboratory("N-1", "2026-11-20", **said), "m.json").stored == 1
    (case,) = field.rows("cases")
    assert case.status == "discarded"
    assert "entered-in-error" in case.note
    figures = field.incident()["figures"]
    assert (figures["confirmed_total"], figures["new_total"], figures["new_linked_total"]) == (
        0,
        0,
        0,
    )
    again = send(field, tmp_path, laboratory("N-2", "2026-11-20", **said), "m.json")
    assert again.reasons == {"nothing_to_discard": 1}
    assert "entered-in-error" in Path(again.rejected_file).read_text()
    with pytest.raises(AbsentError):
        vault = field.platform.vault
        vault.open(vault.pseudonym(file_identity("N-2")))


def file_identity(document: str) -> Any:
    from twinward.security.privacy.vault import Identity

    return Identity(document=document)


def test_an_onset_as_people_write_it_costs_no_case(field: Desk, tmp_path: Path) -> None:
    cells = [
        "12/11/2026",
        "13/11/2026",
        "13.11.26",
        "46339",
        "2026-11",
        "2026-W46",
        "soon",
        "2036-11-13",
        "2025-11-13",
    ]
    rows = [f"p-{n},{COMMUNITY},confirmed,{text}" for n, text in enumerate(cells)]
    found = send(field, tmp_path, "subject,area,status,onset\n" + "\n".join(rows) + "\n")
    assert found.stored == len(cells)
    onsets = {case.subject: case.onset for case in field.rows("cases")}
    days = [onsets[f"p-{n}"] for n in range(len(cells))]
    assert days[:4] == [date(2026, 11, 12), *[date(2026, 11, 13)] * 3]
    assert days[4:] == [None] * 5
    assert any("the day is missing" in note for note in found.notes)
    assert any("mistyped year" in note for note in found.notes)
    assert "onset: it lies ahead" in found.notes


def test_a_time_without_a_zone_is_by_the_citys_clock(field: Desk, tmp_path: Path) -> None:
    rows = f"""subject,area,status,occurred_at
p-1,{COMMUNITY},confirmed,20/11/2026 00:30
p-2,{COMMUNITY},confirmed,2026-11-20
p-3,{COMMUNITY},confirmed,46346
p-4,{COMMUNITY},confirmed,whenever
"""
    found = send(field, tmp_path, rows)
    assert (found.stored, found.reasons) == (3, {"bad_time": 1})
    assert {field.platform.reference.day_of(c.reported_at) for c in field.rows("cases")} == {
        date(2026, 11, 20)
    }
    assert list(field.incident()["days"]) == ["2026-11-20"]


def test_a_refused_report_leaves_the_vault_as_it_was(field: Desk, tmp_path: Path) -> None:
    heading = "document,name,phone,area,status\n"
    send(field, tmp_path, heading + f"D1,Li Sample,13900001111,{COMMUNITY},dead\n")
    (case,) = field.rows("cases")
    known = field.platform.vault.open(case.subject)
    refused = send(field, tmp_path, heading + f"D1,Li Sample,13800002222,{COMMUNITY},suspected\n")
    assert refused.reasons == {"case_closed": 1}
    other = f"D1,Wang Sample,13800002222,{COMMUNITY},ill\nD9,Gone Sample,13700003333,nowhere,confirmed\n"
    assert send(field, tmp_path, heading + other).rejected == 2
    planner = Caller(name="ma", role="planner")
    path = tmp_path / "forged.csv"
    path.write_text(heading + f"D1,Li Sample,13800002222,{NEIGHBOUR},confirmed\n")
    reading = file_import.case_reading({}, {"hazard": "epidemic"}, "utf-8-sig", ",")
    assert file_import.report_cases(field.platform, planner, [path], "x", reading).rejected == 1
    assert field.platform.vault.open(case.subject) == known
    assert field.platform.vault.list_doubles(None) == []


def test_the_same_file_twice_counts_as_duplicates(field: Desk, tmp_path: Path) -> None:
    rows = f"name,phone,area,status,onset\nLi Sample,13900001111,{COMMUNITY},confirmed,13/11/2026\n"
    assert send(field, tmp_path, rows).stored == 1
    assert send(field, tmp_path, rows.replace("13900001111", "139 0000 1111")).duplicate == 1
    assert send(field, tmp_path, laboratory("N-1", "2026-11-20"), "m.json").stored == 1
    assert send(field, tmp_path, laboratory("N-1", "2026-11-20"), "m.json").duplicate == 1


def test_a_free_column_of_a_file_goes_nowhere(field: Desk, tmp_path: Path) -> None:
    send(
        field,
        tmp_path,
        f"subject,note,report,area,status\np-1,Li Sample called,x,{COMMUNITY},confirmed\n",
    )
    (case,) = field.rows("cases")
    assert (case.note, case.report) == ("", None)


@pytest.mark.parametrize(
    ("zone", "late", "day"),
    [
        ("Asia/Shanghai", "2026-11-20T00:30:00+08:00", "2026-11-20"),
        ("America/Sao_Paulo", "2026-11-20T23:30:00-03:00", "2026-11-20"),
        ("Europe/Berlin", "2026-10-25T00:30:00+02:00", "2026-10-25"),
        ("Europe/Berlin", "2026-10-25T23:30:00+01:00", "2026-10-25"),
        ("Pacific/Kiritimati", "2026-11-20T00:30:00+14:00", "2026-11-20"),
    ],
)
def test_a_day_begins_at_the_citys_midnight(tmp_path: Path, zone: str, late: str, day: str) -> None:
    desk = Desk(tmp_path / "ws", zone=zone)
    desk.clock.at = datetime.fromisoformat(late)
    desk.case(1, occurred_at=late)
    desk.case(2, occurred_at=f"{day}T12:00:00{late[-6:]}" if late[11:13] == "00" else late)
    if late[11:13] != "00":
        desk.case(3, occurred_at=f"{day}T09:30:00{late[-6:]}")
    shown = desk.incident()
    assert list(shown["days"]) == [day]
    assert shown["title"].endswith(f"since {day}")
    tomorrow = date.fromisoformat(day).replace(day=int(day[-2:]) + 1).isoformat()
    told = {"hazard": "epidemic", "area": "310101", "status": "confirmed", "count": 3}
    assert desk.post("ReportCount", day=day, **told).stored == 1
    assert desk.refusal("ReportCount", day=tomorrow, **told) == "time_in_future"
    desk.close()


def test_two_agents_share_no_incident_of_their_family(field: Desk) -> None:
    assert field.case(1).stored == 1  # nobody says of which agent
    assert field.case(2, hazard="epidemic/sars-cov-2").stored == 1
    assert [one["hazard"] for one in field.incidents()] == ["epidemic"]
    assert field.case(3, hazard="epidemic/influenza").stored == 1
    assert sorted(one["hazard"] for one in field.incidents()) == ["epidemic", "epidemic/influenza"]
