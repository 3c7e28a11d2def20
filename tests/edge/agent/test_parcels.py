"""Codes, manifests and receipts: what a finger slips on, what somebody else has made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from twinward.core.errors import ConflictError, InputError, TwinwardError
from twinward.edge.agent.cabinet import init_cabinet
from twinward.edge.agent.parcels import (
    Manifest,
    ManifestLine,
    check_digit,
    make_code,
    public_of,
    read_code,
    salt_of,
    show_code,
    sign,
    verifier_of,
)
from twinward.security.privacy.scrubbing import scrub

NOW = datetime(2022, 3, 1, 8, tzinfo=UTC)
DEPOT = Ed25519PrivateKey.from_private_bytes(bytes(32))
CODE = make_code(b"s" * 32, "P1", "gate", 1)


def manifest(number: int = 1, holder: str = "cab", key: Ed25519PrivateKey = DEPOT) -> bytes:
    salt = salt_of("cab", "P1", "gate", 1)
    line = ManifestLine(
        parcel="P1",
        place="gate",
        round=1,
        expires_at=NOW + timedelta(days=1),
        salt=salt,
        verifier=verifier_of(CODE, salt),
    )
    return sign(key, Manifest(holder=holder, number=number, made_at=NOW, lines=(line,)))


def test_the_check_digit_is_damms() -> None:
    assert check_digit("572") == "4"  # the example of Damm's thesis
    assert check_digit("5724") == "0"


def test_no_code_is_hidden_on_its_way_to_the_receiver() -> None:
    for number in range(5_000):
        code = make_code(number.to_bytes(32, "big"), "P1", "gate", 1)
        assert read_code(code) == code
        assert scrub(code) == code and scrub(show_code(code)) == show_code(code)


def test_every_wrong_digit_and_every_swap_is_found() -> None:
    for at in range(10):
        for digit in "0123456789":
            typed = CODE[:at] + digit + CODE[at + 1 :]
            if typed != CODE:
                with pytest.raises(InputError, match="not right"):
                    read_code(typed)
    for at in range(9):
        swapped = CODE[:at] + CODE[at + 1] + CODE[at] + CODE[at + 2 :]
        if swapped != CODE:
            with pytest.raises(InputError, match="not right"):
                read_code(swapped)


@pytest.mark.parametrize("form", ["{0}", " {1} ", "{2}", "{3}"])
def test_a_code_is_read_as_people_write_it(form: str) -> None:
    wide = "".join(chr(ord(one) + 0xFEE0) for one in CODE)
    typed = form.format(CODE, show_code(CODE), "-".join((CODE[:5], CODE[5:])), wide)
    assert read_code(typed) == CODE


@pytest.mark.parametrize("typed", ["", "12345", CODE + "0", "١٢٣٤٥٦٧٨٩٠", "abcdefghij", "²" * 10])
def test_what_is_no_code(typed: str) -> None:
    with pytest.raises(InputError, match="not right"):
        read_code(typed)


def test_another_place_and_another_round_have_another_code() -> None:
    codes = {
        make_code(b"s" * 32, parcel, place, round_)
        for parcel in ("P1", "P2")
        for place in ("gate", "door")
        for round_ in (1, 2)
    }
    assert len(codes) == 8


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (manifest(key=Ed25519PrivateKey.from_private_bytes(b"1" * 32)), "bad_signature"),
        (manifest().replace(b"gate", b"door"), "bad_signature"),
        (manifest(holder="other"), "wrong_holder"),
        (manifest(number=0), "older_list"),
        (b"{}", "bad_signature"),
        (b"\xff\xfe", "bad_signature"),
        (b'{"body":"","signature":"' + b"*" * 86 + b'"}', "bad_signature"),
    ],
)
def test_a_manifest_that_is_not_taken(tmp_path: Path, raw: bytes, code: str) -> None:
    cabinet = init_cabinet(tmp_path / "c.db", "cab", "gate", public_of(DEPOT))
    cabinet.accept_manifest(manifest())
    with pytest.raises(TwinwardError) as refused:
        cabinet.accept_manifest(raw)
    assert refused.value.code == code
    assert [one.parcel for one in cabinet.status().parcels] == ["P1"]


def test_a_cabinet_does_not_begin_with_a_key_that_is_none(tmp_path: Path) -> None:
    for text in (f"depot: {public_of(DEPOT)}", public_of(DEPOT)[:-1], ""):
        with pytest.raises(TwinwardError) as refused:
            init_cabinet(tmp_path / "c.db", "cab", "gate", text)
        assert refused.value.code == "bad_key"
    assert not (tmp_path / "c.db").exists(), "it can be begun again"


def test_two_hands_at_one_ledger_open_one_box(tmp_path: Path) -> None:
    first = init_cabinet(tmp_path / "c.db", "cab", "gate", public_of(DEPOT))
    first.accept_manifest(manifest())
    first.take_in("P1", NOW, "4")
    from twinward.edge.agent.cabinet import Cabinet

    second = Cabinet(tmp_path / "c.db")
    second.hand_out("P1", CODE, NOW)
    with pytest.raises(ConflictError):
        first.hand_out("P1", CODE, NOW)
    with pytest.raises(ConflictError):
        first.take_in("P1", NOW)
    assert first.status().receipts == 2
    assert (tmp_path / "c.db").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("at", "code"), [(NOW + timedelta(days=2), "parcel_expired"), (NOW, "")])
def test_a_late_parcel_goes_back(tmp_path: Path, at: datetime, code: str) -> None:
    cabinet = init_cabinet(tmp_path / "c.db", "cab", "gate", public_of(DEPOT))
    cabinet.accept_manifest(manifest())
    cabinet.take_in("P1", NOW)
    try:
        cabinet.hand_out("P1", CODE, at)
        assert not code
    except TwinwardError as error:
        assert error.code == code
