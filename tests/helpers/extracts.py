"""Small OpenStreetMap extracts written by tests."""

from __future__ import annotations

from pathlib import Path

import osmium

Node = tuple[int, float, float, dict[str, str]]
Way = tuple[int, list[int], dict[str, str]]
Relation = tuple[int, list[tuple[str, int, str]], dict[str, str]]  # members: type, ref, role


def block(first: int, west: float, south: float, size: float) -> tuple[list[Node], list[int]]:
    corners = [(0, 0), (size, 0), (size, size), (0, size)]
    nodes = [(first + i, west + x, south + y, {}) for i, (x, y) in enumerate(corners)]
    return nodes, [first, first + 1, first + 2, first + 3, first]


def write_pbf(
    path: Path, nodes: list[Node], ways: list[Way], relations: list[Relation] | None = None
) -> None:
    with osmium.SimpleWriter(str(path)) as writer:
        for number, lon, lat, tags in sorted(nodes):
            writer.add_node(
                osmium.osm.mutable.Node(id=number, location=(lon, lat), tags=tags, version=1)
            )
        for number, refs, tags in sorted(ways):
            writer.add_way(osmium.osm.mutable.Way(id=number, nodes=refs, tags=tags, version=1))
        for number, members, tags in sorted(relations or []):
            writer.add_relation(
                osmium.osm.mutable.Relation(id=number, members=members, tags=tags, version=1)
            )
