"""A small managed or unmanaged workspace with a tree of areas, some cases, and people of every
role who ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from twinward.api.main import make_api
from twinward.app import compose
from twinward.app.workspace import init_workspace
from twinward.citybase.schema import Area
from twinward.core.clock import SetClock
from twinward.security.identity.people import Caller
from twinward.service.access import activations
from twinward.service.intake.commands import submit_objects
from twinward.service.platform import Platform, local_admin
from twinward.twins.city.areas import AreaTree

START = datetime(2022, 4, 1, 9, 0, tzinfo=UTC)
# "1" and "10" are siblings: a rule by prefix alone would hand one's persons to the other
# fmt: off
AREAS = (("3", "city", None), ("31", "district", "3"), ("310", "district", "3"), ("32", "district", "3"),
         ("31-a", "street", "31"), ("31-b", "street", "31"), ("310-a", "street", "310"), ("32-a", "street", "32"))
# fmt: on
LEAVES = ("31-a", "31-b", "310-a", "32-a")
PEOPLE = {
    "li": Caller(name="li", role="duty_officer"),
    "wang": Caller(name="wang", role="case_investigator", areas=("31",)),
    "zhao": Caller(name="zhao", role="community_officer", areas=("31-a",)),
    "chen": Caller(name="chen", role="department_officer", department="health"),
    "sun": Caller(name="sun", role="hospital", areas=("31",)),
    "ma": Caller(name="ma", role="planner"),
    "wu": Caller(name="wu", role="auditor"),
    "xu": Caller(name="xu", role="data_officer"),
    "root": Caller(name="root", role="administrator"),
    "hu": Caller(name="hu", role="public"),
    "box": Caller(name="box", role="edge"),
}


class World:
    """An open platform with its API, and shorthand for acting as somebody."""

    def __init__(self, platform: Platform, clock: SetClock) -> None:
        self.platform, self.clock = platform, clock
        platform.accounts._hasher = PasswordHasher(
            time_cost=1, memory_cost=8, parallelism=1
        )  # seconds, not minutes
        self.client = TestClient(
            make_api(platform),
            "http://127.0.0.1",
            raise_server_exceptions=False,
            client=("127.0.0.1", 50000),
        )

    def headers(self, who: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.tokens(who).access}"}

    def tokens(self, who: str) -> Any:
        """A session of one of PEOPLE, whose account is made on first use."""
        accounts, person, now = self.platform.accounts, PEOPLE[who], self.clock.now()
        if who not in {account.name for account in accounts.list_accounts()}:
            accounts.add(
                who,
                person.role,
                now,
                department=person.department,
                areas=person.areas,
                factor=False,
            )
            accounts.lock(who, locked=True)
            accounts.lock(who, locked=False)
        return self.platform.sessions.open(accounts.get(who), "test", now)

    def get(self, who: str, path: str, **params: Any) -> Any:
        return self.client.get(path, headers=self.headers(who), params=params)

    def post(self, who: str, path: str, body: Any) -> Any:
        return self.client.post(path, headers=self.headers(who), json=body)

    def report_cases(self, per_leaf: int = 3) -> None:
        items = [
            {
                "type": "ReportCase",
                "id": f"r-{leaf}-{n}",
                "case": f"c-{leaf}-{n}",
                "hazard": "epidemic",
                "area": leaf,
                "status": "confirmed",
                "person": {
                    "name": f"Canary {leaf} {n}",
                    "document": f"DOC-CANARY-{leaf}-{n}",
                    "phone": f"+86-CANARY-{leaf}-{n}",
                    "address": f"{n} Canary Lane",
                },
            }
            for leaf in LEAVES
            for n in range(per_leaf)
        ]
        account = submit_objects(self.platform, local_caller(), items, "test")
        assert account.stored == len(items), account
        self.platform.loop.catch_up()

    def report_one(self, leaf: str, name: str) -> None:
        item = {
            "type": "ReportCase",
            "id": f"r-{name}",
            "case": f"c-{name}",
            "hazard": "epidemic",
            "area": leaf,
            "status": "confirmed",
            "person": {"name": f"Canary {name}"},
        }
        assert submit_objects(self.platform, local_caller(), [item], "test").stored == 1

    def person(self, who: str) -> Caller:
        return PEOPLE[who]

    def open_activation(
        self, areas: tuple[str, ...] = ("all",), purposes: tuple[str, ...] = ("trace", "vault")
    ) -> str:
        return activations.open_activation(
            self.platform,
            PEOPLE["li"],
            hazard="epidemic",
            areas=list(areas),
            purposes=list(purposes),
            days=7,
            by="li",
            basis="Law on infectious diseases, article 42",
        )

    def events(self, *types: str) -> list[Any]:
        with self.platform.store.read() as rows:
            return rows.events_after(0, 100_000, types=types or None)


def local_caller() -> Caller:
    return local_admin()


@pytest.fixture
def people() -> dict[str, Caller]:
    return PEOPLE


@pytest.fixture
def tree() -> AreaTree:
    return AreaTree(
        "3", [Area(code=c, name=c, level=lv, parent=p, lon=121.4, lat=31.2) for c, lv, p in AREAS]
    )


@pytest.fixture
def make_world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tree: AreaTree
) -> Iterator[Callable[..., World]]:
    monkeypatch.setattr(compose, "open_areas", lambda workspace: tree)
    opened: list[Platform] = []

    def make(*, managed: bool = False) -> World:
        folder = tmp_path / f"workspace-{len(opened)}"
        init_workspace(folder, managed=managed)
        clock = SetClock(START)
        opened.append(compose.open_platform(folder, clock))
        return World(opened[-1], clock)

    yield make
    for platform in opened:
        platform.close()


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return make_world(managed=True)
