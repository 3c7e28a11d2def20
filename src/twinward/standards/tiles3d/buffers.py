"""Buffers and views of buffers: those of a subtree and those of a glTF file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.standards.tiles3d.issues import Report
from twinward.standards.tiles3d.rules import BUFFERS
from twinward.standards.tiles3d.shapes import check
from twinward.standards.tiles3d.sources import Source, fetch

NUMPY = {
    "INT8": "<i1", "UINT8": "<u1", "INT16": "<i2", "UINT16": "<u2", "INT32": "<i4",
    "UINT32": "<u4", "INT64": "<i8", "UINT64": "<u8", "FLOAT32": "<f4", "FLOAT64": "<f8",
}  # fmt: skip


class Views(msgspec.Struct, frozen=True, kw_only=True):
    """Views of buffers: where each begins in its buffer, and its bytes; None: not to be had."""

    offsets: Sequence[int] = ()
    bodies: Sequence[bytes | None] = ()

    def __len__(self) -> int:
        return len(self.bodies)

    def numbers(self, view: int, component: str) -> NDArray[Any] | None:
        """The whole view as numbers; None where it cannot be had or is cut off."""
        body = self.bodies[view] if view < len(self) else None
        kind = np.dtype(NUMPY[component])
        if body is None or len(body) % kind.itemsize:
            return None
        return np.frombuffer(body, kind)


def check_buffers(
    document: dict[str, Any], path: str, report: Report, *, packed: bool = False
) -> bool:
    """Whether buffers and views of a document have the shape they must have and go together.
    `packed`: the first buffer may come in the file itself, without a `uri`.
    """
    before = report.errors
    if not check(document, BUFFERS, path, report):
        return False
    buffers, views = document.get("buffers"), document.get("bufferViews")
    if views is not None and buffers is None:
        report.add("BUFFER_VIEWS_WITHOUT_BUFFERS", path, "bufferViews need buffers")
    elif buffers is not None and views is None:
        report.add("BUFFERS_WITHOUT_BUFFER_VIEWS", path, "buffers are not used")
    for n, one in enumerate(buffers or []):
        if "uri" not in one and not (packed and n == 0):
            where = f"{path}/buffers/{n}/uri"
            report.add("REQUIRED_VALUE_NOT_FOUND", where, "the file brings no bytes of its own")
    for n, view in enumerate(views or []):
        inner = f"{path}/bufferViews/{n}"
        if buffers is None:
            continue
        if view["buffer"] >= len(buffers):
            report.add("VALUE_NOT_IN_RANGE", f"{inner}/buffer", f"there are {len(buffers)} buffers")
        elif view["byteOffset"] + view["byteLength"] > buffers[view["buffer"]]["byteLength"]:
            report.add("BUFFERS_INCONSISTENT", inner, "reaches beyond its buffer")
    return report.errors == before


def load_views(
    document: dict[str, Any], binary: bytes | None, source: Source, base: str, report: Report
) -> Views | None:
    """The bytes of all views of a sound document; None, reported, where a buffer is not there.
    `binary` is the buffer that comes in the file itself.
    """
    before, bodies = report.errors, list[bytes | None]()
    for n, one in enumerate(document.get("buffers", [])):
        uri = one.get("uri")
        body = binary if uri is None else fetch(source, base, uri)
        if body is None:
            report.add("IO_ERROR", f"/buffers/{n}", f"{uri or 'the binary part'} cannot be read")
        elif len(body) < one["byteLength"]:
            text = f"has {len(body)} bytes, not {one['byteLength']}"
            report.add("BUFFERS_INCONSISTENT", f"/buffers/{n}", text)
        bodies.append(body)
    if report.errors > before:
        return None
    offsets, found = [], list[bytes | None]()
    for view in document.get("bufferViews", []):
        body, start = bodies[view["buffer"]], view.get("byteOffset", 0)
        offsets.append(start)
        found.append(body[start : start + view["byteLength"]] if body is not None else None)
    return Views(offsets=offsets, bodies=found)
