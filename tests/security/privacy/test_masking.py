"""Attempts to undo masking: means of repeated reads, joined exports, free text, logs."""

from __future__ import annotations

import logging
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinward.core.geography import distance_m
from twinward.security.privacy.masking import (
    CELL_M,
    PointMask,
    ScrubFilter,
    band_age,
    mask_fact,
    mask_points,
    scrub,
)

lons, lats = st.floats(-179, 179), st.floats(-70, 70)
MASK = PointMask(b"k" * 32)


@given(lons, lats)
def test_a_point_is_moved_always_alike_and_never_far(lon: float, lat: float) -> None:
    shown = MASK("p-1", lon, lat)
    assert shown == MASK("p-1", lon, lat)
    assert float(distance_m(lon, lat, *shown)) < 1300


def test_the_mean_of_many_noisy_reads_is_no_nearer_to_the_home() -> None:
    """Fixes scattered some metres about homes: the mean of what is shown stays as far off as one
    read.
    """
    far = []
    for n in range(60):
        home = (121.4 + n * 0.0131, 31.2 + n * 0.0117)
        fixes = [
            (home[0] + dx * 1e-5, home[1] + dy * 1e-5) for dx in range(-5, 6) for dy in range(-5, 6)
        ]
        shown = [MASK(f"p-{n}", *fix) for fix in fixes]
        lon, lat = (statistics.fmean(point[i] for point in shown) for i in (0, 1))
        far.append(float(distance_m(*home, lon, lat)))
    assert statistics.median(far) > 300
    assert sum(one < 100 for one in far) <= 3


def test_who_knows_one_place_of_somebody_cannot_take_the_move_off_another() -> None:
    work, home = (121.40, 31.20), (121.43, 31.25)
    shown_work, shown_home = MASK("p-1", *work), MASK("p-1", *home)
    guess = tuple(h - (w - true) for h, w, true in zip(shown_home, shown_work, work, strict=True))
    assert float(distance_m(*home, *guess)) > 100


def test_two_exports_cannot_be_joined_on_the_point() -> None:
    """Two persons of one home are shown apart, and another workspace's key moves both elsewhere."""
    shown = {
        PointMask(key)(who, 121.4, 31.2) for key in (b"a" * 32, b"b" * 32) for who in ("p-1", "p-2")
    }
    assert len(shown) == 4


def test_points_of_one_cell_are_one_shown_point() -> None:
    shown = {MASK("p-1", 121.40001 + n * 1e-6, 31.20001) for n in range(20)}
    assert len(shown) == 1 and CELL_M >= 500


def test_an_answer_keeps_the_points_of_named_places_and_moves_those_of_the_person() -> None:
    move = PointMask(b"key")
    market = {"place": "Market 7", "lon": 121.48, "lat": 31.23}
    home = {"place": None, "lon": 121.4737, "lat": 31.2304}
    shown = mask_points(
        {"timeline": [market, home], "places": ["Market 7", "121.4737,31.2304"]}, "p-1", move
    )
    lon, lat = move("p-1", 121.4737, 31.2304)
    assert shown["timeline"] == [market, {"place": None, "lon": lon, "lat": lat}]
    assert shown["places"] == ["Market 7", f"{lon:.4f},{lat:.4f}"]
    assert distance_m(lon, lat, 121.4737, 31.2304) > 50


@pytest.mark.parametrize(
    ("age", "band"),
    [(0, "0-9"), (9, "0-9"), (34, "30-39"), (79, "70-79"), (80, "80+"), (104, "80+"), (None, None)],
)
def test_ages_are_banded(age: int | None, band: str | None) -> None:
    assert band_age(age) == band


@pytest.mark.parametrize(
    "secret",
    [
        "13812345678",
        "31010119800101123X",
        "310101800101123",
        "+86 138 1234 5678",
        "li.na@example.org",
        "Bearer abc.def-ghi",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln",
    ],
)
def test_numbers_that_name_or_call_a_person_are_hidden_in_text(secret: str) -> None:
    assert secret not in scrub(f"call {secret}, please")


@pytest.mark.parametrize(
    "plain",
    ["310101", "310101001", "310101001001", "p-0123456789abcdef0123", "2022-04-13T08:00:00Z"],
)
def test_codes_pseudonyms_and_times_stay_readable(plain: str) -> None:
    assert scrub(f"at {plain}") == f"at {plain}"


def test_a_fact_about_a_person_leaves_without_what_points_at_them() -> None:
    fact = {
        "case": "c1",
        "subject": "p-1",
        "status": "confirmed",
        "lon": 1.0,
        "phone": "1",
        "area": "31",
    }
    assert mask_fact(fact, personal=True) == {"status": "confirmed", "area": "31"}
    assert mask_fact({"subjects": ["p-1"], "activation": "a"}, personal=False) == {
        "activation": "a"
    }


def test_log_records_leave_scrubbed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.addFilter(ScrubFilter())
    try:
        raise ValueError("phone 13812345678 of Canary")
    except ValueError:
        logging.getLogger("twinward.test").exception("no entry for %s", "13812345678")
    assert "13812345678" not in caplog.text and "Canary" not in caplog.text
    assert "ValueError at" in caplog.text
