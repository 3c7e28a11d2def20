"""Ages and household sizes as statistics offices write them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from twinward.citybase.defaults import household_shares, spread_bands
from twinward.citybase.people.bands import parse_band
from twinward.citybase.people.profiles import single_years
from twinward.citybase.places.named_places import map_kind
from twinward.citybase.sources.ledger import SourceLedger
from twinward.citybase.sources.numbers import to_number
from twinward.citybase.sources.tables import to_text


@pytest.mark.parametrize(
    ("text", "band"),
    [
        ("7", (7, 7, False)),
        ("0-4", (0, 4, False)),
        ("85+", (85, 85, True)),
        ("85 and over", (85, 85, True)),
        ("20 – 24 years", (20, 24, False)),
        ("60岁及以上", (60, 60, True)),
        ("old", None),
        ("9-3", None),
        ("-3", None),
    ],
)
def test_bands_are_read_as_offices_write_them(
    text: str, band: tuple[int, int, bool] | None
) -> None:
    assert parse_band(text) == band


@given(st.lists(st.floats(0, 1e7), min_size=2, max_size=12), st.booleans())
@example([5e-324, 5e-324, 1.0], False)
def test_bands_keep_their_totals(counts: list[float], last_open: bool) -> None:
    counts = [*counts[:-1], counts[-1] + 1]
    bands = [(8 * i, 8 * i + 7, False, count) for i, count in enumerate(counts)]
    bands[-1] = (bands[-1][0], bands[-1][0] if last_open else bands[-1][1], last_open, counts[-1])
    single = single_years(bands, SourceLedger("ages", "ages"))
    assert (single >= 0).all() and len(single) == 101
    for first, last, is_open, count in bands:
        assert single[first : 101 if is_open else last + 1].sum() == pytest.approx(
            count, rel=1e-6, abs=1e-3
        )


def test_the_open_band_thins_out_with_age() -> None:
    single = spread_bands([0, 65], [100.0, 100.0])
    assert (np.diff(single[65:]) < 0).all() and single[100] < 0.2


@pytest.mark.parametrize("mean", [1.4, 2.32, 3.5])
def test_household_shares_have_the_mean_asked_for(mean: float) -> None:
    shares = household_shares(mean)
    assert shares.sum() == pytest.approx(1.0) and shares @ np.arange(
        1, len(shares) + 1
    ) == pytest.approx(mean)


def test_kinds_match_whole_values_then_the_longest_part_then_the_rest() -> None:
    mapping = {"school": "school", "primary school": "primary", "X": "clinic", "*": "other"}
    found = [
        map_kind(value, mapping)
        for value in ("X", "the primary school of Y", "night school", "bank")
    ]
    assert found == ["clinic", "primary", "school", "other"]
    assert map_kind("bank", {"X": "clinic"}) is None


def test_numbers_and_codes_of_spreadsheets() -> None:
    assert to_text(310101.0) == "310101" and to_text(None) == to_text(float("nan")) == ""
    assert (
        to_number(" 12.5 ") == 12.5
        and np.isnan([to_number(v) for v in ("", "x", None, True, "inf")]).all()
    )
