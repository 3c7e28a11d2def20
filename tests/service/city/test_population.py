"""Residents of an area are the sum of those of the leaves below it, however they are asked for."""

from __future__ import annotations

from pathlib import Path

from browser.made_city import RESIDENTS, make_city
from twinward.app import compose
from twinward.service.city.population import leaves_of, residents_below, residents_of


def test_residents_of_areas_are_those_of_their_leaves(tmp_path: Path) -> None:
    make_city(tmp_path / "ws", residents=RESIDENTS // 40)
    platform = compose.open_platform(tmp_path / "ws")
    areas = platform.reference.areas
    leaves = leaves_of(platform)
    assert sum(leaves.values()) == RESIDENTS // 40
    for code in (areas.root, "04", "0401", "040102"):
        slowly = sum(count for leaf, count in leaves.items() if areas.is_under(leaf, code))
        assert residents_below(platform, code) == slowly > 0
    assert residents_below(platform, "nowhere") == 0
    districts = {code: n for n, code in enumerate(sorted(areas.children[areas.root]))}
    assert residents_of(platform, districts).sum() == RESIDENTS // 40
    # a quarter inside one of the areas takes its residents out of it
    nested = districts | {"0401": len(districts)}
    found = residents_of(platform, nested)
    assert found.sum() == RESIDENTS // 40
    assert found[nested["04"]] == residents_below(platform, "04") - residents_below(
        platform, "0401"
    )
    platform.close()
