"""Frames in append-only files: each has a checksum, a head that counts, and the accepted rows as
one Arrow batch.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from twinward.core.ids import id_space
from twinward.core.lazy import LazyModule
from twinward.core.messages import OBSERVATION_COLUMNS, Counts

if TYPE_CHECKING:
    import pyarrow as pa
else:
    pa = LazyModule("pyarrow")  # only where frames are read

MAGIC = b"TWF1"
LEAD = struct.Struct("<4sIII")  # magic, bytes of the head, bytes of the rows, CRC-32 of both


@cache
def schema() -> pa.Schema:
    """The Arrow schema of the rows of a frame."""
    return pa.schema(
        [(name, pa.type_for_alias(kind)) for name, kind in OBSERVATION_COLUMNS.items()]
    )


class FrameHead(msgspec.Struct, frozen=True, kw_only=True):
    """What one batch of one source came to: received = stored + rejected + duplicate."""

    n: int
    source: str
    recorded_us: int
    received: int
    stored: int
    rejected: int
    duplicate: int
    sender: str = ""  # the account that sent it, in whose namespace its ids are; "" before accounts

    @property
    def space(self) -> str:
        """The namespace of the batch's ids: nobody takes an id of another sender's source."""
        return id_space(self.sender, self.source)

    @property
    def counts(self) -> Counts:
        return Counts(
            received=self.received,
            stored=self.stored,
            rejected=self.rejected,
            duplicate=self.duplicate,
        )


class Frame(msgspec.Struct, frozen=True):
    """A frame as read back; `rows` is the Arrow batch of what was stored."""

    head: FrameHead
    rows: pa.RecordBatch
    end: int


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(FrameHead).decode


def pack_frame(head: FrameHead, rows: pa.RecordBatch) -> bytes:
    """The bytes of one frame."""
    body = rows.serialize()
    start = _encode(head)
    return b"".join(
        (LEAD.pack(MAGIC, len(start), len(body), zlib.crc32(body, zlib.crc32(start))), start, body)
    )


def read_frames(path: Path, start: int = 0) -> Iterator[Frame]:
    """The whole frames of a file from a byte offset on; it ends where a frame is torn or its
    checksum is wrong.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(start)
        at = start
        while len(lead := file.read(LEAD.size)) == LEAD.size:
            magic, head_bytes, body_bytes, checksum = LEAD.unpack(lead)
            end = at + LEAD.size + head_bytes + body_bytes
            if magic != MAGIC or end > size:
                return
            head, body = file.read(head_bytes), file.read(body_bytes)
            if zlib.crc32(body, zlib.crc32(head)) != checksum:
                return
            yield Frame(_decode(head), pa.ipc.read_record_batch(pa.py_buffer(body), schema()), end)
            at = end


def frame_follows(path: Path, start: int) -> bool:
    """True when a whole frame begins anywhere after `start`: then what is broken there was no
    torn tail.
    """
    data = path.read_bytes()[start:]
    at = data.find(MAGIC, 1)
    while at >= 0:
        if next(read_frames(path, start + at), None) is not None:
            return True
        at = data.find(MAGIC, at + 1)
    return False
