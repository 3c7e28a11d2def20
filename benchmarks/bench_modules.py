"""Supervision modules: 50 edges, 20,000 devices, a week of readings and forms in the ten modules
with planted troubles; which of them became defects, and which defects stand for none.

Run: python benchmarks/bench_modules.py [--share 1.0] [--seed 1]. Readings go batch by batch, as they
arrive, through the monitor, the engine and the evaluator of a real workspace; forms through the
intake of commands; the loop makes the tasks. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.planted_defects import DAY_S, DAYS, EDGES, KINDS, Kind, Planted, Sense
from twinward.app import compose
from twinward.app.workspace import init_workspace
from twinward.core.clock import SetClock
from twinward.core.messages import OBSERVATION_COLUMNS
from twinward.service.intake.commands import submit_objects
from twinward.service.platform import Platform, local_admin
from twinward.twins.emergency.supervision.rows import DEFECTS, FoundDefect
from twinward.twins.emergency.tasks.rows import TASKS

START = datetime(2026, 3, 2, tzinfo=UTC)
START_US = int(START.timestamp() * 1e6)
END_S = DAYS * DAY_S
SLICE_S = 90  # what arrives in that time is one batch of each edge
TROUBLED, SILENT, FAILED, FORGOTTEN = 0.03, 0.01, 0.015, 0.01
QUICK_EXITS = 200  # guests who leave and shut the door at once: no contact can see that
LATE_S = 3 * 3600.0  # a defect that opens so long after its trouble is not of it
SCHEMA = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in OBSERVATION_COLUMNS.items()])
Rows = dict[str, list[NDArray[Any]]]


class World:
    """Everything that happens in the week, drawn from a seed."""

    def __init__(self, share: float, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.share = share
        self.edges = max(5, round(EDGES * share))
        self.devices: list[str] = []
        self.objects: list[dict[str, Any]] = []
        self.planted: list[Planted] = []
        self.exits: list[Planted] = []
        self.forms: list[tuple[float, dict[str, Any]]] = []
        self.rows: Rows = defaultdict(list)
        self.types: list[str] = sorted({s.type for k in KINDS for s in k.senses})
        self.units = {(k.module, s.type): s.unit for k in KINDS for s in k.senses}
        self.cuts = [
            sorted(
                (at, at + self.rng.uniform(2, 10) * 3600) for at in self.rng.uniform(0, END_S, 1)
            )
            for _ in range(self.edges)
        ]
        for kind in KINDS:
            for n in range(max(2, round(kind.count * share))):
                self.draw_object(kind, n)

    def draw_object(self, kind: Kind, n: int) -> None:
        name, edge = f"{kind.module}-{kind.kind}-{n}", n % self.edges
        mine = [f"{name}-{sense.type}" for sense in kind.senses]
        told = {"type": "RegisterObject", "id": f"put-{name}", "object": name, "area": "city"}
        self.objects.append(
            told
            | {"module": kind.module, "kind": kind.kind, "occurred_at": START.isoformat()}
            | {"devices": mine, "edge": f"edge-{edge}" if mine else ""}
        )
        which = self.rng.integers(len(kind.senses)) if kind.senses else -1
        for k, sense in enumerate(kind.senses):
            self.draw_device(kind, sense, name, mine[k], edge, troubled=k == which)
        for rota in kind.rota:
            self.draw_forms(kind, name, rota)

    def draw_device(
        self, kind: Kind, sense: Sense, name: str, device: str, edge: int, *, troubled: bool
    ) -> None:
        rng = self.rng
        step = sense.every_min * 60.0
        at = np.arange(rng.uniform(0, step), END_S, step)
        at = at[rng.random(len(at)) > 0.004]  # a lost beat
        value = sense.healthy(rng, at, len(at))
        luck = rng.random()
        if troubled and sense.trouble and luck < TROUBLED:
            at, value = self.trouble(sense, name, at, value)
        elif sense.silent and luck > 1.0 - SILENT:
            start = rng.uniform(0.05, 0.7) * END_S
            end = start + rng.uniform(14, 40) * 3600.0
            self.planted.append(Planted(name, sense.silent, start, end))
            keep = (at < start) | (at > end)
            at, value = at[keep], value[keep]
        if sense.type == "door":
            at, value = self.openings(kind, name, at, value)
        if sense.type == "temperature" and rng.random() < 0.3:
            spoilt = rng.random(len(at)) < 0.002  # what a sensor says that is not read
            value = np.where(spoilt, rng.choice([-127.0, 85.0]), value)
        self.keep(device, self.types.index(sense.type), edge, sense.lane, at, value)

    def trouble(
        self, sense: Sense, name: str, at: NDArray[Any], value: NDArray[Any]
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        rng = self.rng
        start = rng.uniform(0.05, 0.75) * END_S
        end = start + rng.uniform(*sense.hours) * 3600.0
        self.planted.append(Planted(name, sense.trouble, start, end))
        if sense.ill is None:  # a door: it stands open
            inside = (at >= start) & (at <= end)
            value = np.where(inside, 1.0, value)
            return np.append(at, [start, end]), np.append(value, [1.0, 0.0])
        inside = (at >= start) & (at <= end)
        value = value.copy()
        value[inside] = sense.ill(rng, at[inside], int(inside.sum()))
        return at, value

    def openings(
        self, kind: Kind, name: str, at: NDArray[Any], value: NDArray[Any]
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Meals, tests and cleaning at a room; loading at a store; some guests slip out."""
        rng = self.rng
        room = kind.kind == "room"
        count = DAYS * (4 if room else 6)
        began = np.sort(rng.uniform(0, END_S, count))
        lasts = rng.uniform(8, 150, count) if room else rng.uniform(30, 600, count)
        if room and rng.random() < QUICK_EXITS / kind.count:
            began[3] = rng.uniform(0.1, 0.9) * END_S
            lasts[3] = rng.uniform(5, 20)
            gone = began[3] + rng.uniform(15, 120) * 60.0
            self.exits.append(Planted(name, "left-room", began[3], gone))
        stands = [(p.start, p.end) for p in self.planted if p.thing == name]
        free = np.ones(count, bool)
        for start, end in stands:
            free &= (began + lasts < start - 60) | (began > end + 60)
        began, lasts = began[free], lasts[free]
        ones, zeros = np.ones(len(began)), np.zeros(len(began))
        # a beat while the door stands open says that it is open
        opened = np.searchsorted(began, at, "right") - 1
        beat = (
            np.where((opened >= 0) & (at < (began + lasts)[opened]), 1.0, value)
            if len(began)
            else value
        )
        return np.concatenate([at, began, began + lasts]), np.concatenate([beat, ones, zeros])

    def keep(
        self, device: str, kind: int, edge: int, lane: int, at: NDArray[Any], value: NDArray[Any]
    ) -> None:
        """With when each arrives: soon, or behind the outage of its edge, alarms first."""
        arrives = at + self.rng.uniform(1, 20, len(at))
        for start, end in self.cuts[edge]:
            through = end + 20.0 + 100.0 * lane  # a lane goes in order: nothing overtakes in it
            held = (at >= start) & (at < through)
            arrives[held] = np.maximum(arrives[held], through)
        order = np.argsort(at, kind="stable")
        number = len(self.devices)
        self.devices.append(device)
        size = len(at)
        self.rows["at"].append(at[order])
        self.rows["value"].append(value[order].astype(np.float32))
        self.rows["arrives"].append(np.maximum.accumulate(arrives[order]))
        self.rows["device"].append(np.full(size, number, np.int32))
        self.rows["type"].append(np.full(size, kind, np.int8))
        self.rows["edge"].append(np.full(size, edge, np.int16))
        self.rows["lane"].append(np.full(size, lane, np.int8))

    def draw_forms(self, kind: Kind, name: str, rota: Any) -> None:
        """Every round with some unpunctuality; some fail, some are forgotten."""
        rng = self.rng
        rounds = np.arange(1, int(END_S / 3600 / rota.every_h) + 1) * rota.every_h * 3600.0
        last = len(rounds) - 1  # a want is found behind its grace: the last one after the week
        forget = last > 0 and rng.random() < 7 * FORGOTTEN
        forgotten = int(rng.integers(0, last)) if forget else -1
        for k, due in enumerate(rounds):
            at = due - rng.uniform(0, 0.15) * rota.every_h * 3600.0
            if k == forgotten:
                self.planted.append(Planted(name, rota.missing, due, due + DAY_S))
                continue
            answers = dict(rota.good)
            if rng.random() < FAILED:
                wrong, expect = rota.bad[int(rng.integers(len(rota.bad)))]
                answers |= wrong
                self.planted.append(Planted(name, expect, at, at + DAY_S))
            self.forms.append((at, form(name, rota.check, answers, at)))


