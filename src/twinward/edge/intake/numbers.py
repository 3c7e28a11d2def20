"""Numbers as people write them: digits with separators, Chinese numerals, English words."""

from __future__ import annotations

import re

ZH_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {
    "〇": 0,
    "两": 2,
    "兩": 2,
    "壹": 1,
    "贰": 2,
    "叁": 3,
    "肆": 4,
    "伍": 5,
    "陆": 6,
    "柒": 7,
    "捌": 8,
    "玖": 9,
}
ZH_UNITS: dict[str, int] = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100, "仟": 1000}
ZH_GREAT: dict[str, int] = {"万": 10_000, "萬": 10_000, "亿": 100_000_000}
ZH = "零〇一二三四五六七八九十百千万萬亿两兩壹贰叁肆伍陆柒捌玖拾佰仟"
EN_SMALL: dict[str, int] = {
    word: n
    for n, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
} | {"a": 1, "an": 1, "dozen": 12}
EN_TENS = {
    word: 10 * n
    for n, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2
    )
}
EN_GREAT = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
EN_WORD = "|".join([*sorted({*EN_SMALL} - {"a", "an"}, key=len, reverse=True), *EN_TENS, *EN_GREAT])
FULL = str.maketrans("０１２３４５６７８９．，％", "0123456789.,%")
GREATEST = 1e15  # beyond it a number is a filler or a mistake
MOST_SIGNS = 40  # of one numeral in Chinese
DIGITS = r"\d{1,3}(?:[,，\u00a0\u202f ]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
NUMBER = re.compile(
    rf"(?P<digits>{DIGITS})\s?(?P<great>[万萬亿千百])?"
    rf"|(?P<half>半)(?=米|公尺|天|小时)|(?P<zh>[{ZH}]+(?:点[{ZH}]+)?)"
    rf"|(?P<en>\b(?:(?:a|an)\s+(?=dozen|hundred|thousand))?(?:{EN_WORD})"
    rf"(?:[\s-]+(?:and\s+)?(?:{EN_WORD}))*\b)",
    re.I,
)


def read_chinese(text: str) -> float | None:
    """三百二十 is 320, 一点五 1.5, 二〇二二 2022; None for what is none."""
    if len(text) > MOST_SIGNS:
        return None
    whole, _, part = text.partition("点")
    if part:
        head = read_chinese(whole)
        digits = [ZH_DIGITS.get(one) for one in part]
        if head is None or None in digits:
            return None
        return head + sum(int(d or 0) / 10.0 ** (n + 1) for n, d in enumerate(digits))
    if not whole:
        return None
    if len(whole) > 1 and all(one in ZH_DIGITS for one in whole):
        return float("".join(str(ZH_DIGITS[one]) for one in whole))
    total: int = 0
    section: int = 0
    digit: int = 0
    for one in whole:
        if one in ZH_DIGITS:
            digit = ZH_DIGITS[one]
        elif one in ZH_UNITS:
            section += (digit or 1) * ZH_UNITS[one]
            digit = 0
        elif one in ZH_GREAT:
            total = ((total + section + digit) or 1) * ZH_GREAT[one]
            section = digit = 0
        else:
            return None
    return float(total + section + digit)


def read_english(text: str) -> float | None:
    """a hundred and twenty is 120, two dozen 24, thirty-five 35."""
    total = current = 0
    for word in re.split(r"[\s-]+", text.lower()):
        if word == "and":
            continue
        if word == "dozen":
            current = (current or 1) * 12
        elif word in EN_SMALL:
            current += EN_SMALL[word]
        elif word in EN_TENS:
            current += EN_TENS[word]
        elif word == "hundred":
            current = (current or 1) * 100
        elif word in EN_GREAT:
            total += (current or 1) * EN_GREAT[word]
            current = 0
        else:
            return None
    return float(total + current)


def find_numbers(text: str) -> list[tuple[int, int, float]]:
    """(start, end, value) of every number in a text that can count or measure something."""
    found = []
    for one in NUMBER.finditer(text.translate(FULL)):
        value = value_of(one)
        if value is not None and value <= GREATEST:
            found.append((one.start(), one.end(), value))
    return found


def value_of(one: re.Match[str]) -> float | None:
    if one["digits"]:
        value = float(re.sub(r"[,，\u00a0\u202f ]", "", one["digits"]))
        times: int = (ZH_GREAT | ZH_UNITS).get(one["great"] or "", 1)
        return float(value * times)
    if one["half"]:
        return 0.5
    if one["zh"]:
        return read_chinese(one["zh"])
    return read_english(one["en"])
