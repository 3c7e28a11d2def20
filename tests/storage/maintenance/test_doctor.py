"""The doctor finds what is broken and says what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reference.observing import as_rows, position, reading
from twinward.core.messages import Counts
from twinward.storage.lake.lake import Lake
from twinward.storage.maintenance.doctor import Finding, check_at_rest, check_workspace
from twinward.storage.observations.intake import DurableIntake


@pytest.fixture
def examine(
    tmp_path: Path, open_at: Any, words: Any, clock: Any
) -> Callable[..., dict[str, Finding]]:
    """A workspace with a little of everything, broken by the test, then looked over; findings
    that are not ok.
    """
    store = open_at(tmp_path)

    def apply(tx: Any, event: Any) -> None:
        tx.put("incidents", words.Incident(id=event.incident, area=event.area), event.occurred_at)

    def work(tx: Any) -> None:
        for event in tx.append(
            words.ask("cmd-1"), [words.opened("inc-1"), words.opened("inc-2")], words.START
        ):
            apply(tx, event)

    store.write(work)
    lake = Lake(tmp_path / "lake")
    intake = DurableIntake(
        tmp_path / "observations", clock, lambda rows, at: lake.append([rows], at)
    )
    intake.accept("lab", as_rows([reading(1), position(1)]), 0).result()
    intake.drain()
    intake.accept("lab", as_rows([reading(2)]), 0).result()
    intake.close()

    def look(*texts: str) -> dict[str, Finding]:
        connection = store.database.connect(write=True)
        for text in texts:
            connection.execute(text)
        connection.close()
        found = check_workspace(tmp_path, store, apply)
        return {
            finding.check: finding
            for finding in found
            if finding.status != "ok" and finding.check != "disk"
        }

    return look


def test_a_sound_workspace_is_sound(examine: Any) -> None:
    assert examine() == {}


@pytest.mark.parametrize(
    ("text", "check"),
    [
        ("UPDATE events SET actor = 'x' WHERE seq = 1", "chain"),
        ("DELETE FROM incidents WHERE row_key = 'inc-2'", "projections"),
        (
            "UPDATE incidents SET row_body = (SELECT row_body FROM incidents WHERE row_key = "
            "'inc-2')",
            "projections",
        ),
        ("INSERT INTO source_counts VALUES ('gate', 3, 1, 1, 0)", "counts"),
    ],
)
def test_what_was_changed_in_the_database_is_found(examine: Any, text: str, check: str) -> None:
    found = examine(text)
    assert list(found) == [check]
    assert found[check].status == "fail"
    assert found[check].advice


def test_a_torn_inbox_and_a_missing_file_of_the_lake_are_found(
    examine: Any, tmp_path: Path
) -> None:
    frames = next((tmp_path / "observations" / "inbox").glob("*.frames"))
    frames.write_bytes(frames.read_bytes()[:-3])
    next((tmp_path / "lake").glob("subject-*.parquet")).unlink()
    found = examine()
    assert {check: finding.status for check, finding in found.items()} == {
        "inbox": "warn",
        "lake": "fail",
    }


def test_a_row_that_no_event_made_is_found(examine: Any, tmp_path: Path) -> None:
    rows = (
        "SELECT 'inc-9', row_area, row_recorded_at, row_subject, state, level, load, urgent, "
        "due_at, note, row_body"
    )
    history = "SELECT row_area, 'inc-2', 99, row_valid_from, row_recorded_at, row_subject, row_body"
    found = examine(
        f"INSERT INTO incidents {rows} FROM incidents WHERE row_key = 'inc-1'",
        f"INSERT INTO incidents_history {history} FROM incidents_history WHERE row_key = 'inc-1'",
    )
    assert list(found) == ["projections"]


def test_counts_of_both_ways_in_are_added(examine: Any) -> None:
    assert Counts(received=1, stored=1).balanced
    assert examine("INSERT INTO source_counts VALUES ('lab', 1, 1, 0, 0)") == {}


def test_what_is_not_sealed_is_said(tmp_path: Path) -> None:
    (told,) = check_at_rest(tmp_path / "none")
    assert (told.status, "sealed" in told.found) == ("ok", True)
    (tmp_path / "lake").mkdir()
    tmp_path.chmod(0o700)
    (told,) = check_at_rest(tmp_path)
    assert told.status == "ok" and told.found.startswith("lake: ") and "not sealed" in told.found
    tmp_path.chmod(0o755)
    (told,) = check_at_rest(tmp_path)
    assert told.status == "warn" and "chmod 700" in told.advice
