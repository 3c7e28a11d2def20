"""Sites and rounds from frames, with names kept and proofs shown."""

from __future__ import annotations

from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest

import twinward as tw

matplotlib.use("Agg")
COSTS = pd.DataFrame(
    [[0, 9, 9], [1, 9, 9], [9, 0, 9], [9, 9, 0.5]], index=list("abcd"), columns=["X", "Y", "Z"]
)


def test_the_names_of_a_frame_come_back() -> None:
    answer = tw.logistics.p_median(COSTS, p=2)
    assert answer.open == ["X", "Y"]
    assert (answer.objective, answer.bound) == pytest.approx((10.0, 10.0))
    customers = answer.to_frame().set_index("customer")
    assert customers.loc["b", "site"] == "X"
    assert answer.to_frame("sites")["customers"].sum() == 4


def test_demand_moves_the_sites() -> None:
    answer = tw.logistics.p_median(COSTS, p=2, demand=[1, 1, 1, 50])
    assert "Z" in answer.open


def test_a_capacity_binds() -> None:
    answer = tw.logistics.sites(COSTS, 2, aim="capacitated", capacity=2, time_limit_s=5)
    assert answer.to_frame("sites")["demand"].max() <= 2 + 1e-6
    assert tw.logistics.sites(1000 * COSTS, 3, aim="centre").objective == pytest.approx(1000)


def test_rounds_from_frames_serve_every_stop_once() -> None:
    stops = pd.DataFrame(
        {"id": range(4), "lon": [121, 121.01, 121.02, 121.03], "lat": 31.0, "demand": 1.0}
    )
    vehicles = [{"id": "v1", "capacity": 2}, {"id": "v2", "capacity": 2}]
    rounds = tw.logistics.route(stops, vehicles, (121.015, 31.0), time_limit_s=0.5)
    assert sorted(rounds.to_frame()["stop"]) == ["0", "1", "2", "3"]
    assert rounds.summary["distance_m"] >= rounds.summary["bound_m"] > 0
    assert rounds.plot().get_xlabel() == "lon"
    assert list(rounds.to_frame("left_out").columns) == ["stop", "why"]


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: tw.logistics.p_median([1, 2], 1), "costs"),
        (lambda: tw.logistics.p_median(COSTS, 4), "p"),
        (lambda: tw.logistics.p_median(COSTS, 1, demand=[1]), "demand"),
        (lambda: tw.logistics.p_median(np.array([[np.nan]]), 1), "costs"),
        (lambda: tw.logistics.sites(COSTS, 1, aim="capacitated"), "capacity"),
        (lambda: tw.logistics.sites(COSTS, 1, aim="nearest"), "aim"),
        (lambda: tw.logistics.route([{"id": 1}], [], (0, 0)), "stops"),
        (
            lambda: tw.logistics.route(
                [{"id": 1, "lon": 0, "lat": 0, "demand": "much"}], [], (0, 0)
            ),
            "stops",
        ),
    ],
)
def test_a_wrong_argument_is_named(call: Any, argument: str) -> None:
    with pytest.raises(tw.ArgumentError) as raised:
        call()
    assert raised.value.argument == argument
