"""The area tree: parents and depths of a city, and a workspace without one."""

from __future__ import annotations

import pytest

from twinward.citybase.schema import Area
from twinward.core.errors import InputError
from twinward.twins.city.areas import AreaTree


def area(code: str, parent: str | None) -> Area:
    return Area(code=code, name=f"area {code}", level="x", parent=parent, lon=0.0, lat=0.0)


CITY = AreaTree("city", [area("1", None), area("11", "1"), area("111", "11"), area("2", None)])


def test_a_code_climbs_one_level_at_a_time_to_the_root() -> None:
    assert CITY.path("111") == ["city", "1", "11", "111"]
    assert CITY.parent("111") == "11"
    assert CITY.parent("1") == "city"
    assert CITY.parent("city") is None


def test_a_higher_area_stands_for_itself_at_a_lower_depth() -> None:
    assert CITY.at_depth("111", 1) == "1"
    assert CITY.at_depth("1", 3) == "1"
    assert CITY.at_depth("city", 1) == "city"


def test_an_unknown_code_is_an_input_error_with_advice() -> None:
    assert "3" not in CITY
    with pytest.raises(InputError, match="no area") as caught:
        CITY.require("3")
    assert caught.value.code == "unknown_area"


def test_without_a_city_every_code_stands_below_the_root() -> None:
    bare = AreaTree("city", [])
    assert "310101" in bare
    assert bare.path("310101") == ["city", "310101"]
    assert bare.at_depth("310101", 1) == "310101"
