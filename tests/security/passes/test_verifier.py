"""The offline verifier: four answers, and nothing forged, stale, revoked or early is ok."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from helpers.passes import ADDRESS, NOON, Issuer
from twinward.core.coding import cbor
from twinward.core.errors import InputError
from twinward.security.passes import cose, signatures, tokens
from twinward.security.passes.gate import Gate
from twinward.security.passes.status_list import read_list
from twinward.security.passes.trust import read_trust
from twinward.security.passes.verifier import Verifier, VerifierPolicy

HOUR = timedelta(hours=1)


def verifier(issuer: Issuer, *lists: bytes, **more: object) -> Verifier:
    trust = read_trust(issuer.trust())
    found = [read_list(one, trust.keys) for one in lists]
    return Verifier(trust, {one.subject: one for one in found}, **more)  # type: ignore[arg-type]


def answer(found: Verifier, token: bytes, at: datetime = NOON + HOUR) -> tuple[str, str]:
    verdict = found.verify(token, at)
    return verdict.answer, verdict.why_class


def test_a_good_pass_is_ok_and_shows_the_age_of_the_list() -> None:
    issuer = Issuer()
    verdict = verifier(issuer, issuer.status_list()).verify(issuer.issue(), NOON + HOUR)
    assert (verdict.answer, verdict.kind, verdict.list_age_s) == ("ok", "day", 3600)
    assert verdict.until == NOON + timedelta(hours=24)
    assert verdict.policy["state"] == "green"


def test_a_pass_is_small_enough_for_one_code() -> None:
    token = Issuer().issue()
    assert len(token) <= 180
    assert len(tokens.to_text(token)) <= 270


def test_no_pass_with_a_byte_flipped_verifies() -> None:
    issuer = Issuer()
    checked = verifier(issuer, issuer.status_list())
    for number in range(100):
        token = issuer.issue(at=NOON + timedelta(seconds=number), index=number % 64)
        assert checked.verify(token, NOON + HOUR).answer == "ok"
        for at in range(len(token)):
            changed = bytearray(token)
            changed[at] ^= 1 << (number + at) % 8
            found = checked.verify(bytes(changed), NOON + HOUR)
            assert found.answer == "not_ok", (number, at, found)


def resign(issuer: Issuer, payload: object, header: dict[object, object] | None = None) -> bytes:
    """What a signer in error, or a thief of its key, might sign."""
    protected = cbor.encode(header or {1: -7, 4: issuer.kid, 16: tokens.TYPE})
    body = payload if isinstance(payload, bytes) else cbor.encode(payload)
    signed = cbor.encode(["Signature1", protected, b"", body])
    return cbor.encode(cbor.Tag(18, [protected, {}, body, signatures.sign(issuer.key, signed)]))


START = int(NOON.timestamp())
GOOD = {6: START, 5: START, 4: START + 3600 * 24, -65_537: {1: 2}}


def test_the_same_claims_signed_anew_are_ok() -> None:
    issuer = Issuer()
    assert answer(verifier(issuer), resign(issuer, GOOD)) == ("ok", "valid")


@pytest.mark.parametrize(
    "claims",
    [
        GOOD | {4: (START + 86_400) * 1000},
        GOOD | {4: START + 86_400.5},
        GOOD | {4: None},
        GOOD | {4: START - 1},
        GOOD | {4: 2**70 % 2**64},
        GOOD | {4: 253_402_300_799},
        GOOD | {6: "yesterday"},
        GOOD | {6: cbor.Tag(1, START)},
        GOOD | {-65_537: {1: 99}},
        GOOD | {-65_537: {1: True}},
        GOOD | {-65_537: [2]},
        GOOD | {99: "unknown"},
        GOOD | {65_535: {"status_list": {"idx": -1, "uri": ADDRESS}}},
        GOOD | {65_535: {"status_list": {"idx": 1}}},
        {key: value for key, value in GOOD.items() if key != 4},
        {key: value for key, value in GOOD.items() if key != 6},
        [1, 2],
        b"\xa2\x06\x01\x06\x01",
        b"\xbf\x06\x01\xff",
        b"\xc1" * 1000 + b"\x01",
        b"",
    ],
)
def test_claims_that_we_never_write_are_refused_though_they_are_signed(claims: object) -> None:
    issuer = Issuer()
    assert answer(verifier(issuer), resign(issuer, claims)) == ("not_ok", "format")


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ({1: -7, 4: b"nobody", 16: tokens.TYPE}, "unknown_key"),
        ({1: -8, 16: tokens.TYPE}, "signature"),
        ({1: -37, 16: tokens.TYPE}, "signature"),
        ({1: 5, 16: tokens.TYPE}, "signature"),  # HMAC, with whatever secret
        ({16: tokens.TYPE}, "signature"),
        ({1: -7, 16: "application/statuslist+cwt"}, "format"),
        ({1: -7}, "format"),
        ({1: -7, 2: [99], 99: 1, 16: tokens.TYPE}, "format"),
        ({1: -7, 33: [b"x5chain"], 16: tokens.TYPE}, "format"),
        ({1: -7, 4: b"../../root", 16: tokens.TYPE}, "unknown_key"),
    ],
)
def test_headers_decide_nothing_but_which_key(header: dict[object, object], why: str) -> None:
    issuer = Issuer()
    full = header if 4 in header else header | {4: issuer.kid}
    assert answer(verifier(issuer), resign(issuer, GOOD, full)) == ("not_ok", why)


def test_another_key_under_the_same_kid_signs_nothing() -> None:
    issuer, thief = Issuer(), Issuer()
    thief.kid = issuer.kid
    assert answer(verifier(issuer), thief.issue(index=None)) == ("not_ok", "signature")


def test_malformed_signatures_are_refused() -> None:
    issuer = Issuer()
    message = cose.read_sign1(issuer.issue(index=None))
    r, s = message.signature[:32], message.signature[32:]
    order = signatures.ORDER.to_bytes(32, "big")
    high = (signatures.ORDER - int.from_bytes(s, "big")).to_bytes(32, "big")
    der = bytes.fromhex("3044") + b"\x02\x20" + r + b"\x02\x20" + s
    bad = [b"", r, r + s + b"\0", der, bytes(32) + s, r + bytes(32), order + s, r + order]
    bad += [b"\xff" * 64, s + r, r + high]
    for signature in bad:
        token = cbor.encode(cbor.Tag(18, [message.protected, {}, message.payload, signature]))
        assert answer(verifier(issuer), token) == ("not_ok", "signature"), signature.hex()
    public = issuer.key.public_key()
    assert signatures.verify("ES256", public, message.signed, r + high), "only ours is one form"
    assert not signatures.verify("none", public, message.signed, b"")
    assert not signatures.verify("HS256", public, message.signed, r + s)


def test_times_have_their_own_answers() -> None:
    issuer = Issuer()
    found, token = verifier(issuer, issuer.status_list()), issuer.issue()
    assert answer(found, token, NOON + 25 * HOUR) == ("not_ok", "expired")
    assert answer(found, token, NOON - 2 * HOUR) == ("cannot_tell", "clock")
    later = tokens.Pass(
        kind="day", issued_at=NOON, valid_from=NOON + 8 * HOUR, until=NOON + 20 * HOUR
    )
    early = tokens.write_pass(issuer.key, issuer.kid, later)
    assert answer(found, early) == ("not_ok", "not_yet")
    future = issuer.issue(at=NOON + 4 * HOUR)
    assert answer(found, future) == ("cannot_tell", "clock")


def test_a_pass_counts_only_inside_its_signers_window() -> None:
    issuer = Issuer(days=2)
    found = Verifier(read_trust(issuer.trust()))
    late = issuer.issue(at=NOON + timedelta(days=3), index=None)
    assert answer(found, late, NOON + timedelta(days=3, hours=1)) == ("not_ok", "key_window")
    inside = issuer.issue(at=NOON + timedelta(days=1, hours=23), index=None)
    assert answer(found, inside, NOON + timedelta(days=2, hours=5)) == ("ok", "valid")


def test_a_compromised_signer_is_believed_nothing_and_its_lists_are_refused() -> None:
    issuer = Issuer()
    trust = read_trust(issuer.trust(state="compromised", version=2))
    assert answer(Verifier(trust), issuer.issue(index=None)) == ("ask_a_person", "key_compromised")
    gate = Gate()
    gate.accept_trust(issuer.trust(state="compromised", version=2))
    with pytest.raises(InputError, match="no key"):
        gate.accept_list(issuer.status_list())


def test_revoked_is_not_ok_suspended_asks_and_out_of_range_is_not_ok() -> None:
    issuer = Issuer()
    assert answer(verifier(issuer, issuer.status_list({7})), issuer.issue()) == (
        "not_ok",
        "revoked",
    )
    assert answer(verifier(issuer, issuer.status_list()), issuer.issue(index=64)) == (
        "not_ok",
        "index",
    )


def test_an_old_list_degrades_and_says_so() -> None:
    issuer = Issuer()
    found = verifier(issuer, issuer.status_list())
    day8 = NOON + timedelta(days=8)
    verdict = found.verify(issuer.issue(at=day8 - HOUR), day8)
    assert (verdict.answer, verdict.why_class) == ("ask_a_person", "list_stale")
    assert verdict.policy["state"] == "degraded: check by hand"
    assert (
        found.verify(
            issuer.issue(at=day8 - HOUR, kind="gate", hours=0.2, index=None), day8 - HOUR
        ).answer
        == "ok"
    )


def test_without_a_list_only_a_young_pass_vouches_for_itself() -> None:
    issuer = Issuer()
    token = issuer.issue("travel", hours=24 * 12)
    assert answer(verifier(issuer), token) == ("ok", "valid")
    assert answer(verifier(issuer), token, NOON + timedelta(days=9)) == (
        "cannot_tell",
        "list_missing",
    )
    strict = verifier(issuer, policy=VerifierPolicy(needs_list=True))
    assert answer(strict, token) == ("cannot_tell", "list_missing")


def test_a_trust_file_that_was_changed_is_refused() -> None:
    mine, other = json.loads(Issuer().trust()), json.loads(Issuer().trust())
    with pytest.raises(InputError, match="root did not sign"):
        read_trust(json.dumps(mine | {"root": other["root"]}).encode())
    with pytest.raises(InputError, match="root did not sign"):
        read_trust(json.dumps(mine | {"list": other["list"]}).encode())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"null",
        b"[]",
        b'{"twinward_trust":1}',
        b"-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----",
        b'{"kty":"oct","k":"AAAA","alg":"HS256"}',
        b'{"keys":[]}',
        b"0\x82",
    ],
)
def test_other_trust_files_are_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        read_trust(data)
