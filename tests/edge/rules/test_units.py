"""A unit in every spelling of it is that unit; another quantity is none."""

from __future__ import annotations

import pytest

from twinward.edge.rules.units import conversion, convert


@pytest.mark.parametrize(
    ("said", "usual", "scale"),
    [
        ("cm", "m", 0.01), ("CM", "m", 0.01), ("cm.", "m", 0.01), ("[cm]", "m", 0.01),
        ("ｃｍ", "m", 0.01), ("公分", "m", 0.01), ("см", "m", 0.01), ("Zentimeter", "m", 0.01),
        ("mètres", "m", 1.0), ("metros", "m", 1.0), ("\"", "m", 0.0254), ("'", "m", 0.3048),
        ("m·s⁻¹", "m/s", 1.0), ("km/h", "m/s", 1 / 3.6), ("м/с", "m/s", 1.0), ("％", "%", 1.0),
        ("deg C", "C", 1.0), ("℃", "C", 1.0), ("µg/m³", "ug/m3", 1.0), ("ug/m^3", "ug/m3", 1.0),
        ("m^3/s", "m3/s", 1.0), ("mm/hour", "mm/h", 1.0), ("dB(A)", "dB", 1.0), ("dBA", "dB", 1.0),
    ],
)  # fmt: skip
def test_every_spelling_of_a_unit_is_that_unit(said: str, usual: str, scale: float) -> None:
    found = conversion(said, usual)
    assert found is not None
    assert found[0] == pytest.approx(scale)


def test_degrees_of_another_scale_are_turned_and_other_quantities_are_not() -> None:
    assert convert(212.0, "°F", "C") == pytest.approx(100.0)
    assert conversion("m above datum", "m") is None
    assert conversion("cm", "C") is None
    assert conversion("", "m") is None
