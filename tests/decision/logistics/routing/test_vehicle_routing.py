"""Rounds keep every promise of the instance, under any labels, and come close to what is known
to be best.
"""

from __future__ import annotations

import itertools
from time import perf_counter

import numpy as np
import pytest
from tests.decision.logistics.instances import published, random_rounds

from twinward.core.errors import InputError
from twinward.decision.logistics.routing.vehicle_routing import RoutingAnswer, plan_rounds
from twinward.decision.logistics.routing.vrplib import RoutingInstance, read_vrplib

MATRIX = np.array([[0, 3, 5, 9], [3, 0, 4, 7], [5, 4, 0, 2], [9, 7, 2, 0]])


def plan(
    text: str, rounding: str = "nearest", limit_s: float = 2.0
) -> tuple[RoutingInstance, RoutingAnswer]:
    case = read_vrplib(text)
    start = perf_counter()
    return case, plan_rounds(case, rounding, lambda: perf_counter() - start, limit_s)


def require_sound(case: RoutingInstance, answer: RoutingAnswer, distance: np.ndarray) -> None:
    """Each customer once, loads, windows and lengths as the instance says, recomputed from
    scratch.
    """
    row = {name: at for at, name in enumerate(case.names)}
    visited = [node for one in answer.rounds for node in one.nodes]
    assert sorted(visited) == sorted(set(case.names) - {case.names[case.depot]})
    total = 0.0
    for one in answer.rounds:
        path = [case.depot, *(row[node] for node in one.nodes), case.depot]
        if case.capacity is not None:
            assert case.demand[path].sum() <= case.capacity
        clock = case.early[case.depot]
        for a, b in itertools.pairwise(path):
            clock = max(clock + case.service[a] + distance[a, b], case.early[b])
            assert clock <= case.late[b] + 1e-6
            total += distance[a, b]
    assert answer.cost == pytest.approx(total)
    assert answer.bound <= answer.cost + 1e-6


def test_e_n22_k4_is_solved_to_its_optimum() -> None:
    _, answer = plan(published("E-n22-k4.txt"), limit_s=5.0)
    assert answer.cost == 375
    assert len(answer.rounds) == 4
    assert 0 <= answer.gap < 0.05


def test_rc208_is_within_three_percent_of_the_best_known() -> None:
    case, answer = plan(published("RC208.vrp"), "dimacs", limit_s=8.0)
    require_sound(case, answer, np.floor(10 * case.distance + 1e-9) / 10)
    assert answer.cost < 776.1 * 1.03


@pytest.mark.parametrize("rounding", ["nearest", "dimacs", "none"])
@pytest.mark.parametrize("windows", [False, True])
def test_rounds_keep_capacity_and_windows_and_visit_each_once(rounding: str, windows: bool) -> None:
    case, answer = plan(random_rounds(16, 3, windows=windows)[0], rounding, 1.0)
    rounded = {
        "nearest": np.floor(case.distance + 0.5),
        "dimacs": np.floor(10 * case.distance + 1e-9) / 10,
    }
    require_sound(case, answer, rounded.get(rounding, case.distance))


@pytest.mark.parametrize("windows", [False, True])
def test_other_labels_and_another_order_of_sections_change_nothing(windows: bool) -> None:
    plain, _ = random_rounds(14, 5, windows=windows)
    rng_text, _ = random_rounds(14, 5, windows=windows, label="mixed")
    assert read_vrplib(rng_text).depot == read_vrplib(rng_text).names.index(
        next(
            int(line)
            for line, before in zip(rng_text.splitlines()[1:], rng_text.splitlines(), strict=False)
            if before == "DEPOT_SECTION"
        )
    )
    first, second = plan(plain, limit_s=1.0)[1], plan(rng_text, limit_s=1.0)[1]
    assert first.cost == second.cost
    assert len(first.rounds) == len(second.rounds)


def explicit(name: str, numbers: list[int]) -> str:
    rows = "\n".join(" ".join(map(str, numbers[at : at + 3])) for at in range(0, len(numbers), 3))
    return (
        f"TYPE : CVRP\nDIMENSION : 4\nCAPACITY : 10\nEDGE_WEIGHT_TYPE : "
        f"EXPLICIT\nEDGE_WEIGHT_FORMAT : {name}\n"
        f"EDGE_WEIGHT_SECTION\n{rows}\nDEMAND_SECTION\n1 0\n2 4\n3 4\n4 "
        f"4\nDEPOT_SECTION\n1\n-1\nEOF\n"
    )


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("FULL_MATRIX", [(i, j) for i in range(4) for j in range(4)]),
        ("LOWER_ROW", [(1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2)]),
        ("UPPER_ROW", [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]),
        ("LOWER_COL", [(1, 0), (2, 0), (3, 0), (2, 1), (3, 1), (3, 2)]),
        ("UPPER_COL", [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]),
        ("LOWER_DIAG_ROW", [(i, j) for i in range(4) for j in range(i + 1)]),
        ("UPPER_DIAG_ROW", [(i, j) for i in range(4) for j in range(i, 4)]),
        ("LOWER_DIAG_COL", [(i, j) for j in range(4) for i in range(j, 4)]),
        ("UPPER_DIAG_COL", [(i, j) for j in range(4) for i in range(j + 1)]),
    ],
)
def test_every_matrix_format_gives_the_same_matrix(
    name: str, places: list[tuple[int, int]]
) -> None:
    case = read_vrplib(explicit(name, [int(MATRIX[place]) for place in places]))
    np.testing.assert_array_equal(case.distance, MATRIX)


