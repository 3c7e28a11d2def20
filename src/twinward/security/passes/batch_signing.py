"""Passes signed ahead by the thousand: one mould for all, each sealed for its holder alone.

A batch is public files of slots of one size. A slot is opened with a key that only its holder can
make, so whoever fetches a file or the whole batch has nothing; who has no pass in it, because a
status binds them, has a slot like all others that tells them, and nobody else, where to ask.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
import numpy as np
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from numpy.typing import NDArray

from twinward.core.coding import cbor
from twinward.core.errors import InputError
from twinward.security.passes import cose, signatures, tokens
from twinward.security.passes.scattering import scatter
from twinward.security.passes.tokens import Pass

CHUNK = 8192  # slots in a file: 1.8 MB
SLOT = 224  # bytes: nonce, sealed text, tag
NONCE, TAG = 12, 16
ROOM = SLOT - NONCE - TAG
KEY = 16
PASS, STATUS = 1, 2  # what a slot holds: a token, or what its holder is told instead
MOST_DECOYS = 4096


class BatchPlan(msgspec.Struct, frozen=True, kw_only=True):
    """All that a batch's passes have in common. `bits`: its status list has 2^bits places."""

    batch: str
    kind: str
    kid: str
    address: str
    issued_at: datetime
    valid_from: datetime
    until: datetime
    bits: int
    passes: int
    chunk: int = CHUNK
    slot: int = SLOT

    @property
    def chunks(self) -> int:
        return -(-self.passes // self.chunk)

    @property
    def decoys(self) -> int:
        """Places that belong to nobody and are revoked one after the other."""
        return min(MOST_DECOYS, max(16, self.passes // 1000))


def bits_for(passes: int) -> int:
    """The smallest list that has a place for each pass and for the decoys."""
    return max(16, (passes + MOST_DECOYS).bit_length())


def book_secret(book_key: bytes, subject: str) -> bytes:
    """What the holder of a pass book has, for all batches: made of the city's key and their
    pseudonym.
    """
    return hmac.digest(book_key, b"book:" + subject.encode(), "sha256")[:KEY]


def slot_key(book: bytes, batch: str) -> bytes:
    """What opens the holder's slot in one batch, and no other."""
    return hmac.digest(book, b"slot:" + batch.encode(), "sha256")[:KEY]


def roll_number(key: bytes, subject: str) -> int:
    """A person's number in a batch's roll; without the key nobody finds them there."""
    made = hashlib.blake2b(subject.encode(), key=key, digest_size=8).digest()
    return int.from_bytes(made, "little")


class Mould:
    """Writes tokens of one batch that differ in their place and signature alone."""

    def __init__(self, plan: BatchPlan, private: ec.EllipticCurvePrivateKey) -> None:
        self.private = private
        protected = cbor.encode({cose.ALG: -7, cose.KID: plan.kid.encode(), cose.TYPE: tokens.TYPE})
        parts = []
        for index in (1, 2):  # two passes show where their place stands
            made = Pass(
                kind=plan.kind,
                issued_at=plan.issued_at,
                valid_from=plan.valid_from,
                until=plan.until,
                address=plan.address,
                index=index,
            )
            tokens.check_pass(made)
            parts.append(cbor.encode(tokens.claims_of(made)))
        at = next(n for n, (a, b) in enumerate(zip(*parts, strict=True)) if a != b)
        self.before, self.after = parts[0][:at], parts[0][at + 1 :]
        self.lead = b"\x84\x6aSignature1" + cbor.encode(protected) + b"\x40"
        self.head = b"\xd2\x84" + cbor.encode(protected) + b"\xa0"

    def token(self, index: int) -> bytes:
        """The signed token with this place in the list."""
        payload = cbor.encode(self.before + cbor.encode(index) + self.after)
        signature = signatures.sign(self.private, self.lead + payload)
        return self.head + payload + b"\x58\x40" + signature


def seal(kind: int, text: bytes, key: bytes) -> bytes:
    """A slot that the holder of `key` can open. Each key seals one slot; its nonce is new even
    so, since a batch that was cut off is signed again.
    """
    if len(text) > ROOM - 2:
        raise InputError(f"{len(text)} bytes do not fit in a slot", code="too_large")
    plain = (bytes((kind, len(text))) + text).ljust(ROOM, b"\0")
    nonce = secrets.token_bytes(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, None)


def open_slot(slot: bytes, key: bytes) -> tuple[int, bytes]:
    """What a slot holds; InputError for another's."""
    try:
        plain = AESGCM(key).decrypt(slot[:NONCE], slot[NONCE:], None)
    except Exception as error:
        raise InputError("the slot is another's", "use your own book", code="bad_slot") from error
    return plain[0], plain[2 : 2 + plain[1]]


class Chunk(msgspec.Struct, frozen=True):
    """One file of a batch, and its part of the roll (one number a person, in order)."""

    slots: bytes
    roll: bytes


class ChunkSigner(msgspec.Struct, kw_only=True):
    """What signs chunks: of one process, made once."""

    plan: BatchPlan
    mould: Mould
    batch_key: bytes
    book_key: bytes
    told: Mapping[str, bytes] = {}  # whom a status binds -> what they are told

    def sign(self, number: int, subjects: Sequence[str]) -> Chunk:
        """The chunk of these persons, in their order; a last chunk is filled up with noise."""
        plan = self.plan
        start = number * plan.chunk
        places = places_of(plan, self.batch_key, start, len(subjects))
        slots = []
        for subject, index in zip(subjects, places.tolist(), strict=True):
            key = slot_key(book_secret(self.book_key, subject), plan.batch)
            said = self.told.get(subject)
            if said is None:
                slots.append(seal(PASS, self.mould.token(index), key))
            else:
                slots.append(seal(STATUS, said, key))
        noise = secrets.token_bytes(plan.slot * (plan.chunk - len(subjects)))
        roll = np.array([roll_number(self.batch_key, one) for one in subjects], np.uint64)
        return Chunk(b"".join(slots) + noise, roll.tobytes())


def places_of(plan: BatchPlan, key: bytes, start: int, count: int) -> NDArray[np.uint64]:
    """The places of `count` persons in the list, from the ordinal `start` on."""
    return scatter(np.arange(start, start + count, dtype=np.uint64), key[:KEY], plan.bits)


def decoy_places(plan: BatchPlan, key: bytes) -> dict[int, float]:
    """Places of nobody, each with the share of the list's life after which it is revoked."""
    places = places_of(plan, key, plan.passes, plan.decoys)
    draws = np.random.Generator(np.random.Philox(int.from_bytes(key[KEY:], "big")))
    shares = draws.random(plan.decoys)
    return dict(zip(places.tolist(), shares.tolist(), strict=True))
