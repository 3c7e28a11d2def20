"""The tile formats of 3D Tiles 1.0: b3dm, i3dm, pnts, cmpt."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any

from twinward.standards.tiles3d.issues import Report
from twinward.standards.tiles3d.legacy_tables import Table, batch_faults, feature_faults
from twinward.standards.tiles3d.shapes import is_integer
from twinward.standards.tiles3d.sources import Source, fetch

Part = tuple[dict[str, Any], bytes]  # the JSON and the bytes of a table
Checker = Callable[[bytes, str, Source], Report]
HEADERS = {b"b3dm": 28, b"i3dm": 32, b"pnts": 28, b"cmpt": 16}
COUNTS = {b"b3dm": "BATCH_LENGTH", b"i3dm": "INSTANCES_LENGTH", b"pnts": "POINTS_LENGTH"}
PLACES = {b"i3dm": ("POSITION", "POSITION_QUANTIZED"), b"pnts": ("POSITION", "POSITION_QUANTIZED")}


def check_legacy(
    data: bytes, base: str, source: Source, report: Report, check_gltf: Checker
) -> None:
    """A tile of an old format; the glTF in it is checked by `check_gltf`."""
    magic = data[:4]
    if len(data) < HEADERS[magic]:
        report.add("BINARY_INVALID", base, f"has {len(data)} bytes")
        return
    _, version, length = struct.unpack_from("<4sII", data)
    if version != 1:
        report.add("BINARY_INVALID_VALUE", f"{base}/version", f"must be 1, is {version}")
    if length != len(data):
        text = f"says {length} bytes and has {len(data)}"
        report.add("BINARY_INVALID_LENGTH", f"{base}/byteLength", text)
    if version != 1 or length != len(data):
        return
    if magic == b"cmpt":
        _check_inner(data, base, source, report, check_gltf)
        return
    parts = _split(data, HEADERS[magic], base, report)
    if parts is None:
        return
    features, batches, body = parts
    if not _check_tables(magic, features, batches, base, report):
        return
    if magic == b"b3dm":
        report.add_inner("CONTENT_VALIDATION", base, check_gltf(body, base, source))
    elif magic == b"i3dm":
        _check_instanced(data, body, base, source, report, check_gltf)


def _split(data: bytes, header: int, base: str, report: Report) -> tuple[Part, Part, bytes] | None:
    """Both tables and what comes after them; None, reported, where they are broken."""
    sizes = struct.unpack_from("<4I", data, 12)
    at, ends = header, []
    for size in sizes:
        at += size
        ends.append(at)
    if at > len(data):
        report.add("BINARY_INVALID_LENGTH", base, "its tables reach beyond its end")
        return None
    names = ("feature table JSON", "feature table", "batch table JSON", "batch table")
    for name, end in zip(names, ends, strict=True):
        if end % 8:
            report.add(
                "BINARY_INVALID_ALIGNMENT", base, f"its {name} ends at {end}, not at 8 bytes"
            )
    if len(data) % 8:
        report.add("BINARY_INVALID_ALIGNMENT", base, f"has {len(data)} bytes, no multiple of 8")
    first = _read_table("feature", data[header : ends[0]], base, report)
    second = _read_table("batch", data[ends[1] : ends[2]], base, report)
    if first is None or second is None:
        return None
    return (first, data[ends[0] : ends[1]]), (second, data[ends[2] : ends[3]]), data[ends[3] :]


def _read_table(name: str, text: bytes, base: str, report: Report) -> dict[str, Any] | None:
    try:
        found = json.loads(text.decode().strip("\0") or "{}")
    except (ValueError, RecursionError) as error:
        report.add("CONTENT_JSON_INVALID", base, f"its {name} table is no JSON ({error})")
        return None
    if not isinstance(found, dict):
        report.add("CONTENT_JSON_INVALID", base, f"its {name} table is no object")
        return None
    return found


def _check_tables(magic: bytes, features: Part, batches: Part, base: str, report: Report) -> bool:
    told, name = features[0], COUNTS[magic]
    count = _count(told.get(name), features[1])
    if count is None:
        report.add("CONTENT_JSON_INVALID", base, f"its feature table needs {name}")
        return False
    if magic in PLACES and not set(PLACES[magic]) & set(told):
        report.add("CONTENT_JSON_INVALID", base, "its feature table needs POSITION")
        return False
    table = Table(told=told, body=features[1], features=count)
    inside = _count(told.get("BATCH_LENGTH"), features[1]) if "BATCH_ID" in told else None
    grouped = Table(told=batches[0], body=batches[1], features=count if inside is None else inside)
    faults = list(feature_faults(magic, table))
    if not (magic == b"i3dm" and "BATCH_ID" in told):  # whose batches nobody counts
        faults += batch_faults(grouped)
    for text in faults:
        report.add("CONTENT_JSON_INVALID", base, text)
    return not faults


def _count(value: Any, body: bytes) -> int | None:
    """A number of features, said in the JSON or kept in the bytes of the table."""
    if isinstance(value, dict):
        start = value.get("byteOffset")
        if not is_integer(start) or not 0 <= start <= len(body) - 4:
            return None
        return int(struct.unpack_from("<I", body, int(start))[0])
    return int(value) if is_integer(value) and value >= 0 else None


def _check_instanced(
    data: bytes, body: bytes, base: str, source: Source, report: Report, check_gltf: Checker
) -> None:
    (form,) = struct.unpack_from("<I", data, 28)
    if form == 1:
        report.add_inner("CONTENT_VALIDATION", base, check_gltf(body, base, source))
        return
    if form != 0:
        report.add("BINARY_INVALID_VALUE", f"{base}/gltfFormat", f"must be 0 or 1, is {form}")
        return
    uri = body.rstrip(b"\0 ").decode("utf-8", "replace")
    found = fetch(source, base, uri)
    if found is None:
        report.add("IO_WARNING", base, f"{uri!r} cannot be read")
    else:
        report.add_inner("CONTENT_VALIDATION", uri, check_gltf(found, base, source))


def _check_inner(
    data: bytes, base: str, source: Source, report: Report, check_gltf: Checker
) -> None:
    """The tiles of a composite tile, one after the other."""
    (count,) = struct.unpack_from("<I", data, 12)
    at = HEADERS[b"cmpt"]
    for n in range(count):
        magic = data[at : at + 4]
        if magic not in HEADERS or at + 12 > len(data):
            report.add("BINARY_INVALID_VALUE", f"{base}/{n}", f"no tile begins with {magic!r}")
            return
        (length,) = struct.unpack_from("<I", data, at + 8)
        if length < 12 or at + length > len(data):
            report.add("BINARY_INVALID_LENGTH", f"{base}/{n}", f"cannot have {length} bytes")
            return
        if at % 8:
            report.add("BINARY_INVALID_ALIGNMENT", f"{base}/{n}", f"begins at {at}")
        check_legacy(data[at : at + length], f"{base}/{n}", source, report, check_gltf)
        at += length
