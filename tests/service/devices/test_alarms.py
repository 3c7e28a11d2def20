"""The centre runs the rules that an edge is to run: an edge without rules still alarms, one with
rules alarms once, and both reach the same alarms.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from helpers.supervised import SUNDAY, SupervisedCity, supervised_city
from twinward.core.clock import SetClock, from_us
from twinward.edge.agent.config import Device, EdgeConfig, EdgeIdentity
from twinward.edge.agent.keeper import Keeper
from twinward.edge.agent.store import EdgeStore
from twinward.edge.agent.wire import EdgeStanding, SyncRequest
from twinward.edge.rules.rule import DeviceRule
from twinward.service.devices import alarms, bundles, fleet, registry
from twinward.service.platform import Caller
from twinward.twins.emergency.notices.rows import NOTICES

RULES = (
    DeviceRule(id="warm", type="temperature", above=8.0, clear=7.0, hold_s=60, beat_s=60),
    DeviceRule(id="hot", type="temperature", above=10.0, severity="alarm"),
    DeviceRule(id="often", kind="count", type="temperature", above=9.0, count=3, window_s=600),
    DeviceRule(id="open", type="door", above=0.5),
    DeviceRule(id="open-and-warm", kind="both", of=("open", "warm"), severity="alarm"),
    DeviceRule(id="silent", kind="dead_man", type="temperature", silence_s=900),
)
PERSON = "p-0123456789abcdef0123"


class Edge:
    """The agent's own keeper, with rules or without, and what it would send."""

    def __init__(self, folder: Path, *devices: str, rules: tuple[DeviceRule, ...] = ()) -> None:
        self.clock = SetClock(SUNDAY)
        placed = [
            Device(id=name, profile="cold-chain-logger", area="city", place=f"store-{k % 2}")
            for k, name in enumerate(devices)
        ]
        config = EdgeConfig(edge=EdgeIdentity(id="edge-1"), devices=tuple(placed), rules=rules)
        folder.mkdir()
        self.store = EdgeStore(folder / "edge.db")
        self.keeper = Keeper(config, self.store, self.clock)
        self.keeper.start()
        self.seq = self.sent = 0

    def hear(self, device: str, at: datetime, value: float, kind: str = "temperature") -> None:
        self.until(at)
        self.seq += 1
        item = {"boot": "b", "seq": self.seq, "type": kind, "value": value}
        body = msgspec.json.encode(item | {"occurred_at": at.isoformat()})
        self.keeper.submit_items(device, [body]).result(timeout=60)

    def until(self, at: datetime) -> None:
        self.clock.at = at
        self.keeper.submit(lambda: None).result(timeout=60)

    def take(self) -> list[dict[str, object]]:
        """What the centre has not got yet."""
        rows = self.store.db.execute(
            "SELECT n, body FROM reading WHERE n>? ORDER BY n", (self.sent,)
        ).fetchall()
        self.sent = rows[-1][0] if rows else self.sent
        return [msgspec.json.decode(body) for _, body in rows]

    def alarms(self) -> set[tuple[object, ...]]:
        rows = self.store.db.execute("SELECT rule, device, began_us, cleared_us FROM alarm")
        return {
            (rule, device, from_us(began), from_us(over) if over else None)
            for rule, device, began, over in rows
        }

    def stop(self) -> None:
        self.keeper.stop()
        self.store.close()


@pytest.fixture
def make_edge(tmp_path: Path) -> Iterator[Callable[..., Edge]]:
    made: list[Edge] = []

    def make(*devices: str, rules: tuple[DeviceRule, ...] = ()) -> Edge:
        made.append(Edge(tmp_path / f"edge-{len(made)}", *devices, rules=rules))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def run_bundle(city: SupervisedCity, *devices: str, rules: tuple[DeviceRule, ...] = RULES) -> None:
    for k, name in enumerate(devices):
        asked = registry.DeviceRequest(
            device=name,
            edge="edge-1",
            profile="cold-chain-logger",
            area="city",
            place=f"store-{k % 2}",
        )
        registry.add(city.platform, city.me, asked)
    told = {"because": "order 12"}
    bundles.keep_bundle(city.platform, city.me, "v1", rules=rules, **told)
    bundles.roll_out(city.platform, city.me, "v1", share=1.0, **told)
    city.read("edge-2", ("t-99", "temperature", SUNDAY, 1.0, "C"))  # it listens from now on


def shown(city: SupervisedCity) -> set[tuple[object, ...]]:
    found = alarms.list_alarms(city.platform, city.me, every=True)
    return {(one.rule, one.device, one.began_at, one.ended_at) for one in found}


