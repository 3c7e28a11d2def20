"""What was not heard from is told; homes of persons are told one by one under an activation only."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from helpers.cities import COMMUNITY, HUANGPU
from helpers.supervised import SupervisedCity, supervised_city
from twinward.core.errors import AbsentError, InputError, RefusedError
from twinward.edge.agent.config import load_config
from twinward.security.identity.people import Caller
from twinward.service.supervision.memory_file import MemoryFile
from twinward.service.supervision.module_bundles import add_module, edge_rules
from twinward.service.supervision.module_engine import ModuleEngine
from twinward.service.supervision.modules import get_coverage, list_defects, list_modules
from twinward.service.supervision.registering import register_objects
from twinward.twins.emergency import messages as m

PERSON = "p-{:020x}"
AUDITOR = Caller(name="audit", role="auditor")
OBJECTS = """object,module,kind,name,area,devices,edge,fact:capacity_t
store-1,cold-chain,freezer,Harbour,city,logger-1 door-1,edge-1,400
store-2,cold-chain,freezer,Station,city,logger-2,edge-1,150
market-1,cold-chain,market,Old market,city,,,
"""


def warm_stores(city: SupervisedCity, folder: Path) -> None:
    (folder / "objects.csv").write_text(OBJECTS, "utf-8")
    account = register_objects(city.platform, city.me, folder / "objects.csv", "file")
    assert (account.stored, account.rejected) == (3, [])


def test_never_heard_late_and_good_are_three_things(tmp_path: Path) -> None:
    with supervised_city(tmp_path) as city:
        warm_stores(city, tmp_path)
        again = register_objects(city.platform, city.me, tmp_path / "objects.csv", "file")
        assert again.duplicate == 3
        city.clock.at += timedelta(minutes=5)
        city.read("edge-1", ("logger-1", "temperature", city.clock.at, -20.0, "C"))
        city.check("market-1", "swabs", taken=12, positive=0)
        found = get_coverage(city.platform, city.me, "cold-chain")
        assert [(one.object, one.state) for one in found.items] == [
            ("store-2", "never"),
            ("market-1", "good"),
            ("store-1", "good"),
        ]
        figures = {one.id: one.value for one in found.module.figures}
        assert figures == {"freezers": 2, "capacity": 550, "positive": 0, "open": 0}
        city.clock.at += timedelta(minutes=25)
        late = get_coverage(city.platform, city.me, "cold-chain", state="late")
        assert [(one.object, one.late_h) for one in late.items] == [("store-1", 0.25)]
        assert (late.module.late, late.module.never) == (1, 1)
        city.wait(days=9)
        assert get_coverage(city.platform, city.me, "cold-chain", state="good").items == []
        missed = next(one for one in found.items if one.object == "market-1").checks
        assert [one.check for one in missed] == ["swabs"]


def test_homes_are_counted_with_k_and_shown_under_an_activation(tmp_path: Path) -> None:
    with supervised_city(tmp_path) as city:
        city.activate()
        for n in range(3):
            told = {"subject": PERSON.format(n), "devices": [f"door-{n}"]}
            city.put("home-isolation", "home", f"home-{n}", **told)
        city.wait(hours=29)
        kinds = {one.kind for one in list_defects(city.platform, city.me, module="home-isolation")}
        assert kinds == {"not-called", "contact-silent"}
        shown = get_coverage(city.platform, city.me, "home-isolation")
        assert len(shown.items) == 3 and shown.activation and not shown.module.hidden
        with city.platform.store.read() as rows:
            looks = rows.events_after(0, types=[m.PersonsListed.__name__])
        assert [one.actor for one in looks] == [city.me.name] * 2

        taken = get_coverage(city.platform, city.me, "home-isolation", file=True)
        assert taken.items == shown.items
        with city.platform.store.read() as rows:
            looks = rows.events_after(0, types=[m.PersonsListed.__name__])
        assert isinstance(looks[-1].fact, m.PersonsListed)
        assert looks[-1].fact.question == "file of the coverage of home-isolation"
        with pytest.raises(RefusedError):
            get_coverage(city.platform, AUDITOR, "home-isolation", file=True)

        veiled = get_coverage(city.platform, AUDITOR, "home-isolation")
        assert veiled.items == [] and not veiled.activation
        line = veiled.module
        assert (line.hidden, line.objects, line.defects, line.late) == (True, None, None, None)
        assert {one.value for one in line.figures} == {None}
        assert list_defects(city.platform, AUDITOR) == []
        listed = {one.id: one for one in list_modules(city.platform, AUDITOR)}
        assert listed["home-isolation"].objects is None
        told = msgspec.json.encode([veiled, shown, list(listed.values())])
        assert b"p-0000" not in told, "no pseudonym is in an answer about homes"


def test_who_answers_for_a_department_sees_its_defects(tmp_path: Path) -> None:
    with supervised_city(tmp_path, districts=(HUANGPU,)) as city:
        city.put("cold-chain", "freezer", "store-1", area=COMMUNITY)
        city.check("store-1", "goods", frozen=True, traced=False, surface_c=-20.0)
        city.check("store-1", "swabs", taken=9, positive=2)
        of = {"role": "department_officer", "areas": (HUANGPU,)}
        market = Caller(name="ma", department="market_supervision", **of)
        disease = Caller(name="di", department="disease_control", **of)
        assert [one.kind for one in list_defects(city.platform, market)] == ["lot-untraced"]
        assert [one.kind for one in list_defects(city.platform, disease)] == ["positive-swab"]
        elsewhere = Caller(name="pu", role="duty_officer", areas=("310115",))
        assert list_defects(city.platform, elsewhere) == []


def test_a_module_of_ones_own_is_added_and_its_rules_run_at_an_edge(tmp_path: Path) -> None:
    from twinward.library.loading import HOME

    with supervised_city(tmp_path / "city") as city:
        text = (HOME / "modules" / "cold-chain.toml").read_text("utf-8")
        own = tmp_path / "own.toml"
        own.write_text(text.replace("above = -15", "above = -10"), "utf-8")
        module = add_module(city.platform, city.me, own)
        assert city.platform.reference.modules()["cold-chain"].rules()[0].above == -10
        config = tmp_path / "edge.toml"
        config.write_text('[edge]\nid = "e"\n' + edge_rules(module), "utf-8")
        assert load_config(config).rules == module.rules()
        own.write_text("id = 3", "utf-8")
        with pytest.raises(InputError):
            add_module(city.platform, city.me, own)
        with pytest.raises(AbsentError):
            get_coverage(city.platform, city.me, "none")


def test_a_memory_that_cannot_be_read_is_put_aside(tmp_path: Path) -> None:
    with supervised_city(tmp_path) as city:
        city.put("cold-chain", "freezer", "store-1", devices=["logger-1"])
        (tmp_path / "supervision.db").write_bytes(b"this is no database" * 100)
        city.clock.at += timedelta(minutes=5)
        city.read("edge-1", ("logger-1", "temperature", city.clock.at, -20.0, "C"))
        assert city.platform.supervision.find_trouble() is None
        assert (tmp_path / "supervision.broken").is_file()
        with city.platform.store.read() as log:
            assert MemoryFile(tmp_path / "supervision.db").load(log).memories


def test_what_was_judged_before_a_restart_is_not_judged_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches that were not drained are shown again; those that the memory has in it count once."""
    shown: list[list[str]] = []
    look = ModuleEngine.look

    def noting(engine: ModuleEngine, source: str, readings: Any, now_us: int) -> Any:
        shown.append(readings.column("source_id").to_pylist())
        return look(engine, source, readings, now_us)

    monkeypatch.setattr(ModuleEngine, "look", noting)
    with supervised_city(tmp_path) as city:
        city.put("cold-chain", "freezer", "store-1", devices=["logger-1"])
        for minute in range(1, 4):
            at = city.clock.at + timedelta(minutes=minute)
            city.clock.at = at
            city.read("edge-1", ("logger-1", "temperature", at, -20.0, "C"))
        city.restart()
        at = city.clock.at + timedelta(minutes=1)
        city.clock.at = at
        city.read("edge-1", ("logger-1", "temperature", at, -20.0, "C"))
        names = [name for batch in shown for name in batch]
        assert len(names) == len(set(names)) == 4
        file = MemoryFile(tmp_path / "supervision.db")
        with city.platform.store.read() as log:
            kept = file.load(log)
            assert kept.memories and kept.sources and kept.seen[0] == 4
            with sqlite3.connect(tmp_path / "supervision.db") as db:
                for table in ("seen", "log", "source", "began"):
                    db.execute(f"DROP TABLE {table}")  # as an older release kept it
            older = file.load(log)
            assert (older.memories, older.seen, older.since) == (kept.memories, (0, 0), None)
