"""A drill's log and a real one never mix: by the mark, by where the chain starts, by whose the
files are.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import msgspec
import pytest

from helpers.cities import HUANGPU, START, make_city
from twinward.app import compose
from twinward.app.maintenance import backup_workspace, restore_workspace
from twinward.app.workspace import MARK, init_workspace, read_mark
from twinward.core.clock import SetClock
from twinward.core.errors import TwinwardError
from twinward.service.intake import file_import
from twinward.service.intake.commands import submit_objects
from twinward.service.platform import local_admin
from twinward.standards.fhir.audit_events import AuditEvents
from twinward.storage.log import audit


def make(folder: Path, drill: str = "") -> Path:
    """A workspace whose log holds one report."""
    init_workspace(folder, kind="drill" if drill else "ordinary", drill=drill)
    make_city(folder, HUANGPU)
    report(folder, "c-1")
    return folder


def report(folder: Path, case: str) -> None:
    platform = compose.open_platform(folder, SetClock(START))
    try:
        told = {
            "id": case,
            "type": "ReportCase",
            "case": case,
            "subject": f"p-{case}",
            "hazard": "epidemic",
            "area": HUANGPU,
            "status": "confirmed",
        }
        assert submit_objects(platform, local_admin(), [told], "test").stored == 1
    finally:
        platform.close()


def refusal(folder: Path) -> str:
    with pytest.raises(TwinwardError) as refused:
        compose.open_platform(folder, SetClock(START))
    return str(refused.value.code)


def test_a_drill_opens_again_and_its_chain_is_whole(tmp_path: Path) -> None:
    folder = make(tmp_path / "drill", "practice-1")
    report(folder, "c-2")
    check = compose.verify_log(folder)
    assert (check.ok, check.drill) == (True, "practice-1")
    assert not compose.verify_log(make(tmp_path / "real")).drill


@pytest.mark.parametrize(("mark", "code"), [("ordinary", "drill_log"), ("another", "other_drill")])
def test_the_mark_cannot_be_edited_away_in_the_folder(tmp_path: Path, mark: str, code: str) -> None:
    folder = make(tmp_path / "drill", "practice-1")
    (folder / MARK).unlink()
    drill = "" if mark == "ordinary" else "practice-2"
    init_workspace(folder, kind="drill" if drill else "ordinary", drill=drill)
    assert refusal(folder) == code


def test_the_mark_cannot_be_taken_out_of_the_database_either(tmp_path: Path) -> None:
    folder = make(tmp_path / "drill", "practice-1")
    with sqlite3.connect(folder / "twinward.db") as database:
        database.execute("DELETE FROM meta WHERE name = 'drill'")
    (folder / MARK).unlink()
    init_workspace(folder)
    assert refusal(folder) == "drill_log"


def test_an_empty_drill_cannot_become_real(tmp_path: Path) -> None:
    folder = tmp_path / "drill"
    init_workspace(folder, kind="drill", drill="practice-1")
    compose.open_platform(folder).close()
    with sqlite3.connect(folder / "twinward.db") as database:
        database.execute("DELETE FROM meta WHERE name = 'drill'")
    (folder / MARK).unlink()
    init_workspace(folder)
    assert refusal(folder) == "drill_log"


def test_a_drill_never_opens_a_real_log_copied_under_it(tmp_path: Path) -> None:
    real, drill = make(tmp_path / "real"), make(tmp_path / "drill", "practice-1")
    for name in ("twinward.db", "twinward.db-wal", "twinward.db-shm"):
        (drill / name).unlink(missing_ok=True)
    shutil.copyfile(real / "twinward.db", drill / "twinward.db")
    assert refusal(drill) == "real_log"


@pytest.mark.parametrize("how", ["symlink", "hard link", "folder"])
def test_a_link_out_of_a_drill_is_found(tmp_path: Path, how: str) -> None:
    real, drill = make(tmp_path / "real"), make(tmp_path / "drill", "practice-1")
    before = compose.verify_log(real).head
    if how == "folder":
        (real / "observations").mkdir(exist_ok=True)
        shutil.rmtree(drill / "observations", ignore_errors=True)
        (drill / "observations").symlink_to(real / "observations")
    else:
        (drill / "twinward.db").unlink()
        link = os.symlink if how == "symlink" else os.link
        link(real / "twinward.db", drill / "twinward.db")
    assert refusal(drill) == "fence_broken"
    assert compose.verify_log(real).head == before


def test_a_drill_uses_nobody_elses_vault_key(tmp_path: Path) -> None:
    folder = make(tmp_path / "drill", "practice-1")
    (folder / "settings.toml").write_text(f'[security]\nvault_key_file = "{tmp_path}/real.key"\n')
    assert refusal(folder) == "fence_broken"


def test_a_drills_backup_is_restored_as_the_drill_that_it_is(tmp_path: Path) -> None:
    drill, real = make(tmp_path / "drill", "practice-1"), make(tmp_path / "real")
    assert backup_workspace(drill, tmp_path / "copy").drill == "practice-1"
    restore_workspace(tmp_path / "copy", tmp_path / "again")
    assert read_mark(tmp_path / "again").drill == "practice-1"
    with pytest.raises(TwinwardError) as refused:
        restore_workspace(tmp_path / "copy", real)
    assert refused.value.code == "exists"
    assert compose.verify_log(real).ok
    shutil.copyfile(
        tmp_path / "copy" / "twinward.db", real / "twinward.db"
    )  # by hand, past the verb
    for name in ("twinward.db-wal", "twinward.db-shm"):
        (real / name).unlink(missing_ok=True)
    assert refusal(real) == "drill_log"


def test_one_database_never_holds_a_drill_and_something_else(
    tmp_path: Path, new_database: str
) -> None:
    def at_database(name: str, drill: str) -> Path:
        folder = tmp_path / name
        init_workspace(folder, kind="drill" if drill else "ordinary", drill=drill)
        (folder / "settings.toml").write_text(f'[storage]\nurl = "{new_database}"\n')
        return folder

    make_city(at_database("one", "practice-1"), HUANGPU)
    report(tmp_path / "one", "c-1")
    assert compose.verify_log(tmp_path / "one").drill == "practice-1"
    assert refusal(at_database("real", "")) == "drill_log"
    assert refusal(at_database("two", "practice-2")) == "other_drill"


@pytest.mark.parametrize("fhir", [False, True])
def test_an_exported_log_of_a_drill_says_so_in_every_form(tmp_path: Path, fhir: bool) -> None:
    folder, file = make(tmp_path / "drill", "practice-1"), tmp_path / "log"
    compose.export_log(folder, file, fhir=fhir)
    check = audit.verify_file(file, AuditEvents())
    assert (check.ok, check.drill) == (True, "practice-1")
    lines = file.read_bytes().splitlines(keepends=True)
    assert not fhir or all(b"HTEST" in line for line in lines)
    file.write_bytes(b"".join([*lines[:-1], lines[-1].replace(b"practice-1", b"")]))
    assert not audit.verify_file(file, AuditEvents()).ok


def test_what_comes_from_a_drill_is_refused_by_a_real_log(tmp_path: Path) -> None:
    platform = compose.open_platform(make(tmp_path / "real"), SetClock(START))
    told = {
        "id": "x",
        "type": "ReportCount",
        "hazard": "epidemic",
        "area": HUANGPU,
        "day": "2022-03-01",
        "status": "confirmed",
        "count": 3,
    }
    try:
        for item, source in (
            (told, "drill:x/cases"),
            (told, "dr\u200bill:x/cases"),
            (told | {"source": "drill:x/cases"}, "api"),
            (told | {"drill": "x"}, "api"),
        ):
            account = submit_objects(platform, local_admin(), [item], source)
            assert [one.code for one in account.rejected] == ["from_a_drill"]
        assert submit_objects(platform, local_admin(), [told], "api").stored == 1
    finally:
        platform.close()


@pytest.mark.parametrize("drill", ["", "practice-1"])
def test_a_lab_message_labelled_as_test_data_is_for_drills_alone(
    tmp_path: Path, drill: str
) -> None:
    positive = {"coding": [{"system": "http://snomed.info/sct", "code": "260373001"}]}
    test = {"coding": [{"system": "http://loinc.org", "code": "94500-6"}]}
    message = {
        "resourceType": "Bundle",
        "meta": {"security": [{"code": "HTEST"}]},
        "entry": [
            {
                "resource": {
                    "resourceType": "Patient",
                    "id": "1",
                    "name": [{"text": "A B"}],
                    "identifier": [{"value": "D1"}],
                    "address": [{"district": HUANGPU}],
                }
            },
            {
                "resource": {
                    "resourceType": "DiagnosticReport",
                    "id": "2",
                    "status": "final",
                    "code": test,
                    "issued": "2022-02-28T08:00:00Z",
                    "conclusionCode": [positive],
                    "subject": {"reference": "Patient/1"},
                }
            },
        ],
    }
    file = tmp_path / "lab.json"
    file.write_bytes(msgspec.json.encode(message))
    platform = compose.open_platform(make(tmp_path / "ws", drill), SetClock(START))
    try:
        reading = file_import.case_reading({}, {}, "utf-8", ",")
        report = file_import.report_cases(platform, local_admin(), [file], "lab", reading)
    finally:
        platform.close()
    assert (report.stored, report.rejected) == ((1, 0) if drill else (0, 1))
