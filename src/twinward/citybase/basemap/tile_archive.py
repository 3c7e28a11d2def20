"""One file of tiles in the form PMTiles 3 (spec of protomaps/PMTiles, "PMTiles Version 3"): header,
directories, tiles in the order of a Hilbert curve.
"""

from __future__ import annotations

import gzip
import json
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from twinward.core.errors import InputError

MAGIC, HEADER_BYTES, ROOT_MOST = b"PMTiles\x03", 127, 16_384
LEAF_ENTRIES = 4_096
GZIP, MVT = 2, 1
HEADER = struct.Struct("<8s11Q6B4iB2i")


class TileEntry(msgspec.Struct, frozen=True):
    """A tile, or (run 0) a leaf directory: where its bytes are."""

    tile: int
    offset: int
    length: int
    run: int


def number_of_tile(zoom: int, x: int, y: int) -> int:
    """The place of a tile along the Hilbert curves of all zooms."""
    before = ((1 << (2 * zoom)) - 1) // 3
    along, side = 0, (1 << zoom) >> 1
    while side:
        right, down = int((x & side) > 0), int((y & side) > 0)
        along += side * side * ((3 * right) ^ down)
        if not down:
            if right:
                x, y = side - 1 - x, side - 1 - y
            x, y = y, x
        x, y = x & (side - 1), y & (side - 1)
        side >>= 1
    return before + along


def write_varint(value: int, out: bytearray) -> None:
    while value > 0x7F:
        out.append((value & 0x7F) | 0x80)
        value >>= 7
    out.append(value)


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def pack_directory(entries: list[TileEntry]) -> bytes:
    out = bytearray()
    write_varint(len(entries), out)
    last = 0
    for entry in entries:
        write_varint(entry.tile - last, out)
        last = entry.tile
    for entry in entries:
        write_varint(entry.run, out)
    for entry in entries:
        write_varint(entry.length, out)
    ends = -1
    for entry in entries:
        write_varint(0 if entry.offset == ends else entry.offset + 1, out)
        ends = entry.offset + entry.length
    return gzip.compress(bytes(out), 9, mtime=0)


def unpack_directory(packed: bytes) -> list[TileEntry]:
    data, at = gzip.decompress(packed), 0
    count, at = read_varint(data, at)
    columns: list[list[int]] = []
    for _ in range(4):
        column = []
        for _ in range(count):
            value, at = read_varint(data, at)
            column.append(value)
        columns.append(column)
    entries, tile, ends = [], 0, 0
    for step, run, length, told in zip(*columns, strict=True):
        tile += step
        offset = told - 1 if told else ends
        ends = offset + length
        entries.append(TileEntry(tile, offset, length, run))
    return entries


def write_archive(
    path: Path,
    tiles: Mapping[tuple[int, int, int], bytes],
    bounds: tuple[float, float, float, float],
    metadata: dict[str, Any],
) -> int:
    """Writes the tiles (zoom, x, y -> MVT) packed; equal tiles once. Returns the file's bytes."""
    ordered = sorted((number_of_tile(*key), body) for key, body in tiles.items())
    blob, seen, entries = bytearray(), {}, list[TileEntry]()
    for number, body in ordered:
        if body not in seen:
            packed = gzip.compress(body, 9, mtime=0)
            seen[body] = (len(blob), len(packed))
            blob += packed
        offset, length = seen[body]
        entries.append(TileEntry(number, offset, length, 1))
    root, leaves = pack_directory(entries), b""
    if HEADER_BYTES + len(root) > ROOT_MOST:
        tops = []
        for start in range(0, len(entries), LEAF_ENTRIES):
            leaf = pack_directory(entries[start : start + LEAF_ENTRIES])
            tops.append(TileEntry(entries[start].tile, len(leaves), len(leaf), 0))
            leaves += leaf
        root = pack_directory(tops)
    described = gzip.compress(json.dumps(metadata, sort_keys=True).encode(), 9, mtime=0)
    zooms = [key[0] for key in tiles] or [0]
    header = make_header(
        (len(root), len(described), len(leaves), len(blob)),
        (len(entries), len(seen)),
        (min(zooms), max(zooms)),
        bounds,
    )
    body = header + root + described + leaves + bytes(blob)
    path.write_bytes(body)
    return len(body)


def make_header(
    lengths: tuple[int, int, int, int],
    counts: tuple[int, int],
    zooms: tuple[int, int],
    bounds: tuple[float, float, float, float],
) -> bytes:
    offsets, at = [], HEADER_BYTES
    for length in lengths:
        offsets += [at, length]
        at += length
    west, south, east, north = (round(degrees * 1e7) for degrees in bounds)
    middle = ((west + east) // 2, (south + north) // 2)
    return HEADER.pack(
        MAGIC,
        *offsets,
        counts[0],
        counts[0],
        counts[1],
        1,
        GZIP,
        GZIP,
        MVT,
        *zooms,
        west,
        south,
        east,
        north,
        zooms[0],
        *middle,
    )


class TileArchive:
    """A file of tiles opened for reading; tiles come out as they are packed (gzip)."""

    def __init__(self, path: Path) -> None:
        try:
            self._handle = os.open(path, os.O_RDONLY)
        except OSError as error:
            raise bad_archive(path, error.strerror or "no file") from error
        head = os.pread(self._handle, HEADER_BYTES, 0)
        if len(head) < HEADER_BYTES or head[:8] != MAGIC:
            os.close(self._handle)
            raise bad_archive(path, "no header of PMTiles 3")
        fields = HEADER.unpack(head)
        self._data = fields[7]
        self.zooms = (fields[16], fields[17])
        self.bounds = tuple(value / 1e7 for value in fields[18:22])
        self._entries: dict[int, TileEntry] = {}
        try:
            for entry in unpack_directory(self._read(fields[1], fields[2])):
                found = (
                    [entry]
                    if entry.run
                    else unpack_directory(self._read(fields[5] + entry.offset, entry.length))
                )
                self._entries |= {one.tile + n: one for one in found for n in range(one.run)}
        except (OSError, EOFError, IndexError, ValueError) as error:
            os.close(self._handle)
            raise bad_archive(path, "its directory is broken") from error

    def _read(self, offset: int, length: int) -> bytes:
        return os.pread(self._handle, length, offset)

    def __len__(self) -> int:
        return len(self._entries)

    def find_tile(self, zoom: int, x: int, y: int) -> bytes | None:
        """The packed tile, None where the city has nothing to draw."""
        if not (0 <= zoom <= 24 and 0 <= x < 1 << zoom and 0 <= y < 1 << zoom):
            return None
        entry = self._entries.get(number_of_tile(zoom, x, y))
        return self._read(self._data + entry.offset, entry.length) if entry else None

    def close(self) -> None:
        os.close(self._handle)


def bad_archive(path: Path, why: str) -> InputError:
    return InputError(
        f"{path.name} is no file of tiles: {why}", "build the city again", code="bad_tiles"
    )
