"""Foreign tokens: EU certificates, SMART Health Cards, SD-JWT, and what is none of them."""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID, ObjectIdentifier

from helpers.passes import NOON, Issuer
from twinward.core.coding import base45, cbor
from twinward.core.coding.texts import to_base64url
from twinward.security.passes import cose, jws, sd_jwt
from twinward.security.passes.keys import read_certificate, write_jwk
from twinward.service.passes.verification import Verification, verify_token
from twinward.standards.hcert.certificates import make_certificate
from twinward.standards.hcert.envelope import write_envelope
from twinward.standards.health_cards.codes import write_code

KEY = ec.generate_private_key(ec.SECP256R1())
OTHER = ec.generate_private_key(ec.SECP256R1())
JWKS = json.dumps({"keys": [write_jwk(KEY.public_key())]}).encode()
KID = write_jwk(KEY.public_key())["kid"]
START = int(NOON.timestamp())
HOUR = timedelta(hours=1)


def check(
    token: str | bytes, trust: bytes = JWKS, at: datetime = NOON + HOUR, **more: object
) -> Verification:
    data = token.encode() if isinstance(token, str) else token
    return verify_token(data, trust, at=at, **more)  # type: ignore[arg-type]


def answer(*words: object, **more: object) -> tuple[str, str]:
    verdict = check(*words, **more).verdict  # type: ignore[arg-type]
    return verdict.answer, verdict.why_class


# EU certificates ------------------------------------------------------------------------------


def certificate(usage: str | None = None) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test signer")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(KEY.public_key())
        .serial_number(7)
        .not_valid_before(NOON - timedelta(days=1))
        .not_valid_after(NOON + timedelta(days=100))
    )
    if usage:
        made = made.add_extension(x509.ExtendedKeyUsage([ObjectIdentifier(usage)]), False)
    return made.sign(KEY, hashes.SHA256())


CERT = certificate()
PEM = CERT.public_bytes(serialization.Encoding.PEM)
TESTED = {
    "tg": "840539006",
    "tt": "LP6464-4",
    "sc": "2026-03-01T08:00:00Z",
    "tr": "260415000",
    "tc": "Test centre",
    "co": "CN",
    "is": "Test city",
    "ci": "URN:UVCI:01:CN:TEST/1",
}


def hcert(changes: dict[object, object] | None = None, **statement: str) -> str:
    made = make_certificate(
        "test",
        name={"fnt": "ZHANG", "gnt": "SAN"},
        birth="1954-01-02",
        statement=TESTED | statement,
    )
    claims = {1: "CN", 6: START, 4: START + 86_400, -260: {1: made}} | (changes or {})
    return write_envelope(
        cose.write_sign1(KEY, read_certificate(CERT).kid, cbor.encode(claims), "x")
    )


def test_a_certificate_is_ok_inside_its_times() -> None:
    verdict = check(hcert(), PEM).verdict
    assert (verdict.answer, verdict.kind) == ("ok", "test")
    assert answer(hcert(), PEM, NOON + timedelta(days=2)) == ("not_ok", "expired")
    assert answer(hcert(), PEM, NOON + timedelta(days=200)) == ("not_ok", "key_window")


def test_a_positive_test_is_for_a_person_to_judge() -> None:
    assert answer(hcert(tr="260373001"), PEM) == ("ask_a_person", "positive")


def test_a_signer_for_vaccinations_signs_no_tests() -> None:
    found = certificate("1.3.6.1.4.1.1847.2021.1.2")
    pem = found.public_bytes(serialization.Encoding.PEM)
    claims = cbor.encode(
        {
            6: START,
            4: START + 86_400,
            -260: {1: make_certificate("test", name={"fnt": "Z"}, birth="1954", statement=TESTED)},
        }
    )
    text = write_envelope(cose.write_sign1(KEY, read_certificate(found).kid, claims, "x"))
    assert answer(text, pem) == ("not_ok", "usage")


