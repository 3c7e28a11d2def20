"""The texts of reasons in every language, and the plans' own texts in Chinese."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from string import Formatter

from twinward.core.reasons import Reason

HOME = Path(__file__).resolve().parent / "data" / "texts"
LANGUAGES = ("en", "zh")
BETWEEN = {"en": "; ", "zh": "；"}


class Numbered(Formatter):
    """Writes `{n:one|task is|tasks are}` by the number that stands in the hole."""

    def format_field(self, value: object, format_spec: str) -> str:
        if not format_spec.startswith("one|"):
            return str(super().format_field(value, format_spec))
        one, many = format_spec.removeprefix("one|").split("|")
        return one if value == 1 else many


@cache
def load_texts(language: str) -> dict[str, str]:
    """The catalogue of one language, by the code of the reason."""
    found = tomllib.loads((HOME / f"{language}.toml").read_text("utf-8"))
    return {f"{part}.{name}": text for part, texts in found.items() for name, text in texts.items()}


def write_reason(
    reason: Reason, language: str = "en", words: Mapping[str, str] | None = None
) -> str:
    """A reason in one language; `words` are texts of plans that may stand in its holes. A code that
    the catalogue does not have (of a later release) is written as it is.
    """
    text = load_texts(language).get(reason.code)
    known = words or {}
    params = {
        name: known.get(value, value) if isinstance(value, str) else value
        for name, value in reason.params.items()
    }
    try:
        return Numbered().vformat(text, (), params) if text is not None else reason.code
    except (KeyError, ValueError):
        return reason.code


def write_reasons(
    reasons: Iterable[Reason], language: str = "en", words: Mapping[str, str] | None = None
) -> str:
    """Several reasons as one text."""
    return BETWEEN[language].join(write_reason(one, language, words) for one in reasons)
