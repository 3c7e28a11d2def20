"""Reconciliation: accounts agree with what is stored through any life of a workspace; one
missing row is an alarm.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from helpers.cities import COMMUNITY, Desk
from twinward.core.messages import Counts
from twinward.service.access import activations
from twinward.service.incidents import queries
from twinward.service.intake import observations
from twinward.service.platform import local_admin

MIXED = [
    {"type": "noise", "subject": "n-1", "value": 40.0},
    {"type": "position", "subject": "p-1", "lon": 121.48, "lat": 31.23},
    {"type": "visit", "subject": "p-1", "place": "market"},
    {"type": "noise", "subject": "n-1"},
]


def hear(desk: Desk, source: str, times: int) -> None:
    items = [
        {"source_id": f"{n}", "occurred_at": f"2022-02-2{n % 3}T08:00:00Z", **MIXED[n % 4]}
        for n in range(times)
    ]
    body = msgspec.json.encode({"source": source, "items": items})
    observations.submit(
        desk.platform, local_admin(), observations.checks_of(desk.platform), body
    ).result()


def differences(desk: Desk) -> list[tuple[str, int]]:
    return [
        (one.what, one.found - one.told)
        for one in desk.platform.reconciler.list_differences(fresh=True)
    ]


def live(desk: Desk) -> None:
    """Commands good, bad and double; officers' own acts; observations of two sources, drained
    and not.
    """
    desk.case(1)
    desk.case(1)
    desk.post(
        "ReportCase", id="x", case="c", subject="s", hazard="epidemic", area="0", status="confirmed"
    )
    activations.open_activation(
        desk.platform,
        desk.me,
        hazard="epidemic",
        areas=["all"],
        purposes=["trace"],
        days=3,
        by="x",
        basis="a law",
    )
    desk.pass_time(hours=30)
    hear(desk, "a", 40)
    hear(desk, "a", 44)
    hear(desk, "b", 10)
    desk.platform.intake.open().drain()  # type: ignore[attr-defined]
    hear(desk, "b", 14)


def test_all_accounts_agree_through_drains_and_restarts(desk: Desk) -> None:
    live(desk)
    assert differences(desk) == []
    assert queries.get_health(desk.platform)["status"] == "ok"
    for _ in range(2):
        desk.reopen()
        desk.platform.intake.open()
        assert differences(desk) == []
        desk.platform.intake.open().drain()  # type: ignore[attr-defined]
        assert differences(desk) == []
    assert [(row.source, row.balanced) for row in queries.list_sources(desk.platform)] == [
        ("a", True),
        ("b", True),
        ("desk", True),
        ("test", True),
    ]


def test_one_account_too_high_is_an_alarm(desk: Desk) -> None:
    live(desk)
    desk.platform.store.write(lambda tx: tx.add_counts("test", Counts(received=1, stored=1)))
    assert differences(desk) == [("commands in the log", -1)]
    shown = queries.get_health(desk.platform)
    assert (shown["status"], shown["code"], shown["differences"]) == ("alarm", "accounts_differ", 1)


def test_an_account_that_does_not_balance_is_an_alarm(desk: Desk) -> None:
    desk.platform.store.write(lambda tx: tx.add_counts("test", Counts(received=2, rejected=1)))
    assert differences(desk) == [("the account of test", -1)]


def lose_a_reading(observed: Path) -> str:
    piece = next((observed / "readings").glob("*/*"))
    for column in piece.glob("*.npy"):
        np.save(column, np.load(column)[:-1])
    return "readings by hour"


def lose_a_visit(observed: Path) -> str:
    import pyarrow.parquet as pq

    path = next((observed / "others").glob("*.parquet"))
    pq.write_table(pq.read_table(path)[1:], path)
    return "visits and notes"


def lose_a_count(observed: Path) -> str:
    path = observed / "inbox" / "mark.json"
    mark = msgspec.json.decode(path.read_bytes())
    mark["totals"]["a"]["stored"] += 1
    path.write_bytes(msgspec.json.encode(mark))
    return "observations of a"


@pytest.mark.parametrize("lose", [lose_a_reading, lose_a_visit, lose_a_count])
def test_one_observation_less_than_acknowledged_is_an_alarm(desk: Desk, lose: Any) -> None:
    live(desk)
    desk.platform.close()
    what = lose(desk.workspace / "observations")
    desk.reopen()
    desk.platform.intake.open()
    assert differences(desk) == [(what, -1)]


def test_a_crash_between_place_and_mark_enters_a_drain_once(desk: Desk, monkeypatch: Any) -> None:
    hear(desk, "a", 40)
    intake: Any = desk.platform.intake.open()
    with monkeypatch.context() as patch:
        patch.setattr(
            intake.inbox,
            "_advance",
            lambda frames, last: (_ for _ in ()).throw(RuntimeError("power")),
        )
        with pytest.raises(RuntimeError):
            intake.drain()
    desk.reopen()
    again: Any = desk.platform.intake.open()
    assert again.drain() == 1
    assert differences(desk) == []
    assert COMMUNITY in desk.platform.reference.areas
