"""Pages of whole numbers in Parquet's delta encoding, and the part of its footer that grows with
their number.

After the specifications Encodings.md (DELTA_BINARY_PACKED) and parquet.thrift of
apache/parquet-format, and Thrift's compact protocol. Arrow's encoder writes the same pages; on
groups as small as ours it takes most of an ingest.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

BLOCK, MINI = (
    128,
    32,
)  # values of a block, and of each of its miniblocks, which have a width of their own
DELTA_BINARY_PACKED = 5
MOST_BYTES_A_VALUE = 5  # of a page, headers included
MOST_BYTES_A_CHUNK = 160  # of the footer, the path left out
NUMBERS = 4  # of a chunk: where its page begins, its bytes, its least and its greatest value


@njit(cache=True, inline="always")
def _put_varint(out: Any, at: Any, value: Any) -> Any:
    """Seven bits a byte, least first; `value` is not negative."""
    while value > 127:
        out[at] = np.uint8((value & 127) | 128)
        value >>= 7
        at += 1
    out[at] = np.uint8(value)
    return at + 1


@njit(cache=True, inline="always")
def _put_signed(out: Any, at: Any, value: Any) -> Any:
    """Zigzag: small numbers of either sign are short."""
    return _put_varint(out, at, (value << 1) ^ (value >> 63))


@njit(cache=True, inline="always")
def _put_field(out: Any, at: Any, header: Any, value: Any) -> Any:
    """A field of a struct: how far on its number is and its type, then its value."""
    out[at] = np.uint8(header)
    return _put_signed(out, at + 1, np.int64(value))


@njit(cache=True, inline="always")
def _put_word(out: Any, at: Any, word: Any) -> Any:
    """Four bytes, least first."""
    for k in range(4):
        out[at + k] = np.uint8((word >> (8 * k)) & 255)
    return at + 4


@njit(cache=True, inline="always")
def _pack_mini(room: Any, first: Any, low: Any, width: Any, out: Any, at: Any) -> Any:
    """32 differences from the least one, `width` bits each."""
    held, bits = np.uint64(0), np.uint64(0)
    wide = np.uint64(width)
    for i in range(first, first + MINI):
        held |= np.uint64((room[i] - low) & 0xFFFFFFFF) << bits
        bits += wide
        if bits >= 32:
            at = _put_word(out, at, held)
            held >>= np.uint64(32)
            bits -= np.uint64(32)
    return at


@njit(cache=True, inline="always")
def _pack_block(room: Any, low: Any, out: Any, at: Any) -> Any:
    """128 differences: the least, the widths of the miniblocks, the miniblocks."""
    at = _put_signed(out, at, low)
    widths = at
    at += BLOCK // MINI
    for mini in range(BLOCK // MINI):
        some = np.int64(0)
        for i in range(mini * MINI, (mini + 1) * MINI):
            some |= (room[i] - low) & 0xFFFFFFFF
        width = 0
        while some >> width:
            width += 1
        out[widths + mini] = np.uint8(width)
        if width:
            at = _pack_mini(room, mini * MINI, low, width, out, at)
    return at


@njit(cache=True, nogil=True)
def _pack_deltas(column: Any, room: Any, out: Any, at: Any) -> Any:
    """One page of int32 values; differences wrap around as 32-bit numbers do."""
    n = len(column)
    at = _put_varint(out, at, BLOCK)
    at = _put_varint(out, at, BLOCK // MINI)
    at = _put_varint(out, at, n)
    before = np.int64(column[0])
    at = _put_signed(out, at, before)
    begin = 1
    while begin < n:
        held = min(BLOCK, n - begin)
        low = np.int64(1) << 32
        for i in range(held):
            value = np.int64(column[begin + i])
            room[i] = ((value - before + 0x80000000) & 0xFFFFFFFF) - 0x80000000
            low = min(low, room[i])
            before = value
        for i in range(held, BLOCK):
            room[i] = low
        at = _pack_block(room, low, out, at)
        begin += held
    return at


@njit(cache=True, inline="always")
def _put_page_header(out: Any, at: Any, size: Any, values: Any) -> Any:
    at = _put_field(out, at, 0x15, 0)  # a data page
    at = _put_field(out, at, 0x15, size)
    at = _put_field(out, at, 0x15, size)  # not compressed: deltas are as short as they get
    out[at] = np.uint8(0x2C)  # its own header
    at = _put_field(out, at + 1, 0x15, values)
    at = _put_field(out, at, 0x15, DELTA_BINARY_PACKED)
    at = _put_field(out, at, 0x15, 3)  # levels, of which columns without nulls have none
    at = _put_field(out, at, 0x15, 3)
    out[at] = out[at + 1] = np.uint8(0)
    return at + 2


@njit(cache=True, nogil=True)
def put_groups(words: Any, group_rows: Any, offset: Any, out: Any, chunks: Any) -> Any:
    """Pages of all columns of int32 rows, row group by row group, into `out`; how many bytes there
    are.

    `chunks` int64[groups, columns, NUMBERS] is filled; `offset` is where `out` goes in the file.
    """
    room, page = np.empty(BLOCK, np.int64), np.empty(group_rows * MOST_BYTES_A_VALUE + 64, np.uint8)
    at = 0
    for g in range(chunks.shape[0]):
        for k in range(words.shape[1]):
            column = words[g * group_rows : (g + 1) * group_rows, k]
            low, high = column[0], column[0]
            for i in range(len(column)):
                low, high = min(low, column[i]), max(high, column[i])
            size = _pack_deltas(column, room, page, 0)
            begin = at
            at = _put_page_header(out, at, size, len(column))
            out[at : at + size] = page[:size]
            at += size
            chunks[g, k, 0], chunks[g, k, 1], chunks[g, k, 2], chunks[g, k, 3] = (
                offset + begin,
                at - begin,
                low,
                high,
            )
    return at


@njit(cache=True, inline="always")
def _put_chunk(out: Any, at: Any, head: Any, held: Any, chunk: Any) -> Any:
    """One column of one row group, as the footer describes it."""
    offset, size, low, high = chunk
    at = _put_field(out, at, 0x26, offset)
    out[at] = np.uint8(0x1C)
    at += 1
    for i in range(len(head)):
        out[at] = head[i]
        at += 1
    at = _put_field(out, at, 0x16, held)
    at = _put_field(out, at, 0x16, size)
    at = _put_field(out, at, 0x16, size)
    at = _put_field(out, at, 0x26, offset)
    out[at] = np.uint8(0x3C)  # statistics: no nulls, the greatest, the least
    at = _put_field(out, at + 1, 0x36, 0)
    out[at], out[at + 1] = np.uint8(0x28), np.uint8(4)
    at = _put_word(out, at + 2, high)
    out[at], out[at + 1] = np.uint8(0x18), np.uint8(4)
    at = _put_word(out, at + 2, low)
    out[at] = out[at + 1] = out[at + 2] = np.uint8(0)
    return at + 3


@njit(cache=True, nogil=True)
def put_footer_groups(
    chunks: Any, rows: Any, group_rows: Any, heads: Any, ends: Any, out: Any
) -> Any:
    """The row groups of the footer (a list of structs, without its header) into `out`; how many
    bytes there are.

    `heads` uint8[m] are the beginnings of the columns' metadata one after the other, `ends` where
    each is over.
    """
    at = 0
    for g in range(chunks.shape[0]):
        held, total = min(group_rows, rows - g * group_rows), 0
        out[at], out[at + 1] = np.uint8(0x19), np.uint8((chunks.shape[1] << 4) | 12)
        at += 2
        for k in range(chunks.shape[1]):
            begin = ends[k - 1] if k else 0
            chunk = (chunks[g, k, 0], chunks[g, k, 1], chunks[g, k, 2], chunks[g, k, 3])
            at = _put_chunk(out, at, heads[begin : ends[k]], held, chunk)
            total += chunk[1]
        at = _put_field(out, at, 0x16, total)
        at = _put_field(out, at, 0x16, held)
        out[at] = np.uint8(0)
        at += 1
    return at
