"""One name in several codings, scripts and orders; words that name nobody."""

from __future__ import annotations

import pytest

from twinward.security.privacy.names import clean, compare_names


@pytest.mark.parametrize(
    "text",
    [
        "N/A", "n.a.", "NA", "none", "Unknown", "UNKNOWN ", "-", "--", "?", "???", "0", "000", "00000",
        "无", "無", "不详", "未知", "没有", "无证件", "x", "XXX", "k. A.", "keine", "unbekannt", "inconnu",
        "desconocido", "não informado", "нет", "неизвестно", "لا يوجد", "yok", "なし", "없음", "Ｎ／Ａ",
        "\u200bN/A\u200b", "null", "", "   ", "[none]", "\"unknown\"",
    ],
)  # fmt: skip
def test_words_for_nothing_known_name_nobody(text: str) -> None:
    assert clean(text) is None


@pytest.mark.parametrize(
    "text", ["No", "Nan Li", "An", "Ann Alpha", "阿卜", "D-0", "A0", "Xi", "Ο", "007"]
)
def test_short_and_odd_names_and_numbers_are_kept(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("one", "other", "word"),
    [
        ("Nguyễn Văn Mẫu", "Nguyễn Văn Mẫu", "same"),
        ("Ｌｉ Example", "Li Example", "same"),
        ("Ana  Muestra", "ANA MUESTRA", "same"),
        ("古丽·买买提", "古丽•买买提", "same"),
        ("محمد مثال", "محمّد مثـال", "same"),
        ("Elise Exemple", "Élise Exemple", "bare"),
        ("Muller Beispiel", "Müller Beispiel", "bare"),
        ("張偉", "张伟", "bare"),
        ("Li, Lei", "Lei Li", "bare"),
        ("Li Xiao Ming", "Xiaoming Li", "bare"),
        ("O'Neil Example", "O’Neil Example", "bare"),
        ("Ana Muestra", "Ana Maria Muestra", "alike"),
        ("A. Muestra", "Ana Muestra", "alike"),
        ("Anne Exemplary", "Anna Exemplary", "alike"),
        ("Zhang Wei", "张伟", "unknown"),
        ("Zhang Wei", None, "unknown"),
        ("Mother Example", "Child Example", "other"),
        ("王芳", "王方", "other"),
        ("Li Lei", "Li Mei", "other"),
    ],
)
def test_how_near_two_names_are(one: str, other: str | None, word: str) -> None:
    assert compare_names(one, other) == word
    assert compare_names(other, one) == word
