"""Document numbers in one form; those whose digits a spreadsheet has lost are none."""

from __future__ import annotations

import pytest

from twinward.security.privacy.documents import is_spoilt, normal_document, without_zeros


@pytest.mark.parametrize(
    "text",
    [
        "D 123-456", "d123456", "Ｄ１２３４５６", " D123 456 ", "D.123/456", "'D123456", "passport: D123456",
        "护照D123456", "Passport No. D123456", "ID:D123456",
    ],
)  # fmt: skip
def test_every_spelling_of_a_number_is_that_number(text: str) -> None:
    assert normal_document(text) == "d123456"


@pytest.mark.parametrize(
    "text", ["3.10101E+17", "3,1e17", "310101199001011000", "1234567890123450000"]
)
def test_a_number_whose_digits_are_lost_is_none_and_told(text: str) -> None:
    assert normal_document(text) is None
    assert is_spoilt(text)


def test_a_number_that_only_ends_in_noughts_is_kept() -> None:
    assert normal_document("11010119900307700X") == "11010119900307700x"
    assert normal_document("123000") == "123000"
    assert normal_document("123456.0") == "123456"
    assert not is_spoilt("N/A")


def test_noughts_in_front_that_a_spreadsheet_takes_away_tell_nothing_apart() -> None:
    assert without_zeros("00123") == without_zeros("123") == "123"
    assert without_zeros("d0012") == "d0012"


def test_letters_of_another_alphabet_that_look_alike_are_one() -> None:
    assert normal_document("АВ123456") == normal_document("AB123456")
    assert normal_document("123456789") is None