@pytest.mark.parametrize(
    "text",
    [
        hcert().removeprefix("HC1:"),
        hcert().replace("HC1:", "HC2:"),
        hcert().lower(),
        hcert() + " ",
        hcert()[:-1],
        "HC1:" + base45.encode(b"plain bytes"),
        "HC1:" + base45.encode(zlib.compress(bytes(9_000_000), 9)),
        "HC1:",
        hcert({4: None}),
        hcert({4: (START + 86_400) * 1000}),
        hcert({4: START - 5}),
        hcert({-260: {2: {}}}),
        hcert({-260: {1: {"ver": "1.3.0"}}}),
        "﻿" + hcert(),
    ],
)
def test_what_is_no_certificate_is_not_ok(text: str) -> None:
    assert answer(text, PEM, form="hcert") == ("not_ok", "format")


def test_another_signer_under_the_same_kid_signs_nothing() -> None:
    claims = cbor.encode(
        {
            6: START,
            4: START + 9000,
            -260: {1: make_certificate("test", name={"fnt": "Z"}, birth="1954", statement=TESTED)},
        }
    )
    forged = write_envelope(cose.write_sign1(OTHER, read_certificate(CERT).kid, claims, "x"))
    assert answer(forged, PEM) == ("not_ok", "signature")
    unknown = write_envelope(cose.write_sign1(OTHER, b"12345678", claims, "x"))
    assert answer(unknown, PEM) == ("not_ok", "unknown_key")


def test_the_eu_list_of_keys_by_kid_is_read() -> None:
    kid = to_base64url(read_certificate(CERT).kid)
    raw = "".join(PEM.decode().split("\n")[1:-2])
    for trust in (
        {kid: raw},
        [{"kid": kid, "rawData": raw}],
        {"certificates": [{"kid": kid, "rawData": raw}]},
    ):
        assert answer(hcert(), json.dumps(trust).encode()) == ("ok", "valid")


# SMART Health Cards ---------------------------------------------------------------------------

CARD = {
    "iss": "https://example.com/issuer",
    "nbf": START - 60.5,
    "vc": {
        "type": ["https://smarthealth.cards#health-card", "https://smarthealth.cards#immunization"],
        "credentialSubject": {
            "fhirVersion": "4.0.1",
            "fhirBundle": {
                "resourceType": "Bundle",
                "type": "collection",
                "entry": [
                    {"fullUrl": "resource:0", "resource": {"resourceType": "Patient"}},
                    {
                        "fullUrl": "resource:1",
                        "resource": {
                            "resourceType": "Immunization",
                            "patient": {"reference": "resource:0"},
                        },
                    },
                ],
            },
        },
    },
}


def card(
    changes: dict[str, object] | None = None,
    header: dict[str, str] | None = None,
    key: ec.EllipticCurvePrivateKey = KEY,
) -> str:
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = engine.compress(msgspec.json.encode(CARD | (changes or {}))) + engine.flush()
    return jws.write_jws(key, header or {"zip": "DEF", "kid": KID}, data)


def test_a_card_is_ok_as_digits_as_text_and_in_a_file() -> None:
    file = json.dumps({"verifiableCredential": [card()]})
    for text in (card(), write_code(card()), file):
        verdict = check(text, form="shc").verdict
        assert (verdict.answer, verdict.kind) == ("ok", "vaccination")
    assert answer(card(), form="shc", issuer="https://example.com/issuer") == ("ok", "valid")
    assert answer(card(), form="shc", issuer="https://other.example") == ("not_ok", "issuer")


