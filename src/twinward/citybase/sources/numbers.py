"""Numbers as offices of the world write them: signs for thousands and decimals, and a question
where they leave it open.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.errors import InputError

SPACES = "\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"))
APOSTROPHES = "'’‘´`ʼ＇"
SIGNS = {"space": " ", "apostrophe": "'", "none": ""} | dict.fromkeys(APOSTROPHES, "'")
TEN_THOUSANDS = {"万": 1e4, "萬": 1e4, "亿": 1e8, "億": 1e8}
WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
FEW = 0.1  # numbers against the writing of this share at most are slips of single rows
PARTED = re.compile(
    r"[+-]?\d{1,3}(?:[ ']\d{3})+(?:[.,]\d*)?"
)  # spaces and apostrophes part thousands only
GROUPS = {
    mark: re.compile(
        rf"[+-]?(?:[1-9]\d{{0,2}}(?:\{mark}\d{{3}})+|[1-9]\d?(?:\{mark}\d{{2}})+\{mark}\d{{3}})"
    )
    for mark in ".,' "
}  # the second form as in India


class Writing(msgspec.Struct, frozen=True, kw_only=True):
    """The signs of one column; `thousands` "" when its numbers are not parted."""

    thousands: str
    decimal: str


POINT = Writing(thousands="", decimal=".")


def plain_text(value: object) -> str:
    """The number's text without invisible signs, with plain spaces, apostrophes, minus and
    digits.
    """
    text = str(value).translate(INVISIBLE).translate(WIDE)
    for mark in SPACES:
        text = text.replace(mark, " ")
    for mark in APOSTROPHES:
        text = text.replace(mark, "'")
    text = text.replace("−", "-").replace("٬", ",").replace("٫", ".").strip()
    return text.replace(" ", "").replace("'", "") if PARTED.fullmatch(text) else text


def only_sign(text: str) -> str:
    """`.`, `,`, both or neither: the signs a text holds."""
    return "".join(mark for mark in ".," if mark in text)


def evidence(text: str) -> Writing | bool | None:
    """What one number tells: its writing, None when it tells nothing, True when it could be
    parted or a fraction.
    """
    signs = only_sign(text)
    if not signs:
        return None
    if len(signs) == 2:  # the last of the two parts the fraction
        decimal = max(signs, key=text.rfind)
        return (
            Writing(thousands=signs.replace(decimal, ""), decimal=decimal)
            if text.count(decimal) == 1
            else None
        )
    if text.count(signs) > 1:
        whole = GROUPS[signs].fullmatch(text)
        return Writing(thousands=signs, decimal="," if signs == "." else ".") if whole else None
    if GROUPS[signs].fullmatch(text):
        return True
    return (
        Writing(thousands="", decimal=signs)
        if re.fullmatch(r"[+-]?\d*[.,]\d*(?:[eE][+-]?\d+)?", text)
        else None
    )


def writing_of(
    texts: list[str], label: str, key: str, *, whole: bool, comma_parts: bool
) -> Writing:
    """The writing of a column. `whole`: it counts things, so three figures after every dot part
    thousands; then, and when two numbers contradict each other, InputError asks. `comma_parts`:
    a comma before three figures parts them.
    """
    told: dict[str, list[str]] = {}
    open_: dict[str, str] = {}
    for text in texts:
        found = evidence(text)
        if isinstance(found, Writing):
            told.setdefault(found.decimal, []).append(text)
        elif found:
            open_.setdefault(only_sign(text), text)
    if told:
        decimal = max(told, key=lambda mark: len(told[mark]))
        against = sum(map(len, told.values())) - len(told[decimal])
        if against > FEW * len(told[decimal]):
            raise ask(
                label, key, f"{told['.'][0]} and {told[','][0]} cannot both be right", told["."][0]
            )
        return Writing(thousands="," if decimal == "." else ".", decimal=decimal)
    if not whole:
        return Writing(thousands="", decimal="," if "," in open_ and "." not in open_ else ".")
    if "," in open_ and "." not in open_ and comma_parts:
        return Writing(thousands=",", decimal=".")
    if open_ and not any(re.fullmatch(r"[+-]?\d{4,}", text) for text in texts):
        sign = next(iter(open_))
        raise ask(label, key, f"{open_[sign]} may be thousands or a fraction", open_[sign])
    return Writing(thousands="", decimal="," if "," in open_ and "." not in open_ else ".")


def ask(label: str, key: str, what: str, text: str) -> InputError:
    sign = next((mark for mark in ".," if mark in text), ".")
    other = "," if sign == "." else "."
    return InputError(
        f"{label}, {key}: {what}",
        f'set thousands = "{sign}" in the city file if {sign} parts thousands, else decimal = '
        f'"{sign}" '
        f"(then {other} parts thousands)",
        code="which_numbers",
    )


def stated_writing(thousands: str, decimal: str, label: str) -> Writing | None:
    """What the city file states; None when nothing."""
    if not thousands and not decimal:
        return None
    parts, point = (SIGNS.get(word, word) for word in (thousands, decimal))
    if (
        point not in {"", ".", ","}
        or parts not in {"", ".", ",", "'", " "}
        or (parts and parts == point)
    ):
        raise InputError(
            f"{label}: thousands {thousands!r} and decimal {decimal!r} are no signs of numbers",
            'write thousands = "." "," "space" or "apostrophe", and decimal = "," or "."',
            code="which_numbers",
        )
    point = point or ("," if parts == "." else ".")
    return Writing(thousands=parts if thousands else ("," if point == "." else "."), decimal=point)


def to_number(value: object, writing: Writing = POINT) -> float:
    """A finite number, or NaN for what is none (empty, text, infinite, true)."""
    if value is None or isinstance(value, bool):
        return math.nan
    if isinstance(value, int | float):
        try:
            number = float(value)
        except OverflowError:
            return math.nan
        return number if math.isfinite(number) else math.nan
    text = plain_text(value)
    times = 1.0
    if text and text[-1] in TEN_THOUSANDS:
        times, text = TEN_THOUSANDS[text[-1]], text[:-1].strip()
    if writing.thousands and writing.thousands in text:
        if not GROUPS[writing.thousands].fullmatch(text.split(writing.decimal)[0]):
            return math.nan
        text = text.replace(writing.thousands, "")
    if writing.decimal == ",":
        if "." in text:
            return math.nan
        text = text.replace(",", ".")
    try:
        number = float(text) * times if "_" not in text else math.nan
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan


def to_numbers(values: list[object], writing: Writing = POINT) -> NDArray[np.float64]:
    return np.array([to_number(value, writing) for value in values], dtype=np.float64)


def find_writing(
    values: Sequence[object],
    label: str,
    key: str,
    *,
    whole: bool,
    thousands: str,
    decimal: str,
    separator: str,
) -> Writing:
    """The writing of a column: as stated, else as its own numbers tell; `whole` when it counts
    things (people).
    """
    stated = stated_writing(thousands, decimal, label)
    if stated is not None:
        return stated
    texts = [plain_text(value) for value in values if isinstance(value, str)]
    texts = [text for text in texts if "," in text or "." in text or text.isdigit()]
    return (
        writing_of(texts, label, key, whole=whole, comma_parts=separator == ",") if texts else POINT
    )
