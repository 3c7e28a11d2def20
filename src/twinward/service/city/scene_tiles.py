"""The scene of a workspace as the screen asks for it: what it holds, and its tiles."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from twinward.core.coding.ids import digest_id
from twinward.core.errors import AbsentError
from twinward.service.city.scene import SCENE

TILE = re.compile(r"\d{5}\.glb")
REPORT = "scene.json"


class SceneView(msgspec.Struct, frozen=True, kw_only=True):
    """What the scene holds; `heights` and `floors` count how many are given, from storeys and
    estimated; `terrain`: buildings stand on the city's heights. A workspace without a scene:
    `available` is false.
    """

    available: bool
    version: str = ""
    objects: int = 0
    without_geometry: int = 0
    tiles: int = 0
    bytes: int = 0
    heights: dict[str, int] = {}
    floors: dict[str, int] = {}
    terrain: bool = False


class SceneTiles:
    """The files of a scene; read anew when it is built again."""

    def __init__(self, workspace: Path) -> None:
        self.folder = workspace / SCENE

    def view(self) -> SceneView:
        path = self.folder / "tileset.json"
        if not path.is_file():
            return SceneView(available=False)
        told = self.folder / REPORT
        report = msgspec.json.decode(told.read_bytes()) if told.is_file() else {}
        stamp = f"{path.stat().st_mtime_ns} {path.stat().st_size}"
        return SceneView(
            available=True,
            version=digest_id(stamp.encode(), 12),
            objects=report.get("objects_out", 0),
            without_geometry=report.get("without_geometry", 0),
            tiles=report.get("tiles", 0),
            bytes=report.get("bytes", 0),
            heights=report.get("heights", {}),
            floors=report.get("floors", {}),
            terrain=report.get("terrain", False),
        )

    def read_tileset(self) -> bytes:
        return self._read(self.folder / "tileset.json")

    def read_tile(self, name: str) -> bytes:
        """One tile as glTF; AbsentError for a name that is none."""
        if TILE.fullmatch(name) is None:
            raise self._absent()
        return self._read(self.folder / "tiles" / name)

    def _read(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except FileNotFoundError as error:
            raise self._absent() from error

    def _absent(self) -> AbsentError:
        return AbsentError(
            "the scene has no such part", "build one with the city's buildings", code="no_scene"
        )
