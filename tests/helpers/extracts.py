"""Small OpenStreetMap extracts written by tests."""

from __future__ import annotations

from pathlib import Path

import osmium

Node = tuple[int, float, float, dict[str, str]]
Way = tuple[int, list[int], dict[str, str]]


def block(first: int, west: float, south: float, size: float) -> tuple[list[Node], list[int]]:
    corners = [(0, 0), (size, 0), (size, size), (0, size)]
    nodes = [(first + i, west + x, south + y, {}) for i, (x, y) in enumerate(corners)]
    return nodes, [first, first + 1, first + 2, first + 3, first]


def write_pbf(path: Path, nodes: list[Node], ways: list[Way]) -> None:
    with osmium.SimpleWriter(str(path)) as writer:
        for number, lon, lat, tags in sorted(nodes):
            writer.add_node(
                osmium.osm.mutable.Node(id=number, location=(lon, lat), tags=tags, version=1)
            )
        for number, refs, tags in sorted(ways):
            writer.add_way(osmium.osm.mutable.Way(id=number, nodes=refs, tags=tags, version=1))
