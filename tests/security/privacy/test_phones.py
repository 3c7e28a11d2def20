"""A telephone number in every spelling is one number; a spoilt one is none."""

from __future__ import annotations

import pytest

from twinward.security.privacy.phones import dialling_of, is_spoilt_phone


@pytest.mark.parametrize(
    "text",
    [
        "+86 139 0000 1111", "13900001111", "139-0000-1111", "008613900001111", "8613900001111",
        "１３９００００１１１１", "13900001111.0", "(139) 0000 1111", "+86 (0)139 0000 1111", "86-139-0000-1111",
        "139.0000.1111", " 139 0000 1111 ext. 12", "13900001111/13800002222", "+8613900001111",
        "tel: 13900001111", "手机13900001111", "139 0000 1111 (mother)", "'13900001111",
        "1390O001111", "139O000l111", "+0086 13900001111", "+86 86 139 0000 1111",
        "١٣٩٠٠٠٠١١١١", "\u202a13900001111\u202c",
    ],
)  # fmt: skip
def test_every_spelling_of_a_number_is_that_number(text: str) -> None:
    assert dialling_of("Asia/Shanghai").normal(text) == "+8613900001111"


@pytest.mark.parametrize(
    ("zone", "spellings", "number"),
    [
        ("Europe/Berlin", ["030 1234567", "301234567", "+49 30 1234567", "(030) 123-4567"], "+49301234567"),
        ("Europe/Berlin", ["+49 030 1234567", "0049 030 1234567"], "+49301234567"),
        ("Asia/Shanghai", ["021-12345679", "+86-021-12345679", "+86 21 1234 5679"], "+862112345679"),
        ("Europe/Berlin", ["0151/2345678", "+49 (0)151 2345678"], "+491512345678"),
        ("America/Sao_Paulo", ["(51) 99999-1234", "051 999991234", "+55 51 99999 1234"], "+5551999991234"),
        ("America/New_York", ["(212) 555-0100", "1-212-555-0100", "212.555.0100"], "+12125550100"),
        ("Europe/Rome", ["06 1234 5678", "+39 06 12345678"], "+390612345678"),
        ("Europe/Moscow", ["8 (916) 123-45-67", "+7 916 1234567"], "+79161234567"),
    ],
)  # fmt: skip
def test_each_country_dials_in_its_own_way(zone: str, spellings: list[str], number: str) -> None:
    assert {dialling_of(zone).normal(text) for text in spellings} == {number}


@pytest.mark.parametrize(
    "text", ["1.39E+10", "1,39e10", "0", "N/A", "000-0000", "none yet", "123", "a@b.example"]
)
def test_what_is_no_number_is_none(text: str) -> None:
    assert dialling_of("Asia/Shanghai").normal(text) is None


def test_a_named_country_code_goes_before_the_zone() -> None:
    assert dialling_of("UTC", "+55").normal("(51) 99999-1234") == "+5551999991234"
    assert dialling_of("UTC").normal("5551999991234") == "+5551999991234"


def test_a_number_that_a_spreadsheet_has_rounded_is_told_from_none() -> None:
    assert is_spoilt_phone("1.38E+10") and is_spoilt_phone("8,61E+12")
    assert not any(is_spoilt_phone(one) for one in (None, "", "N/A", "13900001111", "E10"))
