"""Finds numbers that call or name a person in what people write, wherever it stands: beside Chinese
letters, with separators, in full width; and hides them in texts and in whole answers.
"""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

HIDDEN = "[hidden]"
D = "[0-9０-９]"
UNSEEN = "\u00ad\u200b-\u200f\u2060-\u2064\ufeff"  # nobody sees that these stand there
NOT_SEEN = re.compile(f"[{UNSEEN}]")
BLANK = f" \u00a0\u2000-\u200a\u202f\u205f\u3000{UNSEEN}"
S = f"[{BLANK}\\-‐‑–—－·•]{{0,2}}"
# a long run of digits: what may be one of the numbers below
RUN = re.compile(f"{D}(?:[{BLANK}\\-‐‑–—－·•()（）]{{0,2}}{D}){{8,}}{S}[XxＸｘ]?")
# Chinese mobile numbers (11 digits), fixed lines with area code, resident identity numbers (GB
# 11643: 18 characters, of old 15); area codes of 6, 9 and 12 digits stay readable
NUMBER = re.compile(
    f"(?<!{D})(?:"
    f"(?:(?:0086|86){S})?[1１][3-9３-９](?:{S}{D}){{9}}"
    f"|[0０][1-9１-９]{D}{{1,2}}[)）]?{S}[2-8２-８](?:{S}{D}){{6,7}}"
    f"|[1-9１-９](?:{S}{D}){{16}}{S}[0-9０-９XxＸｘ]"
    f"|[1-9１-９]{D}{{14}}"
    f")(?!{D})"
)
ABROAD = re.compile(rf"[+＋]\d[\d{BLANK}()\-－]{{6,}}\d")
POINTS = re.compile(r"(?<![\d.])1[3-9]\d[./,_]\d{4}[./,_]\d{4}(?![\d.]\d|\d)")
# both begin at the beginning of a word alone, and take of it all or nothing: else a long word costs
# its length squared, and one text stops the server
MAIL = re.compile(r"(?<![\w.+-])[\w.+-]++[@＠][\w-]++[.．][\w.-]++")
TOKEN = re.compile(
    r"(?<![\w-])(?>[\w-]*?eyJ)[\w-]++\.[\w-]++\.[\w-]*+|(?i:bearer)\s++[\w.~+/-]++=*+"
)
AROUND = 64  # letters before and after a number that tell whether it is part of an id
WORD = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
T = TypeVar("T")


def scrub(text: str) -> str:
    """`text` with phone, document and e-mail numbers and tokens hidden."""
    if "eyJ" in text or "earer" in text or "EARER" in text:
        text = TOKEN.sub(HIDDEN, text)
    if "@" in text or "＠" in text:
        text = MAIL.sub(HIDDEN, text)
    if "+" in text or "＋" in text:
        text = ABROAD.sub(HIDDEN, text)
    return RUN.sub(_hide_run, POINTS.sub(HIDDEN, text))


def names_somebody(text: str) -> bool:
    """Whether a word holds what `scrub` would hide."""
    return scrub(text) != text


def _hide_run(found: re.Match[str]) -> str:
    """The run with the numbers in it hidden, unless it is part of a hash or an id: a word in which
    letters and other digits stand together with it.
    """
    text, start, end = found.string, found.start(), found.end()
    first, last = max(start - AROUND, 0), min(end + AROUND, len(text))
    while start > first and text[start - 1] in WORD:
        start -= 1
    while end < last and text[end] in WORD:
        end += 1
    around = text[start : found.start()] + text[found.end() : end]
    if any(letter.isdigit() for letter in around):
        return found[0]
    plain = NOT_SEEN.sub("", found[0])
    hidden = NUMBER.sub(HIDDEN, plain)
    return found[0] if hidden == plain else hidden


def scrub_json(body: bytes) -> bytes:
    """JSON with every text in it scrubbed; numbers and the form stay."""
    text = body.decode()
    if scrub(text) == text:
        return body
    return STRING.sub(lambda found: scrub(found[0]), text).encode()


def scrubbed(value: T, kind: type[T] | object) -> T:
    """A struct with every text in it scrubbed: what a report is made of."""
    found: T = msgspec.json.decode(scrub_json(msgspec.json.encode(value)), type=kind)
    return found