def test_the_eilon_files_are_read_by_columns_as_their_authors_meant() -> None:
    numbers = [int(MATRIX[place]) for place in [(1, 0), (2, 0), (3, 0), (2, 1), (3, 1), (3, 2)]]
    text = explicit("LOWER_ROW", numbers)
    assert not np.array_equal(read_vrplib(text).distance, MATRIX)
    np.testing.assert_array_equal(read_vrplib("COMMENT : (Eilon et al.)\n" + text).distance, MATRIX)


def test_asymmetric_lengths_are_driven_in_their_direction() -> None:
    one_way = MATRIX.copy()
    one_way[0, 1], one_way[1, 2], one_way[2, 3], one_way[3, 0] = 1, 1, 1, 1
    text = explicit("FULL_MATRIX", one_way.ravel().tolist()).replace(
        "CAPACITY : 10", "CAPACITY : 12"
    )
    _, answer = plan(text, limit_s=0.5)
    assert answer.cost == 4
    assert answer.rounds[0].nodes == [2, 3, 4]
    assert answer.bound <= 4


def test_collections_may_share_a_round_with_deliveries() -> None:
    text = explicit("FULL_MATRIX", MATRIX.ravel().tolist())
    text = text.replace("DEPOT_SECTION", "BACKHAUL_SECTION\n4\n-1\nDEPOT_SECTION")
    _, answer = plan(text, limit_s=0.5)
    assert len(answer.rounds) == 1


def test_backhauls_come_after_all_deliveries_of_a_round() -> None:
    text = explicit("FULL_MATRIX", MATRIX.ravel().tolist()).replace(
        "CAPACITY : 10", "CAPACITY : 99\nVEHICLES : 1"
    )
    text = text.replace("2 4\n3 4\n4 4", "2 4\n3 4\n4 0").replace(
        "DEPOT_SECTION", "BACKHAUL_SECTION\n4 5\nDEPOT_SECTION"
    )
    _, free = plan(text, limit_s=0.5)
    _, last = plan(text.replace("TYPE : CVRP", "TYPE : VRPB"), limit_s=0.5)
    assert free.cost == 3 + 7 + 2 + 5
    assert last.rounds[0].nodes[-1] == 4
    assert last.cost == 3 + 4 + 2 + 9


def test_a_limit_on_length_splits_a_round() -> None:
    text = explicit("FULL_MATRIX", MATRIX.ravel().tolist()).replace(
        "CAPACITY : 10", "CAPACITY : 99\nDISTANCE : 18"
    )
    _, answer = plan(text, limit_s=0.5)
    assert all(one.distance <= 18 for one in answer.rounds)


BASE = random_rounds(6, 1)[0]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "bad_vrplib"),
        ("hello world", "bad_vrplib"),
        (BASE.replace("DIMENSION : 6\n", ""), "bad_vrplib"),
        (BASE.replace("DIMENSION : 6", "DIMENSION : 7"), "bad_vrplib"),
        (BASE.replace("DIMENSION : 6", "DIMENSION : many"), "bad_vrplib"),
        (BASE.replace("TYPE : CVRP", "TYPE : SOMETHING"), "bad_vrplib"),
        (BASE.replace("EUC_2D", "GEO"), "bad_vrplib"),
        (BASE.replace("EUC_2D", "EXPLICIT"), "bad_vrplib"),
        (BASE.replace("CAPACITY", "COLOUR"), "bad_vrplib"),
        (BASE.replace("DEMAND_SECTION", "PRIZE_SECTION"), "bad_vrplib"),
        (BASE.replace("DEPOT_SECTION\n1", "DEPOT_SECTION\n1\n2"), "bad_vrplib"),
        (BASE.replace("DEPOT_SECTION\n1", "DEPOT_SECTION\n9"), "bad_vrplib"),
        (BASE.replace("DEPOT_SECTION\n1", "DEPOT_SECTION\n2"), "bad_vrplib"),
        (BASE.replace("EOF", "DEPOT_SECTION\n1\n-1\nEOF"), "bad_vrplib"),
        (BASE.replace("EOF", "TIME_WINDOW_SECTION\n2 9 3\nEOF"), "bad_vrplib"),
        (BASE.replace("CAPACITY : 60", "CAPACITY : -5"), "bad_vrplib"),
    ],
)
def test_faulty_files_are_named(text: str, code: str) -> None:
    with pytest.raises(InputError) as error:
        read_vrplib(text)
    assert error.value.code == code
    assert error.value.advice


@pytest.mark.parametrize(
    "text",
    [
        BASE.replace("CAPACITY : 60", "CAPACITY : 1"),
        BASE.replace("CAPACITY : 60", "CAPACITY : 19\nVEHICLES : 1"),
        BASE.replace("EOF", "TIME_WINDOW_SECTION\n2 0 0\nEOF"),
    ],
)
def test_what_cannot_be_served_is_said_before_any_search(text: str) -> None:
    case = read_vrplib(text)
    with pytest.raises(InputError) as error:
        plan_rounds(case, "nearest", lambda: 0.0, 1.0)
    assert error.value.code == "infeasible"
    assert error.value.advice
