"""Places in a list scattered by a secret: a keyed permutation of 0 to 2^bits - 1, over arrays."""

from __future__ import annotations

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from numpy.typing import NDArray

ROUNDS = 8  # of an unbalanced Feistel network; four already hide its order (Luby and Rackoff 1988)
LEAST_BITS, MOST_BITS = 8, 48


def scatter(ordinals: NDArray[np.uint64], key: bytes, bits: int) -> NDArray[np.uint64]:
    """The place of each ordinal, shape as given. No two share one; who has not the key of 16
    bytes cannot tell an ordinal from its place, nor places of one batch from those of another.
    """
    if not LEAST_BITS <= bits <= MOST_BITS:
        raise ValueError(f"bits must be {LEAST_BITS} to {MOST_BITS}, got {bits}")
    low_bits = bits // 2
    low_mask = np.uint64((1 << low_bits) - 1)
    high_mask = np.uint64((1 << bits - low_bits) - 1)
    high, low = ordinals >> np.uint64(low_bits), ordinals & low_mask
    for number in range(ROUNDS):
        if number % 2:
            low = low ^ (_round(high, key, number) & low_mask)
        else:
            high = high ^ (_round(low, key, number) & high_mask)
    return (high << np.uint64(low_bits)) | low


def _round(values: NDArray[np.uint64], key: bytes, number: int) -> NDArray[np.uint64]:
    """AES of a block that holds the round and the value: a function nobody without key can tell
    from chance. The blocks are all different, so this mode leaks nothing.
    """
    blocks = np.empty((values.size, 2), np.uint64)
    blocks[:, 0], blocks[:, 1] = number, values.ravel()
    cipher = Cipher(algorithms.AES(key), modes.ECB())
    made = cipher.encryptor().update(blocks.tobytes())
    return np.frombuffer(made, np.uint64)[::2].reshape(values.shape)
