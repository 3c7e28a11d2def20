"""A drawn area is made of areas; a line that crosses itself is mended and says so."""

from __future__ import annotations

import pytest

from helpers.cities import HUANGPU, Desk
from twinward.core.errors import InputError
from twinward.service.city.drawn_area import DrawArea, bound, cover, draw_area

ROUND = [(121.4, 31.2), (121.6, 31.2), (121.6, 31.3), (121.4, 31.3)]


def test_what_is_drawn_round_the_city_is_its_districts(desk: Desk) -> None:
    found = draw_area(desk.platform, desk.me, DrawArea(ring=ROUND))
    assert found.areas == [HUANGPU, "310115"]
    assert found.leaves == sum(len(code) == 12 for code in desk.platform.reference.areas.by_code)
    assert (found.mended, found.residents, found.outside_yours) == (False, 0, 0)


def test_one_street_less_is_no_district(desk: Desk) -> None:
    areas = desk.platform.reference.areas
    leaves = [code for code in areas.by_code if code.startswith(HUANGPU) and len(code) == 12]
    assert cover(desk.platform, leaves) == [HUANGPU]
    fewer = cover(desk.platform, leaves[1:])
    assert HUANGPU not in fewer
    assert {leaf for code in fewer for leaf in leaves if areas.is_under(leaf, code)} == set(
        leaves[1:]
    )


def test_a_line_that_crosses_itself_is_mended() -> None:
    shape, mended = bound([(0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0)])
    assert mended
    assert shape.area == pytest.approx(0.5)
    assert bound(ROUND)[1] is False


@pytest.mark.parametrize(
    "ring",
    [
        [],
        [(121.4, 31.2), (121.6, 31.2)],
        [(121.4, 31.2)] * 4,
        [(121.4, 31.2), (121.6, 31.2), (121.6, 231.3)],
        [(121.4, 31.2), (121.6, float("nan")), (121.6, 31.3)],
        [(121.4, 31.2)] * 2_001,
    ],
)
def test_what_bounds_nothing_is_refused(ring: list[tuple[float, float]]) -> None:
    with pytest.raises(InputError) as refused:
        bound(ring)
    assert refused.value.code == "bad_drawing"


def test_an_area_drawn_in_the_sea_holds_nothing(desk: Desk) -> None:
    sea = [(1.0, 1.0), (1.1, 1.0), (1.1, 1.1)]
    with pytest.raises(InputError) as refused:
        draw_area(desk.platform, desk.me, DrawArea(ring=sea))
    assert refused.value.code == "empty_drawing"
