"""`--lang en|zh`, wherever it stands: the language of everything that a verb writes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from twinward.core.errors import InputError
from twinward.core.language import FIRST, reading_in

LANGUAGES = ("en", "zh")
OPTION = "--lang"


def take_language(arguments: list[str]) -> tuple[str, list[str]]:
    """The language that was asked for and the arguments without it. Of TWINWARD_LANG, else LANG,
    where none was.
    """
    rest: list[str] = []
    chosen = ""
    given = iter(arguments)
    for word in given:
        if word == OPTION:
            chosen = check_language(next(given, ""))
        elif word.startswith(f"{OPTION}="):
            chosen = check_language(word.partition("=")[2])
        else:
            rest.append(word)
    return chosen or language_of_surroundings(), rest


def check_language(name: str) -> str:
    if name not in LANGUAGES:
        raise InputError(
            f"--lang must be {' or '.join(LANGUAGES)}, got {name!r}",
            "leave it out for the language of TWINWARD_LANG or LANG",
            code="bad_usage",
        )
    return name


def language_of_surroundings() -> str:
    """TWINWARD_LANG as it is; of LANG the part before the country: zh_CN.UTF-8 is zh."""
    own = os.environ.get("TWINWARD_LANG", "")
    if own:
        return check_language(own)
    name = os.environ.get("LANG", "").partition(".")[0].partition("_")[0].lower()
    return name if name in LANGUAGES else FIRST


@contextmanager
def reading(language: str) -> Iterator[None]:
    """English needs no library; another language has the words of the plans that come with us."""
    if language == FIRST:
        yield
        return
    from twinward.service.languages import load_library

    with reading_in(language, load_library().words):
        yield
