"""A line list in a frame becomes a tree in a frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import pandas as pd
import pytest

import twinward as tw

matplotlib.use("Agg")
CASES = pd.DataFrame(
    {
        "case": [1, 2, 3, 4, 5],
        "ill": pd.to_datetime(["2020-03-01", "2020-03-04", "2020-03-05", None, "2020-03-09"]),
        "home": ["a", "a", "b", "b", None],
    }
)


def chain(**more: Any) -> Any:
    asked = {"id": "case", "onset": "ill", "household": "home", "disease": "influenza-pandemic"}
    return tw.tracing.chain(CASES, **{**asked, **more})


def test_the_tree_is_a_frame_with_probabilities() -> None:
    tree = chain()
    links = tree.to_frame()
    assert list(links.columns)[:3] == ["infector", "infectee", "probability"]
    assert ("1", "2") in set(zip(links["infector"], links["infectee"], strict=True))
    assert links["probability"].between(0, 1).all()
    assert len(tree.to_frame("generations")) == tree.summary["generations"]
    assert list(tree.to_columns("super_spreading")) != []


def test_stated_contacts_are_a_frame_too() -> None:
    tree = chain(contacts=pd.DataFrame({"from": [1], "to": [3]}))
    assert tree.summary["stated"] == 1


def test_it_plots_and_draws(tmp_path: Path) -> None:
    tree = chain()
    assert tree.plot().get_ylabel() == "reproduction number"
    assert tree.draw(tmp_path / "tree.svg").stat().st_size > 1000
    with pytest.raises(tw.ArgumentError, match=r"path must be one of '.svg', '.png'"):
        tree.draw(tmp_path / "tree.txt")


@pytest.mark.parametrize(
    ("wrong", "argument", "said"),
    [
        ({"onset": None}, "linelist", "has no column 'onset'"),
        ({"x": "case"}, "y", "x and y"),
        ({"date_order": "nothing"}, "date_order", "'dmy', 'mdy'"),
        ({"disease": "nothing"}, "disease", "nothing"),
        ({"contacts": [{"from": 1}]}, "contacts", "has no column 'to'"),
    ],
)
def test_a_wrong_argument_is_named(wrong: dict[str, Any], argument: str, said: str) -> None:
    with pytest.raises(tw.ArgumentError, match=said) as raised:
        chain(**wrong)
    assert raised.value.argument == argument
