"""Numbers of documents in one form, and those that a spreadsheet has spoilt beyond use."""

from __future__ import annotations

import re
from datetime import date

from twinward.security.privacy.names import clean

SPOILT = re.compile(r"^\d(?:[.,]\d+)?e\+?\d+$", re.I)
LABEL = re.compile(
    r"^(?:passport|pass(?:nummer)?|id(?:[\s-]?card)?|identity|document|doc|dni|nie|cpf|rg|nr|no|nº|n°|"
    r"number|num|护照|護照|身份证|身分證|身份证号|证件号?|號碼|号码|паспорт|여권)\s*(?:no\.?|number|nr\.?|号码?|#)?"
    r"\s*[.:：#]+\s*(?=\S)|^[护護]照\s*|^身[份分][证證]号?\s*|^(?:passport|no)\s+(?=\S*\d)",
    re.I,
)
# letters of other alphabets that look like ours, in a number
LOOK_ALIKE = str.maketrans("АВЕКМНОРСТУХІЈЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEKMHOPCTYXIJSABEZHIKMNOPTYX")
DECIMAL = re.compile(r"^(\d+)[.,]0+$")
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643, its check character
CHECKS = "10X98765432"
EXACT_DIGITS = 15  # a spreadsheet keeps so many of a number, and writes noughts for the rest


def normal_document(text: str | None) -> str | None:
    """The number as it is told apart: letters in one case, no blanks or hyphens inside; None where
    nothing is known or where its digits are lost.
    """
    said = clean(text)
    if said is None:
        return None
    said = LABEL.sub("", said.strip("'\"=` "))
    if SPOILT.match(said.replace(" ", "")) or clean(said) is None:
        return None
    if re.search(r"\d", said):
        said = said.upper().translate(LOOK_ALIKE)
    found = DECIMAL.match(said)
    plain = re.sub(r"[\s\-‐-―.·/]", "", found[1] if found else said).casefold()
    lost = plain.isdecimal() and len(plain) > EXACT_DIGITS + 1
    if lost and not plain[EXACT_DIGITS:].strip("0") and not is_identity_number(plain):
        return None
    return plain or None


def is_identity_number(text: str) -> bool:
    """A resident identity number has a day of birth and a check character; another number of 18
    digits hardly ever.
    """
    if len(text) != len(WEIGHTS) + 1 or not text[:-1].isdecimal():
        return False
    try:
        date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(text, WEIGHTS, strict=False))
    return CHECKS[total % len(CHECKS)] == text[-1].upper()


def without_zeros(document: str) -> str:
    """The number as a spreadsheet shows it that has taken its leading noughts away."""
    return document.lstrip("0") if document.isdecimal() else document


def is_spoilt(text: str | None) -> bool:
    """Whether something stands there that was a number once."""
    return clean(text) is not None and normal_document(text) is None
