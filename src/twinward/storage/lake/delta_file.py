"""A Parquet file of 32-bit whole numbers without nulls, in small row groups, written by our own
encoder.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.storage.lake import kernels

MAGIC = b"PAR1"
CREATED_BY = b"twinward"
INT32 = 1  # a physical type in parquet.thrift


def write_delta_file(
    path: Path, blocks: Iterable[NDArray[Any]], names: list[str], group_rows: int
) -> None:
    """int32[n, len(names)] blocks as the columns `names`; but for the last, they are whole row
    groups.
    """
    chunks, rows = [np.empty((0, len(names), kernels.CHUNK_NUMBERS), np.int64)], 0
    out = np.empty(0, np.uint8)
    with open(path, "wb") as file:
        at = file.write(MAGIC)
        for words in blocks:
            groups = -(-len(words) // group_rows)
            most = groups * group_rows * len(names) * kernels.MOST_BYTES_A_VALUE
            out = out if len(out) >= most else np.empty(most, np.uint8)
            chunks.append(np.empty((groups, len(names), kernels.CHUNK_NUMBERS), np.int64))
            at += file.write(out.data[: kernels.put_groups(words, group_rows, at, out, chunks[-1])])
            rows += len(words)
        footer = footer_of(np.concatenate(chunks), rows, names, group_rows)
        file.write(footer + len(footer).to_bytes(4, "little") + MAGIC)


def footer_of(chunks: NDArray[Any], rows: int, names: list[str], group_rows: int) -> bytes:
    """FileMetaData in Thrift's compact protocol."""
    heads = [column_head(name) for name in names]
    most = len(chunks) * (len(names) * kernels.MOST_BYTES_A_CHUNK + sum(map(len, heads)))
    out, joined = np.empty(most, np.uint8), np.frombuffer(b"".join(heads), np.uint8)
    size = kernels.put_footer_groups(
        chunks, rows, group_rows, joined, np.cumsum([len(head) for head in heads]), out
    )
    schema = b"".join([root_of(len(names)), *(leaf_of(name) for name in names)])
    return b"".join(
        [
            b"\x15\x04",  # version 2
            b"\x19" + list_head(len(names) + 1, 12) + schema,
            b"\x16" + varint(2 * rows),
            b"\x19" + list_head(len(chunks), 12) + out[:size].tobytes(),
            b"\x28" + text(CREATED_BY),
            b"\x19"
            + list_head(len(names), 12)
            + b"\x1c\x00\x00" * len(names),  # ordered as their types are
            b"\x00",
        ]
    )


def column_head(name: str) -> bytes:
    """The part of a column's metadata that is the same in every row group: type, encoding, path,
    no compression.
    """
    return (
        b"\x15"
        + varint(2 * INT32)
        + b"\x19\x15\x0a"
        + b"\x19\x18"
        + text(name.encode())
        + b"\x15\x00"
    )


def root_of(children: int) -> bytes:
    return b"\x48" + text(b"schema") + b"\x15" + varint(2 * children) + b"\x00"


def leaf_of(name: str) -> bytes:
    """A required column."""
    return b"\x15" + varint(2 * INT32) + b"\x25\x00" + b"\x18" + text(name.encode()) + b"\x00"


def list_head(size: int, kind: int) -> bytes:
    return bytes([size << 4 | kind]) if size < 15 else bytes([0xF0 | kind]) + varint(size)


def text(value: bytes) -> bytes:
    return varint(len(value)) + value


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])
