"""An isolated person opens the door while the network is cut: the edge alarms at once, and at the
end of the outage the centre has the same alarm, once, as one task that a visit closes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from helpers.supervised import SUNDAY, SupervisedCity, supervised_city
from twinward.core.clock import SetClock
from twinward.edge.agent.config import Device, EdgeConfig, EdgeIdentity, LocalAction
from twinward.edge.agent.keeper import Keeper
from twinward.edge.agent.store import EdgeStore
from twinward.library.supervision.module_files import bundled_modules

PERSON = "p-0123456789abcdef0123"
HOME = {"area": "city", "subject": PERSON, "devices": ["door-7"], "edge": "edge-1"}


class CutOffBox:
    """The agent's own keeper with rules of the module, and nothing that it could send to."""

    def __init__(self, folder: Path, clock: SetClock) -> None:
        self.clock = clock
        self.screen = folder / "screen.txt"
        rules = tuple(
            msgspec.structs.replace(rule, action="buzzer") if "opened" in rule.id else rule
            for rule in bundled_modules()["home-isolation"].rules()
        )
        config = EdgeConfig(
            edge=EdgeIdentity(id="edge-1"),
            devices=(Device(id="door-7", profile="door-sensor", area="city", place="home-7"),),
            rules=rules,
            actions=(
                LocalAction(
                    name="buzzer",
                    kind="screen",
                    target=str(self.screen),
                    text="{device} is open",
                    authorised_by="street office",
                ),
            ),
        )
        self.store = EdgeStore(folder / "edge.db")
        self.keeper = Keeper(config, self.store, clock)
        self.keeper.start()
        self.seq = 0

    def hear(self, value: float, at: datetime) -> None:
        self.seq += 1
        self.clock.at = max(self.clock.at, at)
        item = {"boot": "b1", "seq": self.seq, "type": "door", "value": value}
        body = msgspec.json.encode(item | {"occurred_at": at.isoformat()})
        self.keeper.submit_items("door-7", [body]).result(timeout=60)

    def until(self, at: datetime) -> None:
        """Time goes on and the keeper has looked at it."""
        self.clock.at = at
        self.keeper.submit(lambda: None).result(timeout=60)

    def hand_over(self) -> list[dict[str, object]]:
        """What waits for the centre, alarms first."""
        lanes = (("alarm",), ("status", "bulk"))
        return [
            msgspec.json.decode(one.body)
            for lane in lanes
            for one in self.store.list_waiting(lane, 10_000)  # type: ignore[arg-type]
        ]

    def close(self) -> None:
        self.keeper.stop()
        self.store.close()


@contextmanager
def box(folder: Path) -> Iterator[CutOffBox]:
    folder.mkdir()
    one = CutOffBox(folder, SetClock(SUNDAY))
    try:
        yield one
    finally:
        one.close()


def isolate(city: SupervisedCity) -> None:
    city.activate()
    city.put("home-isolation", "home", "home-7", **HOME)


def test_the_same_alarm_after_the_outage_is_one_task_that_a_visit_closes(tmp_path: Path) -> None:
    with supervised_city(tmp_path / "city") as city, box(tmp_path / "edge") as edge:
        isolate(city)
        opened = SUNDAY + timedelta(hours=1)
        edge.hear(0.0, SUNDAY + timedelta(minutes=10))
        edge.hear(1.0, opened)
        edge.until(opened + timedelta(minutes=5))
        told = [one for one in edge.hand_over() if one["type"] == "alarm"]
        assert len(told) == 1, "the edge alarmed by itself"
        edge.hear(0.0, opened + timedelta(minutes=20))

        city.wait(hours=9)
        assert city.defects() == [], "nothing was heard: the source itself is cut off"
        waiting = edge.hand_over()
        assert city.observe("edge-1", waiting).stored == len(waiting)
        found = city.defects()
        assert [(one.kind, one.object, one.status) for one in found] == [
            ("left-home", "home-7", "open")
        ]
        assert found[0].began_at == opened + timedelta(minutes=2)
        assert found[0].began_at.isoformat() == str(told[0]["occurred_at"]).replace("Z", "+00:00")
        (task,) = [one for one in city.tasks() if one.incident == found[0].id]
        assert (task.status, task.department) == ("ordered", "civil_affairs")

        assert city.observe("edge-1", waiting).duplicate == len(waiting)
        assert len(city.defects()) == 1, "sent twice, it is one alarm"
        said = city.refused(
            "CompleteTask", task=task.id, department="civil_affairs", result="all quiet"
        )
        assert said == "not_evident"
        city.check("home-7", "visit", at_home=True)
        assert [one.status for one in city.tasks()] == ["done"]


def test_the_centre_finds_the_alarm_that_the_edge_had_no_rule_for(tmp_path: Path) -> None:
    with supervised_city(tmp_path / "city") as city, box(tmp_path / "edge") as edge:
        isolate(city)
        opened = SUNDAY + timedelta(hours=1)
        edge.hear(1.0, opened)
        edge.hear(0.0, opened + timedelta(minutes=20))
        city.clock.at = opened + timedelta(hours=3)
        readings = [one for one in edge.hand_over() if one["type"] == "door"]
        city.observe("edge-1", readings)
        (found,) = city.defects()
        assert found.found == "event" and found.began_at == opened + timedelta(minutes=2)
        alarms = [one for one in edge.hand_over() if one["type"] == "alarm"]
        city.observe("edge-1", alarms)
        assert len(city.defects()) == 1, "the edge tells of what the centre has found"


def test_a_door_that_was_shut_in_time_is_no_alarm_however_late_it_is_told(tmp_path: Path) -> None:
    with supervised_city(tmp_path) as city:
        isolate(city)
        opened = SUNDAY + timedelta(hours=1)
        city.clock.at = opened + timedelta(hours=8)
        city.read("edge-1", ("door-7", "door", opened, 1.0, None))
        city.wait(minutes=5)
        assert city.defects() == [], "the door may have been shut: that is still on its way"
        city.read("edge-1", ("door-7", "door", opened + timedelta(seconds=90), 0.0, None))
        assert city.defects() == []


def test_nobody_is_supervised_without_an_activation_or_after_it(tmp_path: Path) -> None:
    with supervised_city(tmp_path) as city:
        told = {"object": "home-7", "module": "home-isolation", "kind": "home"}
        assert city.refused("RegisterObject", **told, **HOME) == "peacetime"
        city.activate(days=1)
        city.put("home-isolation", "home", "home-7", **HOME)
        city.clock.at += timedelta(hours=2)
        city.read("edge-1", ("door-7", "door", city.clock.at - timedelta(minutes=30), 1.0, None))
        city.read("edge-1", ("door-7", "door", city.clock.at, 1.0, None))
        assert [one.status for one in city.defects()] == ["open"]
        city.wait(hours=30)
        assert [one.status for one in city.defects()] == ["dismissed"]
        assert [one.status for one in city.tasks()] == ["dropped"]
        city.read("edge-1", ("door-7", "door", city.clock.at, 1.0, None))
        city.wait(hours=1)
        assert len(city.defects()) == 1
