"""Issuers, passes and lists made for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import ec

from twinward.security.passes.keys import write_jwk
from twinward.security.passes.status_list import pack, write_list
from twinward.security.passes.tokens import Pass, write_pass
from twinward.security.passes.trust import Signer, write_trust

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADDRESS = "tw:2026w10.0"


class Issuer:
    """A root and one signer, made anew for each test."""

    def __init__(self, at: datetime = NOON, days: int = 31) -> None:
        self.root = ec.generate_private_key(ec.SECP256R1())
        self.key = ec.generate_private_key(ec.SECP256R1())
        jwk = write_jwk(self.key.public_key())
        jwk["kid"] = jwk["kid"][:8]
        self.kid = jwk["kid"].encode()
        self.signer = Signer(
            jwk=jwk,
            not_before=int(at.timestamp()),
            not_after=int((at + timedelta(days=days)).timestamp()),
        )

    def trust(
        self, at: datetime = NOON, *, version: int = 1, state: str = "active", days: int = 45
    ) -> bytes:
        signer = Signer(
            jwk=self.signer.jwk,
            not_before=self.signer.not_before,
            not_after=self.signer.not_after,
            state=state,
        )
        return write_trust(
            self.root, "Test city", (signer,), version=version, at=at, lasts_s=days * 86_400
        )

    def issue(
        self, kind: str = "day", at: datetime = NOON, hours: float = 24, index: int | None = 7
    ) -> bytes:
        made = Pass(
            kind=kind,
            issued_at=at,
            valid_from=at,
            until=at + timedelta(hours=hours),
            address=ADDRESS if index is not None else None,
            index=index,
        )
        return write_pass(self.key, self.kid, made)

    def status_list(
        self,
        revoked: set[int] | frozenset[int] = frozenset(),
        at: datetime = NOON,
        *,
        size: int = 64,
        bits: int = 1,
    ) -> bytes:
        packed = pack([int(number in revoked) for number in range(size)], bits)
        return write_list(
            self.key, self.kid, ADDRESS, packed, at=at, ttl_s=600, lasts_s=14 * 86_400
        )
