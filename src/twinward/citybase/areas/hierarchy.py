"""The administrative hierarchy of a city: areas by code, level by level, each code starting with
its parent's.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twinward.citybase.config import AreasConfig, Level
from twinward.citybase.sources.files import source_path
from twinward.citybase.sources.ledger import SourceLedger
from twinward.citybase.sources.names import Names
from twinward.citybase.sources.systems import to_wgs84
from twinward.citybase.sources.tables import SourceTable, read_table, to_text
from twinward.core.errors import InputError
from twinward.core.geography import is_point

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

MOST_LEAVES = 65_535  # site_leaf is 16 bits


class AreaNode:
    """One area while the city is built. `point` is its published position, filled in later where
    there is none.
    """

    __slots__ = (
        "children",
        "code",
        "level",
        "name",
        "parent",
        "point",
        "published",
        "samples",
        "shape",
        "stated",
    )

    def __init__(
        self, code: str, name: str, level: int, parent: AreaNode | None, stated: str = ""
    ) -> None:
        self.code, self.name, self.level, self.parent = code, name, level, parent
        self.stated = stated or code  # the code as the source writes it
        self.children: list[AreaNode] = []
        self.point: tuple[float, float] | None = None
        self.published = False
        self.shape: BaseGeometry | None = None
        self.samples: NDArray[np.float64] | None = None
        if parent is not None:
            parent.children.append(self)

    @property
    def outline(self) -> BaseGeometry:
        """The shape of an area that is drawn."""
        assert self.shape is not None
        return self.shape


class Hierarchy:
    """Areas of all levels, top down. `nodes[i]` are the areas of level i sorted by code."""

    def __init__(self, levels: list[str]) -> None:
        self.levels = levels
        self.nodes: list[list[AreaNode]] = [[] for _ in levels]
        self.notes: list[str] = []
        self.drawn: dict[str, BaseGeometry] = {}  # outlines for maps alone
        self.names_en: dict[str, str] = {}  # by code, where a source has them

    @property
    def leaves(self) -> list[AreaNode]:
        return self.nodes[-1]

    def names(self, level: int) -> Names[AreaNode]:
        """Areas of `level` by code and by unambiguous name."""
        return Names(self.nodes[level])

    def sort(self) -> None:
        for nodes in self.nodes:
            nodes.sort(key=lambda node: node.code)
            for node in nodes:
                node.children.sort(key=lambda child: child.code)
        if len(self.leaves) > MOST_LEAVES:
            raise InputError(
                f"{len(self.leaves)} areas of level {self.levels[-1]} are more than {MOST_LEAVES}",
                "leave the lowest level out of [areas]",
                code="too_many_areas",
            )

    def drop_barren(self) -> None:
        """Gives an area without children one child of its own name on each level below, so that
        leaves cover all.
        """
        for level in range(len(self.levels) - 1):
            for node in self.nodes[level]:
                if not node.children:
                    self.nodes[level + 1].append(
                        AreaNode(node.code + "0", node.name, level + 1, node, node.stated)
                    )
                    self.notes.append(
                        f"{self.levels[level]} {node.code} has no area below it: one stands for "
                        f"the whole"
                    )


def read_hierarchy(areas: AreasConfig, base: Path, ledgers: list[SourceLedger]) -> Hierarchy:
    """All levels from their tables; duplicate codes and unknown parents are rejected rows."""
    hierarchy = Hierarchy([level.level for level in areas.levels])
    for number, level in enumerate(areas.levels):
        ledger = SourceLedger(f"areas.{level.level}", f"areas.{level.level} ({level.file})")
        ledgers.append(ledger)
        table = read_table(source_path(level.file, base, ledger.label), level, ledger)
        read_level(hierarchy, number, level, table, ledger)
        ledger.require_some("check the code and parent columns")
    hierarchy.drop_barren()
    hierarchy.sort()
    return hierarchy


def read_level(
    hierarchy: Hierarchy, number: int, level: Level, table: SourceTable, ledger: SourceLedger
) -> None:
    codes = [
        to_text(value) for value in table.column(level.code, f"areas.levels.{level.level}.code")
    ]
    names = [
        to_text(value) for value in table.column(level.name, f"areas.levels.{level.level}.name")
    ]
    parents = (
        table.column(level.parent, f"areas.levels.{level.level}.parent") if level.parent else None
    )
    english = (
        table.column(level.name_en, f"areas.levels.{level.level}.name_en")
        if level.name_en
        else [""] * len(codes)
    )
    width = padding(codes)
    above = hierarchy.nodes[number - 1] if number else []
    by_code = {node.stated: node for node in above}
    by_prefix = sorted(above, key=lambda node: -len(node.stated))
    lengths = sorted({len(node.stated) for node in by_prefix}, reverse=True)
    seen: set[str] = set()
    moved: list[tuple[str, str]] = []  # codes that do not begin with their parent's
    points = published_points(level, table, ledger)
    for i, (code, name) in enumerate(zip(codes, names, strict=True)):
        line = table.lines[i]
        if not code:
            ledger.reject(line, "no code", table.row(i))
        elif code in seen:
            ledger.reject(line, f"duplicate code: {code}", table.row(i))
        else:
            parent = None
            if number:
                wanted = to_text(parents[i]) if parents else ""
                tries = [wanted] if parents else [code[:n] for n in lengths if n < len(code)]
                parent = next((by_code[t] for t in tries if t in by_code), None)
                if parent is None:
                    above_name = hierarchy.levels[number - 1]
                    ledger.reject(
                        line,
                        f"no such {above_name}: {wanted or 'none its code starts with'}",
                        table.row(i),
                    )
                    continue
            seen.add(code)
            full = nested_code(code.zfill(width), parent)
            if full != code.zfill(width):
                moved.append((code, full))
            node = AreaNode(full, name or code, number, parent, code)
            hierarchy.nodes[number].append(node)
            if told := to_text(english[i]):
                hierarchy.names_en[full] = told
            if points is not None and np.isfinite(points[i]).all():
                node.point, node.published = (float(points[i, 0]), float(points[i, 1])), True
    behind = "code put behind its parent's, with which it does not begin"
    for code, full in moved[:1]:
        ledger.note(f"{behind}: {code} is {full}", len(moved))


def padding(codes: list[str]) -> int:
    """The width to which codes are filled with zeros: none unless one code would be the start of
    another.
    """
    present = {code for code in codes if code}
    clash = any(code[:n] in present for code in present for n in range(1, len(code)))
    return max((len(code) for code in present), default=0) if clash else 0


def nested_code(code: str, parent: AreaNode | None) -> str:
    """The code, starting with its parent's: a scope opens a subtree by its prefix."""
    if parent is None or (code.startswith(parent.code) and code != parent.code):
        return code
    return f"{parent.code}.{code}"


def published_points(
    level: Level, table: SourceTable, ledger: SourceLedger
) -> NDArray[np.float64] | None:
    """float64[rows, 2] of published positions (NaN where unusable), or None when the level
    states none.
    """
    if not level.lon or not level.lat:
        return None
    lon = table.numbers(level.lon, f"areas.levels.{level.level}.lon")
    lat = table.numbers(level.lat, f"areas.levels.{level.level}.lat")
    lon, lat = to_wgs84(lon, lat, table.crs, ledger.label)
    good = np.array(
        [is_point(x, y) for x, y in zip(lon.tolist(), lat.tolist(), strict=True)], dtype=bool
    )
    if len(good) and (~good).any():
        ledger.note("position unusable, area seeded inside its outline", int((~good).sum()))
    return np.where(good[:, None], np.column_stack([lon, lat]), np.nan)
