"""A forecast starts where the twins stand: reported infections, an estimate of the others, the
measures in force.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import numpy as np
import pytest

from twinward.citybase.people.plain_city import plain_base
from twinward.core.errors import InputError
from twinward.decision.simulation.epidemic import load_disease
from twinward.decision.simulation.epidemic.live_state import read_live
from twinward.twins.city.areas import AreaTree

NOW = datetime(2022, 4, 1, 8, tzinfo=UTC)
HAZARD = "epidemic"


class Row(msgspec.Struct):
    """A row with just the fields that a reader of the live state looks at."""

    id: str = ""
    area: str = ""
    hazard: str = HAZARD
    day: str = ""
    status: str = ""
    found_in: str = "community"
    count: int = 0
    measure: str | None = None
    incident: str = "i"
    ordered_at: datetime | None = None
    needs: dict[str, float] = {}


class Picture:
    """A snapshot of rows in memory."""

    areas = AreaTree("root", [])
    zone = UTC

    def __init__(self, **tables: list[Row]) -> None:
        self.tables = tables

    def list_rows(self, table: Any, **equals: Any) -> list[Row]:
        rows = self.tables.get(table.name, [])
        return [
            row
            for row in rows
            if all(getattr(row, name) == value for name, value in equals.items())
        ]


def count_row(area: str, days_ago: int, count: int, found_in: str = "community") -> Row:
    day = (NOW.date() - timedelta(days=days_ago)).isoformat()
    return Row(area=area, day=day, status="confirmed", found_in=found_in, count=count)


BASE = plain_base(20_000, 1)
DISEASE = load_disease("sars-cov-2-omicron-ba2")


def live(picture: Picture, share: float = 1.0) -> Any:
    return read_live(picture, BASE, DISEASE, HAZARD, NOW, 7, share)  # type: ignore[arg-type]


def test_every_recent_report_is_an_infected_resident_of_its_area_and_kept_apart() -> None:
    area = BASE.leaf_codes[0]
    state = live(Picture(counts=[count_row(area, 3, 40)]))
    assert state.reported == 40
    assert len(state.initial.apart) == 40
    assert set(state.initial.apart) <= set(state.initial.infected)
    assert state.initial.apart.max() < BASE.leaf_start[1]


def test_nobody_is_drawn_twice() -> None:
    area = BASE.leaf_codes[0]
    state = live(Picture(counts=[count_row(area, ago, 30) for ago in range(40)]), 0.5)
    rows = np.concatenate([state.initial.infected, state.initial.immune])
    assert len(np.unique(rows)) == len(rows)


def test_what_reports_do_not_find_is_estimated_and_said_to_be() -> None:
    area = BASE.leaf_codes[0]
    all_found = live(Picture(counts=[count_row(area, ago, 20) for ago in range(14)]), 1.0)
    half_found = live(Picture(counts=[count_row(area, ago, 20) for ago in range(14)]), 0.5)
    assert half_found.estimated > all_found.estimated
    assert len(half_found.initial.infected) == pytest.approx(
        2 * len(all_found.initial.infected), rel=0.1
    )
    assert "estimate" in half_found.notes[0]


def test_reclassified_persons_and_days_to_come_are_no_new_infections() -> None:
    area = BASE.leaf_codes[0]
    picture = Picture(
        counts=[
            count_row(area, 3, 10),
            count_row(area, 3, 99, "reclassified"),
            count_row(area, -2, 99),
        ]
    )
    assert live(picture).reported == 10


def test_orders_of_open_incidents_become_the_simulators_measures() -> None:
    area = BASE.leaf_codes[0]
    order = {"area": area, "status": "done", "ordered_at": NOW}
    picture = Picture(
        counts=[count_row(area, 3, 10)],
        incidents=[Row(id="i", status="open"), Row(id="old", status="closed")],
        tasks=[
            Row(measure="area_lockdown", **order),
            Row(measure="dancing_ban", **order),
            Row(measure="school_closure", incident="old", **order),
        ],
    )
    state = live(picture)
    assert [measure.name for measure in state.measures] == ["lockdown in force"]
    assert state.measures[0].areas == [area]
    assert "dancing_ban" in state.notes[-1]


def test_an_order_for_the_whole_city_holds_everywhere() -> None:
    orders = [
        Row(measure="area_lockdown", area=area, status="done", ordered_at=NOW)
        for area in (BASE.leaf_codes[0], "root")
    ]
    picture = Picture(
        counts=[count_row(BASE.leaf_codes[0], 3, 10)],
        incidents=[Row(id="i", status="open")],
        tasks=orders,
    )
    (measure,) = live(picture).measures
    assert not measure.areas


def test_an_emergency_that_nobody_reported_is_an_input_error() -> None:
    with pytest.raises(InputError, match="nothing has been reported"):
        live(Picture(counts=[]))
    assert date.fromisoformat(count_row("a", 0, 1).day) == NOW.date()


def test_a_share_above_one_is_an_input_error() -> None:
    with pytest.raises(InputError, match="share"):
        live(Picture(counts=[count_row(BASE.leaf_codes[0], 3, 10)]), 1.5)
