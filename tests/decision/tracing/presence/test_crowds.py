"""Who passed and who stayed, long stays, companions, flows: against plain loops, and with small
counts hidden.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from reference.movement import START, as_batch, open_scope, random_fixes
from twinward.core.errors import InputError
from twinward.decision.tracing.contacts.companions import list_companions
from twinward.decision.tracing.contacts.higher_order import list_second_order, trace_backward
from twinward.decision.tracing.contacts.search import ContactQuestion
from twinward.decision.tracing.contacts.venue_kinds import VenueRules
from twinward.decision.tracing.presence.areas import read_areas
from twinward.decision.tracing.presence.flows import hide, list_flows
from twinward.decision.tracing.presence.visited import list_dwells, list_visited
from twinward.decision.tracing.scoped_lake import ScopedLake
from twinward.storage.lake.lake import Lake

END = START + timedelta(days=3)
RING = [
    [121.465, 31.196],
    [121.474, 31.197],
    [121.472, 31.204],
    [121.466, 31.203],
    [121.465, 31.196],
]
HOLE = [
    [121.468, 31.198],
    [121.470, 31.198],
    [121.470, 31.200],
    [121.468, 31.200],
    [121.468, 31.198],
]


def area(code: str, *rings: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"code": code},
        "geometry": {"type": "Polygon", "coordinates": list(rings)},
    }


def disc(code: str, lon: float, lat: float, radius_m: float) -> dict[str, Any]:
    point = {"type": "Point", "coordinates": [lon, lat]}
    return {
        "type": "Feature",
        "properties": {"code": code, "radius_m": radius_m},
        "geometry": point,
    }


AREAS = {
    "type": "FeatureCollection",
    "features": [area("A", RING, HOLE), disc("B", 121.478, 31.2, 300.0)],
}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> tuple[ScopedLake, dict[str, Any]]:
    columns = random_fixes(3, 30_000, 120)
    lake = Lake(tmp_path_factory.mktemp("lake"))
    lake.append([as_batch(columns)], START)
    return ScopedLake(lake.snapshot(), open_scope()), columns


def test_passed_through_equals_a_plain_test_of_every_fix(
    city: tuple[ScopedLake, dict[str, Any]],
) -> None:
    from twinward.core.geography import distance_m

    lake, columns = city
    answer = list_visited(lake, read_areas(AREAS), START, END, None, None)
    polygon = shapely.Polygon(RING, [HOLE])
    in_a = shapely.contains_xy(polygon, columns["lon"], columns["lat"])
    in_b = distance_m(columns["lon"], columns["lat"], 121.478, 31.2) <= 300.0
    by = {row.area: row for row in answer.areas}
    assert by["A"].passed_through == len(set(columns["subject"][in_a]))
    assert by["B"].passed_through == len(set(columns["subject"][in_b]))
    assert answer.passed_through == len(set(columns["subject"][in_a | in_b]))
    assert 0 < answer.stayed < answer.passed_through
    assert len({row.subject for row in answer.presences if row.stayed}) == answer.stayed


def test_one_person_gets_the_same_answer_as_in_the_list_of_all(
    city: tuple[ScopedLake, dict[str, Any]],
) -> None:
    lake, _ = city
    everyone = list_visited(lake, read_areas(AREAS), START, END, None, None).presences
    one = list_visited(lake, read_areas(AREAS), START, END, everyone[0].subject, None).presences
    assert sorted(one, key=str) == sorted(
        (row for row in everyone if row.subject == everyone[0].subject), key=str
    )


def test_long_stays_are_longer_than_asked_and_inside_the_window(
    city: tuple[ScopedLake, dict[str, Any]],
) -> None:
    lake, _ = city
    short = list_dwells(lake, read_areas(AREAS), START, END, 0.25, None)
    long = list_dwells(lake, read_areas(AREAS), START, END, 0.5, None)
    assert 0 < long.stays < short.stays and all(row.hours >= 0.5 for row in long.dwells)


def test_small_counts_are_hidden_and_cannot_be_worked_out(
    city: tuple[ScopedLake, dict[str, Any]],
) -> None:
    lake, _ = city
    shown = list_flows(lake.lake, read_areas(AREAS), START, END, view="hub", per="day", k=1)
    kept = list_flows(lake.lake, read_areas(AREAS), START, END, view="hub", per="day", k=30)
    assert shown.suppressed == 0 and kept.suppressed > 0
    truth = {(row["at"], row["area"], row["what"]): row["count"] for row in shown.rows}
    for row in kept.rows:
        assert row["count"] in (None, truth[(row["at"], row["area"], row["what"])])
        assert row["count"] is None or row["count"] >= 30


def test_a_line_never_has_exactly_one_hidden_cell() -> None:
    random = np.random.default_rng(2)
    found = np.array([(0, a, b) for a in range(6) for b in range(6)])
    for _ in range(30):
        count = random.integers(1, 30, 36)
        hidden = hide(found, count, 5)
        assert hidden[count < 5].all()
        for side in (1, 2):
            assert 1 not in np.bincount(found[:, side], hidden).astype(int)


@pytest.mark.parametrize("view", ["od", "hub", "highway", "transferred"])
def test_every_view_of_flows_answers(city: tuple[ScopedLake, dict[str, Any]], view: str) -> None:
    west = [[121.0, 31.0], [121.47, 31.0], [121.47, 31.4], [121.0, 31.4], [121.0, 31.0]]
    east = [[lon + 0.47, lat] for lon, lat in west]
    halves = {
        "type": "FeatureCollection",
        "features": [area("W", west), area("E", east), area("X", RING)],
    }
    answer = list_flows(city[0].lake, read_areas(halves), START, END, view=view, per="day", k=1)
    assert answer.rows and all(row["count"] >= 1 for row in answer.rows)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"type": "FeatureCollection", "features": []}, "bad_areas"),
        ({"type": "Topology"}, "bad_areas"),
        ([], "bad_areas"),
        (area("x", [[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]), "area_crosses_itself"),
        (area("x", [[31, 121], [31, 122], [32, 122], [31, 121]]), "bad_point"),
        (disc("x", 1, 1, -5), "bad_areas"),
        (
            {"type": "FeatureCollection", "features": [area("x", RING), area("x", RING)]},
            "bad_areas",
        ),
        ({"type": "Feature", "properties": {}, "geometry": None}, "bad_areas"),
    ],
)
def test_bad_areas_get_a_clear_code(document: Any, code: str) -> None:
    with pytest.raises(InputError) as error:
        read_areas(document)
    assert error.value.code == code


def test_companions_share_two_places_and_a_neighbour_does_not(tmp_path: Path) -> None:
    hours = np.arange(0, 20, 0.25)
    place = np.where(hours < 8, 0, np.where(hours < 16, 1, 2))
    rows = []
    for subject, where in ((1, (0.0, 0.02, 0.0)), (2, (0.0, 0.02, 0.05)), (3, (0.0, 0.07, 0.0))):
        rows += [(subject, hour, where[at]) for hour, at in zip(hours, place, strict=True)]
    start_us = int(START.timestamp()) * 1_000_000
    columns = {
        "subject": np.array([row[0] for row in rows]),
        "time_us": np.array([start_us + int(row[1] * 3600) * 1_000_000 for row in rows]),
        "lon": np.array([121.0 + row[2] for row in rows]),
        "lat": np.full(len(rows), 31.0),
    }
    lake = Lake(tmp_path)
    lake.append([as_batch(columns)], START)
    answer = list_companions(ScopedLake(lake.snapshot(), open_scope()), "1", START, END)
    assert [(c.subject, c.places) for c in answer.companions] == [("2", 2)]
    assert answer.counts["met"] == 2


def test_the_second_order_keeps_threshold_and_cap(city: tuple[ScopedLake, dict[str, Any]]) -> None:
    lake, _ = city
    question = ContactQuestion(subject="5", start=START, end=END, min_duration_min=0)
    answer = list_second_order(
        lake, question, VenueRules(), min_transmission=1e-6, cap=3, latent_days=0.5
    )
    assert answer.followed == 3 and answer.left_out > 0 and answer.contacts
    assert all(row.transmission <= 1e-2 and row.subject != "5" for row in answer.contacts)
    with pytest.raises(InputError):
        list_second_order(lake, question, VenueRules(), min_transmission=0.0)


def test_backward_tracing_puts_known_cases_first_and_shares_out_the_places(
    city: tuple[ScopedLake, dict[str, Any]],
) -> None:
    lake, _ = city
    plain = trace_backward(lake, "5", END, VenueRules(), minutes=60.0, radius_m=200.0)
    known = plain.sources[-1].subject
    answer = trace_backward(
        lake, "5", END, VenueRules(), minutes=60.0, radius_m=200.0, known_cases=frozenset({known})
    )
    assert answer.sources[0].subject == known
    assert 0.2 < sum(place.share for place in answer.places) <= 1.001
