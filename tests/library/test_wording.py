"""Amounts and counts as people say them."""

from __future__ import annotations

import pytest

from twinward.library.wording import amount, count


@pytest.mark.parametrize(
    ("quantity", "unit", "title", "said"),
    [
        (865, "pieces", "masks", "865 masks"),
        (2, "pumps", "pumps", "2 pumps"),
        (1, "pumps", "pumps", "1 pump"),
        (1, "pieces", "masks", "1 mask"),
        (0, "beds", "hospital beds", "0 hospital beds"),
        (1200, "kits", "test kits", "1,200 test kits"),
        (40, "doses", "vaccine", "40 doses of vaccine"),
    ],
)
def test_no_unit_is_said_twice(quantity: float, unit: str, title: str, said: str) -> None:
    assert amount(quantity, unit, title) == said


def test_one_is_no_plural() -> None:
    assert (count(1, "death"), count(0, "death"), count(1200, "area")) == (
        "1 death",
        "0 deaths",
        "1,200 areas",
    )
    assert count(2, "city", "cities") == "2 cities"
