"""A confirmed case traces its contacts by itself; in an emergency they become tasks, in
peacetime nothing happens.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.helpers.cities import COMMUNITY, Desk

from twinward.app.workspace import read_mark
from twinward.cli.main import main
from twinward.core.clock import format_time
from twinward.service.access import activations
from twinward.service.incidents import queries

TOGETHER = (121.48, 31.23)
FAR = (121.60, 31.40)


def movement(path: Path, start: object, who: dict[str, tuple[float, float]]) -> Path:
    """Four hours of a fix every five minutes for each subject, standing still."""
    lines = ["subject,time,lon,lat,error_m"]
    for subject, (lon, lat) in who.items():
        for n in range(48):
            at = format_time(start + timedelta(minutes=5 * n))  # type: ignore[operator]
            lines.append(f"{subject},{at},{lon},{lat},10")
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


@pytest.fixture()
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path / "ws")
    who = {"ill": TOGETHER, "friend": TOGETHER, "stranger": FAR}
    file = movement(tmp_path / "fixes.csv", desk.clock.now() - timedelta(hours=6), who)
    assert main(["lake", "ingest", str(file), "--workspace", str(desk.workspace), "--json"]) == 0
    return desk


def report_ill(desk: Desk) -> None:
    desk.send(
        "ReportCase",
        case="c1",
        subject="ill",
        hazard="epidemic",
        area=COMMUNITY,
        status="confirmed",
        found_in="community",
    )
    desk.platform.loop.catch_up()


def contact_tasks(desk: Desk) -> list[object]:
    return [
        task
        for task in queries.list_tasks(desk.platform, status="open")
        if task.contact is not None
    ]


def test_in_an_emergency_the_contact_becomes_a_task_of_the_community(desk: Desk) -> None:
    activations.open_activation(
        desk.platform,
        desk.me,
        hazard="epidemic",
        areas=["all"],
        purposes=["trace"],
        days=30,
        by="duty officer",
        basis="test of the law",
    )
    report_ill(desk)
    (task,) = contact_tasks(desk)
    assert task.department == "civil_affairs"  # type: ignore[attr-defined]
    with desk.platform.store.read() as rows:
        (contact,) = rows.list_rows("contacts")
        looks = rows.events_after(0, 1000, types=["LookRecorded"])
    assert contact.subject == "friend"
    assert 0.5 <= contact.probability <= 1.0
    assert [look.actor for look in looks] == ["loop"]


def test_asking_again_after_a_crash_names_nobody_twice(desk: Desk) -> None:
    activations.open_activation(
        desk.platform,
        desk.me,
        hazard="epidemic",
        areas=["all"],
        purposes=["trace"],
        days=30,
        by="duty officer",
        basis="test of the law",
    )
    report_ill(desk)
    desk.platform.store.write(lambda tx: tx.set_offset("tracing", 0))
    desk.platform.loop.catch_up()
    assert len(contact_tasks(desk)) == 1


def test_in_peacetime_nobody_is_traced(desk: Desk) -> None:
    report_ill(desk)
    assert contact_tasks(desk) == []
    with desk.platform.store.read() as rows:
        assert rows.count("contacts") == 0
        assert rows.get_offset("tracing") == rows.last_seq()


def test_a_workspace_without_movement_goes_on(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "ws")
    report_ill(desk)
    assert read_mark(desk.workspace).kind == "ordinary"
    assert len(queries.list_incidents(desk.platform)) == 1
