"""Implicit tiling: the templates of addresses, and the walk over the subtrees that there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from twinward.standards.tiles3d.issues import Report
from twinward.standards.tiles3d.metadata.entities import Schema
from twinward.standards.tiles3d.sources import Source, fetch
from twinward.standards.tiles3d.subtrees import Subtree, Tiling, read_subtree

VARIABLE = re.compile(r"\{([^{}]*)\}")
MOST_SUBTREES = 10_000


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A node of the implicit tree."""

    level: int
    x: int
    y: int
    z: int = 0

    def fill(self, template: str) -> str:
        """The address of this node."""
        told = {"level": self.level, "x": self.x, "y": self.y, "z": self.z}
        return VARIABLE.sub(lambda found: str(told.get(found[1], found[0])), template)


def check_template(uri: str, scheme: str, path: str, report: Report) -> bool:
    """Whether a template names what tells nodes apart, and nothing else."""
    wanted = ["level", "x", "y", *(["z"] if scheme == "OCTREE" else [])]
    told = VARIABLE.findall(uri)
    strange = [one for one in told if one not in wanted]
    for one in strange:
        report.add("TEMPLATE_URI_INVALID_VARIABLE_NAME", path, f"there is no {{{one}}}")
    if missing := [one for one in wanted if one not in told]:
        text = f"does not say {', '.join(missing)}"
        report.add("TEMPLATE_URI_MISSING_VARIABLE_NAME", path, text)
    return not strange


def check_root(tile: dict[str, Any], path: str, report: Report) -> bool:
    """Whether an implicit root has nothing that its tree says for it."""
    name = "TILE_IMPLICIT_ROOT_INVALID"
    before = report.errors
    for word in ("children", "metadata"):
        if word in tile:
            report.add(name, f"{path}/{word}", f"an implicit root has no {word}")
    contents = [tile["content"]] if "content" in tile else tile.get("contents", [])
    if any(isinstance(one, dict) and "boundingVolume" in one for one in contents):
        report.add(name, f"{path}/content", "a content of an implicit root has no boundingVolume")
    volume = tile["boundingVolume"]
    if "sphere" in volume:
        report.add(name, f"{path}/boundingVolume", "a sphere cannot be cut into quarters")
    return report.errors == before


def walk(
    template: str,
    tiling: Tiling,
    base: str,
    schema: Schema | None,
    source: Source,
    path: str,
    report: Report,
) -> Iterator[tuple[Place, Subtree]]:
    """Every subtree there is, from the root down; what is wrong with one is reported."""
    stack, read = [Place(level=0, x=0, y=0)], 0
    while stack and read < MOST_SUBTREES:
        place = stack.pop()
        read += 1
        uri = place.fill(template)
        data = fetch(source, base, uri)
        if data is None:
            text = f"the subtree {uri} cannot be read"
            report.add("TILE_IMPLICIT_ROOT_INVALID", f"{path}/implicitTiling", text)
            return
        inner = Report()
        found = read_subtree(data, uri, tiling, schema, source, inner)
        report.issues += inner.issues
        if found is None:
            return
        yield place, found
        if place.level + tiling.subtree_levels < tiling.levels:
            for n in np.flatnonzero(found.children).tolist():
                stack.append(below(place, tiling.subtree_levels, n, tiling.branches))


def below(place: Place, levels: int, morton: int, branches: int) -> Place:
    """The node so many levels further down at a place of the Morton order."""
    axes, at = (2 if branches == 4 else 3), [0, 0, 0]
    for bit in range(levels):
        for axis in range(axes):
            at[axis] |= ((morton >> (bit * axes + axis)) & 1) << bit
    x, y, z = at
    return Place(
        level=place.level + levels,
        x=(place.x << levels) | x,
        y=(place.y << levels) | y,
        z=(place.z << levels) | z if axes == 3 else 0,
    )


def nodes_of(place: Place, found: Subtree, number: int, tiling: Tiling) -> Iterator[Place]:
    """The nodes of a subtree that have the content of a number."""
    start = 0
    for level in range(tiling.subtree_levels):
        size = tiling.branches**level
        for n in np.flatnonzero(found.contents[number][start : start + size]).tolist():
            yield below(place, level, n, tiling.branches)
        start += size
