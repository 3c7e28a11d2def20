"""Tiny cities and open platforms for tests: areas from the bundled scenario, a clock that stands
still, one caller.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from twinward.app import compose
from twinward.app.workspace import init_workspace
from twinward.citybase.columns import CityManifest, write_manifest
from twinward.citybase.schema import SCHEMA_VERSION, Area
from twinward.core.clock import SetClock
from twinward.service.incidents import event_queries, queries
from twinward.service.intake import commands
from twinward.service.platform import Platform, local_admin

START = datetime(2022, 3, 1, 8, tzinfo=UTC)
SHANGHAI = Path(__file__).resolve().parents[2] / "scenarios" / "shanghai"
HUANGPU = "310101"
COMMUNITY = "310101002001"  # in subdistrict 310101002 of Huangpu
NEIGHBOUR = "310101002002"
PUDONG_COMMUNITY = "310115004001"


def list_areas(*districts: str) -> list[Area]:
    """The areas of the reference city, or only those of some districts."""
    return [one for one in all_areas() if not districts or one.code.startswith(districts)]


@cache
def all_areas() -> tuple[Area, ...]:
    """Every area of the reference city, read once."""
    found = []
    for level, file in (
        ("district", "districts"),
        ("subdistrict", "subdistricts"),
        ("community", "communities"),
    ):
        with (SHANGHAI / f"{file}.csv").open(encoding="utf-8-sig", newline="") as rows:
            for row in csv.DictReader(rows):
                parent = row.get("parent") or parent_of(row["code"], level)
                found.append(
                    Area(
                        code=row["code"],
                        name=row["name"],
                        level=level,
                        parent=parent,
                        lon=121.48,
                        lat=31.23,
                    )
                )
    return tuple(found)


def parent_of(code: str, level: str) -> str | None:
    return {"district": None, "subdistrict": code[:6], "community": code[:9]}[level]


def make_city(workspace: Path, *districts: str, zone: str = "Asia/Shanghai") -> None:
    """A city of names and codes alone: what the loop needs, without residents."""
    areas = list_areas(*districts)
    (workspace / "city").mkdir(parents=True, exist_ok=True)
    manifest = CityManifest(
        schema_version=SCHEMA_VERSION,
        name="shanghai",
        timezone=zone,
        sha256="",
        lengths={},
        leaf_codes=[],
        areas=areas,
        report={},
        fidelity={},
    )
    write_manifest(manifest, workspace / "city")


class Desk:
    """One open platform with the hands to use it; the loop answers when `post` returns."""

    def __init__(
        self,
        workspace: Path,
        *,
        settings: str = "",
        districts: tuple[str, ...] = (HUANGPU, "310115"),
        zone: str = "Asia/Shanghai",
    ) -> None:
        self.workspace = workspace
        self.clock = SetClock(START)
        self.closed = False
        init_workspace(workspace)
        make_city(workspace, *districts, zone=zone)
        if settings:
            (workspace / "settings.toml").write_text(settings, "utf-8")
        self.platform: Platform = compose.open_platform(workspace, self.clock)
        self.me = local_admin()
        self.numbers: Iterator[int] = iter(range(10**9))

    def reopen(self) -> None:
        self.platform.close()
        self.platform = compose.open_platform(self.workspace, self.clock)

    def send(self, kind: str, /, **fields: Any) -> commands.BatchAccount:
        """One command, not yet answered by the loop."""
        item = {"id": fields.pop("id", f"{kind}-{next(self.numbers)}"), "type": kind, **fields}
        return commands.submit_objects(self.platform, self.me, [item], "test")

    def post(self, kind: str, /, **fields: Any) -> commands.BatchAccount:
        account = self.send(kind, **fields)
        self.platform.loop.catch_up()
        return account

    def refusal(self, kind: str, /, **fields: Any) -> str:
        """The code with which a command is refused."""
        account = self.post(kind, **fields)
        assert account.rejected, f"{kind} was taken"
        assert account.rejected[0].advice or account.rejected[0].code == "duplicate"
        return account.rejected[0].code

    def case(self, number: int = 1, area: str = COMMUNITY, **fields: Any) -> commands.BatchAccount:
        told = {
            "case": f"c-{number}",
            "subject": f"p-{number}",
            "hazard": "epidemic",
            "area": area,
        } | {
            "status": "confirmed",
            "found_in": "community",
            **fields,
        }
        return self.post("ReportCase", **told)

    def pass_time(self, **by: float) -> None:
        self.clock.advance(timedelta(**by))
        self.platform.loop.tick(self.clock.now())
        self.platform.loop.catch_up()

    def today(self) -> str:
        """The city's day."""
        return self.platform.reference.day_of(self.clock.now()).isoformat()

    def incidents(self, **more: Any) -> list[Any]:
        return queries.list_incidents(self.platform, **more)

    def incident(self, **more: Any) -> dict[str, Any]:
        """The only incident, whole."""
        (row,) = self.incidents()
        return queries.get_incident(self.platform, row["id"], **more)

    def tasks(self, status: str | None = None, **more: Any) -> list[Any]:
        return queries.list_tasks(self.platform, status=status, limit=10_000, **more)

    def task(self, key: str) -> Any:
        return next(task for task in self.tasks() if task.key == key)

    def events(self) -> list[Any]:
        found: list[Any] = []
        while page := event_queries.list_events(
            self.platform, found[-1]["seq"] if found else 0, 10_000
        ):
            found += page
        return found

    def complete(self, task: Any, **fields: Any) -> commands.BatchAccount:
        told = {"task": task.id, "department": task.department, "result": "done", **fields}
        return self.post("CompleteTask", **told)

    def complete_all(self, *, but: tuple[str, ...] = ()) -> None:
        """Departments finish every order there is, and those that follow, except the departments in
        `but`.

        Each case has named one contact, who is located, isolated and tested: without one nothing
        would be shown.
        """
        self.trace_all()
        while orders := [
            t for t in self.tasks("open") if t.status != "waiting" and t.department not in but
        ]:
            for task in orders:
                assert self.complete(task).stored == 1

    def trace_all(self) -> None:
        """One contact of every case is named and tested."""
        named = {row.case for row in self.rows("contacts")}
        for case in self.rows("cases"):
            if case.id not in named and case.status in ("confirmed", "asymptomatic"):
                told = {
                    "contact": f"of-{case.id}",
                    "case": case.id,
                    "subject": f"of-{case.subject}",
                    "area": case.area,
                }
                self.post("NameContact", **told)
                for step in ("located", "isolated", "tested_negative"):
                    self.post("UpdateContact", contact=f"of-{case.id}", step=step)

    def quiet_days(self, days: int, area: str = HUANGPU) -> None:
        """Every day the district says that its count is complete and zero."""
        for _ in range(days):
            self.pass_time(days=1)
            day = self.clock.now().date().isoformat()
            self.post(
                "ReportCount", hazard="epidemic", area=area, day=day, status="confirmed", count=0
            )
            self.platform.loop.tick(self.clock.now())
            self.platform.loop.catch_up()

    def rows(self, table: str, **equals: Any) -> list[Any]:
        with self.platform.store.read() as reader:
            return reader.list_rows(table, **equals)

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.platform.close()
