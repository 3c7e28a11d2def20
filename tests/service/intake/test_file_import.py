"""Files taken in: every row stored, a counted duplicate, or rejected with its reason; no name
goes further.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

import twinward
from helpers.cities import COMMUNITY, Desk
from twinward.core.errors import InputError
from twinward.security.identity.people import Caller
from twinward.service.intake import file_import, observations
from twinward.service.intake.commands import BatchAccount
from twinward.service.platform import local_admin

EXAMPLES = Path(twinward.__file__).parent / "edge" / "feeds" / "examples"
HEADING = "source_id,type,occurred_at,area,value,unit"
GOOD = "{},water_depth,2022-02-20T08:00:00+08:00,310101,0.1,m"


def ingest(
    desk: Desk, *paths: Path, columns: dict[str, str] | None = None, **more: Any
) -> file_import.FileReport:
    reading = file_import.observation_reading(
        columns or {},
        more.get("constants", {}),
        more.get("encoding", "utf-8-sig"),
        more.get("separator", ","),
    )

    def send(items: list[Any]) -> BatchAccount:
        body = msgspec.json.encode({"source": "s", "items": items})
        return observations.submit(
            desk.platform, local_admin(), observations.checks_of(desk.platform), body
        ).result()

    return file_import.ingest_files(desk.workspace, list(paths), "s", reading, send)


def report(desk: Desk, path: Path, **constants: str) -> file_import.FileReport:
    found = file_import.report_cases(
        desk.platform,
        desk.me,
        [path],
        "lab",
        file_import.case_reading({}, constants, "utf-8-sig", ","),
    )
    desk.platform.loop.catch_up()
    return found


def write(tmp_path: Path, text: str | bytes, name: str = "f.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def reasons(found: file_import.FileReport) -> list[tuple[int, str]]:
    assert found.received == found.stored + found.duplicate + found.rejected
    if not found.rejected_file:
        return []
    lines = [json.loads(line) for line in Path(found.rejected_file).read_text().splitlines()]
    assert len(lines) == found.rejected
    return [(line["row"], line["code"]) for line in lines]


@pytest.mark.parametrize("name", ["observations.csv", "observations.jsonl", "observations.parquet"])
def test_the_bundled_examples_are_taken_whole_and_known_the_second_time(
    desk: Desk, name: str
) -> None:
    desk.clock.at = desk.clock.at.replace(year=2023)
    first, again = ingest(desk, EXAMPLES / name), ingest(desk, EXAMPLES / name)
    assert (first.rejected, first.stored) == (0, first.received)
    assert (again.stored, again.duplicate) == (0, first.received)


def test_a_byte_order_mark_and_mixed_newlines_are_no_obstacle(desk: Desk, tmp_path: Path) -> None:
    lines = [HEADING, *(GOOD.format(f"r-{n}") for n in range(4))]
    text = lines[0] + "\r\n" + lines[1] + "\n" + lines[2] + "\r" + lines[3] + "\r\n\r\n" + lines[4]
    assert ingest(desk, write(tmp_path, b"\xef\xbb\xbf" + text.encode())).stored == 4


def test_bad_rows_are_named_by_number_and_the_rest_goes_through(desk: Desk, tmp_path: Path) -> None:
    rows = [
        HEADING,
        GOOD.format("r-0"),
        "r-1,water_depth,2022-02-20T08:00:00,310101,0.1,m",
        "r-2,water_depth,2022-02-20T08:00:00Z,310101,deep,m",
        "r-3,water_depth,2022-02-20T08:00:00Z,999999,0.1,m",
        "r-4,water_depth,2022-02-20T08:00:00Z,310101,nan,m",
        "r-5,water_depth,2022-02-20T08:00:00Z",
        "r-6,water_depth,2031-02-20T08:00:00Z,310101,0.1,m",
        "r-7,water_colour,2022-02-20T08:00:00Z,310101,0.1,m",
        GOOD.format("r-0"),
        GOOD.format("r-8"),
    ]
    found = ingest(desk, write(tmp_path, "\n".join(rows)))
    assert (found.received, found.stored, found.duplicate) == (10, 2, 1)
    assert reasons(found) == [
        (2, "time_without_zone"),
        (3, "bad_field"),
        (4, "unknown_area"),
        (5, "bad_field"),
        (6, "bad_row"),
        (7, "time_in_future"),
        (8, "unknown_type"),
    ]


def test_columns_of_any_name_are_mapped_and_constants_fill_what_is_missing(
    desk: Desk, tmp_path: Path
) -> None:
    path = write(tmp_path, "no;when;level\n1;2022-02-20T08:00:00Z;0.4\n")
    columns = {"source_id": "no", "occurred_at": "when", "value": "level"}
    constants = {"type": "water_level", "area": "310101", "unit": "m"}
    assert ingest(desk, path, columns=columns, constants=constants, separator=";").stored == 1
    desk.platform.intake.open()
    assert (
        observations.list_sensors(desk.platform, limit=9, offset=0)[1][0].sensor
        == "water_level:310101"
    )


def test_movement_without_ids_is_known_by_subject_time_and_point(
    desk: Desk, tmp_path: Path
) -> None:
    row = "p,position,2022-02-20T08:00:00Z,121.48,31.23\n"
    path = write(
        tmp_path, "subject,type,occurred_at,lon,lat\n" + row + row + row.replace("31.23", "31.24")
    )
    found = ingest(desk, path)
    assert (found.stored, found.duplicate) == (2, 1)


def test_json_lines_with_a_broken_line_lose_that_line_alone(desk: Desk, tmp_path: Path) -> None:
    good = (
        '{"source_id": "%s", "type": "noise", "occurred_at": "2022-02-20T08:00:00Z", "area": '
        '"310101", "value": 1}'
    )
    found = ingest(desk, write(tmp_path, f"{good % 1}\n{{oops\n[]\n\n{good % 2}\n", "f.jsonl"))
    assert found.stored == 2
    assert reasons(found) == [(2, "bad_row"), (3, "bad_row")]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("f.xlsx", b"x", "unknown_format"),
        ("none.csv", None, "unreadable"),
        ("f.csv", "source_id,kind\n1,2\n", "missing_column"),
        ("f.csv", "", "missing_column"),
        ("f.csv", (HEADING + "\nr,water_depth,2022,\u9ec4\n").encode("gb18030"), "wrong_encoding"),
        ("f.parquet", b"PAR1 not really", "unreadable"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_advice(
    desk: Desk, tmp_path: Path, name: str, content: Any, code: str
) -> None:
    path = tmp_path / name if content is None else write(tmp_path, content, name)
    with pytest.raises(InputError) as refused:
        ingest(desk, path)
    assert refused.value.code == code
    assert refused.value.advice


def test_an_encoding_that_breaks_late_says_what_was_taken_before(
    desk: Desk, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(file_import, "BATCH", 100)
    rows = "\n".join([HEADING, *(GOOD.format(f"r-{n}") for n in range(3000))]).encode()
    with pytest.raises(InputError) as refused:
        ingest(desk, write(tmp_path, rows + b"\n\xff\xfe"))
    assert "rows before it were taken in" in refused.value.advice


@pytest.mark.parametrize(
    ("name", "cases"), [("cases.csv", 2), ("cases.jsonl", 1), ("lab-report.json", 1)]
)
def test_case_files_and_lab_messages_open_incidents_and_keep_no_name(
    desk: Desk, name: str, cases: int
) -> None:
    desk.clock.at = desk.clock.at.replace(year=2023)
    found = report(desk, EXAMPLES / name, hazard="epidemic")
    assert found.rejected == 0
    assert len(desk.rows("cases")) == cases
    assert desk.incident()["status"] == "open"
    assert report(desk, EXAMPLES / name, hazard="epidemic").duplicate == found.stored
    desk.close()
    for path in desk.workspace.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert b"Example" not in data and b"+86 000" not in data and b"00000019" not in data, (
                path
            )


def test_the_same_person_is_the_same_subject_in_every_feed(desk: Desk, tmp_path: Path) -> None:
    heading = "document,name,hazard,area,status\n"
    report(desk, write(tmp_path, heading + f"D1,Li,epidemic,{COMMUNITY},suspected\n"))
    report(desk, write(tmp_path, heading + f"d1 ,Li Lei,epidemic,{COMMUNITY},confirmed\n"))
    (case,) = desk.rows("cases")
    assert case.status == "confirmed"
    assert desk.platform.vault.open(case.subject).name == "Li Lei"


def test_who_may_not_report_cases_changes_nothing_the_vault_knows(
    desk: Desk, tmp_path: Path
) -> None:
    heading = "document,name,hazard,area,status\n"
    report(desk, write(tmp_path, heading + f"D1,Li Lei,epidemic,{COMMUNITY},suspected\n"))
    (case,) = desk.rows("cases")
    planner = Caller(name="ma", role="planner")
    reading = file_import.case_reading({}, {}, "utf-8-sig", ",")
    forged = write(tmp_path, heading + f"D1,Nobody,epidemic,{COMMUNITY},suspected\n", "forged.csv")
    found = file_import.report_cases(desk.platform, planner, [forged], "desk", reading)
    assert found.rejected == 1
    assert desk.platform.vault.open(case.subject).name == "Li Lei"


def test_rejected_case_rows_are_told_without_the_person(desk: Desk, tmp_path: Path) -> None:
    rows = [
        "name,hazard,area,status,onset",
        f"Zhao Qian,epidemic,{COMMUNITY},ill,",
        f"Sun Li,epidemic,{COMMUNITY},confirmed,yesterday",
        "Zhou Wu,epidemic,0,confirmed,",
        f",epidemic,{COMMUNITY},confirmed,",
        f"Zheng Wang,epidemic,{COMMUNITY},confirmed,",
    ]
    found = report(desk, write(tmp_path, "\n".join(rows)))
    assert found.stored == 2  # an onset that cannot be read costs no case
    assert reasons(found) == [
        (1, "bad_field"),
        (3, "unknown_area"),
        (4, "no_identity"),
    ]
    assert not any(
        word in Path(found.rejected_file or "").read_text() for word in ("Zhao", "Sun", "Zhou")
    )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"status": "preliminary"}, "only final results"),
        ({"subject": {"reference": "Patient/none"}}, "not as FHIR"),
        ({"result": []}, "not coded"),
    ],
)
def test_a_lab_message_that_is_no_positive_final_result_is_no_case(
    desk: Desk, tmp_path: Path, change: Any, why: str
) -> None:
    bundle = json.loads((EXAMPLES / "lab-report.json").read_text())
    bundle["entry"][2]["resource"] |= change
    bundle["entry"] = (
        bundle["entry"][:1] + bundle["entry"][2:] if change.get("result") == [] else bundle["entry"]
    )
    found = report(desk, write(tmp_path, json.dumps(bundle), "lab.json"))
    assert found.stored == 0
    assert why in Path(found.rejected_file or "").read_text()


def test_a_negative_lab_result_is_no_case(desk: Desk, tmp_path: Path) -> None:
    text = (EXAMPLES / "lab-report.json").read_text().replace("260373001", "260415000")
    found = report(desk, write(tmp_path, text, "lab.json"))
    assert (found.stored, found.rejected) == (0, 1)
    assert "is negative" in Path(found.rejected_file or "").read_text()


@pytest.mark.parametrize(
    "text",
    [
        "source_id;type;occurred_at;area;value;unit\n1;water_depth;2022-02-20T08:00:00+08:00;310101;0.1;m\n",
        "sep=;\nsource_id;type;occurred_at;area;value;unit\n1;water_depth;2022-02-20T08:00:00+08:00;310101;0.1;m\n",
        "Source ID\tType\tOccurred-At\tAREA \tvalue\tunit\n1\twater_depth\t2022-02-20T08:00:00+08:00\t310101\t0.1\tm\n",
        f"{HEADING}\n{GOOD.format(1)}\n".encode("utf-16"),
    ],
    ids=["semicolons", "sep=", "tabs and capitals", "UTF-16"],
)  # fmt: skip
def test_a_table_is_read_as_the_spreadsheet_of_its_country_writes_it(
    desk: Desk, tmp_path: Path, text: str | bytes
) -> None:
    assert ingest(desk, write(tmp_path, text)).stored == 1


@pytest.mark.parametrize(("encoding", "name"), [("gb18030", "浦东新区"), ("cp1252", "Águeda")])
def test_an_encoding_that_is_not_named_is_guessed_in_the_advice(
    desk: Desk, tmp_path: Path, encoding: str, name: str
) -> None:
    path = write(tmp_path, f"{HEADING}\n{name},x,2022,310101,1,m\n".encode(encoding))
    with pytest.raises(InputError) as told:
        ingest(desk, path)
    assert (told.value.code, encoding in told.value.advice) == ("wrong_encoding", True)
