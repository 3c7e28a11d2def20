"""Bad inputs of the trade that the other tests do not hold: forged keys, lists that loop or lie, a
copied screenshot, times of travellers, a lost part, a pass of somebody who died.
"""

from __future__ import annotations

import json
import struct
import zlib
from datetime import timedelta, timezone

import pytest

from helpers.passes import ADDRESS, NOON, Issuer
from twinward.core.coding import base45, cbor
from twinward.core.errors import InputError
from twinward.security.passes import cose, tokens
from twinward.security.passes.gate import Gate
from twinward.security.passes.status_list import (
    STATUS_LIST,
    TTL,
    TYPE,
    pack,
    read_list,
    write_list,
)
from twinward.security.passes.trust import Signer, read_trust, write_trust
from twinward.security.passes.verifier import Verifier, VerifierPolicy

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = int(NOON.timestamp())


def gate_of(issuer: Issuer, *revoked: int, policy: VerifierPolicy | None = None) -> Gate:
    gate = Gate(policy)
    gate.accept_trust(issuer.trust())
    gate.accept_list(issuer.status_list(set(revoked)))
    return gate


def ask(gate: Gate, text: str, at: object = NOON + HOUR) -> tuple[str, str]:
    verdict = gate.verify(text, at)  # type: ignore[arg-type]
    return verdict.answer, verdict.why_class


# the letters of a code -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        str.lower,
        lambda text: text.replace("TW1:", "tw1:"),
        lambda text: " " + text,
        lambda text: text + " ",
        lambda text: text + "\n\n",
        lambda text: "\ufeff" + text,
        lambda text: text[:-1],
        lambda text: text[:20] + " " + text[20:],
        lambda text: text + text,
        lambda text: text + text.removeprefix("TW1:"),
        lambda text: "HC1:" + text.removeprefix("TW1:"),
        lambda text: text.replace("TW1:", "TW2:"),
        lambda text: "TW1:" + base45.encode(b"\0" * 200),
        lambda text: "TW1:" + base45.encode(zlib.compress(tokens.read_text(text))),
        lambda text: "TW1:" + base45.encode(tokens.read_text(text) + b"\0"),
        lambda text: "TW1:" + base45.encode(b"\xd8\x3d" + tokens.read_text(text)),
        lambda text: "TW1:" + base45.encode(b"\xd8\x3d" * 500 + tokens.read_text(text)),
        lambda text: "TW1:" + "A" * 200_000,
        lambda text: "https://passes.example/#" + text,
    ],
)
def test_a_code_has_one_spelling(change: object) -> None:
    issuer = Issuer()
    text = tokens.to_text(issuer.issue())
    assert ask(gate_of(issuer), text) == ("ok", "valid")
    assert ask(gate_of(issuer), change(text)) == ("not_ok", "format")  # type: ignore[operator]


def spelled(issuer: Issuer, payload: bytes) -> str:
    """A payload in a spelling of its own, rightly signed: a signer in error."""
    protected = cbor.encode({1: -7, 4: issuer.kid, 16: tokens.TYPE})
    signed = cbor.encode(["Signature1", protected, b"", payload])
    from twinward.security.passes import signatures

    message = [protected, {}, payload, signatures.sign(issuer.key, signed)]
    return tokens.to_text(cbor.encode(cbor.Tag(18, message)))


def test_a_second_spelling_of_the_same_claims_is_refused_though_it_is_signed() -> None:
    issuer = Issuer()
    good = {6: START, 5: START, 4: START + 3600, -65_537: {1: 1}}
    plain = cbor.encode(good)
    assert ask(gate_of(issuer), spelled(issuer, plain), NOON)[0] == "not_ok"  # a gate token: 15 min
    good[4] = START + 600
    plain = cbor.encode(good)
    assert ask(gate_of(issuer), spelled(issuer, plain), NOON) == ("ok", "valid")
    body = plain[1:]
    wide = plain.replace(b"\x1a" + struct.pack(">I", START), b"\x1b" + struct.pack(">Q", START), 1)
    big = plain.replace(
        b"\x1a" + struct.pack(">I", START), b"\xc2\x44" + struct.pack(">I", START), 1
    )
    single = plain.replace(
        b"\x1a" + struct.pack(">I", START), b"\xfb" + struct.pack(">d", START), 1
    )
    for other in (b"\xbf" + body + b"\xff", wide, big, single, plain + b"\0", b"\xd8\x3d" + plain):
        assert other != plain
        assert ask(gate_of(issuer), spelled(issuer, other), NOON) == ("not_ok", "format")


