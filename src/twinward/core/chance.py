"""Chance is an argument: named streams, so that the same seed and name give the same draws in
every process and on any number of threads. What draws inside hot loops is in `core.kernels`.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from twinward.core.errors import InputError
from twinward.core.lazy import LazyModule

if TYPE_CHECKING:
    import numpy as np
else:
    np = LazyModule("numpy")


def stream(seed: int, name: str) -> np.uint64:
    """The key of a named stream: the same seed and name give the same stream in every process."""
    if not -(2**63) <= seed < 2**63:
        raise InputError(
            f"the seed {seed} needs more than 64 bits", "give a smaller number", code="bad_seed"
        )
    digest = hashlib.blake2b(
        name.encode(), key=seed.to_bytes(8, "little", signed=seed < 0), digest_size=8
    ).digest()
    return np.uint64(int.from_bytes(digest, "little"))


def generator(seed: int, name: str) -> np.random.Generator:
    """A NumPy generator (Philox) on a named stream, for work outside hot loops."""
    return np.random.Generator(np.random.Philox(key=int(stream(seed, name))))