def send(city: SupervisedCity, edge: Edge, *, alarms_too: bool = True) -> None:
    items = [one for one in edge.take() if alarms_too or one["type"] != "alarm"]
    city.clock.at = edge.clock.at
    if items:
        city.observe("edge-1", items)


def test_an_edge_without_rules_still_alarms_and_one_with_rules_alarms_once(
    tmp_path: Path, make_edge: Callable[..., Edge]
) -> None:
    for n, rules in enumerate(((), RULES)):
        edge = make_edge("t-1", rules=rules)
        with supervised_city(tmp_path / f"city-{n}") as city:
            run_bundle(city, "t-1")
            for minute, value in enumerate((5.0, 12.0, 12.5, 12.0, 5.0, 5.0)):
                edge.hear("t-1", SUNDAY + timedelta(minutes=minute), value)
                send(city, edge)
            at = {k: SUNDAY + timedelta(minutes=k) for k in range(6)}
            assert shown(city) == {
                ("hot", "t-1", at[1], at[4]),
                ("warm", "t-1", at[2], at[4]),
                ("often", "t-1", at[3], None),
            }
            by = {one.found for one in alarms.list_alarms(city.platform, city.me, every=True)}
            assert by == ({"edge"} if rules else {"centre"})
            with city.platform.store.read() as rows:
                told = [one.text_reasons[0].code for one in rows.list_rows(NOTICES)]
            assert told == ["notice.device_alarm"], "the hot one, once; warnings stand in the list"


SLOW_SEEDS = [pytest.param(n, marks=pytest.mark.slow) for n in range(2, 8)]


@pytest.mark.parametrize("seed", [1, *SLOW_SEEDS])
def test_edge_and_centre_reach_the_same_alarms(
    tmp_path: Path, make_edge: Callable[..., Edge], seed: int
) -> None:
    """Two loggers and two doors at two places; the centre is told no alarm of the edge. Now and
    then the centre ends, with what it has not drained, and begins again.
    """
    chance = random.Random(seed)
    devices = ("t-0", "t-1", "d-0", "d-1")
    edge = make_edge(*devices, rules=RULES)
    with supervised_city(tmp_path / "city") as city:
        run_bundle(city, *devices)
        at, restarts = SUNDAY, 0
        for minute in range(150):
            for name in devices:
                at = SUNDAY + timedelta(minutes=minute, seconds=10 * devices.index(name) + 5)
                door = name.startswith("d")
                quiet = name == "t-1" and 100 <= minute < 130
                if chance.random() < (0.3 if door else 0.9) and not quiet:
                    value = float(chance.random() < 0.5) if door else chance.uniform(4, 11)
                    edge.hear(name, at, round(value, 2), "door" if door else "temperature")
            if chance.random() < 0.4:
                send(city, edge, alarms_too=False)
            if chance.random() < 0.04:
                end_and_begin(city, settled=chance.random() < 0.5)
                restarts += 1
        assert restarts > 2
        edge.hear("t-0", at + timedelta(seconds=60), 5.0)
        edge.hear("t-0", at + timedelta(seconds=70), 5.0)
        send(city, edge, alarms_too=False)
        last = at + timedelta(seconds=55)

        def before(told: set[tuple[object, ...]]) -> set[tuple[object, ...]]:
            """The centre waits for what is on its way: the last seconds are not its yet."""
            return {
                (rule, device, began, over if over is not None and over <= last else None)
                for rule, device, began, over in told
                if began <= last  # type: ignore[operator]
            }

        assert before(shown(city)) == before(edge.alarms())
        assert {one[0] for one in edge.alarms()} == {one.id for one in RULES}


def end_and_begin(city: SupervisedCity, *, settled: bool) -> None:
    """`settled`: all that came was drained before; else it is shown again."""
    if settled:
        city.platform.intake.open().drain()  # type: ignore[attr-defined]
    city.restart()
    city.settle()


