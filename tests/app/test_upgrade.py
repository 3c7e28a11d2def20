"""A workspace that version 0.1.0 wrote opens, keeps what it held, upgrades and goes on.

`workspace-0.1.0.tar.xz` was made by the commands of version 0.1.0: a city of 1,100 residents, an
activation, three invented cases from a file, 240 fixes of six invented persons in the lake.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from twinward.app import compose
from twinward.app.maintenance import check_workspace, migrate_workspace
from twinward.core.clock import SetClock
from twinward.service.access.person_listing import list_persons
from twinward.service.incidents import queries
from twinward.service.platform import Platform, local_admin

KEPT = Path(__file__).with_name("workspace-0.1.0.tar.xz")
DAY_AFTER = datetime(2026, 11, 30, 1, tzinfo=UTC)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    with tarfile.open(KEPT) as kept:
        kept.extractall(tmp_path, filter="data")
    return tmp_path / "ws"


@pytest.fixture
def platform(workspace: Path) -> Iterator[Platform]:
    migrate_workspace(workspace, SetClock(DAY_AFTER))
    found = compose.open_platform(workspace, SetClock(DAY_AFTER))
    yield found
    found.close()


def test_what_was_kept_is_there(platform: Platform) -> None:
    incidents = queries.list_incidents(platform)
    assert [(row["area"], row["level"], row["status"]) for row in incidents] == [
        ("02", "IV", "open"),
        ("01", "IV", "open"),
    ]
    assert len(queries.list_tasks(platform)) == 13
    persons = list_persons(platform, local_admin(), "cases")
    assert persons.total == 3
    names = {platform.vault.open(row["subject"]).name for row in persons.items}
    assert names == {"Old Person One", "Old Person Two", "Old Person Three"}


def test_rows_are_brought_to_what_this_release_says_of_the_log(workspace: Path) -> None:
    before, now, rows = migrate_workspace(workspace, SetClock(DAY_AFTER))
    assert before <= now and rows > 0
    assert migrate_workspace(workspace, SetClock(DAY_AFTER)) == (now, now, 0)
    failed = [one for one in check_workspace(workspace, deep=True) if one.status == "fail"]
    assert failed == []


def test_the_loop_goes_on_where_it_was(platform: Platform) -> None:
    platform.loop.catch_up()
    status = queries.get_status(platform)
    assert status.loop_seq == status.last_seq
