"""What trust costs: filtered lists beside unfiltered ones, one decision, the audit chain, a vault
opening.

    python -m benchmarks.bench_trust [--rows 300000] [--users 5000]

Every figure is measured in one run on one workspace; filtered and unfiltered pages take turns, so
that noise falls on both alike. The list is asked of the use case (rule, scope, page, total, record
of the look), not of SQL alone. CPU figures are of the whole process and hold on a busy machine too;
wall times need a quiet one.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from twinward.app import compose
from twinward.app.workspace import init_workspace
from twinward.citybase.schema import Area
from twinward.core.clock import SetClock
from twinward.core.messages import Draft, Request
from twinward.security.identity.people import Caller
from twinward.service.access import activations, person_listing
from twinward.service.access.vault import open_identity
from twinward.service.platform import Platform, local_admin
from twinward.storage.log.audit import verify_chain
from twinward.twins.city.areas import AreaTree
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.contacts.rows import Contact
from twinward.twins.emergency.reports.handlers import Case

START = datetime(2022, 4, 1, tzinfo=UTC)
DISTRICTS, STREETS, COMMUNITIES = 16, 14, 25
Timed = list[float]


def make_tree() -> AreaTree:
    """A megacity's administration: 16 districts, 224 streets, 5,600 communities, with codes as
    China writes them.
    """
    areas = [Area(code="31", name="city", level="city", parent=None, lon=121.4, lat=31.2)]

    def add(code: str, level: str, parent: str) -> None:
        areas.append(Area(code=code, name=code, level=level, parent=parent, lon=121.4, lat=31.2))

    for d in range(DISTRICTS):
        district = f"31{d:02d}"
        add(district, "district", "31")
        for s in range(STREETS):
            street = f"{district}{s:02d}"
            add(street, "street", district)
            for c in range(COMMUNITIES):
                add(f"{street}{c:03d}", "community", street)
    return AreaTree("31", areas)


def make_users(tree: AreaTree, count: int) -> list[Caller]:
    """Most look after one community or street, some after several, few after districts or
    everything.
    """
    chance = random.Random(7)
    by_level: dict[str, list[str]] = {}
    for code, area in tree.by_code.items():
        by_level.setdefault(area.level, []).append(code)
    users = []
    for n in range(count):
        share = chance.random()
        if share < 0.5:
            areas: tuple[str, ...] = (chance.choice(by_level["community"]),)
        elif share < 0.8:
            areas = (chance.choice(by_level["street"]),)
        elif share < 0.9:
            areas = tuple(chance.sample(by_level["street"], 5))
        else:
            areas = (chance.choice(by_level["district"]),)
        users.append(Caller(name=f"user-{n}", role="case_investigator", areas=areas))
    return users


def fill(platform: Platform, tree: AreaTree, rows: int) -> None:
    """Half cases, half contacts, over the communities, each sealed under its person's key."""
    chance = random.Random(3)
    leaves = [code for code, area in tree.by_code.items() if area.level == "community"]

    def work(first: int, last: int) -> Callable[[Any], None]:
        def put(tx: Any) -> None:
            for n in range(first, last):
                area, at = (
                    chance.choice(leaves),
                    START - timedelta(seconds=chance.randrange(20 * 86_400)),
                )
                subject = f"p-{n:07d}"
                if n % 2:
                    row: Any = Case(
                        id=f"c{n}",
                        subject=subject,
                        hazard="epidemic",
                        area=area,
                        status="confirmed",
                        found_in="community",
                        place=None,
                        onset=None,
                        reported_at=at,
                        source="x",
                        synthetic=True,
                    )
                    tx.put("cases", row, at)
                else:
                    row = Contact(
                        id=f"k{n}",
                        case="c1",
                        subject=subject,
                        incident=None,
                        area=area,
                        setting="home",
                        probability=None,
                        step="named",
                        named_at=at,
                        synthetic=True,
                    )
                    tx.put("contacts", row, at)

        return put

    for first in range(0, rows, 10_000):
        platform.store.write(work(first, min(first + 10_000, rows)))


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def p95(times: Timed) -> float:
    return sorted(times)[int(len(times) * 0.95)]


def bench_lists(platform: Platform, users: list[Caller]) -> dict[str, float]:
    """First page of 50 with its total, cases and contacts in turn, each user once; an unfiltered
    page after each.
    """
    chief = Caller(name="chief", role="duty_officer")
    filtered: Timed = []
    unfiltered: Timed = []
    rule: Timed = []
    cpu: dict[str, Timed] = {"filtered": [], "unfiltered": []}
    for n, user in enumerate(users):
        kind = "cases" if n % 2 else "contacts"
        rule.append(timed(lambda user=user: platform.policy.ranges(user)))  # type: ignore[misc]
        began = time.process_time()
        filtered.append(
            timed(lambda user=user, kind=kind: person_listing.list_persons(platform, user, kind))
        )  # type: ignore[misc]
        cpu["filtered"].append(time.process_time() - began)
        if n % 10 == 0:
            began = time.process_time()
            unfiltered.append(
                timed(lambda kind=kind: person_listing.list_persons(platform, chief, kind))
            )  # type: ignore[misc]
            cpu["unfiltered"].append(time.process_time() - began)
    return {
        "filtered_cpu_p50_ms": 1e3 * statistics.median(cpu["filtered"]),
        "filtered_cpu_p95_ms": 1e3 * p95(cpu["filtered"]),
        "unfiltered_cpu_p50_ms": 1e3 * statistics.median(cpu["unfiltered"]),
        "unfiltered_cpu_p95_ms": 1e3 * p95(cpu["unfiltered"]),
        "filtered_p50_ms": 1e3 * statistics.median(filtered),
        "filtered_p95_ms": 1e3 * p95(filtered),
        "unfiltered_p50_ms": 1e3 * statistics.median(unfiltered),
        "unfiltered_p95_ms": 1e3 * p95(unfiltered),
        "filtered_to_unfiltered_p50": statistics.median(filtered) / statistics.median(unfiltered),
        "filtered_to_unfiltered_p95": p95(filtered) / p95(unfiltered),
        "first_rule_p95_us": 1e6 * p95(rule),
    }


