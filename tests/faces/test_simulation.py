"""One call runs an outbreak, and its answer tabulates, plots and shows itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest

import twinward as tw
from twinward.service.planning.simulation import SimulationRequest
from twinward.service.planning.simulation import simulate as simulate_as_a_verb

matplotlib.use("Agg")
SMALL: dict[str, Any] = {"residents": 1500, "days": 15, "infected": 20}


@pytest.fixture(scope="module")
def one() -> Any:
    return tw.simulate(**SMALL, seed=3, keep_tree=True)


def test_the_call_gives_the_same_numbers_as_the_verb(one: Any) -> None:
    request = SimulationRequest(residents=1500, days=15, infected=20, seed=3, keep_tree=True)
    assert one.outcome.sha256 == simulate_as_a_verb(request).outcome.sha256


def test_every_table_is_a_frame_that_adds_up(one: Any) -> None:
    days = one.to_frame()
    assert len(days) == 15
    for table in ("area", "age", "setting", "strain"):
        assert one.to_frame(table)["new_infections"].sum() <= days["new_infections"].sum()
    assert one.to_frame("age")["new_infections"].sum() == days["new_infections"].sum()
    tree = one.to_arrow("tree")
    assert tree.num_rows == days["new_infections"].sum()
    assert set(one.list_tables()) == {"days", "area", "age", "setting", "strain", "tree"}


def test_it_plots_by_one_call_and_returns_axes(one: Any) -> None:
    from matplotlib import pyplot

    assert len(one.plot()) == 3
    axis = one.plot(["new_deaths"])
    assert axis.get_ylabel() == "new deaths"
    with pytest.raises(tw.ArgumentError, match="series must be one of"):
        one.plot(["nothing"])
    pyplot.close("all")


def test_it_shows_itself_in_a_line_and_says_that_it_is_simulated(one: Any) -> None:
    assert repr(one).startswith("<Simulation: disease sars-cov-2-ancestral, residents 1,500")
    assert "simulated True" in repr(one)
    assert "<th>infections</th>" in one._repr_html_()


def test_measures_are_names_dicts_objects_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "m.toml"
    file.write_text('[[measures]]\ntype = "case_isolation"\n', "utf-8")
    objects = tw.simulation.read_measures({"measures": [{"type": "case_isolation"}]})
    given: list[Any] = [["case_isolation"], "case_isolation", objects, file, str(file)]
    for measures in given:
        asked = tw.simulation.read_some_measures(measures)
        assert asked == objects


def test_replicates_have_a_band_and_a_row_each() -> None:
    many = tw.simulate(**SMALL, replicates=2)
    assert list(many.to_frame("replicates")["seed"]) == [1, 2]
    quantiles = many.to_frame("quantiles")
    assert (quantiles["new_infections_q0.05"] <= quantiles["new_infections_q0.95"]).all()
    assert many.summary["replicates"] == 2


def test_a_city_may_be_handed_in() -> None:
    city = tw.city.plain(1500, seed=3)
    run = tw.simulate(city=city, days=15, infected=20, seed=3)
    assert run.outcome.sha256 == tw.simulate(**SMALL, seed=3).outcome.sha256


@pytest.mark.parametrize(
    ("wrong", "argument"),
    [
        ({"days": -3}, "days"),
        ({"days": 1601}, "days"),
        ({"seed": "x"}, "seed"),
        ({"seed": 2**64}, "seed"),
        ({"infected": 1501}, "infected"),
        ({"residents": 0}, "residents"),
        ({"measures": ["nothing"]}, "measures"),
        ({"disease": "nothing"}, "disease"),
        ({"settings": {"transmission.r1": 2}}, "settings"),
        ({"level": "nothing"}, "level"),
        ({"mixing": "nothing"}, "mixing"),
        ({"replicates": 0}, "replicates"),
        ({"threads": 0}, "threads"),
        ({"city": 5, "residents": None}, "city"),
        ({"city": "x"}, "residents"),
    ],
)
def test_a_wrong_argument_is_a_value_error_with_its_name(
    wrong: dict[str, Any], argument: str
) -> None:
    with pytest.raises(ValueError) as raised:
        tw.simulate(**{**SMALL, **wrong})
    assert isinstance(raised.value, tw.ArgumentError)
    assert raised.value.argument == argument
    assert "--" not in str(raised.value)
    assert "`twinward" not in str(raised.value)


def test_settings_are_laid_over_the_disease() -> None:
    run = tw.simulate(residents=1000, days=2, settings={"transmission.r0": 0.5})
    assert run.scenario.disease.transmission.r0.value == 0.5
    with pytest.raises(tw.ArgumentError, match="settings"):
        tw.simulate(disease=run.scenario.disease, settings={"transmission.r0": 1.0})


def test_the_tree_names_settings_and_strains(one: Any) -> None:
    tree = one.to_columns("tree")
    assert set(tree["strain"]) == {"sars-cov-2-ancestral"}
    assert np.all(tree["infector"] >= -1)
