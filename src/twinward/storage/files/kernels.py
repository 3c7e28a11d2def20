"""Hot loops over arrays: keys from text, a table of known keys, latest values, means by hour."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from twinward.core.kernels import GOLDEN, M1, mix

LANE = np.uint64(
    0xD6E8FEB86659FD93
)  # a second odd multiplier, so that the two halves of a key are independent
ONE = np.uint64(1)
BODY = np.uint64(0xFFFFFFFF)  # the part of a known key that says what its row held; 0: not known
BODY_BITS = np.uint64(32)
HOUR_US = 3_600_000_000
BLOOM_WORDS = 8  # of one block of a filter: a cache line
BLOOM_BITS = 64 * BLOOM_WORDS


@njit(cache=True, inline="always")
def _word(high: Any, low: Any, word: Any) -> Any:
    return mix(high ^ (word * M1) + GOLDEN), mix(low + (word * LANE) ^ GOLDEN)


@njit(cache=True, nogil=True)
def hash_texts(data: Any, offsets: Any, seed_high: Any, seed_low: Any, keys: Any) -> None:
    """128-bit keys, uint64[n, 2] and never 0, of texts (Arrow bytes and offsets), each from its
    own seed.
    """
    for k in range(len(offsets) - 1):
        high, low = seed_high[k], seed_low[k]
        word, filled = np.uint64(0), 0
        start, end = offsets[k], offsets[k + 1]
        for i in range(start, end):
            word = (word << np.uint64(8)) | np.uint64(data[i])
            filled += 1
            if filled == 8:
                high, low = _word(high, low, word)
                word, filled = np.uint64(0), 0
        high, low = _word(high, low, word)
        high, low = _word(high, low, np.uint64(end - start))
        keys[k, 0] = high
        keys[k, 1] = low | ONE


@njit(cache=True, inline="always")
def _slot(table: Any, high: Any, low: Any) -> Any:
    """Where a key is, or the free slot where it would go (linear probing; the size is a power of
    two).
    """
    mask = np.uint64(len(table) - 1)
    at = high & mask
    while table[at, 1] != np.uint64(0) and (table[at, 0] != high or table[at, 1] != low):
        at = (at + ONE) & mask
    return at


@njit(cache=True, inline="always")
def _told(held: Any, asked: Any) -> Any:
    """What is said of a key that is held: 1 where its body is the same or not known, 2 where it is
    another.
    """
    before, now = held & BODY, asked & BODY
    return 2 if before != now and before != np.uint64(0) and now != np.uint64(0) else 1


@njit(cache=True, nogil=True)
def hash_bodies(numbers: Any, texts: Any, keys: Any) -> None:
    """Puts into the lower half of each of uint64[n, 2] keys, in place of its last 32 bits, what its
    row holds: `numbers` uint64[m, n] (bits), `texts` uint64[n, 2] (keys of its texts).
    """
    for k in range(len(keys)):
        high, low = _word(texts[k, 0], texts[k, 1], np.uint64(0))
        for number in numbers:
            high, low = _word(high, low, number[k])
        keys[k, 1] = (keys[k, 1] & ~BODY) | (ONE << BODY_BITS) | (high >> BODY_BITS) | ONE


@njit(cache=True, nogil=True)
def add_keys(table: Any, keys: Any, known: Any) -> int:
    """Adds keys with bodies to `table`, save those that are `known` elsewhere; known[k], uint8, is
    set where a key was in it: 1, or 2 where it came with another body. Returns how many were added.
    """
    added = 0
    mask = np.uint64(len(table) - 1)
    for k in range(len(keys)):
        if known[k]:
            continue
        high, low = keys[k, 0], keys[k, 1]
        at = high & mask  # linear probing, by all of the key but its body
        while table[at, 1] != np.uint64(0) and (
            table[at, 0] != high or (table[at, 1] ^ low) > BODY
        ):
            at = (at + ONE) & mask
        if table[at, 1] != np.uint64(0):
            known[k] = _told(table[at, 1], low)
            continue
        table[at, 0], table[at, 1] = high, low
        added += 1
    return added


@njit(cache=True, inline="always")
def _bloom_bits(bits: Any, high: Any, low: Any) -> Any:
    """The cache line of a key, chosen by bits that the tables do not use, and what chooses four
    bits in it; its body has no part in that.
    """
    block = (high >> np.uint64(20)) & np.uint64(len(bits) - 1)
    return block, (low >> np.uint64(33)) ^ ((high >> np.uint64(44)) << np.uint64(31))


@njit(cache=True, nogil=True)
def bloom_add(bits: Any, keys: Any) -> None:
    """Sets the four bits of each key in a filter of uint64[blocks, 8]; blocks is a power of two."""
    for k in range(len(keys)):
        block, rest = _bloom_bits(bits, keys[k, 0], keys[k, 1])
        for _ in range(4):
            bits[block, (rest >> np.uint64(6)) & np.uint64(7)] |= ONE << (rest & np.uint64(63))
            rest >>= np.uint64(9)


@njit(cache=True, nogil=True)
def bloom_find(bits: Any, keys: Any, found: Any) -> None:
    """found[k] is set where all four bits of a key are set: it may have been added."""
    for k in range(len(keys)):
        block, rest = _bloom_bits(bits, keys[k, 0], keys[k, 1])
        found[k] = True
        for _ in range(4):
            word = bits[block, (rest >> np.uint64(6)) & np.uint64(7)]
            if word & (ONE << (rest & np.uint64(63))) == np.uint64(0):
                found[k] = False
                break
            rest >>= np.uint64(9)


@njit(cache=True, inline="always")
def _last_not_after(held: Any, high: Any, low: Any) -> Any:
    """The last row of sorted uint64[n, 2] that is not beyond a key, whatever its body; -1 where the
    first is.
    """
    low |= BODY
    start, end = 0, len(held)
    while start < end:
        middle = (start + end) // 2
        if held[middle, 0] < high or (held[middle, 0] == high and held[middle, 1] <= low):
            start = middle + 1
        else:
            end = middle
    return start - 1


@njit(cache=True, nogil=True)
def find_blocks(first: Any, keys: Any, block: Any) -> None:
    """block[k] = the block of a sorted file in which a key would stand, -1 before all, by the
    blocks' first keys.
    """
    for k in range(len(keys)):
        block[k] = _last_not_after(first, keys[k, 0], keys[k, 1])


@njit(cache=True, nogil=True)
def find_sorted(held: Any, keys: Any, found: Any) -> None:
    """found[k], uint8, is set where a key is among sorted ones, as in `add_keys`."""
    for k in range(len(keys)):
        at = _last_not_after(held, keys[k, 0], keys[k, 1])
        if at >= 0 and held[at, 0] == keys[k, 0] and (held[at, 1] ^ keys[k, 1]) <= BODY:
            found[k] = _told(held[at, 1], keys[k, 1])


@njit(cache=True, nogil=True)
def number_keys(table: Any, rows: Any, count: Any, keys: Any, numbers: Any) -> Any:
    """numbers[k] = the row of a key, new keys numbered from `count` on; returns the new count."""
    for k in range(len(keys)):
        at = _slot(table, keys[k, 0], keys[k, 1])
        if table[at, 1] == np.uint64(0):
            table[at, 0], table[at, 1] = keys[k, 0], keys[k, 1]
            rows[at] = count
            count += 1
        numbers[k] = rows[at]
    return count


@njit(cache=True, nogil=True)
def count_unknown(table: Any, keys: Any) -> Any:
    """How many of the keys, each there once, are not in a table."""
    unknown = 0
    for k in range(len(keys)):
        if table[_slot(table, keys[k, 0], keys[k, 1]), 1] == np.uint64(0):
            unknown += 1
    return unknown


@njit(cache=True, nogil=True)
def find_key(table: Any, rows: Any, high: Any, low: Any) -> Any:
    """The row of a key, or -1."""
    at = _slot(table, high, low)
    return rows[at] if table[at, 1] != np.uint64(0) else -1


@njit(cache=True, nogil=True)
def keep_latest(
    numbers: Any, time_us: Any, value: Any, area: Any, latest_us: Any, latest: Any, areas: Any
) -> None:
    """Takes each reading that is not older than what its sensor has."""
    for k in range(len(numbers)):
        n = numbers[k]
        if time_us[k] >= latest_us[n]:
            latest_us[n] = time_us[k]
            latest[n] = value[k]
            areas[n] = area[k]


@njit(cache=True, nogil=True)
def by_hour(
    time_us: Any, value: Any, first_hour: Any, count: Any, total: Any, low: Any, high: Any
) -> None:
    """Adds readings to hourly count, sum, least and greatest; arrays start at hour `first_hour`
    since 1970.
    """
    for k in range(len(time_us)):
        h = time_us[k] // HOUR_US - first_hour
        if h < 0 or h >= len(count):
            continue
        count[h] += 1
        total[h] += value[k]
        low[h] = min(low[h], value[k])
        high[h] = max(high[h], value[k])


@njit(cache=True, nogil=True)
def valid_until(starts_key: Any, valid_from: Any) -> Any:
    """For each version of a key, in order of recording, the least `valid_from` of those recorded
    after it.
    """
    until = np.empty(len(valid_from), np.int64)
    least = np.int64(np.iinfo(np.int64).max)
    for k in range(len(valid_from) - 1, -1, -1):
        until[k] = least
        least = np.int64(np.iinfo(np.int64).max) if starts_key[k] else min(least, valid_from[k])
    return until


@njit(cache=True, nogil=True)
def holds_at(valid_from: Any, valid_to: Any, at: Any) -> Any:
    """Indexes of the versions that hold at an instant."""
    found = np.empty(len(valid_from), np.int64)
    n = 0
    for k in range(len(valid_from)):
        if valid_from[k] <= at and at < valid_to[k]:
            found[n] = k
            n += 1
    return found[:n]
