"""Sorting rows and orders of rows by radix, least digit first."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

DIGIT_BITS = 9  # 512 streams of writing stay within the translation buffer of pages


@njit(cache=True, nogil=True)
def sort_order(keys: Any) -> Any:
    """The stable permutation that sorts non-negative int64 keys: radix, least digit first, only
    the bits in use.
    """
    n = len(keys)
    order = np.arange(n).astype(np.int32)
    if n < 2:
        return order
    low, high = keys[0], keys[0]
    for i in range(n):
        low, high = min(low, keys[i]), max(high, keys[i])
    size = 1 << DIGIT_BITS
    a = np.empty(n, np.int64)
    for i in range(n):
        a[i] = keys[i] - low
    b, other = np.empty_like(a), np.empty_like(order)
    shift = 0
    while shift < 63 and ((high - low) >> shift) > 0:
        starts = np.zeros(size + 1, np.int64)
        for i in range(n):
            starts[((a[i] >> shift) & (size - 1)) + 1] += 1
        for d in range(size):
            starts[d + 1] += starts[d]
        for i in range(n):
            d = (a[i] >> shift) & (size - 1)
            b[starts[d]], other[starts[d]] = a[i], order[i]
            starts[d] += 1
        a, b, order, other = b, a, other, order
        shift += DIGIT_BITS
    return order


@njit(cache=True, inline="always")
def _move(out: Any, place: Any, words: Any, i: Any) -> None:
    """out[place] = words[i]; rows of four words, which most are, twice as fast."""
    if words.shape[1] == 4:
        out[place, 0], out[place, 1] = words[i, 0], words[i, 1]
        out[place, 2], out[place, 3] = words[i, 2], words[i, 3]
    else:
        for k in range(words.shape[1]):
            out[place, k] = words[i, k]


@njit(cache=True, nogil=True)
def take(column: Any, order: Any) -> Any:
    """`column[order]`, a little faster than fancy indexing with 32-bit positions."""
    out = np.empty(len(order), column.dtype)
    for i in range(len(order)):
        out[i] = column[order[i]]
    return out


@njit(cache=True, nogil=True)
def take_rows(words: Any, order: Any, out: Any) -> None:
    """`out[:] = words[order]` for rows of a few words."""
    for i in range(len(order)):
        _move(out, i, words, order[i])


@njit(cache=True, nogil=True)
def sort_rows(words: Any, keys: Any, a: Any, b: Any, keys_a: Any, keys_b: Any) -> Any:
    """Rows in the stable order of their non-negative int64 keys: `sort_order` that moves the rows
    themselves.

    `a`, `b`, `keys_a`, `keys_b` are room to work in; the answer is `a`, `b` or `words` itself.
    """
    n, size = len(words), 1 << DIGIT_BITS
    low, high = keys[0] if n else 0, keys[0] if n else 0
    for i in range(n):
        low, high = min(low, keys[i]), max(high, keys[i])
    rows, shift = words, 0
    while shift < 63 and ((high - low) >> shift) > 0:
        starts = np.zeros(size + 1, np.int64)
        for i in range(n):
            starts[(((keys[i] - low) >> shift) & (size - 1)) + 1] += 1
        for d in range(size):
            starts[d + 1] += starts[d]
        for i in range(n):
            d = ((keys[i] - low) >> shift) & (size - 1)
            place = starts[d]
            starts[d] = place + 1
            keys_a[place] = keys[i]
            _move(a, place, rows, i)
        rows, a, b = a, b, a
        keys, keys_a, keys_b = keys_a, keys_b, keys_a
        shift += DIGIT_BITS
    return rows


@njit(cache=True, nogil=True)
def group_rows(words: Any, buckets: Any, starts: Any, out: Any) -> None:
    """Rows in the stable order of their buckets (small non-negative numbers), each moved once.

    `starts` is nought for every bucket and one more. Streams of writing as many as buckets are no
    trouble: the end of each lies in the cache, and the rows on large pages.
    """
    for i in range(len(buckets)):
        starts[buckets[i] + 1] += 1
    for d in range(len(starts) - 1):
        starts[d + 1] += starts[d]
    for i in range(len(words)):
        place = starts[buckets[i]]
        starts[buckets[i]] = place + 1
        _move(out, place, words, i)


@njit(cache=True, nogil=True)
def rank_blocks(keys: Any, ranks: Any) -> int:
    """Number in order those blocks of 2^16 keys that hold one; how many. `ranks` is nought for
    every block.
    """
    for i in range(len(keys)):
        ranks[keys[i] >> 16] = 1
    count = 0
    for block in range(len(ranks)):
        if ranks[block]:
            ranks[block] = count
            count += 1
    return count


@njit(cache=True, nogil=True)
def close_ranks(keys: Any, ranks: Any) -> None:
    """The same keys, with the empty blocks between them left out."""
    for i in range(len(keys)):
        keys[i] = (np.int64(ranks[keys[i] >> 16]) << 16) | (keys[i] & 0xFFFF)