def bench_decisions(platform: Platform, tree: AreaTree, users: list[Caller]) -> dict[str, float]:
    """One personal decision with area and purpose, over users and areas."""
    chance = random.Random(5)
    scope = activations.scope_for(platform, local_admin(), "trace")
    areas = list(tree.by_code)
    asked = [(chance.choice(users), chance.choice(areas)) for _ in range(100_000)]
    decide = platform.policy.decide
    for user, area in asked[:5000]:
        decide(user, "trace", area=area, scope=scope)
    start = time.perf_counter()
    for user, area in asked:
        decide(user, "trace", area=area, scope=scope)
    return {"decision_us": 1e6 * (time.perf_counter() - start) / len(asked)}


def bench_chain(platform: Platform, entries: int) -> dict[str, float]:
    """Verification of the whole log, and what the hash of an event costs beside the event
    itself.
    """
    from twinward.storage.log import transaction
    from twinward.storage.log.chain import link

    spent = 0.0

    def measured(previous: bytes, fields: Any) -> bytes:
        nonlocal spent
        start = time.perf_counter()
        digest = link(previous, fields)
        spent += time.perf_counter() - start
        return digest

    def work(first: int) -> Callable[[Any], None]:
        def append(tx: Any) -> None:
            for n in range(first, first + 1000):
                fact = m.AccessNoted(
                    kind="login", about="somebody", detail="a session on a device of some name"
                )
                command = m.NoteAccess(id=f"n{n}", kind="login", about="somebody", area="31")
                tx.append(
                    Request(command=command, actor="bench"), [Draft(fact=fact, area="31")], START
                )

        return append

    transaction.link = measured  # type: ignore[attr-defined]
    try:
        whole = timed(lambda: [platform.store.write(work(n)) for n in range(0, entries, 1000)])
    finally:
        transaction.link = link  # type: ignore[attr-defined]
    database = platform.store.database  # type: ignore[attr-defined]
    times, cpu = [], []
    for _ in range(5):
        start, cpu_start = time.perf_counter(), time.process_time()
        found = verify_chain(database)
        times.append(found.entries / (time.perf_counter() - start))
        cpu.append(found.entries / (time.process_time() - cpu_start))
    return {
        "verify_entries_per_s": max(times),
        "verify_entries_per_cpu_s": statistics.median(cpu),
        "chain_share_of_append": spent / whole,
    }


def bench_vault(platform: Platform, rounds: int) -> dict[str, float]:
    """One identity opened: activation, area of the person, the look on record and durable, the
    name unsealed.
    """
    from twinward.service.intake.commands import submit_objects

    items = [
        {
            "type": "ReportCase",
            "id": f"v{n}",
            "case": f"v{n}",
            "hazard": "epidemic",
            "area": "310507003",
            "status": "confirmed",
            "person": {"name": f"Person {n}", "document": f"D{n}"},
        }
        for n in range(rounds)
    ]
    submit_objects(platform, local_admin(), items, "bench")
    with platform.store.read() as rows:
        subjects = [rows.find("cases", f"v{n}").subject for n in range(rounds)]
    user = Caller(name="opener", role="case_investigator", areas=("3105",))
    times = [
        timed(lambda s=s: open_identity(platform, user, s, "to call the contact")) for s in subjects
    ]  # type: ignore[misc]
    return {"vault_p50_ms": 1e3 * statistics.median(times), "vault_p95_ms": 1e3 * p95(times)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--users", type=int, default=5_000)
    parser.add_argument("--entries", type=int, default=200_000)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="twinward-bench-trust-"))
    tree = make_tree()
    compose.open_areas = lambda workspace: tree
    try:
        init_workspace(folder / "w")
        platform = compose.open_platform(folder / "w", SetClock(START))
        fill(platform, tree, options.rows)
        purposes = ["trace", "vault", "care"]
        activations.open_activation(
            platform,
            local_admin(),
            hazard="epidemic",
            areas=["all"],
            purposes=purposes,
            days=7,
            by="b",
            basis="bench",
        )
        users = make_users(tree, options.users)
        result = {"rows": options.rows, "users": options.users}
        result |= bench_lists(platform, users)  # type: ignore[arg-type]
        result |= bench_decisions(platform, tree, users)  # type: ignore[arg-type]
        result |= bench_vault(platform, 500)  # type: ignore[arg-type]
        result |= bench_chain(platform, options.entries)  # type: ignore[arg-type]
        platform.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for name, value in result.items():
        print(f"{name:<32} {value:,.3f}")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
