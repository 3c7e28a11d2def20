"""One name in several codings, scripts and orders; words that name nobody."""

from __future__ import annotations

import pytest

from twinward.security.privacy.names import clean, clean_name, compare_names


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
    "text",
    [
        "暂无", "待查", "不知道", "未登记", "无身份证号", "同上", "ditto", "undefined", "nicht bekannt",
        "no tiene", "não tem", "не указано", "모름", "לא ידוע", "999999", "111111111111111111",
        "123456789", "1234567890",
    ],
)  # fmt: skip
def test_what_fills_a_form_that_wants_something_is_nothing(text: str) -> None:
    assert clean(text) is None


@pytest.mark.parametrize(
    "text",
    ["Unknown male", "Unknown 2", "Patient 3", "baby boy", "新生儿", "John Doe", "张某", "Li ***"],
)
def test_what_anybody_could_be_called_is_no_name(text: str) -> None:
    assert clean_name(text) is None
    assert clean_name(f"{text} Example") is not None or "*" in text or "某" in text


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
        ("O'Neil Example", "O’Neil Example", "same"),
        ("Muʼmin Example", "Mu`min Example", "same"),
        ("Anne\u2010Marie Example", "Anne-Marie Example", "same"),
        ("İpek Example", "ipek example", "same"),
        ("古丽．买买提", "古丽·买买提", "same"),
        ("J．R．Example", "J.R.Example", "same"),
        ("Ana Muestra", "Ana Maria Muestra", "alike"),
        ("A. Muestra", "Ana Muestra", "alike"),
        ("Anne Exemplary", "Anna Exemplary", "alike"),
        ("Zhang Wei", "张伟", "sound"),
        ("Xiao-Ming WANG", "王小明", "sound"),
        ("Lyu Bu", "吕布", "sound"),
        ("Lv Bu", "呂布", "sound"),
        ("Shan Tianfang", "单田芳", "sound"),
        ("Zhang San", "张四", "unknown"),
        ("Mueller Hans", "Müller Hans", "alike"),
        ("Aasa Stroem", "Åsa Ström", "alike"),
        ("Muhammad Ali", "Mohamed Ali", "alike"),
        ("Zhang Ming", "Zheng Meng", "other"),
        ("Zhang Wei", None, "unknown"),
        ("Mother Example", "Child Example", "other"),
        ("王芳", "王方", "other"),
        ("Li Lei", "Li Mei", "other"),
    ],
)
def test_how_near_two_names_are(one: str, other: str | None, word: str) -> None:
    assert compare_names(one, other) == word
    assert compare_names(other, one) == word
