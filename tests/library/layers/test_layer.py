"""Layers and couplings are data: each file is sound, and a wrong one is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinward.core.errors import AbsentError, InputError
from twinward.edge.feeds.observations import READINGS
from twinward.library.hazards.hazard import Hazard
from twinward.library.layers.layer import get_layer, load_couplings, load_layers, read_layer
from twinward.library.loading import HOME, read_toml

SOUND = """
id = "tide"
group = "water"
title = "Tide"
zh = "潮位"
observed = "water_level"
named = "tide"
unit = "m"
cadence_s = 600
breaks = [1, 2]
source = "the port"
"""


def test_every_layer_reads_what_can_be_observed() -> None:
    layers = load_layers()
    assert len(layers) >= 20
    for layer in layers.values():
        assert layer.origin != "sensors" or layer.observed in READINGS, layer.id
        assert layer.title != layer.zh


def test_every_coupling_names_layers_and_hazards_that_there_are() -> None:
    layers = load_layers()
    hazards = {read_toml(path, Hazard).id for path in (HOME / "hazards").glob("*.toml")}
    for row in load_couplings():
        assert {row.layer, *row.layers} <= layers.keys()
        assert row.hazard in hazards
        assert row.places or row.layers


def test_a_workspace_has_layers_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "tide.toml").write_text(SOUND, "utf-8")
    (tmp_path / "wind.toml").write_text(SOUND.replace('"tide"', '"wind"', 1), "utf-8")
    found = load_layers(tmp_path)
    assert found["tide"].named == "tide"
    assert found["wind"].title == "Tide"
    assert load_layers()["wind"].title == "Wind"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("breaks = [1, 2]", "breaks = [2, 1]", "rising"),
        ("breaks = [1, 2]", "breaks = []", "rising"),
        ("cadence_s = 600", "cadence_s = 0", "cadence_s"),
        ("cadence_s = 600", "cadence_s = 600\nlow = 3\nhigh = 2", "below"),
        ("cadence_s = 600", "cadence_s = 600\nages = [0, 4]", "ages"),
        ('group = "water"', 'group = "sea"', "group"),
        ('unit = "m"', 'unit = "m"\ncolour = "red"', "colour"),
    ],
)
def test_a_wrong_layer_is_refused_and_says_what_is_wrong(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    path = tmp_path / "tide.toml"
    path.write_text(SOUND.replace(old, new), "utf-8")
    with pytest.raises(InputError, match=says):
        read_layer(path)


def test_a_layer_that_there_is_not_names_those_there_are() -> None:
    with pytest.raises(AbsentError) as absent:
        get_layer(load_layers(), "nothing")
    assert absent.value.code == "unknown_layer"
    assert "traffic" in absent.value.advice
