"""What an error says in the reader's language.

Errors are raised with their code and an English sentence. The catalogue knows every code, and of
the sentences that people meet most also how they are said whole; of any other it says what the code
means, with the sentence itself beside it.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache

from twinward.core.language import FIRST, READER
from twinward.library.texts import HOME

HOLE = re.compile(r"\\\{(\w+)\\\}")


@cache
def load_codes(language: str) -> dict[str, str]:
    """What each code means."""
    return dict(read_catalogue(language)["code"])


@cache
def load_sentences(language: str) -> list[tuple[re.Pattern[str], str]]:
    """Each English sentence as it is raised, with the same in the language; the longest first, so
    that the one that says most is taken.
    """
    said = read_catalogue(language)["said"]
    return [(form_of(text), said[text]) for text in sorted(said, key=lambda one: -len(one))]


def read_catalogue(language: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((HOME / "errors" / f"{language}.toml").read_text("utf-8"))


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


def find_sentence(text: str, language: str) -> str | None:
    """A sentence of the catalogue with its values; None where it is not in it."""
    words = READER.get().words
    for form, said in load_sentences(language):
        found = form.fullmatch(text)
        if found is not None:
            values = {name: words.get(value, value) for name, value in found.groupdict().items()}
            return said.format(**values)
    return None
