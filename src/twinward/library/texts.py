"""The texts of reasons in every language, and the plans' own texts in Chinese; texts for whoever
reads, written in their language at once.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from string import Formatter

from twinward.core.language import FIRST, READER
from twinward.core.reasons import Reason
from twinward.library import wording

HOME = Path(__file__).resolve().parent / "data" / "texts"
LANGUAGES = ("en", "zh")
BETWEEN = {"en": "; ", "zh": "；"}
LISTED = {"en": ", ", "zh": "、"}
Param = str | int | float | date | Sequence[str] | Sequence[Reason]


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
    return {
        f"{part}.{name}": text
        for path in (HOME / f"{language}.toml", *sorted((HOME / language).glob("*.toml")))
        for part, texts in tomllib.loads(path.read_text("utf-8")).items()
        for name, text in texts.items()
    }


def write_reason(
    reason: Reason, language: str = "en", words: Mapping[str, str] | None = None
) -> str:
    """A reason in one language; `words` are texts of plans that may stand in its holes. A code that
    the catalogue does not have (of a later release) is written as it is.
    """
    return fill(reason.code, reason.params, language, words or {})


def fill(code: str, params: Mapping[str, Param], language: str, words: Mapping[str, str]) -> str:
    """The text of a code with its parameters; several things in one hole are listed."""
    text = load_texts(language).get(code)
    found = {name: fill_hole(value, language, words) for name, value in params.items()}
    try:
        return Numbered().vformat(text, (), found) if text is not None else code
    except (KeyError, ValueError):
        return code


def fill_hole(value: Param, language: str, words: Mapping[str, str]) -> str | int | float | date:
    """What stands in a hole: a name in the reader's language, a list, or what other reasons say."""
    if isinstance(value, str):
        named = load_texts(language).get(f"word.{value}") if language != FIRST else None
        return words.get(value) or named or value
    if not isinstance(value, Sequence):
        return value
    if value and isinstance(value[0], Reason):
        return write_reasons(value, language, words)  # type: ignore[arg-type]
    return LISTED[language].join(f"{fill_hole(str(one), language, words)}" for one in value)


def write_each(reasons: Iterable[Reason], language: str = "en") -> tuple[str, ...]:
    """Each reason as a text of its own."""
    return tuple(write_reason(one, language) for one in reasons)


def write_reasons(
    reasons: Iterable[Reason], language: str = "en", words: Mapping[str, str] | None = None
) -> str:
    """Several reasons as one text."""
    return BETWEEN[language].join(write_reason(one, language, words) for one in reasons)


def say(code: str, **params: Param) -> str:
    """A text for whoever reads, in their language. For an answer that is made anew for each
    question; what is stored is `write_reason` with the reason beside it.
    """
    reader = READER.get()
    return fill(code, params, reader.language, reader.words)


def say_reasons(reasons: Iterable[Reason], otherwise: str = "") -> str:
    """Reasons for whoever reads; `otherwise` where none are stated, as in an old log."""
    reader = READER.get()
    return write_reasons(reasons, reader.language, reader.words) or otherwise


def say_name(name: str) -> str:
    """A kind of thing by its id: `isolation_beds` as isolation beds."""
    known = load_texts(READER.get().language).get(f"word.{name}")
    return known if known is not None else name.replace("_", " ")


def say_head(name: str) -> str:
    """The head of a column, or the name of a field."""
    known = load_texts(READER.get().language).get(f"head.{name.replace(' ', '_')}")
    return known if known is not None else name.replace("_", " ")


def say_event(kind: str) -> str:
    """A type of event; one of a later release by its own name."""
    return load_texts(READER.get().language).get(f"event.{kind}", kind)


def say_value(value: str) -> str:
    """What stands in a table: a state, a kind, a plan's own words; anything else as it is."""
    reader = READER.get()
    return f"{fill_hole(value, reader.language, reader.words)}"


def say_amount(quantity: float, unit: str, kind: str) -> str:
    """A quantity of a supply: `865 masks`, `3 test kits`."""
    if READER.get().language == "en":
        return wording.amount(quantity, unit, kind.replace("_", " "))
    said = f"{quantity:,.0f}" if abs(quantity - round(quantity)) < 0.05 else f"{quantity:,.1f}"
    return f"{said} {say_unit(unit)}{say_name(kind)}"


def say_unit(unit: str) -> str:
    """The unit of a supply: pieces, kits."""
    return load_texts(READER.get().language).get(f"unit.{unit}", unit)


def say_list(parts: Iterable[str]) -> str:
    """Several things in one text."""
    return LISTED[READER.get().language].join(parts)


def say_together(parts: Iterable[str]) -> str:
    """Several statements as one text."""
    return BETWEEN[READER.get().language].join(parts)
