"""The base map of the workspace's city as the screen asks for it: what it holds, and its tiles."""

from __future__ import annotations

from pathlib import Path

import msgspec

from twinward.citybase.basemap.city_map import DESCRIPTION, TILES
from twinward.citybase.basemap.tile_archive import TileArchive
from twinward.core.coding.ids import digest_id
from twinward.core.errors import InputError
from twinward.service.console.terrain_tiles import TerrainTiles


class BaseMap(msgspec.Struct, frozen=True, kw_only=True):
    """What the base map holds. `missing` names what the city's sources do not give; `version`
    changes with the map. A city built before there were maps has none: `available` is false.
    """

    available: bool
    version: str = ""
    bounds: list[float] = []
    min_zoom: int = 0
    max_zoom: int = 0
    layers: dict[str, int] = {}
    places: dict[str, int] = {}
    missing: list[str] = []
    cells: str = "none"
    names_en: dict[str, str] = {}
    credits: list[str] = []
    terrain_bounds: list[float] = []  # of the ground's heights; empty without


class MapTiles:
    """The tiles of a workspace, opened once."""

    def __init__(self, workspace: Path) -> None:
        folder = workspace / "city"
        self._archive: TileArchive | None = None
        self.described = BaseMap(available=False)
        if (folder / TILES).exists() and (folder / DESCRIPTION).exists():
            text = (folder / DESCRIPTION).read_bytes()
            self._archive = TileArchive(folder / TILES)
            size = (folder / TILES).stat().st_size
            version = digest_id(text + str(size).encode(), 12)
            self.described = read_description(text, version)
        self.terrain = TerrainTiles(folder)
        if self.described.available and self.terrain.available:
            self.described = msgspec.structs.replace(
                self.described, terrain_bounds=self.terrain.bounds()
            )

    def find_tile(self, zoom: int, x: int, y: int) -> bytes | None:
        """A tile packed with gzip; None where nothing is drawn."""
        return self._archive.find_tile(zoom, x, y) if self._archive else None


def read_description(text: bytes, version: str) -> BaseMap:
    try:
        return msgspec.structs.replace(
            msgspec.convert(msgspec.json.decode(text) | {"available": True}, BaseMap),
            version=version,
        )
    except (msgspec.MsgspecError, TypeError) as error:
        raise InputError(
            f"{DESCRIPTION} cannot be read: {error}", "build the city again", code="broken_city"
        ) from error
