"""Rules for the edges: signed, by version, at one edge, at a share, at all, and back; what is not of
the centre, or older than what runs, is refused and said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from helpers.supervised import SUNDAY, SupervisedCity, supervised_city
from twinward.core.clock import SetClock
from twinward.core.errors import AbsentError, ConflictError, InputError, RefusedError
from twinward.edge.agent.__main__ import main
from twinward.edge.agent.bundles import RulesOrder
from twinward.edge.agent.config import load_config
from twinward.edge.agent.device_orders import DeviceOrders
from twinward.edge.agent.keeper import Keeper
from twinward.edge.agent.parcels import public_of, sign
from twinward.edge.agent.store import EdgeStore
from twinward.edge.agent.sync import Syncer, standing_of
from twinward.edge.agent.tokens import TokenKeeper
from twinward.edge.rules.rule import DeviceRule
from twinward.security.identity.people import Caller
from twinward.service.devices import bundles, fleet
from twinward.twins.city.bundles.rows import RuleRollout

WARM = DeviceRule(id="warm", type="temperature", above=8.0)
HOT = DeviceRule(id="hot", type="temperature", above=30.0, severity="alarm")
CONFIG = """
[edge]
id = "{edge}"
rules_key = "{key}"
[[devices]]
id = "t-1"
profile = "thermometer"
area = "city"
[[rules]]
id = "own"
type = "temperature"
above = 50.0
"""


class Box:
    """An edge with its keeper; `exchange` is what its line to the centre would carry."""

    def __init__(self, folder: Path, city: SupervisedCity, edge: str, key: str) -> None:
        folder.mkdir(exist_ok=True)
        self.file, self.city = folder / "edge.toml", city
        self.file.write_text(CONFIG.format(edge=edge, key=key), "utf-8")
        self.config, self.clock = load_config(self.file), SetClock(SUNDAY)
        self.seq = 0
        self.start()

    def start(self) -> None:
        self.store = EdgeStore(self.config.path("edge.db"))
        self.keeper = Keeper(self.config, self.store, self.clock)
        self.keeper.start()
        orders = DeviceOrders(self.keeper, self.clock)
        self.syncer = Syncer(self.keeper, orders, self.clock, TokenKeeper(None))

    def exchange(self) -> None:
        """The edge says how it stands, gets its answer, and says how it stands now."""
        for _ in range(2):
            said = standing_of(self.config)
            answer = fleet.sync(self.city.platform, self.city.me, said)
            self.do(lambda said=said, answer=answer: self.syncer._apply(answer, said))  # type: ignore[misc]

    def do(self, work: Callable[[], object]) -> None:
        self.keeper.submit(work).result(timeout=60)

    def hear(self, value: float) -> None:
        self.seq += 1
        self.clock.at += timedelta(seconds=60)
        item = {"boot": "b", "seq": self.seq, "type": "temperature", "value": value, "unit": "C"}
        body = msgspec.json.encode(item | {"occurred_at": self.clock.at.isoformat()})
        self.keeper.submit_items("t-1", [body]).result(timeout=60)

    def runs(self) -> set[str]:
        return {one.id for one in self.keeper.config.rules}

    def alarms(self) -> dict[str, bool]:
        """Rule -> whether its alarm stands."""
        rows = self.store.db.execute("SELECT rule, cleared_us IS NULL FROM alarm").fetchall()
        return {rule: bool(stands) for rule, stands in rows}

    def says(self) -> fleet.EdgeView:
        views = fleet.list_edges(self.city.platform, self.city.me)
        return next(one for one in views if one.id == self.config.edge.id)

    def stop(self) -> None:
        self.keeper.stop()
        self.store.close()


@pytest.fixture
def city(tmp_path: Path) -> Iterator[SupervisedCity]:
    with supervised_city(tmp_path / "city") as one:
        yield one


@pytest.fixture
def box(tmp_path: Path, city: SupervisedCity) -> Iterator[Callable[..., Box]]:
    made: list[Box] = []

    def make(edge: str, key: str = "") -> Box:
        key = key or bundles.show_key(city.platform, city.me).rules_key
        made.append(Box(tmp_path / edge, city, edge, key))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def keep(
    city: SupervisedCity, version: str, *rules: DeviceRule, modules: tuple[str, ...] = ()
) -> None:
    told = {"because": "the commission's order 12", "modules": modules, "rules": rules}
    bundles.keep_bundle(city.platform, city.me, version, **told)  # type: ignore[arg-type]


def roll(city: SupervisedCity, version: str, *edges: str, share: float = 0.0) -> None:
    told = {"because": "tried", "edges": edges, "share": share}
    bundles.roll_out(city.platform, city.me, version, **told)  # type: ignore[arg-type]


def test_a_bundle_runs_at_one_edge_then_at_all_and_each_says_so(
    city: SupervisedCity, box: Callable[..., Box]
) -> None:
    one, two = box("edge-1"), box("edge-2")
    keep(city, "v1", WARM, modules=("cold-chain",))
    one.exchange()
    assert one.runs() == {"own"} and one.says().rules_version == ""

    roll(city, "v1", "edge-1")
    assert "rules" in one.says().late
    for each in (one, two):
        each.exchange()
    assert {"own", "warm", "cold-chain.too-warm"} <= one.runs() and two.runs() == {"own"}
    assert (one.says().rules_version, one.says().rules_wanted) == ("v1", "v1")
    assert "rules" not in one.says().late and two.says().rules_wanted == ""
    (view,) = bundles.list_bundles(city.platform, city.me)
    assert (view.state, view.edges, view.running) == ("staged", ("edge-1",), ("edge-1",))

    one.hear(20.0)
    assert one.alarms() == {"warm": True}
    roll(city, "v1", share=1.0)
    for each in (one, two):
        each.exchange()
    assert two.runs() == one.runs()
    assert bundles.get_bundle(city.platform, city.me, "v1").state == "stable"
    one.stop()
    one.start()
    assert "warm" in one.runs() and one.alarms() == {"warm": True}, "kept over a restart"


def test_a_bundle_is_rolled_back_and_alarms_of_its_rules_end(
    city: SupervisedCity, box: Callable[..., Box]
) -> None:
    one = box("edge-1")
    keep(city, "v1", HOT)
    keep(city, "v2", HOT, WARM)
    roll(city, "v1", share=1.0)
    roll(city, "v2", "edge-1")
    one.exchange()
    one.hear(40.0)
    assert one.alarms() == {"warm": True, "hot": True}
    with pytest.raises(InputError, match="nothing to roll back"):
        bundles.roll_back(city.platform, city.me, "v1", because="warm alarms all day")
    bundles.roll_back(city.platform, city.me, "v2", because="warm alarms all day")
    one.exchange()
    assert one.runs() == {"own", "hot"} and one.says().rules_version == "v1"
    assert one.alarms() == {"warm": False, "hot": True}
    bundles.roll_back(city.platform, city.me, "v1", because="none at all")
    one.exchange()
    assert one.runs() == {"own"} and one.says().rules_version == ""
    assert one.alarms() == {"warm": False, "hot": False}


def test_rules_that_another_has_signed_are_refused_and_that_is_seen(
    city: SupervisedCity, box: Callable[..., Box]
) -> None:
    stranger = Ed25519PrivateKey.generate()
    one, two = box("edge-1", public_of(stranger)), box("edge-2")
    keep(city, "v1", WARM)
    roll(city, "v1", share=1.0)
    one.exchange()
    assert one.runs() == {"own"}
    view = one.says()
    assert view.rules_version == "" and view.rules_refused.startswith("bad_signature")
    assert "rules" in view.late
    (bundle,) = bundles.list_bundles(city.platform, city.me)
    assert bundle.refused == {"edge-1": view.rules_refused} and bundle.running == ()

    def order(number: int, edge: str = "edge-1", *rules: DeviceRule) -> str:
        made = RulesOrder(edge=edge, number=number, bundle=f"n{number}", rules=rules)
        return sign(stranger, made).decode()

    one.do(lambda: one.keeper.take_rules(order(5, "edge-1", HOT)))
    assert one.runs() == {"own", "hot"}
    wrong = {
        "old_bundle": order(4, "edge-1", WARM),
        "other_edge": order(9, "edge-2", WARM),
        "bad_bundle": order(9, "edge-1", msgspec.structs.replace(WARM, action="siren")),
        "bad_rule": order(9, "edge-1", DeviceRule(id="no", type="temperature")),
        "bad_signature": order(9, "edge-1", WARM).replace("n9", "n8"),
    }
    for code, raw in wrong.items():
        one.do(lambda raw=raw: one.keeper.take_rules(raw))  # type: ignore[misc]
        assert one.runs() == {"own", "hot"}
        assert standing_of(one.config).standing.rules_refused.startswith(code)
    two.exchange()
    assert two.runs() == {"own", "warm"}


def test_rules_are_carried_to_an_edge_without_a_network(
    city: SupervisedCity,
    box: Callable[..., Box],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    one = box("edge-1")
    keep(city, "v1", WARM)
    with pytest.raises(AbsentError):
        bundles.export_rules(city.platform, city.me, "edge-1")
    roll(city, "v1", "edge-1")
    stick = tmp_path / "rules.json"
    stick.write_text(bundles.export_rules(city.platform, city.me, "edge-1"), "utf-8")
    asked = ["apply", "--config", str(one.file), str(stick), "--json"]
    assert main(asked) == 0
    assert msgspec.json.decode(capsys.readouterr().out) == {"rules_version": "v1", "rules": 2}
    one.do(lambda: None)
    assert one.runs() == {"own", "warm"}, "the agent that runs has them at once"
    stick.write_text(bundles.export_rules(city.platform, city.me, "edge-9"), "utf-8")
    assert main(asked) != 0 and "other_edge" in capsys.readouterr().out


def test_a_version_is_given_once_and_one_bundle_is_staged_at_a_time(city: SupervisedCity) -> None:
    keep(city, "v1", WARM)
    keep(city, "v2", HOT)
    with pytest.raises(ConflictError) as refused:
        keep(city, "v1", HOT)
    assert refused.value.code == "version_taken"
    for wrong in ((), (msgspec.structs.replace(WARM, above=None),), (WARM, WARM)):
        with pytest.raises(InputError):
            keep(city, "v3", *wrong)
    with pytest.raises(InputError):
        keep(city, "../v3", WARM)
    roll(city, "v1", "edge-1")
    with pytest.raises(ConflictError) as refused:
        roll(city, "v2", "edge-1")
    assert refused.value.code == "other_staged"
    with pytest.raises(ConflictError) as refused:
        roll(city, "v1", "edge-1")
    assert refused.value.code == "nothing_new"
    with pytest.raises(AbsentError):
        roll(city, "v9", "edge-1")
    officer = Caller(name="li", role="department_officer", department="health", areas=("city",))
    with pytest.raises(RefusedError):
        bundles.roll_out(city.platform, officer, "v1", because="let me", share=1.0)


def test_a_larger_share_holds_every_edge_of_a_smaller_one() -> None:
    edges = [f"edge-{n}" for n in range(1000)]
    before: set[str] = set()
    for share in (0.0, 0.05, 0.3, 1.0):
        row = RuleRollout(
            id="rules",
            area="*",
            number=1,
            staged="v2",
            stable="v1",
            share=share,
            at=SUNDAY,
            by="",
            because="",
        )
        staged = {edge for edge in edges if row.wanted_of(edge) == "v2"}
        assert before <= staged and abs(len(staged) - 1000 * share) < 40
        before = staged
    assert len(before) == 1000
