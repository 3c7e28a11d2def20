"""A file of tiles gives back each tile it was given, and refuses what is none."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from twinward.citybase.basemap.tile_archive import TileArchive, number_of_tile, write_archive
from twinward.core.errors import InputError

BOX = (121.0, 31.0, 122.0, 32.0)


def test_tiles_are_numbered_along_the_curve_of_the_specification() -> None:
    # the examples of the PMTiles 3 specification, section 4.1.1
    assert [
        number_of_tile(*key) for key in ((0, 0, 0), (1, 0, 0), (1, 0, 1), (1, 1, 1), (1, 1, 0))
    ] == [0, 1, 2, 3, 4]
    assert number_of_tile(2, 0, 0) == 5
    assert number_of_tile(12, 3423, 1763) == 19_078_479


def test_each_tile_comes_back_and_equal_ones_are_stored_once(tmp_path: Path) -> None:
    tiles = {
        (9, x, y): b"sea" if x % 2 else f"{x}/{y}".encode() * 9
        for x in range(80)
        for y in range(80)
    }
    path = tmp_path / "a.pmtiles"
    first = write_archive(path, tiles, BOX, {})
    bytes_once = path.read_bytes()
    assert write_archive(path, dict(reversed(tiles.items())), BOX, {}) == first
    assert path.read_bytes() == bytes_once  # the same tiles give the same bytes, in any order
    archive = TileArchive(path)
    assert len(archive) == len(tiles) and archive.zooms == (9, 9) and archive.bounds == BOX
    for key, body in tiles.items():
        assert gzip.decompress(archive.find_tile(*key) or b"") == body
    assert archive.find_tile(9, 400, 400) is None
    assert archive.find_tile(3, 9, 9) is None
    archive.close()


@pytest.mark.parametrize("cut", [0, 40, 130])
def test_a_file_that_is_no_archive_is_one_clear_error(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "b.pmtiles"
    write_archive(path, {(0, 0, 0): b"x"}, BOX, {})
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(InputError, match="no file of tiles"):
        TileArchive(path)