# keys ------------------------------------------------------------------------------------------


def test_two_signers_under_one_kid_make_no_trust_list() -> None:
    one, two = Issuer(), Issuer()
    twin = Signer(
        jwk=two.signer.jwk | {"kid": one.signer.kid},
        not_before=one.signer.not_before,
        not_after=one.signer.not_after,
    )
    data = write_trust(one.root, "City", (one.signer, twin), version=1, at=NOON, lasts_s=86_400)
    with pytest.raises(InputError, match="one kid"):
        read_trust(data)


def test_a_key_that_the_token_brings_is_not_looked_at() -> None:
    """COSE_Key, x5chain and x5u headers, protected or not: the trust list alone names keys."""
    issuer, thief = Issuer(), Issuer()
    token = cbor.decode(thief.issue(index=None))
    protected, _, payload, signature = token.value  # type: ignore[union-attr]
    for outside in ({33: [b"cert"]}, {35: "https://x.example"}, {-1: b"key"}, {1: -7}):
        text = tokens.to_text(cbor.encode(cbor.Tag(18, [protected, outside, payload, signature])))
        assert ask(gate_of(issuer), text)[0] == "not_ok"


def test_a_trust_list_outlived_is_asked_of_a_person_and_a_new_signer_is_not_forged() -> None:
    issuer, newer = Issuer(), Issuer()
    gate = gate_of(issuer)
    late = NOON + 46 * DAY
    assert ask(gate, tokens.to_text(newer.issue(at=late, index=None)), late) == (
        "cannot_tell",
        "unknown_key",
    )


# lists -----------------------------------------------------------------------------------------


def resigned(issuer: Issuer, **changes: object) -> bytes:
    names = {"sub": 2, "iat": 6, "exp": 4, "ttl": TTL, "list": STATUS_LIST}
    packed = zlib.compress(bytes(8), 9)
    claims: dict[object, object] = {
        2: ADDRESS,
        6: START,
        4: START + 86_400,
        TTL: 600,
        STATUS_LIST: {"bits": 1, "lst": packed},
    }
    for name, value in changes.items():
        claims[names[name]] = value
    return cose.write_sign1(issuer.key, issuer.kid, cbor.encode(claims), TYPE)


@pytest.mark.parametrize(
    "changes",
    [
        {"ttl": 0},
        {"ttl": 10 * 365 * 86_400},
        {"ttl": -5},
        {"iat": START * 1000},
        {"iat": float(START)},
        {"iat": None},
        {"exp": 253_402_300_800},
        {"sub": ""},
        {"sub": 7},
        {"list": {"bits": 3, "lst": zlib.compress(bytes(8))}},
        {"list": {"bits": 1, "lst": b""}},
        {"list": {"bits": 1, "lst": zlib.compress(bytes(8))[:-3]}},
        {"list": {"bits": 1, "lst": zlib.compress(bytes(64 << 20), 9)}},
        {"list": {"bits": 1}},
        {"list": []},
    ],
)
def test_a_list_that_cannot_be_is_refused_though_it_is_signed(changes: dict[str, object]) -> None:
    issuer = Issuer()
    gate = Gate()
    gate.accept_trust(issuer.trust())
    assert gate.accept_list(resigned(issuer)).subject == ADDRESS
    with pytest.raises(InputError):
        gate.accept_list(resigned(issuer, **changes))


