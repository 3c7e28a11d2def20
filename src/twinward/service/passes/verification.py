"""Verify one token of any kind: the four answers, never a traceback."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from twinward.core.errors import InputError
from twinward.security.passes import sd_jwt
from twinward.security.passes.ceremony import replace_file
from twinward.security.passes.gate import Gate, open_gate
from twinward.security.passes.status_list import SignedStatusList, bad_list, read_list
from twinward.security.passes.tokens import PREFIX
from twinward.security.passes.trust import TrustList, read_trust
from twinward.security.passes.verifier import PassVerdict, Verifier, VerifierPolicy
from twinward.service.passes import foreign
from twinward.standards.health_cards.codes import PartMissing

FORMS = ("pass", "hcert", "shc", "cwt", "jwt", "jws", "sd-jwt")
MOST_BYTES = 1 << 20


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict; `claims` only those that the holder of an SD-JWT chose to show."""

    verdict: PassVerdict
    claims: dict[str, object] | None = None
    detail: str = ""


def read_token(data: bytes) -> str:
    """The text of a token: one line break at its end is the file's, all else the token's."""
    if len(data) > MOST_BYTES:
        raise InputError(f"the token has {len(data):,} bytes", "scan it again", code="too_large")
    if data[:1] in (b"\xd2", b"\xd8", b"\x84"):
        return data.hex()
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise InputError("the token is no text", "scan it again", code="bad_token_text") from error
    return text.removesuffix("\n").removesuffix("\r")


def form_of(text: str) -> str:
    """Which kind of token a text looks like."""
    if text.startswith("HC"):
        return "hcert"
    if text.startswith("shc:"):
        return "shc"
    if "~" in text or '"disclosures"' in text:
        return "sd-jwt"
    if text.startswith("ey"):
        return "jwt"
    return "pass" if text.startswith(PREFIX) else "cwt"


def read_lists(
    files: Sequence[bytes], trust: TrustList, at: datetime
) -> dict[str, SignedStatusList]:
    """The status lists by address; one that is expired is kept and makes its passes ask."""
    found: dict[str, SignedStatusList] = {}
    for data in files:
        one = read_list(data, [key for key in trust.keys if key.state != "compromised"])
        seen = found.get(one.subject)
        if seen is not None and seen.issued_at == one.issued_at and seen.raw != one.raw:
            raise bad_list(f"two of {one.subject} have one time")
        if seen is None or one.issued_at > seen.issued_at:
            found[one.subject] = one
    return found


def verify_token(
    data: bytes,
    trust_file: bytes,
    list_files: Sequence[bytes] = (),
    *,
    at: datetime,
    form: str | None = None,
    policy: VerifierPolicy | None = None,
    binding: sd_jwt.Binding | None = None,
    issuer: str | None = None,
) -> Verification:
    """The answer. InputError only for a trust file or a status list that cannot be used. `issuer`
    is whose the keys of a plain file are.
    """
    trust = read_trust(trust_file)
    if issuer is not None and not trust.own:
        keys = (msgspec.structs.replace(key, issuer=issuer) for key in trust.keys)
        trust = msgspec.structs.replace(trust, keys=tuple(keys))
    verifier = Verifier(trust, read_lists(list_files, trust, at), policy)
    try:
        text = read_token(data)
        form = form or form_of(text)
        if form == "sd-jwt":
            verdict, claims = foreign.verify_sd_jwt(verifier, text, at, binding)
            return Verification(verdict=verdict, claims=claims)
        if form == "pass":
            return Verification(verdict=verifier.verify_text(text, at))
        return Verification(verdict=foreign.READERS[form](verifier, text, at))
    except PartMissing as error:
        return Verification(
            verdict=verifier.say("cannot_tell", "part_missing", at), detail=error.message
        )
    except InputError as error:
        return Verification(verdict=verifier.say("not_ok", "format", at), detail=error.message)


def verify_at_gate(
    memory: Path,
    data: bytes,
    trust_file: bytes,
    list_files: Sequence[bytes] = (),
    *,
    at: datetime,
    policy: VerifierPolicy | None = None,
) -> Verification:
    """As a gate with memory: lists and time only go forward, and what it was told is kept in the
    file: lists, a floor for the clock, counts. InputError for an older list, another root.
    """
    gate = open_gate(memory.read_bytes(), policy) if memory.exists() else Gate(policy)
    gate.accept_trust(trust_file)
    for one in list_files:
        gate.accept_list(one)
    verdict = gate.verify(read_token(data), at)
    replace_file(memory, gate.store(), 0o600)
    return Verification(verdict=verdict)


def make_policy(place: str, green_days: float, *, needs_list: bool) -> VerifierPolicy:
    """What a place decided beforehand."""
    return VerifierPolicy(place=place, green_s=int(green_days * 86_400), needs_list=needs_list)


def make_binding(audience: str | None, nonce: str | None) -> sd_jwt.Binding | None:
    """What an SD-JWT must be bound to; None when nothing is demanded."""
    if audience is None and nonce is None:
        return None
    return sd_jwt.Binding(audience=audience, nonce=nonce)


def describe(found: Verification) -> dict[str, object]:
    """The answer as the verb prints it; claims only where an SD-JWT shows some."""
    shown: dict[str, object] = msgspec.structs.asdict(found.verdict)
    if found.claims is not None:
        shown["claims"] = found.claims
    return shown
