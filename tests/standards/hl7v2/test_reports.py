"""Laboratory messages of HL7 version 2 read by the same rules as those of FHIR."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from twinward.core.errors import InputError
from twinward.standards.hl7v2.reports import read_hl7v2
from twinward.standards.source_rows import FileReading, Row

SARS, FLU = "94500-6^SARS-CoV-2 RNA^LN", "92142-9^Influenza A RNA^LN"
FOUND, NOT_FOUND = "260373001^Detected^SCT", "260415000^Not detected^SCT"
MSH = "MSH|^~\\&|LIS|LAB1|||20261120150000+0800||ORU^R01^ORU_R01|m1|P|2.5.1||||||UNICODE UTF-8"
PID = (
    "PID|1||N-7^^^CITY^NI~88^^^LAB1&1.2.3&ISO^MR||Sample^Ann^^^^^L||19700305|F"
    "|||1 Long Road^^Town^^200001^CHN^^^310101002001||+86 138 0000 0000"
)


def obr(status: str = "F", number: str = "F-1", issued: str = "20261120150000+0800") -> str:
    return f"OBR|1||{number}^LAB1|95380-5^Panel^LN|||202611200830+0800|||||||||||||||{issued}|||{status}"


def obx(test: str, value: str, status: str = "F", kind: str = "CWE", flag: str = "") -> str:
    return f"OBX|1|{kind}|{test}||{value}|||{flag}|||{status}"


def read(
    tmp_path: Path, *lines: str, ends: str = "\r", encoding: str = "utf-8", **constants: str
) -> list[Row]:
    path = tmp_path / "m.hl7"
    path.write_bytes(ends.join(lines).encode(encoding))
    reading = FileReading(fields=(), constants=constants, zone=ZoneInfo("Asia/Shanghai"))
    return list(read_hl7v2(path, reading))


@pytest.mark.parametrize("ends", ["\r", "\n", "\r\n"])
def test_a_positive_result_is_a_case_with_its_person_area_and_time(
    tmp_path: Path, ends: str
) -> None:
    (row,) = read(tmp_path, MSH, PID, obr(), obx(SARS, FOUND), ends=ends)
    told = row.values
    assert row.wrong is None
    assert (told["status"], told["hazard"]) == ("confirmed", "epidemic/sars-cov-2")
    assert (told["name"], told["document"], told["born"]) == ("Ann Sample", "N-7", "1970-03-05")
    assert told["area"] == "310101002001"
    assert told["phone"] == "+86 138 0000 0000"
    assert told["occurred_at"].startswith("2026-11-20T08:30:00+08:00")


def test_a_finding_belongs_to_the_test_it_stands_at(tmp_path: Path) -> None:
    (row,) = read(tmp_path, MSH, PID, obr(), obx(SARS, NOT_FOUND), obx(FLU, FOUND))
    assert "influenza-a" in str(row.wrong)
    (row,) = read(tmp_path, MSH, PID, obr(), obx(SARS, FOUND), obx(FLU, NOT_FOUND))
    assert row.values["hazard"] == "epidemic/sars-cov-2"


@pytest.mark.parametrize(
    ("value", "kind", "flag", "status"),
    [
        ("DETECTED (Ct 24.1)", "ST", "A", "confirmed"), ("Not Detected", "ST", "", None),
        ("24.1", "NM", "POS", "confirmed"), ("38", "NM", "ND", None), ("", "CWE", "DET", "confirmed"),
        ("POS^Positive^L", "CE", "", "confirmed"), ("X1^阳性^99L", "CWE", "", "confirmed"),
        ("^^^10828004^Positive^SCT", "CWE", "", "confirmed"), ("pending", "TX", "", None),
    ],
)  # fmt: skip
def test_a_finding_in_each_form_that_laboratories_use(
    tmp_path: Path, value: str, kind: str, flag: str, status: str | None
) -> None:
    (row,) = read(tmp_path, MSH, PID, obr(), obx(SARS, value, kind=kind, flag=flag))
    assert row.values.get("status") == status
    assert bool(row.wrong) == (status is None)


@pytest.mark.parametrize(
    ("order", "result", "word"),
    [("X", "F", "cancelled"), ("F", "X", "cancelled"), ("F", "D", "entered-in-error"), ("C", "W", "entered-in-error")],
)  # fmt: skip
def test_a_withdrawn_result_takes_its_case_back(
    tmp_path: Path, order: str, result: str, word: str
) -> None:
    (row,) = read(tmp_path, MSH, PID, obr(order), obx(SARS, FOUND, result))
    assert row.values["status"] == "discarded"
    assert word in row.values["note"]
    (first,) = read(tmp_path, MSH, PID, obr(), obx(SARS, FOUND))
    assert first.values["report"] == row.values["report"]


def test_what_is_not_final_or_a_test_message_is_no_case(tmp_path: Path) -> None:
    (row,) = read(tmp_path, MSH, PID, obr("P"), obx(SARS, FOUND, "P"))
    assert "preliminary" in str(row.wrong)
    (row,) = read(tmp_path, MSH, PID, obr(), obx(SARS, FOUND, "P"))
    assert "preliminary" in str(row.wrong)
    (row,) = read(tmp_path, MSH.replace("|P|2.5", "|T|2.5"), PID, obr(), obx(SARS, FOUND))
    assert "test data" in str(row.wrong)
    (row,) = read(tmp_path, MSH, PID, obr("C"), obx(SARS, NOT_FOUND, "C"))
    assert row.values["status"] == "discarded"


def test_two_patients_in_one_message_stay_apart(tmp_path: Path) -> None:
    other = PID.replace("N-7", "N-8").replace("Ann", "Ben")
    rows = read(
        tmp_path, MSH, PID, obr(), obx(SARS, NOT_FOUND), other, obr("F", "F-2"), obx(SARS, FOUND)
    )
    assert [row.values.get("name") for row in rows if row.wrong is None] == ["Ben Sample"]
    assert len(rows) == 2


def test_a_batch_in_frames_is_read_message_by_message(tmp_path: Path) -> None:
    batch = (
        "FHS|^~\\&|LIS", "BHS|^~\\&|LIS", "\x0b" + MSH, PID, obr(), obx(SARS, FOUND) + "\r\x1c",
        MSH.replace("ORU^R01^ORU_R01", "ADT^A01"), PID, "BTS|2", "FTS|1",
    )  # fmt: skip
    rows = read(tmp_path, *batch)
    assert [row.number for row in rows] == [1, 2]
    assert rows[0].values["status"] == "confirmed"
    assert "ADT" in str(rows[1].wrong)


def test_a_specimen_gives_the_time_before_its_order_in_oul_and_after_it_in_oru(
    tmp_path: Path,
) -> None:
    specimen = "SPM|1|||258500001^Swab^SCT|||||||||||||202611190700+0800^202611190705+0800"
    late = obr().replace("202611200830+0800", "")
    oul = MSH.replace("ORU^R01^ORU_R01", "OUL^R22^OUL_R22")
    for lines in (
        (oul, PID, specimen, late, obx(SARS, FOUND)),
        (MSH, PID, late, obx(SARS, FOUND), specimen),
    ):
        (row,) = read(tmp_path, *lines)
        assert row.values["occurred_at"].startswith("2026-11-19T07:00:00+08:00")


def test_an_onset_and_a_day_without_a_clock_are_read(tmp_path: Path) -> None:
    onset = obx("11368-8^Illness onset date^LN", "20261117", kind="DT")
    day = obr().replace("202611200830+0800", "20261120")
    (row,) = read(tmp_path, MSH, PID, day, obx(SARS, FOUND), onset)
    assert row.values["onset"] == "2026-11-17"
    assert row.values["occurred_at"].startswith("2026-11-20T")


def test_escapes_other_signs_and_the_stated_character_set_are_kept_to(tmp_path: Path) -> None:
    named = PID.replace("Sample^Ann", "M\\T\\S^Zoë")
    (row,) = read(tmp_path, MSH, named, obr(), obx(SARS, FOUND))
    assert row.values["name"] == "Zoë M&S"
    latin = MSH.replace("UNICODE UTF-8", "8859/1")
    (row,) = read(tmp_path, latin, named, obr(), obx(SARS, FOUND), encoding="latin-1")
    assert row.values["name"] == "Zoë M&S"
    chinese = PID.replace("Sample^Ann", "王^小明")
    gb = MSH.replace("UNICODE UTF-8", "GB 18030-2000")
    (row,) = read(tmp_path, gb, chinese, obr(), obx(SARS, FOUND), encoding="gb18030")
    assert "王" in row.values["name"]


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (("MSH|^~\\&|LIS", "PID|1"), "no_report"), ((PID, obr()), "bad_hl7"),
        ((MSH.replace("UNICODE UTF-8", "KLINGON"), PID, obr()), "bad_hl7"),
        ((MSH, obr(), obx(SARS, FOUND)), "no_report"), ((MSH, PID), "no_report"),
        ((MSH.replace("ORU^R01^ORU_R01", ""), PID, obr()), "no_report"), (("MSH",), "bad_hl7"),
    ],
)  # fmt: skip
def test_what_is_no_laboratory_message_is_refused(
    tmp_path: Path, lines: tuple[str, ...], code: str
) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, *lines)
    assert caught.value.code == code


def test_bytes_that_are_not_of_the_stated_set_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, MSH, PID.replace("Ann", "Zoë"), obr(), encoding="latin-1")
    assert caught.value.code == "wrong_encoding"
