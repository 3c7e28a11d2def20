"""A workspace under supervision: what is registered, recorded, read, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from helpers.cities import make_city
from twinward.app import compose
from twinward.app.workspace import init_workspace
from twinward.core.clock import SetClock
from twinward.service.access.activations import open_activation
from twinward.service.intake.commands import BatchAccount, submit_objects
from twinward.service.intake.observations import checks_of, submit
from twinward.service.platform import Caller, Platform, local_admin
from twinward.twins.emergency.supervision.rows import DEFECTS, FoundDefect
from twinward.twins.emergency.tasks.rows import TASKS, Task

SUNDAY = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)


class SupervisedCity:
    """A workspace with a clock that is set by hand; everything is asked as from outside."""

    def __init__(self, platform: Platform, clock: SetClock) -> None:
        self.platform, self.clock = platform, clock
        self.me = local_admin()
        self._sent = 0

    @property
    def root(self) -> str:
        return self.platform.reference.areas.root

    def tell(self, command: str, caller: Caller | None = None, **fields: object) -> BatchAccount:
        """One command as from outside; the loop answers it."""
        self._sent += 1
        item = {"type": command, "id": f"told-{self._sent}", **fields}
        found = submit_objects(self.platform, caller or self.me, [item], "phone")
        self.platform.loop.catch_up()
        return found

    def refused(self, command: str, caller: Caller | None = None, **fields: object) -> str:
        """The code with which a command is refused; empty when it is not."""
        account = self.tell(command, caller, **fields)
        return account.rejected[0].code if account.rejected else ""

    def put(self, module: str, kind: str, thing: str, /, **fields: object) -> None:
        fields = {"area": self.root} | fields
        account = self.tell("RegisterObject", object=thing, module=module, kind=kind, **fields)
        assert account.stored == 1, account.rejected

    def check(self, thing: str, check: str, /, **answers: object) -> None:
        account = self.tell("RecordCheck", object=thing, check=check, answers=answers)
        assert account.stored == 1, account.rejected

    def read(self, source: str, *readings: tuple[str, str, datetime, float, str | None]) -> None:
        """Readings (device, type, instant, value, unit) come in, and what they say is settled."""
        items = []
        for device, kind, at, value, unit in readings:
            self._sent += 1
            item: dict[str, object] = {
                "source_id": f"{device}/1/{self._sent}",
                "type": kind,
                "occurred_at": at.isoformat(),
                "subject": device,
                "area": self.root,
                "value": value,
            }
            items.append(item | ({"unit": unit} if unit else {}))
        self.observe(source, items)

    def observe(
        self, source: str, items: list[dict[str, object]], caller: Caller | None = None
    ) -> BatchAccount:
        body = msgspec.json.encode({"source": source, "items": items})
        account = submit(self.platform, caller or self.me, checks_of(self.platform), body).result()
        self.settle()
        return account

    def settle(self) -> None:
        self.platform.supervision.settle()
        self.platform.loop.catch_up()

    def restart(self) -> None:
        """The process ends, and another opens the workspace."""
        folder = self.platform.workspace
        self.platform.close()
        self.platform = compose.open_platform(folder, self.clock)

    def move(self, folder: Path) -> None:
        """The process ends, and another opens the workspace in `folder`."""
        self.platform.close()
        self.platform = compose.open_platform(folder, self.clock)

    def wait(self, **span: float) -> None:
        """Time passes; what it brings is found."""
        self.clock.at += timedelta(**span)
        self.platform.loop.tick(self.clock.at)
        self.settle()

    def activate(self, days: int = 14) -> str:
        return open_activation(
            self.platform,
            self.me,
            hazard="epidemic",
            areas=["all"],
            purposes=["care", "trace"],
            days=days,
            by="duty officer",
            basis="order 12 of the commission",
        )

    def defects(self, **equals: object) -> list[FoundDefect]:
        with self.platform.store.read() as rows:
            return rows.list_rows(DEFECTS, order="opened_at", **equals)

    def tasks(self) -> list[Task]:
        with self.platform.store.read() as rows:
            return rows.list_rows(TASKS)


@contextmanager
def supervised_city(
    folder: Path, at: datetime = SUNDAY, districts: tuple[str, ...] = (), database: str = ""
) -> Iterator[SupervisedCity]:
    """With `districts`, in areas of the reference city; without, any area is one. `database`: where
    its log is, else in its folder.
    """
    init_workspace(folder)
    if database:
        (folder / "settings.toml").write_text(f'[storage]\nurl = "{database}"\n', "utf-8")
    if districts:
        make_city(folder, *districts)
    clock = SetClock(at)
    platform = compose.open_platform(folder, clock)
    city = SupervisedCity(platform, clock)
    try:
        yield city
    finally:
        city.platform.close()
