"""CBOR, base45, base64url and inflation: what they read, and what they refuse."""

from __future__ import annotations

import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinward.core.coding import base45, cbor
from twinward.core.coding.texts import (
    from_base64url,
    inflate,
    read_object,
    to_base64url,
    without_constants,
)
from twinward.core.errors import InputError

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.binary(max_size=40)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.integers(0, 999) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_written_is_read_again(value: object) -> None:
    data = cbor.encode(value)
    assert cbor.decode(data, deterministic=True) == value


@pytest.mark.parametrize(
    ("hexadecimal", "value"),
    [  # RFC 8949, appendix A
        ("1903e8", 1000),
        ("3863", -100),
        ("fb3ff199999999999a", 1.1),
        ("f93c00", 1.0),
        ("a26161016162820203", {"a": 1, "b": [2, 3]}),
        ("bf61610161629f0203ffff", {"a": 1, "b": [2, 3]}),
        ("5f42010243030405ff", b"\x01\x02\x03\x04\x05"),
        ("1bffffffffffffffff", 2**64 - 1),
    ],
)
def test_the_examples_of_the_standard_are_read(hexadecimal: str, value: object) -> None:
    assert cbor.decode(bytes.fromhex(hexadecimal)) == value


@pytest.mark.parametrize(
    ("hexadecimal", "why"),
    [
        ("a2010101 02", "twice"),
        ("0101", "follow"),
        ("1a0000", "cut off"),
        ("5a7fffffff00", "cut off"),
        ("9b7fffffffffffffff", "cut off"),
        ("c1" * 1000 + "00", "nested"),
        ("81" * 1000 + "00", "nested"),
        ("61ff", "cut off"),
        ("f97e00", "finite"),
        ("f97c00", "finite"),
        ("a1f500", "key"),
        ("a1800100", "key"),
        ("1c", "reserved"),
        ("5f6161ff", "another kind"),
        ("", "cut off"),
        ("ff", "unknown"),
    ],
)
def test_other_cbor_is_refused(hexadecimal: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        cbor.decode(bytes.fromhex(hexadecimal.replace(" ", "")))


@pytest.mark.parametrize(
    "hexadecimal", ["1800", "190001", "bf616101ff", "a2616202616101", "f93c00"]
)
def test_a_second_spelling_is_refused_where_one_is_demanded(hexadecimal: str) -> None:
    cbor.decode(bytes.fromhex(hexadecimal))
    with pytest.raises(InputError):
        cbor.decode(bytes.fromhex(hexadecimal), deterministic=True)


@given(st.binary(max_size=200))
def test_base45_gives_back_the_bytes(data: bytes) -> None:
    assert base45.decode(base45.encode(data)) == data


def test_base45_is_that_of_the_standard() -> None:
    assert base45.encode(b"base-45") == "UJCLQE7W581"  # RFC 9285, 4.3
    assert base45.decode("QED8WEX0") == b"ietf!"


@pytest.mark.parametrize(
    "text", ["bb8", "A", "GGW", ":::", "::", "QED8WEX0 1", "ÄB", "A" * 200_000]
)
def test_other_base45_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        base45.decode(text)


@pytest.mark.parametrize("text", ["YQ==", "Y", "YR", "Y Q", "Y+Q", "YQ\n"])
def test_base64url_has_one_spelling(text: str) -> None:
    assert from_base64url("YQ") == b"a" and to_base64url(b"a") == "YQ"
    with pytest.raises(InputError):
        from_base64url(text)


def test_a_bomb_is_not_inflated() -> None:
    bomb = zlib.compress(bytes(50_000_000), 9)
    with pytest.raises(InputError, match="longer"):
        inflate(bomb, most=1_000_000)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"plain",
        zlib.compress(b"abc")[:-2],
        zlib.compress(b"abc") + b"x",
        zlib.compress(b"abc")[2:-4],
    ],
)
def test_other_streams_are_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        inflate(data, most=1000)


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":2}',
        "[1]",
        "\ufeff{}",
        '{"a":NaN}',
        "{} ",
        " {}",
        "{}x",
        '{"a":' * 100 + "1" + "}" * 100,
        '{"a"',
    ],
)
def test_other_json_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        read_object(text.encode())


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"value": NaN}', {"value": "NaN"}),
        (b"[1, -Infinity,Infinity]", [1, "NaN", "NaN"]),
        (b'{"name": "NaN of \\"NaN\\" NaN", "v": NaN}', {"name": 'NaN of "NaN" NaN', "v": "NaN"}),
        (b'{"NaN": 1}', {"NaN": 1}),
    ],
)
def test_what_is_no_json_becomes_a_text_and_texts_stay(body: bytes, told: object) -> None:
    assert json.loads(without_constants(body)) == told


def test_half_a_text_of_ten_megabytes_is_read_in_time() -> None:
    assert without_constants(b'"' + b"NaN" * 3_000_000)
