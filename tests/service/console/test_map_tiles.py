"""The screen gets the city's base map, or is told that there is none yet."""

from __future__ import annotations

import gzip
from pathlib import Path

import msgspec
import pytest

from twinward.citybase.basemap.tile_archive import write_archive
from twinward.core.errors import InputError
from twinward.service.console.map_tiles import MapTiles


def make_map(workspace: Path, description: bytes) -> Path:
    folder = workspace / "city"
    folder.mkdir()
    write_archive(folder / "basemap.pmtiles", {(3, 6, 3): b"tile"}, (121.0, 31.0, 122.0, 32.0), {})
    (folder / "basemap.json").write_bytes(description)
    return workspace


def test_a_city_of_an_older_version_has_no_map_and_says_so(tmp_path: Path) -> None:
    tiles = MapTiles(tmp_path)
    assert not tiles.described.available
    assert tiles.find_tile(0, 0, 0) is None


def test_a_tile_is_found_where_something_is_drawn_and_nowhere_else(tmp_path: Path) -> None:
    text = msgspec.json.encode({"max_zoom": 3, "missing": ["road"], "layers": {"area": 1}})
    tiles = MapTiles(make_map(tmp_path, text))
    assert tiles.described.available and tiles.described.missing == ["road"]
    assert tiles.described.version
    assert gzip.decompress(tiles.find_tile(3, 6, 3) or b"") == b"tile"
    assert tiles.find_tile(3, 0, 0) is None and tiles.find_tile(25, 0, 0) is None


def test_a_broken_description_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        MapTiles(make_map(tmp_path, b"{"))
