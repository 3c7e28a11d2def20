"""Our own passes: a CWT of some 120 bytes, written and read in one form."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from twinward.core.coding import base45, cbor
from twinward.core.errors import InputError
from twinward.security.passes import cose

TYPE = "tw-pass"
PREFIX = "TW1:"
ISSUED, FROM, UNTIL, STATUS, BODY = 6, 5, 4, 65_535, -65_537
KIND, HOLDER, JOURNEY, CONTENT = 1, 2, 3, 4
LAST_SECOND = 253_402_300_799
MAX_TEXT = 2_000

# kind -> its number in the token, and how long one may be good, in seconds
KINDS: dict[str, tuple[int, int]] = {
    "gate": (1, 15 * 60),
    "day": (2, 36 * 3600),
    "travel": (3, 14 * 86_400),
    "test": (4, 14 * 86_400),
    "vaccination": (5, 400 * 86_400),
    "recovery": (6, 200 * 86_400),
    "declaration": (7, 3 * 86_400),
    "paper": (8, 14 * 86_400),
    "family": (9, 36 * 3600),
}
NAMES = {number: kind for kind, (number, _) in KINDS.items()}


class Pass(msgspec.Struct, frozen=True, kw_only=True):
    """What a pass says. `index` in the status list `address`, both absent in what lives minutes.

    `holder` is a hint that a guard can compare (never a name in full); `journey` from and to.
    """

    kind: str
    issued_at: datetime
    valid_from: datetime
    until: datetime
    address: str | None = None
    index: int | None = None
    holder: str = ""
    journey: tuple[str, str] | None = None
    content: str = ""


def check_pass(made: Pass) -> None:
    """InputError unless kind, times and texts are such as a pass may have."""
    if made.kind not in KINDS:
        raise bad_pass(f"kind {made.kind!r} is not one of {', '.join(KINDS)}")
    longest = KINDS[made.kind][1]
    if not made.issued_at <= made.until or not made.valid_from < made.until:
        raise bad_pass("it ends before it begins")
    if (made.until - made.valid_from).total_seconds() > longest:
        raise bad_pass(f"a {made.kind} pass lasts at most {longest // 60:,} minutes")
    if len(made.holder) > 40 or len(made.content) > MAX_TEXT:
        raise bad_pass("a text in it is too long")
    if (made.index is None) != (made.address is None):
        raise bad_pass("a status list has an address and an index")


def bad_pass(why: str) -> InputError:
    return InputError(f"not a pass: {why}", "see `twinward pass issue --help`", code="bad_pass")


def write_pass(key: ec.EllipticCurvePrivateKey, kid: bytes, made: Pass) -> bytes:
    """The signed token."""
    check_pass(made)
    return cose.write_sign1(key, kid, cbor.encode(claims_of(made)), TYPE)


def claims_of(made: Pass) -> dict[object, object]:
    """What a token says, as it stands in a CWT."""
    body: dict[object, object] = {KIND: KINDS[made.kind][0]}
    if made.holder:
        body[HOLDER] = made.holder
    if made.journey is not None:
        body[JOURNEY] = list(made.journey)
    if made.content:
        body[CONTENT] = made.content
    claims: dict[object, object] = {
        ISSUED: int(made.issued_at.timestamp()),
        FROM: int(made.valid_from.timestamp()),
        UNTIL: int(made.until.timestamp()),
        BODY: body,
    }
    if made.index is not None:
        claims[STATUS] = {"status_list": {"idx": made.index, "uri": made.address}}
    return claims


def to_text(token: bytes) -> str:
    """As it stands in a QR code."""
    return PREFIX + base45.encode(token)


def read_text(text: str) -> bytes:
    """The token of a QR code's text."""
    if not text.startswith(PREFIX):
        raise bad_pass(f"it does not begin with {PREFIX}")
    return base45.decode(text.removeprefix(PREFIX))


def read_pass(message: cose.Sign1) -> Pass:
    """What a verified message says; InputError for anything that we do not write."""
    if message.header.get(cose.TYPE) != TYPE:
        raise bad_pass("it is another kind of signed message")
    claims = cose.read_claims(message, own=True)
    body = claims.get(BODY)
    if set(claims) - {ISSUED, FROM, UNTIL, STATUS, BODY} or not isinstance(body, dict):
        raise bad_pass("its claims are not those of a pass")
    address, index = _status(claims.get(STATUS))
    number = body.get(KIND)
    made = Pass(
        kind=NAMES.get(number, "") if type(number) is int else "",
        issued_at=_time(claims.get(ISSUED)),
        valid_from=_time(claims.get(FROM)),
        until=_time(claims.get(UNTIL)),
        address=address,
        index=index,
        holder=_text(body.get(HOLDER, "")),
        journey=_journey(body.get(JOURNEY)),
        content=_text(body.get(CONTENT, "")),
    )
    check_pass(made)
    return made


def _status(value: object) -> tuple[str | None, int | None]:
    if value is None:
        return None, None
    found = value.get("status_list") if isinstance(value, dict) else None
    index, address = (found.get("idx"), found.get("uri")) if isinstance(found, dict) else (0, 0)
    if type(index) is not int or index < 0 or not isinstance(address, str):
        raise bad_pass("its place in a status list is none")
    return address, index


def _time(value: object) -> datetime:
    if type(value) is not int or not 0 <= value <= LAST_SECOND:
        raise bad_pass("a time in it is none in whole seconds")
    return datetime.fromtimestamp(value, UTC)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise bad_pass("a text in it is none")
    return value


def _journey(value: object) -> tuple[str, str] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 2:
        raise bad_pass("its journey has not two ends")
    return _text(value[0]), _text(value[1])
