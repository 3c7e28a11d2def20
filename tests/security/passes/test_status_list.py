"""Token status lists: the draft's own vectors, and lists that cannot be."""

from __future__ import annotations

import hashlib
import zlib
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.passes import ADDRESS, NOON, Issuer
from twinward.core.coding import cbor
from twinward.core.errors import InputError
from twinward.security.passes import cose, signatures, status_list
from twinward.security.passes.trust import read_trust

# draft-ietf-oauth-status-list, "Test vectors for Status List encoding": one status list as CWT
CWT = (
    "d2845820a2012610781a6170706c69636174696f6e2f7374617475736c6973742b637774a1044231325850a5027821"
    "68747470733a2f2f6578616d706c652e636f6d2f7374617475736c697374732f31061a648c5bea041a8898dfea19ff"
    "fe19a8c019fffda2646269747301636c73744a78dadbb918000217015d584093fa4d01032b18c35e2fe1101b77fd6c"
    "c9440022caa4694450c4e4e9feab4e99d1fa6d9772ce2bf3a12e0323ded7c982c5e101a5e67f0cbc1e2b6f57ce99c2"
    "79"
)


def test_the_drafts_short_lists_are_packed_as_it_says() -> None:
    one = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]
    two = [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]
    assert status_list.pack(one).data.hex() == "b9a3"
    assert status_list.to_json(status_list.pack(one)) == {"bits": 1, "lst": "eNrbuRgAAhcBXQ"}
    assert status_list.pack(two, 2).data.hex() == "c944f9"
    assert status_list.unpack(2, "eNo76fITAAPfAgc").statuses().tolist() == two


def test_the_drafts_signed_list_is_read() -> None:
    found = status_list.read_list(CWT.encode())
    assert (found.subject, found.ttl_s) == ("https://example.com/statuslists/1", 43_200)
    assert (found.kid, len(found.packed), found.packed.status(3)) == (b"12", 16, 1)
    with pytest.raises(InputError, match="no key"):
        status_list.read_list(CWT.encode(), [])


@given(st.sampled_from([1, 2, 4, 8]), st.lists(st.integers(0, 255), min_size=1, max_size=60))
def test_statuses_come_back(bits: int, values: list[int]) -> None:
    statuses = [value % (1 << bits) for value in values]
    packed = status_list.pack(statuses, bits)
    again = status_list.unpack(bits, status_list.to_json(packed)["lst"])
    assert again.statuses().tolist()[: len(statuses)] == statuses
    assert [again.status(number) for number in range(len(statuses))] == statuses


@pytest.mark.parametrize("form", ["cwt", "jwt"])
def test_a_list_we_sign_is_read_in_both_forms(form: str) -> None:
    issuer = Issuer()
    data = status_list.write_list(
        issuer.key,
        issuer.kid,
        ADDRESS,
        status_list.pack([0, 1]),
        at=NOON,
        ttl_s=60,
        lasts_s=90,
        form=form,
    )
    found = status_list.read_list(data, read_trust(issuer.trust()).keys)
    assert (found.subject, found.packed.status(1), found.ttl_s) == (ADDRESS, 1, 60)
    assert found.expires_at == NOON + timedelta(seconds=90)


START = int(NOON.timestamp())
GOOD = {
    2: ADDRESS,
    6: START,
    4: START + 99,
    65_534: 60,
    65_533: {"bits": 1, "lst": zlib.compress(b"\0")},
}


@pytest.mark.parametrize(
    "claims",
    [
        GOOD | {65_533: {"bits": 3, "lst": zlib.compress(b"\0")}},
        GOOD | {65_533: {"bits": True, "lst": zlib.compress(b"\0")}},
        GOOD | {65_533: {"bits": 1, "lst": b""}},
        GOOD | {65_533: {"bits": 1, "lst": zlib.compress(b"\0" * 99)[:-5]}},
        GOOD | {65_533: {"bits": 1, "lst": zlib.compress(bytes(64 << 20))}},
        GOOD | {65_533: {"bits": 1, "lst": b"not deflated"}},
        GOOD | {65_533: None},
        GOOD | {65_534: 0},
        GOOD | {65_534: 10 * 365 * 86_400},
        GOOD | {2: ""},
        GOOD | {2: 7},
        GOOD | {6: START * 1000},
        GOOD | {6: None},
        GOOD | {4: 1.5},
    ],
)
def test_lists_that_cannot_be_are_refused_though_they_are_signed(claims: object) -> None:
    issuer = Issuer()
    payload = cbor.encode(claims)
    data = cose.write_sign1(issuer.key, issuer.kid, payload, status_list.TYPE)
    with pytest.raises(InputError):
        status_list.read_list(data, read_trust(issuer.trust()).keys)


def test_a_pass_is_no_list_and_a_cut_one_is_none() -> None:
    issuer = Issuer()
    keys = read_trust(issuer.trust()).keys
    for data in (issuer.issue(), b"", issuer.status_list()[:-1], b"ey.a.b", b"d284zz"):
        with pytest.raises(InputError):
            status_list.read_list(data, keys)


def test_a_city_of_25_million_at_one_in_a_thousand_fits_in_100_kb() -> None:
    """Places drawn by a hash, as random as any, and the same each time."""
    stream = hashlib.shake_256(b"city").digest(25_000 * 8)
    places = np.frombuffer(stream, np.uint64) % np.uint64(25_000_000)
    statuses = np.zeros(25_000_000, np.uint8)
    statuses[places.astype(np.int64)] = 1
    assert len(zlib.compress(status_list.pack(statuses).data, 9)) <= 100_000


def test_signatures_of_lists_are_of_one_form() -> None:
    issuer = Issuer()
    for _ in range(20):
        assert signatures.is_low(cose.read_sign1(issuer.issue()).signature)
