"""What a gate keeps: the newest lists, a floor for its clock, and counts by hour. No token."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime

import msgspec
import numpy as np

from twinward.core.coding.texts import from_base64url, to_base64url
from twinward.core.errors import UNREADABLE, InputError
from twinward.security.passes.status_list import Packed, SignedStatusList, pack, read_list, unpack
from twinward.security.passes.trust import TrustList, read_trust, require_newer
from twinward.security.passes.verifier import PassVerdict, Verifier, VerifierPolicy


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """The gate's file: the trust list, the newest list of each address, what was ever revoked in
    it, the newest signed time seen, and counts by hour and answer.
    """

    trust: str = ""
    lists: dict[str, str] = {}
    revoked: dict[str, str] = {}
    floor: datetime | None = None
    counts: dict[str, dict[str, int]] = {}


class Gate:
    """A verifier with memory: lists only grow newer, and what was revoked stays so."""

    def __init__(self, policy: VerifierPolicy | None = None) -> None:
        self.policy = policy or VerifierPolicy()
        self.trust: TrustList | None = None
        self.trust_raw = b""
        self.lists: dict[str, SignedStatusList] = {}
        self.floor: datetime | None = None
        self.counts: dict[str, dict[str, int]] = {}
        self._verifier: Verifier | None = None

    def accept_trust(self, data: bytes) -> None:
        """InputError for an older list or another root; keys withdrawn stay withdrawn."""
        self.trust = require_newer(self.trust, read_trust(data))
        self.trust_raw = data
        self._saw(self.trust.issued_at)

    def accept_list(self, data: bytes) -> SignedStatusList:
        """InputError for a list of another issuer, or one older than was seen. What it no longer
        says to be revoked stays revoked.
        """
        if self.trust is None:
            raise InputError("the gate has no trust list", "give it one first", code="no_trust")
        keys = [key for key in self.trust.keys if key.state != "compromised"]
        fresh = read_list(data, keys)
        seen = self.lists.get(fresh.subject)
        if seen is not None:
            if fresh.issued_at < seen.issued_at:
                raise InputError(
                    f"list {fresh.subject} is older than the one that was seen",
                    "fetch the newest",
                    code="older_list",
                )
            fresh = msgspec.structs.replace(fresh, packed=merge(seen.packed, fresh.packed))
        self.lists[fresh.subject] = fresh
        self._saw(fresh.issued_at)
        return fresh

    def _saw(self, at: datetime | None) -> None:
        if at is not None and (self.floor is None or at > self.floor):
            self.floor = at
        self._verifier = None

    def verify(self, text: str, at: datetime) -> PassVerdict:
        """The answer, counted under its hour; nothing else of it is kept."""
        if self.trust is None:
            raise InputError("the gate has no trust list", "give it one first", code="no_trust")
        if self._verifier is None:
            self._verifier = Verifier(self.trust, self.lists, self.policy, self.floor)
        verdict = self._verifier.verify_text(text, at)
        hour = at.astimezone(UTC).strftime("%Y-%m-%dT%H:00Z")
        counted = self.counts.setdefault(hour, {})
        counted[verdict.answer] = counted.get(verdict.answer, 0) + 1
        return verdict

    def store(self) -> bytes:
        """The gate's file."""
        return msgspec.json.encode(
            Stored(
                trust=self.trust_raw.decode(),
                lists={name: to_base64url(one.raw) for name, one in self.lists.items()},
                revoked={
                    name: f"{one.packed.bits}:{to_base64url(zlib.compress(one.packed.data))}"
                    for name, one in self.lists.items()
                },
                floor=self.floor,
                counts=self.counts,
            )
        )


def open_gate(data: bytes, policy: VerifierPolicy | None = None) -> Gate:
    """The gate of a stored file."""
    try:
        stored = msgspec.json.decode(data, type=Stored)
    except UNREADABLE as error:
        raise InputError(
            "the gate's file cannot be read", "remove it and load the lists anew", code="bad_gate"
        ) from error
    gate = Gate(policy)
    gate.counts = stored.counts
    if stored.trust:
        gate.accept_trust(stored.trust.encode())
    for name, raw in stored.lists.items():
        fresh = gate.accept_list(from_base64url(raw))
        bits, _, packed = stored.revoked[name].partition(":")
        before = unpack(int(bits), packed)
        gate.lists[name] = msgspec.structs.replace(fresh, packed=merge(before, fresh.packed))
    gate._saw(stored.floor)
    return gate


def merge(before: Packed, after: Packed) -> Packed:
    """The newer list with all that was revoked before; a list that shrank keeps its old end."""
    if before.bits != after.bits:
        raise InputError("the list changed its bits", "fetch it again", code="bad_list")
    size = max(len(before.data), len(after.data))
    old = np.frombuffer(before.data.ljust(size, b"\0"), np.uint8)
    new = np.frombuffer(after.data.ljust(size, b"\0"), np.uint8)
    if before.bits == 1:
        return Packed(1, (old | new).tobytes())
    was, now = Packed(before.bits, old.tobytes()).statuses(), Packed(after.bits, new.tobytes())
    kept = np.where(was == 1, was, now.statuses())  # 1 is final, 2 (suspended) may be lifted
    return pack(kept, before.bits)
