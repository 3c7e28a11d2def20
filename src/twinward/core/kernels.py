"""Draws inside hot loops: pure functions of a key, hash(seed, stream, who, when, slot).

The mixer is the finaliser of SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom
number generators", OOPSLA), applied to each word of the key in turn.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
M1 = np.uint64(0xBF58476D1CE4E5B9)
M2 = np.uint64(0x94D049BB133111EB)
S30, S27, S31, S11, S32 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11), np.uint64(32)
INV53 = 1.0 / 9007199254740992.0


@njit(cache=True, inline="always")
def mix(z: Any) -> Any:
    """The SplitMix64 finaliser over one uint64."""
    z = (z ^ (z >> S30)) * M1
    z = (z ^ (z >> S27)) * M2
    return z ^ (z >> S31)


@njit(cache=True, inline="always")
def key2(a: Any, b: Any) -> Any:
    """One uint64 from two; chain it for longer keys."""
    return mix(np.uint64(a) + GOLDEN + mix(np.uint64(b) + GOLDEN))


@njit(cache=True, inline="always")
def uniform(key: Any) -> Any:
    """A float64 in [0, 1) from a mixed key."""
    return np.float64(key >> S11) * INV53


@njit(cache=True, inline="always")
def below(key: Any, n: Any) -> Any:
    """An int64 in [0, n) for n < 2**32, by multiply-shift (no modulo, bias under n / 2**32)."""
    return np.int64(((key >> S32) * np.uint64(n)) >> S32)
