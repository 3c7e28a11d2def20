"""A glTF 2.0 file, opened: its JSON, its buffers, its accessors and its pictures."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.standards.tiles3d.buffers import Views
from twinward.standards.tiles3d.issues import Report
from twinward.standards.tiles3d.sources import Source, fetch, parse

MAGIC, JSON_CHUNK, BIN_CHUNK = b"glTF", 0x4E4F534A, 0x004E4942
COMPONENTS = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
MOST_TEXELS = 1 << 26


class Model:
    """What a file holds; what cannot be had is None."""

    def __init__(
        self, document: dict[str, Any], binary: bytes | None, source: Source, base: str
    ) -> None:
        self.document, self.binary = document, binary
        self.source, self.base = source, base
        self.buffers: list[bytes | None] = []
        self.unused: list[str] = []  # objects that nothing refers to
        self._pictures: dict[int, NDArray[np.uint8] | None] = {}

    def list(self, name: str) -> list[Any]:
        """One of the lists of the document; empty where it is none."""
        found = self.document.get(name, [])
        return found if isinstance(found, list) else []

    def extension(self, name: str) -> Any:
        """An extension of the document; None where there is none."""
        told = self.document.get("extensions")
        return told.get(name) if isinstance(told, dict) else None

    def load(self) -> None:
        for n, one in enumerate(self.list("buffers")):
            uri = one.get("uri")
            own = self.binary if n == 0 else None
            self.buffers.append(own if uri is None else fetch(self.source, self.base, uri))

    def view(self, number: int) -> bytes | None:
        """The bytes of a buffer view."""
        one = self.list("bufferViews")[number]
        body = self.buffers[one["buffer"]]
        start = one.get("byteOffset", 0)
        return body[start : start + one["byteLength"]] if body is not None else None

    def views(self) -> Views:
        told = self.list("bufferViews")
        bodies = [self.view(n) for n in range(len(told))]
        return Views(offsets=[one.get("byteOffset", 0) for one in told], bodies=bodies)

    def accessor(self, number: int) -> NDArray[Any] | None:
        """The values [count, width] of an accessor; None for a sparse or empty one."""
        one = self.list("accessors")[number]
        if "bufferView" not in one or "sparse" in one:
            return None
        body = self.view(one["bufferView"])
        kind, width = np.dtype(COMPONENTS[one["componentType"]]), WIDTHS[one["type"]]
        stride = self.list("bufferViews")[one["bufferView"]].get(
            "byteStride", kind.itemsize * width
        )
        if body is None:
            return None
        start, count = one.get("byteOffset", 0), one["count"]
        if start + stride * (count - 1) + kind.itemsize * width > len(body):
            return None
        return np.ndarray((count, width), kind, body, start, (stride, kind.itemsize))

    def picture(self, number: int) -> NDArray[np.uint8] | None:
        """Texels [row, column, channel] of a picture; None where it cannot be read."""
        if number not in self._pictures:
            self._pictures[number] = self._read_picture(number)
        return self._pictures[number]

    def picture_bytes(self, number: int) -> bytes | None:
        one = self.list("images")[number]
        if isinstance(one.get("uri"), str):
            return fetch(self.source, self.base, one["uri"])
        return self.view(one["bufferView"]) if "bufferView" in one else None

    def _read_picture(self, number: int) -> NDArray[np.uint8] | None:
        from PIL import Image, UnidentifiedImageError

        data = self.picture_bytes(number)
        if data is None:
            return None
        try:
            with Image.open(io.BytesIO(data)) as found:
                if found.width * found.height > MOST_TEXELS:
                    return None
                plain = found if found.mode in {"L", "LA", "RGB", "RGBA"} else found.convert("RGBA")
                texels = np.asarray(plain, np.uint8)
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
            return None
        return texels[:, :, None] if texels.ndim == 2 else texels


def open_gltf(data: bytes, base: str, source: Source, report: Report) -> Model | None:
    """A GLB or a glTF of JSON; None, reported, where it is neither."""
    binary: bytes | None = None
    if data[:4] == MAGIC:
        parts = split_glb(data, report)
        if parts is None:
            return None
        data, binary = parts
    elif data.lstrip()[:1] != b"{":
        report.add("GLTF_INVALID", base, "is neither GLB nor JSON")
        return None
    document = parse(data, base, report)
    if document is None:
        return None
    if not isinstance(document, dict) or not isinstance(document.get("asset"), dict):
        report.add("GLTF_INVALID", base, "has no asset")
        return None
    return Model(document, binary, source, base)


def split_glb(data: bytes, report: Report) -> tuple[bytes, bytes | None] | None:
    """The JSON and the binary chunk of a GLB; None, reported, where it is broken."""
    if len(data) < 20:
        report.add("GLTF_INVALID", "/", f"has {len(data)} bytes")
        return None
    _, version, length, size, kind = struct.unpack_from("<4sIIII", data)
    wrong = [
        text
        for bad, text in (
            (version != 2, f"is of version {version}"),
            (length != len(data), f"says {length} bytes and has {len(data)}"),
            (kind != JSON_CHUNK, "does not begin with JSON"),
            (size % 4 != 0 or 20 + size > length, f"its JSON cannot have {size} bytes"),
        )
        if bad
    ]
    for text in wrong:
        report.add("GLTF_INVALID", "/", text)
    if wrong:
        return None
    rest = data[20 + size :]
    if len(rest) < 8:
        return data[20 : 20 + size], None
    size_of, kind_of = struct.unpack_from("<II", rest)
    if kind_of == BIN_CHUNK and 8 + size_of > len(rest):
        report.add("GLTF_INVALID", "/", f"its binary part cannot have {size_of} bytes")
        return None
    return data[20 : 20 + size], rest[8 : 8 + size_of] if kind_of == BIN_CHUNK else None
