"""Flows without an activation: fixed parts, the same for everybody; what is drawn freely is
refused.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from twinward.core.clock import to_us
from twinward.core.errors import InputError, RefusedError
from twinward.core.ports import Visits
from twinward.decision.tracing.contacts.venue_kinds import VenueRules
from twinward.decision.tracing.presence.peacetime_flows import PeacetimeFlows
from twinward.service.tracing.city_areas import CityAreas
from twinward.service.tracing.questions import Tracing

K = 5
DAY = datetime(2022, 4, 1, tzinfo=UTC)
NOW = DAY + timedelta(days=3, hours=7)
PERSONS = 400


def areas() -> list[Any]:
    """Two districts of two streets of three communities, along a line."""
    found = [SimpleNamespace(code="1", level="city", parent=None, lon=0.0, lat=0.0)]
    for d in range(2):
        for s in range(3):
            for c in range(3) if s else [None]:
                code = f"1{d}" + (f"{s}" if s else "") + (f"{c}" if c is not None else "")
                level = "community" if s else "district"
                lon = 0.1 * d + 0.03 * s + 0.01 * (c or 0)
                parent = code[:-1] if s else "1"
                found.append(
                    SimpleNamespace(code=code, level=level, parent=parent, lon=lon, lat=0.0)
                )
            if s:
                found.append(
                    SimpleNamespace(
                        code=f"1{d}{s}", level="street", parent=f"1{d}", lon=0.1 * d, lat=0.0
                    )
                )
    return found


class FakeLake:
    """Stays of people who are at home, at work and sometimes elsewhere, in areas of the line."""

    def __init__(self, days: int = 4) -> None:
        random = np.random.default_rng(5)
        places = [area for area in areas() if area.level == "community"]
        rows = []
        for who in range(PERSONS):
            home, work = random.integers(0, len(places)), random.integers(0, 4)
            for day in range(days):
                start = DAY + timedelta(days=day)
                cuts = np.sort(random.uniform([0, 6, 15, 18], [1, 10, 18, 22]))
                spots = (home, work, random.integers(0, len(places)), home)
                ends = (*cuts[1:], 23.9)
                for spot, a, b in zip(spots, cuts, ends, strict=True):
                    us = [to_us(start + timedelta(hours=float(h))) for h in (a, b)]
                    rows.append((who, us[0], us[1] - 1, places[spot].lon, places[spot].lat))
        self.rows = rows

    def span_us(self) -> tuple[int, int]:
        return min(row[1] for row in self.rows), max(row[2] for row in self.rows)

    def visits_between(self, from_us: int, to_us: int) -> Visits:
        rows = [row for row in self.rows if row[2] >= from_us and row[1] < to_us]
        if not rows:
            rows = [(0, 0, 0, 0.0, 0.0)]
        who, start, end, lon, lat = (np.array(column) for column in zip(*rows, strict=True))
        nothing = np.zeros(len(rows), np.int32)
        return Visits(
            subject=who,
            start_us=start,
            end_us=end,
            lon=lon,
            lat=lat,
            fixes=nothing,
            error_m=nothing.astype(np.float32),
            place=nothing - 1,
        )


def flows_of(folder: Path, zone: str = "UTC", k: int = K) -> PeacetimeFlows:
    city = CityAreas(areas())
    return PeacetimeFlows(folder / "flows", lambda: NOW, zone, city.lowest, city.chain(), k)


def ask(flows: PeacetimeFlows, lake: Any, level: str = "district", **how: Any) -> Any:
    asked: dict[str, Any] = {"start": None, "end": None, "view": "od", "per": "hour", "mine": None}
    return flows.ask(lake, level, **(asked | how))


def test_the_same_cell_is_told_the_same_in_every_question(tmp_path: Path) -> None:
    """10,000 pairs of questions about windows, levels and parts of a day: what both tell, they
    tell alike, and nothing between them is a number below k.
    """
    flows, lake = flows_of(tmp_path), FakeLake()
    random = np.random.default_rng(1)
    answers = []
    for level in ("community", "street", "district"):
        for per in ("hour", "day"):
            for _ in range(6):
                first, last = sorted(random.choice(4 if per == "day" else 73, 2, replace=False))
                unit = timedelta(days=1) if per == "day" else timedelta(hours=1)
                how = {"start": DAY + int(first) * unit, "end": DAY + int(last) * unit, "per": per}
                answers.append((level, per, ask(flows, lake, level, **how)))
    cells = [
        {(row["at"], row["from"], row["to"]): row["count"] for row in answer.rows}
        for _, _, answer in answers
    ]
    revealed = 0
    for _ in range(10_000):
        one, two = random.choice(len(answers), 2, replace=False)
        if answers[one][:2] == answers[two][:2]:
            shared = cells[one].keys() & cells[two].keys()
            revealed += any(cells[one][cell] != cells[two][cell] for cell in shared)
        at_one, at_two = ({cell[0][:10] for cell in cells[which]} for which in (one, two))
        day = random.choice(sorted(at_one | at_two) or [""])
        sums = [
            sum(n for (at, a, b), n in cells[which].items() if at[:10] == day and a[:2] != b[:2])
            for which in (one, two)
        ]
        whole = all(
            answers[which][1] == "day" or answers[which][2].window[0][:10] != day
            for which in (one, two)
        )
        revealed += whole and 0 < abs(sums[0] - sums[1]) < K
    assert revealed == 0
    assert all(n >= K for table in cells for n in table.values()) and any(cells)


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"start": DAY + timedelta(minutes=1), "end": DAY + timedelta(hours=2)}, "bad_window"),
        ({"start": DAY, "end": DAY + timedelta(hours=2, seconds=1)}, "bad_window"),
        ({"start": DAY + timedelta(days=3), "end": NOW.replace(hour=6)}, "bad_window"),
        ({"start": DAY, "end": DAY + timedelta(hours=30), "per": "day"}, "bad_window"),
        ({"start": DAY, "end": DAY}, "bad_window"),
        ({"per": "minute"}, "bad_per"),
        ({"view": "hub"}, "peacetime"),
        ({"view": "transferred"}, "peacetime"),
        ({"view": "highway"}, "peacetime"),
        ({"level": "house"}, "bad_level"),
    ],
)
def test_only_fixed_parts_can_be_asked_for(tmp_path: Path, how: dict[str, Any], code: str) -> None:
    with pytest.raises(InputError) as refused:
        ask(flows_of(tmp_path), FakeLake(1), **how)
    assert refused.value.code == code


def test_small_and_empty_cells_are_told_alike(tmp_path: Path) -> None:
    lake = FakeLake()
    answer = ask(flows_of(tmp_path), lake, "community")
    assert answer.window == ("2022-04-03T00:00:00Z", "2022-04-04T00:00:00Z")
    assert {row["count"] is not None for row in answer.rows} == {True}
    assert answer.suppressed == len(answer.areas) ** 2 * 24 - len(answer.rows)
    told = {row["from"] + row["to"] + row["at"] for row in answer.rows}
    lake.rows = [row for row in lake.rows if row[0] != 7]  # one who is in small cells is not there
    fewer = ask(flows_of(tmp_path / "other"), lake, "community")
    assert fewer.suppressed - answer.suppressed == len(answer.rows) - len(fewer.rows)
    assert {row["from"] + row["to"] + row["at"] for row in fewer.rows} <= told


def test_a_caller_with_areas_sees_the_moves_of_those(tmp_path: Path) -> None:
    answer = ask(flows_of(tmp_path), FakeLake(), mine=lambda code: code.startswith("10"))
    assert answer.rows and all("10" in (row["from"], row["to"]) for row in answer.rows)


def test_ten_thousand_drawn_areas_tell_nothing_without_an_activation(tmp_path: Path) -> None:
    def in_peacetime(purpose: str) -> Any:
        raise RefusedError("in peacetime nobody can be looked up", "open one", code="peacetime")

    tracing = Tracing(
        lambda: SimpleNamespace(ask=lambda question: question(FakeLake(1))),
        in_peacetime,
        lambda scope, look: None,
        VenueRules(),
        CityAreas(areas()),
        K,
        fixed_flows=flows_of(tmp_path),
    )
    random = np.random.default_rng(2)
    told = 0
    for _ in range(10_000):
        point = [float(x) for x in random.uniform([-0.1, -0.1], [0.3, 0.1])]
        disc = {
            "type": "Feature",
            "properties": {"code": "home", "radius_m": float(random.uniform(10, 50_000))},
            "geometry": {"type": "Point", "coordinates": point},
        }
        view = random.choice(["od", "hub", "highway", "transferred"])
        try:
            told += bool(tracing.flows(disc, None, None, None, view=view, per="hour"))
        except RefusedError as refused:
            assert refused.code == "peacetime"
    assert told == 0


@pytest.mark.parametrize(
    ("radius_m", "count", "refused"), [(25, 4225, 1), (25, 11, 1), (25, 10, 0), (400, 500, 0)]
)
def test_a_grid_finer_than_the_mask_cannot_be_laid_over_a_person(
    radius_m: float, count: int, refused: bool
) -> None:
    from twinward.decision.tracing.presence.areas import read_areas
    from twinward.service.tracing.small_areas import require_coarse

    cells = [
        {
            "type": "Feature",
            "properties": {"code": str(n), "radius_m": radius_m},
            "geometry": {"type": "Point", "coordinates": [0.001 * (n % 65), 0.001 * (n // 65)]},
        }
        for n in range(count)
    ]
    asked = read_areas({"type": "FeatureCollection", "features": cells})
    if refused:
        with pytest.raises(InputError, match="smaller"):
            require_coarse(asked)
    else:
        require_coarse(asked)
