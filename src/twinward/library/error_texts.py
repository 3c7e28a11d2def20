"""What an error says in the reader's language.

Errors are raised with their code and an English sentence. The catalogue knows every code, and of
the sentences that people meet most also how they are said whole; of any other it says what the code
means, with the sentence itself beside it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from twinward.core.language import FIRST, READER
from twinward.library.texts import HOME

SLOT = re.compile(r"\{(\w+)\}")
HOLE = re.compile(r"\\\{(\w+)\\\}")


@cache
def load_codes(language: str) -> dict[str, str]:
    """What each code means."""
    return dict(read_catalogue(language)["code"])


class ErrorText(NamedTuple):
    """An English sentence as it is raised, the same in another language, and its words before the
    first hole, by which most are told apart.
    """

    text: str
    said: str
    begin: str


@cache
def load_sentences(language: str) -> list[ErrorText]:
    """Each sentence of the catalogue; the one with most words of its own first, so that the one
    that says most is taken.
    """
    said = read_catalogue(language)["said"]
    ranked = sorted(said, key=lambda one: -len(SLOT.sub("", one)))
    return [ErrorText(text, said[text], SLOT.split(text)[0]) for text in ranked]


def read_catalogue(language: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((HOME / "errors" / f"{language}.toml").read_text("utf-8"))


@cache
def form_of(text: str) -> re.Pattern[str]:
    """A sentence with anything in its holes."""
    return re.compile(HOLE.sub(r"(?P<\1>.+?)", re.escape(text)), re.DOTALL)


def say_error(code: str, message: str, advice: str) -> tuple[str, str]:
    """Message and advice for whoever reads."""
    language = READER.get().language
    if language == FIRST:
        return message, advice
    whole = find_sentence(message, language)
    if whole is None:
        meaning = load_codes(language).get(code)
        whole = f"{meaning}（{message}）" if meaning and message else meaning or message
    return whole, find_sentence(advice, language) or advice


def say_known(text: str) -> str:
    """A sentence for whoever reads; as it is where the catalogue has none."""
    language = READER.get().language
    return text if language == FIRST else find_sentence(text, language) or text


def find_sentence(text: str, language: str) -> str | None:
    """A sentence of the catalogue with its values; None where it is not in it."""
    words = READER.get().words
    for sentence in load_sentences(language):
        if not text.startswith(sentence.begin):
            continue
        found = form_of(sentence.text).fullmatch(text)
        if found is not None:
            return fill_slots(sentence.said, found.groupdict(), words)
    return None


def fill_slots(said: str, values: Mapping[str, str], words: Mapping[str, str]) -> str:
    """A sentence with its values, each in the reader's words where there are such."""

    def value_of(hole: re.Match[str]) -> str:
        value = values[hole[1]]
        return words.get(value, value)

    return SLOT.sub(value_of, said)
