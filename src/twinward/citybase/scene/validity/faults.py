"""The faults of geometry, under the numbers of val3dity (Ledoux 2018, "val3dity: validation of 3D
GIS primitives according to the international standards").
"""

from __future__ import annotations

from collections import Counter

import msgspec

NAMES = {
    101: "too few points", 102: "consecutive points the same", 104: "ring crosses itself",
    201: "rings of a face cross", 202: "ring given twice", 203: "face not planar",
    204: "face folded", 205: "inside of a face not connected", 206: "inner ring outside",
    207: "inner rings nested", 208: "inner ring turned as the outer", 301: "too few faces",
    302: "shell not closed", 303: "shell not a manifold", 305: "shell of several pieces",
    306: "shell crosses itself", 307: "face turned wrongly", 401: "shells cross",
    402: "shell given twice", 403: "inner shell outside", 405: "shell turned wrongly",
    501: "solids cross", 502: "solid given twice", 503: "solids do not touch",
    601: "building parts overlap", 901: "against the schema", 902: "empty primitive",
}  # fmt: skip
SNAP_M = 0.001  # corners nearer than this are one (val3dity's default)
PLANE_M = 0.01  # a corner may lie so far off the plane of its face
MOST_NAMED = 20
FARTHEST = 1e9  # no coordinate system counts so far


class FaultCount:
    """How often each fault occurs, and in which objects."""

    def __init__(self) -> None:
        self.often: Counter[int] = Counter()
        self.objects: dict[int, list[str]] = {}

    def add(self, code: int, name: str) -> None:
        """One fault, once an object."""
        named = self.objects.setdefault(code, [])
        if name not in named:
            self.often[code] += 1
            named.append(name)

    def told(self) -> list[Fault]:
        return [
            Fault(code=code, name=NAMES[code], objects=n, named=self.objects[code][:MOST_NAMED])
            for code, n in sorted(self.often.items())
        ]


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A fault, how many objects have it, and the first of them."""

    code: int
    name: str
    objects: int
    named: list[str]
