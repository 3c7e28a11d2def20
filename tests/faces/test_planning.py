"""Plans are laid beside each other by one call."""

from __future__ import annotations

from typing import Any

import matplotlib
import pytest

import twinward as tw

matplotlib.use("Agg")
MINE = {"id": "mine", "measures": ["symptomatic_testing", "case_isolation"]}


@pytest.fixture(scope="module")
def sheet() -> Any:
    return tw.planning.compare(["none", MINE], residents=1500, days=6, replicates=2)


def test_the_sheet_has_a_row_a_plan_best_first(sheet: Any) -> None:
    figures = sheet.to_frame()
    assert set(figures["plan"]) == {"none", "mine"}
    assert figures["place"].tolist() == [1, 2]
    assert sheet.summary["first"] == figures["plan"].iloc[0]
    spreads = sheet.to_frame("spreads")
    assert (spreads["low"] <= spreads["high"]).all()
    assert {"plan", "key", "residents"} <= set(sheet.to_frame("areas").columns)
    assert sheet.to_frame("sensitivity").empty
    assert set(sheet.why) == {"en", "zh"}


def test_it_plots_a_figure(sheet: Any) -> None:
    assert "infections" in sheet.plot("infections").get_xlabel()
    with pytest.raises(tw.ArgumentError, match="figure must be one of"):
        sheet.plot("nothing")


def test_plans_of_the_library_have_names() -> None:
    assert {"id", "version", "title", "hazard"} == set(tw.planning.list_plans()[0])


@pytest.mark.parametrize(
    ("wrong", "argument"),
    [
        ({"plans": ["nothing"]}, "plans"),
        ({"plans": [{"measures": []}]}, "plans"),
        ({"plans": []}, "plans"),
        ({"days": 366}, "days"),
        ({"ranked_by": "beauty"}, "ranked_by"),
        ({"replicates": 0}, "replicates"),
        ({"seed": -1}, "seed"),
    ],
)
def test_a_wrong_argument_is_named(wrong: dict[str, Any], argument: str) -> None:
    with pytest.raises(tw.ArgumentError) as raised:
        tw.planning.compare(**{"plans": ["none"], "residents": 1000, **wrong})
    assert raised.value.argument == argument