def test_a_card_in_several_codes_needs_them_all_and_of_one_card() -> None:
    digits = write_code(card()).removeprefix("shc:/")
    half = len(digits) // 4 * 2
    first, second = f"shc:/1/2/{digits[:half]}", f"shc:/2/2/{digits[half:]}"
    assert answer(f"{second}\n{first}") == ("ok", "valid")
    assert answer(second) == ("cannot_tell", "part_missing")
    other = write_code(card({"nbf": START - 99})).removeprefix("shc:/")
    assert answer(f"{first}\nshc:/2/2/{other[half:]}")[0] == "not_ok"
    assert answer(f"{first}\nshc:/1/2/{other[:half]}") == ("not_ok", "format")
    assert answer(f"{first}\nshc:/2/3/{digits[half:]}") == ("not_ok", "format")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (card({"exp": START}), "expired"),
        (card({"nbf": START + 86_400}), "not_yet"),
        (card({"nbf": START * 1000.0}), "format"),
        (card({"nbf": "today"}), "format"),
        (card({"iss": "http://example.com/issuer"}), "format"),
        (card({"iss": "https://example.com/"}), "format"),
        (card({"vc": {}}), "format"),
        (card(header={"kid": KID}), "format"),
        (card(header={"zip": "DEF"}), "format"),
        (card(header={"zip": "DEF", "kid": "someone"}), "unknown_key"),
        (card(key=OTHER), "signature"),
        (card(header={"zip": "DEF", "kid": KID, "crit": "b64"}), "format"),
        (" " + card(), "format"),
        (card() + "\n\n", "format"),
        (write_code(card()) + "1", "format"),
        (write_code(card()).replace("shc:/", "shc:/99"), "format"),
        ("shc:/", "format"),
        ('{"verifiableCredential":[]}', "format"),
        (card().rsplit(".", 1)[0] + ".", "signature"),
        (
            to_base64url(b'{"alg":"none","zip":"DEF","kid":"x"}')
            + "."
            + card().split(".")[1]
            + ".",
            "format",
        ),
    ],
)
def test_what_is_no_good_card_is_not_ok(text: str, why: str) -> None:
    assert answer(text, form="shc") == ("not_ok", why)


# SD-JWT ---------------------------------------------------------------------------------------


def presented(
    *names: str, holder: ec.EllipticCurvePrivateKey | None = None, nonce: str = "n"
) -> str:
    plain = {
        "iss": "https://example.com/issuer",
        "iat": START,
        "exp": START + 86_400,
        "vct": "residence",
    }
    hidden: dict[str, object] = {"name": "Zhang San", "area": "310101", "age_over_60": True}
    public = write_jwk(holder.public_key()) if holder else None
    token, disclosures = sd_jwt.issue(KEY, KID, plain, hidden, public)
    text = sd_jwt.present(token, [disclosures[name] for name in names])
    if holder is None:
        return text
    hashed = to_base64url(sd_jwt.HASHES["sha-256"](text.encode()))
    bound = msgspec.json.encode({"iat": START, "aud": "gate", "nonce": nonce, "sd_hash": hashed})
    return text + jws.write_jws(holder, {"typ": "kb+jwt"}, bound)


def test_the_gate_gets_only_what_the_holder_shows() -> None:
    found = check(presented("age_over_60"))
    assert (found.verdict.answer, found.verdict.kind) == ("ok", "residence")
    assert found.claims is not None
    assert found.claims["age_over_60"] is True and "name" not in found.claims
    assert "Zhang" not in presented("age_over_60")


def test_the_holders_key_binds_it_to_one_gate_and_one_question() -> None:
    text = presented("area", holder=OTHER)
    wanted = sd_jwt.Binding(audience="gate", nonce="n")
    assert answer(text, binding=wanted) == ("ok", "valid")
    for binding in (sd_jwt.Binding(nonce="other"), sd_jwt.Binding(audience="elsewhere")):
        assert answer(text, binding=binding) == ("not_ok", "format")
    assert answer(presented("area"), binding=wanted) == ("not_ok", "format")
    other = presented("area", holder=KEY)
    stolen = text[: text.rindex("~") + 1] + other[other.rindex("~") + 1 :]
    assert answer(stolen) == ("not_ok", "format")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + text.split("~")[1] + "~",
        lambda text: text[:-1],
        lambda text: text + to_base64url(b'["salt","role","chief"]') + "~",
        lambda text: text + "!!~",
        lambda text: text + to_base64url(b'{"a":1}') + "~",
    ],
)
def test_a_presentation_that_was_changed_is_not_ok(change: object) -> None:
    assert answer(change(presented("area")), form="sd-jwt")[0] == "not_ok"  # type: ignore[operator]


