"""In a managed workspace no question that names persons undoes the mask of their points."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.moving import make_moving_city
from twinward.core.errors import InputError
from twinward.service.access.activations import open_activation
from twinward.service.platform import local_admin
from twinward.service.tracing.questions import Tracing


@pytest.fixture(scope="module")
def tracing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracing]:
    folder: Path = tmp_path_factory.mktemp("small") / "w"
    platform, _ = make_moving_city(folder)
    words = {"by": "duty officer", "basis": "law on infectious diseases"}
    asked = {"hazard": "epidemic", "areas": ["all"], "purposes": ["trace"], "days": 7}
    open_activation(platform, local_admin(), **asked, **words)  # type: ignore[arg-type]
    found: Tracing = platform.tracing(local_admin())
    found.strict = True
    yield found
    platform.close()


def home_of(tracing: Tracing, subject: str) -> tuple[float, float]:
    """Where the person spends the nights in truth: what an attacker looks for."""
    answer = {}

    def look(lake: Any) -> None:
        start, end = lake.span_us()
        stays = lake.subject_visits(lake.find_subject(subject), start, end + 1)
        longest = int((stays.end_us - stays.start_us).argmax())
        answer["at"] = float(stays.lon[longest]), float(stays.lat[longest])

    tracing.lake().ask(look)
    return answer["at"]


def discs(at: tuple[float, float], *radii_m: float) -> dict[str, Any]:
    features = [
        {
            "type": "Feature",
            "properties": {"code": f"{radius_m:g}", "radius_m": radius_m},
            "geometry": {"type": "Point", "coordinates": list(at)},
        }
        for radius_m in radii_m
    ]
    return {"type": "FeatureCollection", "features": features}


def test_of_one_person_no_area_below_the_mask_is_asked(tracing: Tracing) -> None:
    at = home_of(tracing, "s7")
    with pytest.raises(InputError) as error:
        tracing.visited(discs(at, 100), 3, None, "s7", 10)
    assert error.value.code == "areas_too_fine"
    assert "case file" in error.value.advice
    assert tracing.visited(discs(at, 400), 3, None, "s7", 10)["presences"]


@pytest.mark.parametrize("question", ["visited", "dwell"])
def test_a_small_area_names_nobody_where_few_were(tracing: Tracing, question: str) -> None:
    def ask(at: tuple[float, float], radius_m: float) -> set[str]:
        areas = discs(at, radius_m)
        if question == "visited":
            rows = tracing.visited(areas, 3, None, None, None)["presences"]
        else:
            rows = tracing.dwell(areas, 1.0, None, None, None)["dwells"]
        return {row["subject"] for row in rows}

    tracing.strict = False  # the home of a few, as it would be told
    homes = (home_of(tracing, f"s{n}") for n in range(300))
    home = next(at for at in homes if 0 < len(ask(at, 5)) < tracing.k)
    tracing.strict = True
    assert not ask(home, 5)
    for radius_m in (10, 20, 40, 80, 160):
        named = ask(home, radius_m)
        assert not named or len(named) >= tracing.k, radius_m


def test_a_grid_of_small_areas_is_asked_by_neither_question(tracing: Tracing) -> None:
    areas = discs(home_of(tracing, "s7"), *range(20, 31))
    for ask in (
        lambda: tracing.visited(areas, 3, None, None, None),
        lambda: tracing.dwell(areas, 1.0, None, None, None),
    ):
        with pytest.raises(InputError) as error:
            ask()
        assert error.value.code == "areas_too_fine"
    assert tracing.dwell(areas, 1.0, None, None, 0)["dwells"] == []  # counts alone are told
