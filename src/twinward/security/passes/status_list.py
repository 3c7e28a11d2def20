"""Token Status Lists (IETF draft): bits by index, packed, signed as JWT or CWT."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import cast

import msgspec
import numpy as np
from cryptography.hazmat.primitives.asymmetric import ec
from numpy.typing import NDArray

from twinward.core.coding import cbor
from twinward.core.coding.texts import from_base64url, inflate, read_object, to_base64url
from twinward.core.errors import InputError
from twinward.security.passes import cose, jws
from twinward.security.passes.keys import Key

TYPE = "application/statuslist+cwt"
BITS = (1, 2, 4, 8)
MOST_BYTES = 32 << 20  # 256 million entries of one bit
LONGEST_TTL = 31 * 86_400  # more than a month is no promise to refresh
STATUS_LIST, TTL = 65_533, 65_534
LAST_SECOND = 253_402_300_799  # of the year 9999


def bad_list(why: str) -> InputError:
    return InputError(f"the status list cannot be used: {why}", "fetch it again", code="bad_list")


class Packed(msgspec.Struct, frozen=True):
    """Statuses of `bits` bits each, least significant first."""

    bits: int
    data: bytes

    def __len__(self) -> int:
        return len(self.data) * 8 // self.bits

    def status(self, index: int) -> int:
        """InputError for an index that it has not."""
        if not 0 <= index < len(self):
            raise bad_list(f"index {index} is not one of its {len(self):,}")
        at = index * self.bits
        return self.data[at // 8] >> at % 8 & (1 << self.bits) - 1

    def statuses(self) -> NDArray[np.uint8]:
        """All of them in order."""
        data = np.frombuffer(self.data, np.uint8)
        shifts = np.arange(0, 8, self.bits, dtype=np.uint8)
        return ((data[:, None] >> shifts) & ((1 << self.bits) - 1)).astype(np.uint8).ravel()


def pack(statuses: NDArray[np.uint8] | Iterable[int], bits: int = 1) -> Packed:
    """The statuses, filled up with 0 to whole bytes."""
    if bits not in BITS:
        raise bad_list(f"{bits} bits are not 1, 2, 4 or 8")
    values = np.asarray(
        statuses if isinstance(statuses, np.ndarray) else list(statuses), dtype=np.int64
    )
    if values.size and not 0 <= int(values.min()) <= int(values.max()) < 1 << bits:
        raise bad_list(f"a status does not fit in {bits} bits")
    per = 8 // bits
    padded = np.zeros(-(-values.size // per) * per, np.uint8)
    padded[: values.size] = values
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    data = np.bitwise_or.reduce(padded.reshape(-1, per) << shifts, axis=1)
    return Packed(bits, data.astype(np.uint8).tobytes())


def unpack(bits: object, packed: object) -> Packed:
    """The list in its transport form; InputError for wrong bits, a bomb or a cut."""
    if type(bits) is not int or bits not in BITS:
        raise bad_list(f"{bits!r} bits are not 1, 2, 4 or 8")
    data = from_base64url(packed) if isinstance(packed, str) else packed
    if not isinstance(data, bytes) or not data:
        raise bad_list("it is empty")
    return Packed(bits, inflate(data, most=MOST_BYTES))


def to_json(packed: Packed) -> dict[str, object]:
    return {"bits": packed.bits, "lst": to_base64url(zlib.compress(packed.data, 9))}


def to_map(packed: Packed) -> dict[object, object]:
    """The form for CBOR."""
    return {"bits": packed.bits, "lst": zlib.compress(packed.data, 9)}


class SignedStatusList(msgspec.Struct, frozen=True, kw_only=True):
    """A signed list that was read. `subject` is its address; `ttl_s` how soon to fetch anew."""

    subject: str
    issued_at: datetime
    expires_at: datetime | None
    ttl_s: int | None
    packed: Packed
    kid: bytes | None
    signer: Key | None = None
    raw: bytes = b""


def read_list(data: bytes, keys: Iterable[Key] | None = None) -> SignedStatusList:
    """A status list as CWT or JWT. With `keys`, InputError unless one of them signed it."""
    text = data.strip()
    if text[:2] == b"ey":
        return _read_jwt(text.decode("ascii", "replace"), keys)
    if text[:4].lower() == b"d284":
        try:
            data = bytes.fromhex(text.decode("ascii"))
        except ValueError as error:
            raise bad_list("its hexadecimal digits are broken") from error
    message = cose.read_sign1(data)
    kind = message.header.get(cose.TYPE)
    if kind not in (TYPE, "statuslist+cwt"):
        raise bad_list(f"its type is {kind!r}")
    claims = cose.read_claims(message)
    found = claims.get(STATUS_LIST)
    names: dict[str, object] = {"sub": 2, "iat": 6, "exp": 4, "ttl": TTL}
    fields = {name: claims.get(number) for name, number in names.items()}
    signer = cose.find_signer(message, keys)[1] if keys is not None else None
    return _make(fields, found, message.kid, signer, keys is not None, data)


def _read_jwt(text: str, keys: Iterable[Key] | None) -> SignedStatusList:
    token = jws.read_jws(text)
    if token.header.get("typ") != "statuslist+jwt":
        raise bad_list(f"its type is {token.header.get('typ')!r}")
    claims = read_object(token.payload)
    signer = jws.find_signer(token, keys)[1] if keys is not None else None
    found = cast(dict[object, object] | None, claims.get("status_list"))
    return _make(claims, found, token.kid, signer, keys is not None, text.encode())


def _make(
    fields: dict[str, object],
    found: object,
    kid: bytes | None,
    signer: Key | None,
    checked: bool,
    raw: bytes,
) -> SignedStatusList:
    if checked and signer is None:
        raise bad_list("no key of the trust list signed it")
    if not isinstance(found, dict):
        raise bad_list("it has no statuses")
    subject, ttl, expires = fields.get("sub"), fields.get("ttl"), fields.get("exp")
    if not isinstance(subject, str) or not subject:
        raise bad_list("it does not say which list it is")
    if ttl is not None and (type(ttl) is not int or not 0 < ttl <= LONGEST_TTL):
        raise bad_list(f"its ttl {ttl!r} is not 1 to {LONGEST_TTL:,} seconds")
    return SignedStatusList(
        subject=subject,
        issued_at=second(fields.get("iat")),
        expires_at=second(expires) if expires is not None else None,
        ttl_s=ttl,
        packed=unpack(found.get("bits"), found.get("lst")),
        kid=kid,
        signer=signer,
        raw=raw,
    )


def second(value: object) -> datetime:
    """A NumericDate in whole seconds; milliseconds, bignums and years past 9999 are refused."""
    if type(value) is not int or not 0 <= value <= LAST_SECOND:
        raise bad_list(f"{value!r} is no time in seconds")
    return datetime.fromtimestamp(value, UTC)


def write_list(
    key: ec.EllipticCurvePrivateKey,
    kid: bytes,
    subject: str,
    packed: Packed,
    *,
    at: datetime,
    ttl_s: int,
    lasts_s: int,
    form: str = "cwt",
) -> bytes:
    """A signed list, issued `at`, to be fetched anew after `ttl_s`, of no use after `lasts_s`."""
    issued = int(at.timestamp())
    if form == "jwt":
        payload = {
            "sub": subject,
            "iat": issued,
            "exp": issued + lasts_s,
            "ttl": ttl_s,
            "status_list": to_json(packed),
        }
        header = {"kid": kid.decode(), "typ": "statuslist+jwt"}
        return jws.write_jws(key, header, msgspec.json.encode(payload)).encode()
    claims = {2: subject, 6: issued, 4: issued + lasts_s, TTL: ttl_s, STATUS_LIST: to_map(packed)}
    return cose.write_sign1(key, kid, cbor.encode(claims), TYPE)
