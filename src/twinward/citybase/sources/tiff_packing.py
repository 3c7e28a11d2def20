"""How the blocks of a TIFF are packed: LZW, deflate and PackBits (TIFF 6.0), and the predictors 2
and 3 (TIFF 6.0 section 14; Adobe Photoshop technical note 3).
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

PACKINGS = {1: "none", 5: "LZW", 8: "deflate", 32946: "deflate", 32773: "PackBits"}


def unpack(packed: bytes, packing: int, size: int) -> bytes:
    if packing == 1:
        plain = packed
    elif packing == 5:
        plain = unpack_lzw(packed, size)
    elif packing == 32773:
        plain = unpack_bits(packed)
    else:
        plain = zlib.decompressobj().decompress(packed, size)
    if len(plain) < size:
        raise IndexError("a block is too short")
    return plain[:size]


def unpack_bits(packed: bytes) -> bytes:
    out, at = bytearray(), 0
    while at < len(packed):
        n = packed[at]
        if n < 128:
            out += packed[at + 1 : at + 2 + n]
            at += n + 2
        else:
            out += packed[at + 1 : at + 2] * (257 - n) if n > 128 else b""
            at += 2 if n > 128 else 1
    return bytes(out)


def unpack_lzw(packed: bytes, size: int) -> bytes:
    """LZW of TIFF 6.0, section 13: codes of 9 to 12 bits, the high bit first, early change."""
    words = [bytes([n]) for n in range(256)] + [b"", b""]
    out, length, width, held, bits, last = bytearray(), 0, 9, 0, 0, b""
    for byte in packed:
        held, bits = (held << 8) | byte, bits + 8
        if bits < width:
            continue
        bits -= width
        code = held >> bits
        held &= (1 << bits) - 1
        if code == 256:
            del words[258:]
            width, last = 9, b""
            continue
        if code == 257 or length >= size:
            break
        word = words[code] if code < len(words) else last + last[:1]
        out += word
        length += len(word)
        if last:
            words.append(last + word[:1])
        last = word
        width = (
            9 if len(words) < 511 else 10 if len(words) < 1023 else 11 if len(words) < 2047 else 12
        )
    return bytes(out)


def undo_predictor(
    plain: bytes, predictor: int, shape: tuple[int, int, int], kind: np.dtype[Any]
) -> NDArray[Any] | None:
    """The cells of a block: differences summed up, bytes of floats put together again. None for a
    predictor that is not known.
    """
    rows, cols, samples = shape
    if predictor == 1:
        return np.frombuffer(plain, kind).reshape(shape)
    if predictor == 2 and kind.kind in "iu":
        return np.cumsum(np.frombuffer(plain, kind).reshape(shape), axis=1, dtype=kind)
    if predictor == 3 and kind.kind == "f":
        rest = np.frombuffer(plain, np.uint8).reshape(rows, cols * kind.itemsize, samples)
        summed = np.cumsum(rest, axis=1, dtype=np.uint8).reshape(rows, kind.itemsize, -1)
        whole = np.ascontiguousarray(summed.transpose(0, 2, 1))
        return whole.view(kind.newbyteorder(">")).reshape(shape)
    return None
