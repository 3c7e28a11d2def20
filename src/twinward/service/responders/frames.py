"""The fallback codec for the command line: fields to a frame and back."""

from __future__ import annotations

from datetime import datetime

import msgspec

from twinward.core.errors import InputError
from twinward.edge.responders.codec import FieldMessage, decode, encode


def encode_fields(told: dict[str, object], at: datetime) -> bytes:
    """InputError `bad_frame` for what is no message."""
    try:
        return encode(msgspec.convert(told | {"at": at}, FieldMessage))
    except msgspec.ValidationError as error:
        raise InputError(f"not a field message: {error}", code="bad_frame") from error


def decode_fields(frame: bytes) -> dict[str, object]:
    found: dict[str, object] = msgspec.to_builtins(decode(frame))
    return {name: value for name, value in found.items() if value not in (None, "")}