def form(name: str, check: str, answers: dict[str, Any], at: float) -> dict[str, Any]:
    when = (START + timedelta(seconds=at)).isoformat()
    told = {"type": "RecordCheck", "id": f"{name}/{check}/{at:.0f}", "object": name}
    return told | {"check": check, "answers": answers, "occurred_at": when}


class Week:
    """The week as it arrives at a real workspace."""

    def __init__(self, world: World, platform: Platform, clock: SetClock) -> None:
        self.world, self.platform, self.clock = world, platform, clock
        self.rechecks = {
            (kind.module, defect): told for kind in KINDS for defect, told in kind.recheck.items()
        }
        self.seen_s = self.loop_s = 0.0
        rows = {name: np.concatenate(parts) for name, parts in world.rows.items()}
        slices = (rows["arrives"] // SLICE_S).astype(np.int32)
        order = np.lexsort((rows["at"], rows["arrives"], rows["lane"], rows["edge"], slices))
        self.rows = {name: column[order] for name, column in rows.items()}
        key = slices[order].astype(np.int64) * EDGES + self.rows["edge"]
        starts = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
        self.bounds = np.r_[starts, len(key)]
        self.slice_of = (key[starts] // EDGES).astype(int)
        self.table = self.make_table()

    def make_table(self) -> pa.RecordBatch:
        """All readings, in the order in which they arrive."""
        size = len(self.rows["at"])
        subject = pa.array(self.world.devices, pa.string()).take(pa.array(self.rows["device"]))
        columns = {
            "source_id": subject,
            "type": pa.array(self.world.types, pa.string()).take(pa.array(self.rows["type"])),
            "time_us": pa.array(START_US + (self.rows["at"] * 1e6).astype(np.int64)),
            "subject": subject,
            "value": pa.array(self.rows["value"].astype(np.float64)),
        }
        kept = [columns.get(one.name, pa.nulls(size, one.type)) for one in SCHEMA]
        return pa.record_batch(kept, schema=SCHEMA)

    def run(self) -> None:
        me = local_admin()
        forms = sorted(self.world.forms, key=lambda one: one[0])
        told = place = 0
        for minute in range(END_S // SLICE_S + 30):
            now_s = (minute + 1) * SLICE_S
            self.clock.at = START + timedelta(seconds=now_s)
            began = time.perf_counter()
            while place < len(self.slice_of) and self.slice_of[place] <= minute:
                first, last = int(self.bounds[place]), int(self.bounds[place + 1])
                edge = f"edge-{self.rows['edge'][first]}"
                self.platform.supervision.look(edge, self.table.slice(first, last - first))
                place += 1
            self.seen_s += time.perf_counter() - began
            if minute % 20 == 19:  # half an hour
                began = time.perf_counter()
                if minute % 40 == 39:
                    self.platform.supervision.settle()
                due = told
                while due < len(forms) and forms[due][0] <= now_s:
                    due += 1
                items = [one[1] for one in forms[told:due]]
                if minute % 80 == 79:
                    items += self.visits(now_s)
                if items:
                    account = submit_objects(self.platform, me, items, "forms")
                    assert not account.rejected, account.rejected[:3]
                told = due
                self.platform.loop.tick(self.clock.at)
                self.platform.loop.catch_up()
                self.loop_s += time.perf_counter() - began

    def visits(self, now_s: float) -> list[dict[str, Any]]:
        """Somebody goes and looks at what is open for two hours, and finds the trouble over."""
        ends: dict[tuple[str, str], float] = {}
        for one in self.world.planted:
            ends[one.thing, one.expect] = max(ends.get((one.thing, one.expect), 0.0), one.end)
        with self.platform.store.read() as rows:
            found: list[FoundDefect] = rows.list_rows(DEFECTS, status="open")
        items = []
        for one in found:
            told = self.rechecks.get((one.module, one.kind))
            since = (self.clock.at - one.opened_at) / timedelta(hours=1)
            if told and since > 2 and now_s > ends.get((one.object, one.kind), 0.0):
                items.append(form(one.object, told[0], told[1], now_s - 1))
        return items


def judge(world: World, defects: list[FoundDefect]) -> dict[str, Any]:
    """Planted troubles found, and defects that stand for none, by module and in all."""
    of: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for one in defects:
        # found again while it was open: the officer sees it on the same defect, with its instant
        for at in (one.began_at, *one.again_at):
            of[one.object].append((one.kind, (at - START) / timedelta(seconds=1)))
    hit: set[tuple[str, str, float]] = set()
    found, planted, missed = Counter[str](), Counter[str](), Counter[str]()
    for trouble in world.planted:
        module = trouble.thing.rsplit("-", 1)[0].removesuffix("-room")
        planted[module] += 1
        match = [
            (kind, at)
            for kind, at in of[trouble.thing]
            if kind == trouble.expect and trouble.start - 60 <= at <= trouble.end + LATE_S
        ]
        found[module] += bool(match)
        missed[trouble.expect] += not match
        hit |= {(trouble.thing, kind, at) for kind, at in match}
    false = [
        (thing, kind)
        for thing, told in of.items()
        for kind, at in told
        if (thing, kind, at) not in hit
    ]
    findings = sum(len(told) for told in of.values())
    exits = sum(
        any(k == "left-room" and e.start - 60 <= at <= e.end for k, at in of[e.thing])
        for e in world.exits
    )
    return {
        "planted": sum(planted.values()),
        "found": sum(found.values()),
        "found_share": round(sum(found.values()) / max(1, sum(planted.values())), 4),
        "defects": len(defects),
        "found_again": findings - len(defects),
        "false": len(false),
        "false_share": round(len(false) / max(1, findings), 4),
        "by_kind": {name: f"{found[name]}/{planted[name]}" for name in sorted(planted)},
        "missed": {name: n for name, n in missed.most_common(8) if n},
        "false_samples": false[:6],
        "false_kinds": dict(Counter(kind for _, kind in false).most_common(8)),
        "quick_exits": {"happened": len(world.exits), "found": exits},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of objects and edges")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.perf_counter()
    world = World(options.share, options.seed)
    drawn_s = time.perf_counter() - began
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder) / "w"
        init_workspace(workspace)
        clock = SetClock(START)
        platform = compose.open_platform(workspace, clock)
        try:
            account = submit_objects(platform, local_admin(), world.objects, "objects")
            assert not account.rejected, account.rejected[:3]
            week = Week(world, platform, clock)
            began = time.perf_counter()
            week.run()
            wall_s = time.perf_counter() - began
            with platform.store.read() as rows:
                defects = rows.list_rows(DEFECTS)
                tasks = Counter(one.status for one in rows.list_rows(TASKS))
            refused = platform.supervision.refused
            faulty = sum(one.faulty for one in refused.values())
        finally:
            platform.close()
    readings = len(week.rows["at"])
    print(
        json.dumps(
            {"seed": options.seed, "edges": world.edges, "devices": len(world.devices)}
            | {"objects": len(world.objects), "readings": readings, "forms": len(world.forms)}
            | judge(world, defects)
            | {"open": sum(one.status == "open" for one in defects), "tasks": dict(tasks)}
            | {"faulty_readings": faulty, "drawn_s": round(drawn_s, 1), "wall_s": round(wall_s, 1)}
            | {"readings_per_s": round(readings / max(week.seen_s, 1e-9))}
            | {"loop_s": round(week.loop_s, 1)}
            | {"peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000}
        )
    )


if __name__ == "__main__":
    main()