def test_a_list_under_another_name_says_nothing_of_a_pass() -> None:
    issuer = Issuer()
    gate = Gate()
    gate.accept_trust(issuer.trust())
    other = write_list(
        issuer.key,
        issuer.kid,
        "tw:2026w11.0",
        pack([1] * 64),
        at=NOON,
        ttl_s=600,
        lasts_s=86_400,
    )
    gate.accept_list(other)
    assert ask(gate, tokens.to_text(issuer.issue())) == ("cannot_tell", "list_missing")


def test_a_list_is_not_read_as_a_pass_nor_a_pass_as_a_list() -> None:
    issuer = Issuer()
    gate = gate_of(issuer)
    assert ask(gate, tokens.to_text(issuer.status_list()))[0] == "not_ok"
    with pytest.raises(InputError):
        read_list(issuer.issue(), gate.trust.keys)  # type: ignore[union-attr]


# times and places ------------------------------------------------------------------------------


def test_a_traveller_changes_time_zones_and_the_pass_does_not() -> None:
    issuer = Issuer()
    gate, text = gate_of(issuer), tokens.to_text(issuer.issue(hours=6))
    for hours in (-11, 0, 8, 14):
        zone = timezone(timedelta(hours=hours))
        assert ask(gate, text, (NOON + HOUR).astimezone(zone)) == ("ok", "valid")
        assert ask(gate, text, (NOON + 6 * HOUR).astimezone(zone)) == ("not_ok", "expired")


@pytest.mark.parametrize(
    ("by", "answer"),
    [
        (-2 * DAY, ("cannot_tell", "clock")),
        (-HOUR, ("cannot_tell", "clock")),
        (2 * DAY, ("not_ok", "expired")),
        (timedelta(minutes=-4), ("ok", "valid")),
    ],
)
def test_a_clock_set_wrong_is_its_own_answer(by: timedelta, answer: tuple[str, str]) -> None:
    issuer = Issuer()
    gate = gate_of(issuer)
    assert ask(gate, tokens.to_text(issuer.issue()), NOON + by) == answer


def test_an_expired_pass_is_not_good_again_when_the_clock_is_set_back() -> None:
    """verificaC19#88: the phone's date was changed and the certificate was good again."""
    issuer = Issuer()
    gate, text = gate_of(issuer), tokens.to_text(issuer.issue(hours=2))
    gate.accept_list(issuer.status_list(set(), NOON + 3 * HOUR))
    assert ask(gate, text, NOON + 3 * HOUR) == ("not_ok", "expired")
    assert ask(gate, text, NOON + HOUR) == ("cannot_tell", "clock")


def test_a_copied_screenshot_is_the_same_pass_and_a_gate_token_lives_minutes() -> None:
    """Bytes can be copied: what stands against it is minutes of life and a hint to compare."""
    issuer = Issuer()
    gate = gate_of(issuer)
    token = tokens.to_text(issuer.issue("gate", hours=0.2, index=None))
    assert ask(gate, token, NOON + timedelta(minutes=5)) == ("ok", "valid")
    assert ask(gate, token, NOON + timedelta(minutes=13)) == ("not_ok", "expired")
    with pytest.raises(InputError):
        issuer.issue("gate", hours=1, index=None)


def test_what_the_gate_stores_grows_with_hours_not_with_showings() -> None:
    issuer = Issuer()
    gate, text = gate_of(issuer), tokens.to_text(issuer.issue())
    sizes = []
    for _ in range(3):
        for _ in range(300):
            gate.verify(text, NOON + HOUR)
        sizes.append(len(gate.store()))
    assert max(sizes) - min(sizes) <= 1
    assert json.loads(gate.store())["counts"] == {"2026-03-01T13:00Z": {"ok": 900}}


def test_a_trust_list_alone_answers_gate_tokens() -> None:
    issuer = Issuer()
    token = issuer.issue("gate", hours=0.2, index=None)
    verdict = Verifier(read_trust(issuer.trust()), policy=VerifierPolicy(needs_list=True)).verify(
        token, NOON
    )
    assert (verdict.answer, verdict.kind) == ("ok", "gate")