@pytest.mark.parametrize("settled", [True, False])
def test_a_state_that_must_last_goes_on_over_a_restart_of_the_centre(
    tmp_path: Path, make_edge: Callable[..., Edge], settled: bool
) -> None:
    """Above 8 degrees for 30 minutes; the centre ends after 20, and is away for 5."""
    edge = make_edge("t-1", "t-2")
    with supervised_city(tmp_path / "city") as city:
        rules = (
            DeviceRule(id="long", type="temperature", above=8.0, hold_s=1800),
            DeviceRule(id="often", kind="count", type="temperature", above=9.0, count=20, window_s=3600),
            DeviceRule(id="silent", kind="dead_man", type="temperature", silence_s=1500),
        )  # fmt: skip
        run_bundle(city, "t-1", "t-2", rules=rules)
        edge.hear("t-2", SUNDAY + timedelta(seconds=30), 5.0)
        for minute in range(40):
            edge.hear("t-1", SUNDAY + timedelta(minutes=minute), 12.0)
            if minute == 10 and settled:
                city.platform.intake.open().drain()  # type: ignore[attr-defined]
            if minute == 20:
                end_and_begin(city, settled=settled)
            if not 20 <= minute < 25:
                send(city, edge)
            else:
                city.clock.at = edge.clock.at
        assert shown(city) == {
            ("long", "t-1", SUNDAY + timedelta(minutes=30), None),
            ("often", "t-1", SUNDAY + timedelta(minutes=19), None),
            ("silent", "t-2", SUNDAY + timedelta(seconds=1530), None),
        }


def test_an_edge_with_an_account_is_heard_and_another_account_is_not_that_edge(
    tmp_path: Path, make_edge: Callable[..., Edge]
) -> None:
    edge = make_edge("t-1")
    gate, other = (Caller(name=name, role="sender", areas=("city",)) for name in ("gate", "other"))
    with supervised_city(tmp_path / "city") as city:
        run_bundle(city, "t-1")
        city.put("cold-chain", "freezer", "store-1", devices=["t-9"], edge="edge-1")
        zero = dict.fromkeys(EdgeStanding.__struct_fields__[:9], 0)
        standing = EdgeStanding(**zero, config_version="")
        fleet.sync(city.platform, gate, SyncRequest(edge="edge-1", standing=standing))
        edge.hear("t-1", SUNDAY, 12.0)
        told = edge.take()
        assert city.observe("edge-1", told, other).stored == 1
        assert shown(city) == set()
        assert city.observe("edge-1", told, gate).stored == 1
        assert shown(city) == {("hot", "t-1", SUNDAY, None)}
        assert {one.edge for one in alarms.list_alarms(city.platform, city.me)} == {"edge-1"}


def test_a_restart_of_the_centre_raises_nothing_twice_and_ends_what_is_over(
    tmp_path: Path, make_edge: Callable[..., Edge]
) -> None:
    edge = make_edge("t-1")
    with supervised_city(tmp_path / "city") as city:
        run_bundle(city, "t-1")
        for minute in range(3):
            edge.hear("t-1", SUNDAY + timedelta(minutes=minute), 12.0)
            send(city, edge)
        stood = {one[:2] for one in shown(city)}
        assert ("hot", "t-1") in stood
    from twinward.app import compose

    clock = SetClock(edge.clock.at)
    platform = compose.open_platform(tmp_path / "city", clock)
    try:
        again = SupervisedCity(platform, clock)
        again._sent = 1000
        for minute, value in ((3, 12.0), (4, 5.0), (5, 5.0)):
            edge.hear("t-1", SUNDAY + timedelta(minutes=minute), value)
            send(again, edge)
        hot = [one for one in shown(again) if one[0] == "hot"]
        assert hot == [("hot", "t-1", SUNDAY, SUNDAY + timedelta(minutes=4))]
    finally:
        platform.close()


def test_nothing_is_said_of_homes_and_what_a_module_says_is_its_defect(
    tmp_path: Path, make_edge: Callable[..., Edge]
) -> None:
    edge = make_edge("t-1", "t-2", rules=RULES)
    with supervised_city(tmp_path / "city") as city:
        city.activate()
        city.put("home-isolation", "home", "home-7", devices=["t-1"], edge="edge-1", subject=PERSON)
        city.put("cold-chain", "freezer", "store-1", devices=["t-9"], edge="edge-1")
        run_bundle(city, "t-1", "t-2")
        for minute in range(4):
            for name in ("t-1", "t-2"):
                edge.hear(name, SUNDAY + timedelta(minutes=minute, seconds=1), 12.0)
            send(city, edge)
        assert {one[1] for one in shown(city)} == {"t-2"}
        # an alarm of a module's rule is the defect of its object, and no second alarm
        item = {
            "source_id": f"cold-chain.too-warm:t-9/rule/{4 * 10**15 + 1}",
            "type": "alarm",
            "occurred_at": city.clock.at.isoformat(),
            "subject": "cold-chain.too-warm:t-9",
            "area": "city",
            "value": 1.0,
        }
        assert city.observe("edge-1", [item]).stored == 1
        assert {one[1] for one in shown(city)} == {"t-2"}
