"""The contact question counts exactly what brute force counts, and opens only what the scope
opens.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reference.movement import START, START_US, as_batch, brute_pairs, open_scope, random_fixes
from twinward.core.clock import from_us
from twinward.core.errors import AbsentError, InputError, RefusedError
from twinward.decision.tracing.contacts.search import ContactQuestion, list_contacts
from twinward.decision.tracing.contacts.venue_kinds import VenueRules
from twinward.decision.tracing.scoped_lake import AreaLocator, ScopedLake
from twinward.storage.lake.lake import Lake


def fill(root: Path, columns: dict[str, Any]) -> Lake:
    lake = Lake(root)
    lake.append([as_batch(columns)], START)
    return lake


def ask(lake: Lake, scope: Any = None, areas: Any = None, **question: Any) -> Any:
    asked = {"start": START, "end": START + timedelta(days=3)} | question
    return list_contacts(
        ScopedLake(lake.snapshot(), scope or open_scope(), areas),
        ContactQuestion(**asked),
        VenueRules(),
    )


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, dict[str, Any]]:
    columns = random_fixes(7, 40_000, 300, decimals=None)
    return fill(tmp_path_factory.mktemp("lake"), columns), columns


@pytest.mark.parametrize(
    ("case", "radius_m", "minutes"),
    [(3, 50.0, 15.0), (4, 0.0, 0.0), (5, 400.0, 3.0), (6, 5_000.0, 1.0), (7, 30.0, 1_500.0)],
)
def test_counts_equal_brute_force(
    city: tuple[Lake, dict[str, Any]], case: int, radius_m: float, minutes: float
) -> None:
    lake, columns = city
    start, end = START + timedelta(hours=7), START + timedelta(days=2, hours=1)
    answer = ask(lake, subject=str(case), start=start, end=end, radius_m=radius_m, minutes=minutes)
    span = (START_US + 7 * 3_600_000_000, START_US + 49 * 3_600_000_000)
    pairs, others = brute_pairs(columns, case, *span, radius_m, minutes)
    assert (answer.counts["raw_pairs"], answer.counts["subjects"]) == (pairs, len(others))
    assert {contact.subject for contact in answer.contacts} <= {str(other) for other in others}


def test_distance_and_time_limits_are_inclusive(tmp_path: Path) -> None:
    step = 0.001
    from twinward.core.geography import distance_m

    edge = float(distance_m(121.0, 31.0, 121.0, 31.0 + step))
    columns = {
        "subject": np.array([1, 2, 3]),
        "time_us": START_US + np.array([0, 900_000_000, 900_000_001]),
        "lon": np.full(3, 121.0),
        "lat": np.array([31.0, 31.0 + step, 31.0 + step]),
    }
    lake = fill(tmp_path, columns)
    assert ask(lake, subject="1", radius_m=edge, minutes=15).counts["raw_pairs"] == 1
    assert ask(lake, subject="1", radius_m=edge * (1 - 1e-9), minutes=15).counts["raw_pairs"] == 0


@pytest.mark.parametrize("lon", [179.9999, -179.9999])
def test_pairs_across_the_antimeridian_and_midnight_count(tmp_path: Path, lon: float) -> None:
    columns = {
        "subject": np.array([1, 2]),
        "time_us": START_US + np.array([86_399_000_000, 86_401_000_000]),
        "lon": np.array([lon, -lon]),
        "lat": np.array([10.0, 10.0]),
    }
    assert ask(fill(tmp_path, columns), subject="1").counts["raw_pairs"] == 1


def test_the_window_bounds_the_case_and_not_the_others(tmp_path: Path) -> None:
    columns = {
        "subject": np.array([1, 2, 1]),
        "time_us": START_US + np.array([0, -60_000_000, 3_600_000_000]),
        "lon": np.full(3, 13.4),
        "lat": np.full(3, 52.5),
    }
    lake = fill(tmp_path, columns)
    assert ask(lake, subject="1", end=START + timedelta(hours=1)).counts == {
        "subjects": 1,
        "raw_pairs": 1,
        "contacts": 0,
        "case_fixes": 1,
    }
    closed = open_scope(data_from=START)
    assert ask(lake, closed, subject="1", end=START + timedelta(hours=1)).counts["raw_pairs"] == 0


def test_what_the_activation_does_not_open_is_refused(city: tuple[Lake, dict[str, Any]]) -> None:
    lake, _ = city
    with pytest.raises(RefusedError) as purpose:
        ask(lake, open_scope(purposes=frozenset({"vault"})), subject="3")
    assert purpose.value.code == "purpose_not_open"
    with pytest.raises(RefusedError) as window:
        ask(lake, open_scope(data_to=START + timedelta(days=1)), subject="3")
    assert window.value.code == "window_not_open"
    east = AreaLocator(["w", "e"], lambda lon, lat: (lon > 121.47).astype(np.int64))
    half = ask(lake, open_scope(areas=("e",)), east, subject="3").counts
    assert half["case_fixes"] <= ask(lake, subject="3").counts["case_fixes"]
    nowhere = AreaLocator(["w"], lambda lon, lat: np.full(len(lon), -1))
    with pytest.raises(RefusedError) as area:
        ask(lake, open_scope(areas=("w",)), nowhere, subject="3")
    assert area.value.code == "area_not_open"


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ({"subject": "nobody"}, "subject_unknown"),
        ({"subject": "3", "end": START}, "bad_window"),
        ({"subject": "3", "end": START + timedelta(days=3650)}, "window_too_long"),
        ({"subject": "3", "radius_m": -1.0}, "bad_radius"),
        ({"subject": "3", "radius_m": float("nan")}, "bad_radius"),
        ({"subject": "3", "minutes": -1.0}, "bad_minutes"),
        ({"subject": "3", "limit": -1}, "bad_limit"),
    ],
)
def test_bad_questions_get_a_clear_code(
    city: tuple[Lake, dict[str, Any]], question: dict[str, Any], code: str
) -> None:
    with pytest.raises(InputError) as error:
        ask(city[0], **question)
    assert error.value.code == code
    assert isinstance(error.value, AbsentError) == (code == "subject_unknown")


def test_two_who_spend_the_day_together_rank_before_a_passer_by(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    times = np.arange(0, 8 * 3600, 600) * 1_000_000 + START_US + 86_400_000_000
    rows = (
        [(s, t, 0.0) for s in (1, 2) for t in times]
        + [(3, times[5], 0.0003)]
        + [(4, t, 0.00036) for t in times]
    )
    noise = random.normal(0, 15 / 111_195, (len(rows), 2))
    columns = {
        "subject": np.array([row[0] for row in rows]),
        "time_us": np.array([row[1] for row in rows]),
        "lon": 13.4 + noise[:, 0],
        "lat": 52.5 + np.array([row[2] for row in rows]) + noise[:, 1],
    }
    contacts = ask(fill(tmp_path, columns), subject="1", min_duration_min=0).contacts
    by = {contact.subject: contact for contact in contacts}
    assert contacts[0].subject == "2" and by["2"].minutes >= 450 and by["2"].probability > 0.4
    assert by["4"].probability < by["2"].probability / 2, (
        "the neighbour forty metres off is not taken for company"
    )
    assert all(contact.first_at >= from_us(START_US).isoformat()[:10] for contact in contacts)