# plain tokens ---------------------------------------------------------------------------------


def test_a_foreign_cwt_and_jwt_are_judged_by_their_times_and_status() -> None:
    claims = {6: START, 4: START + 9000}
    token = cose.write_sign1(KEY, KID.encode(), cbor.encode(claims), "x")
    assert answer(token.hex(), form="cwt") == ("ok", "valid")
    assert answer(token, form="cwt") == ("ok", "valid")
    assert answer(token.hex(), form="cwt", at=NOON + 9 * HOUR) == ("not_ok", "expired")
    text = jws.write_jws(
        KEY, {"kid": KID}, msgspec.json.encode({"iat": START, "exp": START + 9000})
    )
    assert answer(text) == ("ok", "valid")
    assert answer(text, JWKS, NOON + 9 * HOUR) == ("not_ok", "expired")


def test_a_public_key_is_no_secret_to_sign_with() -> None:
    """HS256 with the public key as its secret; and an algorithm of another kind of key."""
    head = to_base64url(msgspec.json.encode({"alg": "HS256", "kid": KID}))
    assert answer(f"{head}.e30.AAAA", form="jwt") == ("not_ok", "signature")


def test_whatever_bytes_come_in_there_is_an_answer() -> None:
    for data in (b"", b"\xff\xfe", b"TW1:", b"{", b"ey", b"\xd2\x84", b"0" * 5000, b"d284"):
        for form in (None, "pass", "hcert", "shc", "cwt", "jwt", "jws", "sd-jwt"):
            assert check(data, form=form).verdict.answer == "not_ok", (data, form)


def test_our_own_pass_is_read_in_every_spelling() -> None:
    issuer = Issuer()
    token, trust = issuer.issue(), issuer.trust()
    for text in (token.hex(), to_base64url(token)):
        assert answer(text, trust, form="cwt") == ("ok", "valid")
    assert datetime(2026, 3, 1, tzinfo=UTC) < NOON


def test_cards_in_fhir_parameters_are_read_and_an_unsigned_card_is_never_ok() -> None:
    row = {"name": "verifiableCredential", "valueString": card()}
    text = json.dumps({"resourceType": "Parameters", "parameter": [row]})
    assert answer(text, form="shc") == ("ok", "valid")
    assert answer(json.dumps(CARD), form="shc") == ("ask_a_person", "unsigned")
    bundle = CARD["vc"]["credentialSubject"]["fhirBundle"]  # type: ignore[index]
    assert answer(json.dumps(bundle), form="shc") == ("ask_a_person", "unsigned")
    wrong = json.dumps(bundle).replace("resource:1", "http://elsewhere")
    assert answer(wrong, form="shc") == ("not_ok", "format")
    empty = json.dumps(bundle).replace('"Patient"', '"Patient", "name": []')
    assert answer(empty, form="shc") == ("not_ok", "format")


def test_dates_that_an_issuer_tagged_are_read() -> None:
    made = make_certificate("test", name={"fnt": "Z"}, birth="1954", statement=TESTED)
    row = made["t"][0]  # type: ignore[index]
    row["sc"] = cbor.Tag(0, row["sc"])
    claims = cbor.encode({6: START, 4: START + 9000, -260: {1: made}})
    text = write_envelope(cose.write_sign1(KEY, read_certificate(CERT).kid, claims, "x"))
    assert answer(text, PEM) == ("ok", "valid")
