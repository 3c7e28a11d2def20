"""Place codes: which place, where, which version of its code; signed, printed at the door."""

from __future__ import annotations

from datetime import datetime

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from twinward.core.coding import base45, cbor
from twinward.core.errors import InputError
from twinward.security.passes import cose
from twinward.security.passes.status_list import second

TYPE = "tw-place"
PREFIX = "TWP:"
BODY = -65_538
PLACE, AREA, VERSION, NAME, EAST, NORTH, RADIUS = 1, 2, 3, 4, 5, 6, 7
DEGREES = 100_000  # parts of a degree in which a point is written: a metre
ISSUED, UNTIL = 6, 4
MAX_TEXT = 120
MOST_M = 1000  # of a venue's radius; a larger one has several codes


class PlaceCode(msgspec.Struct, frozen=True, kw_only=True):
    """What hangs at a door. A place that moves or is taken over gets the next version."""

    place: str
    area: str
    version: int
    name: str
    issued_at: datetime
    until: datetime
    lon: float
    lat: float
    radius_m: int = 50


def bad_place(why: str) -> InputError:
    return InputError(f"not a place code: {why}", "scan the code at the door", code="bad_place")


def write_place(key: ec.EllipticCurvePrivateKey, kid: bytes, made: PlaceCode) -> str:
    """The text of the printed code."""
    check_place(made)
    body = {
        PLACE: made.place,
        AREA: made.area,
        VERSION: made.version,
        NAME: made.name,
        EAST: round(made.lon * DEGREES),
        NORTH: round(made.lat * DEGREES),
        RADIUS: made.radius_m,
    }
    issued, until = int(made.issued_at.timestamp()), int(made.until.timestamp())
    claims = cbor.encode({ISSUED: issued, UNTIL: until, BODY: body})
    return PREFIX + base45.encode(cose.write_sign1(key, kid, claims, TYPE))


def check_place(made: PlaceCode) -> None:
    texts = (made.place, made.area, made.name)
    if not all(0 < len(text) <= MAX_TEXT for text in texts) or not 1 <= made.version <= 9999:
        raise bad_place("a text in it is empty or too long, or its version is none")
    if not (-180 <= made.lon <= 180 and -85 <= made.lat <= 85 and 1 <= made.radius_m <= MOST_M):
        raise bad_place("its point or its size is none")
    if made.until <= made.issued_at:
        raise bad_place("it ends before it begins")


def read_text(text: str) -> bytes:
    if not text.startswith(PREFIX):
        raise bad_place(f"it does not begin with {PREFIX}")
    return base45.decode(text.removeprefix(PREFIX))


def read_place(message: cose.Sign1) -> PlaceCode:
    """What a message says; whether it is signed is the caller's to find."""
    claims = cose.read_claims(message, own=True)
    body = claims.get(BODY)
    if message.header.get(cose.TYPE) != TYPE or not isinstance(body, dict):
        raise bad_place("it is another kind of signed message")
    place, area, name, version = (body.get(key) for key in (PLACE, AREA, NAME, VERSION))
    east, north, radius = (body.get(key) for key in (EAST, NORTH, RADIUS))
    if (
        not isinstance(place, str)
        or not isinstance(area, str)
        or not isinstance(name, str)
        or type(version) is not int
        or type(east) is not int
        or type(north) is not int
        or type(radius) is not int
    ):
        raise bad_place("a field is missing or of another kind")
    made = PlaceCode(
        place=place,
        area=area,
        version=version,
        name=name,
        issued_at=second(claims.get(ISSUED)),
        until=second(claims.get(UNTIL)),
        lon=east / DEGREES,
        lat=north / DEGREES,
        radius_m=radius,
    )
    check_place(made)
    return made
