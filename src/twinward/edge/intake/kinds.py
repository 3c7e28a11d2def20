"""The kinds of claims, their words and units, as data."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

Becomes = Literal["hazard", "count", "note"]


class ClaimKind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind: its words by language, what its quantity counts, what it becomes when accepted."""

    id: str
    title: dict[str, str]
    en: tuple[str, ...] = ()
    zh: tuple[str, ...] = ()
    unit: str
    least: float | None = None
    becomes: Becomes
    hazard: str = ""
    figure: str = ""

    @property
    def words(self) -> re.Pattern[str]:
        """Latin words begin where a word begins."""
        english = [
            f"(?:{one})" if one.startswith(("^", "\\b")) else rf"\b(?:{one})" for one in self.en
        ]
        return pattern_of("|".join([*english, *(f"(?:{one})" for one in self.zh)]))


class Denied(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What takes a claim back: just before it, just after it, anywhere in its sentence."""

    before: str
    after: str
    anywhere: str


class Kinds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: tuple[ClaimKind, ...]
    units: dict[str, dict[str, float]]
    depths: dict[str, float]
    denied: Denied

    def get(self, kind: str) -> ClaimKind | None:
        return next((one for one in self.kind if one.id == kind), None)


# the base unit of each group, as a claim names it
BASE = {
    "length": "m",
    "area": "m2",
    "persons": "persons",
    "things": "pieces",
    "buildings": "buildings",
    "roads": "roads",
    "reports": "reports",
    "seconds": "s",
}


@cache
def pattern_of(text: str) -> re.Pattern[str]:
    return re.compile(text, re.I)


@cache
def load_kinds() -> Kinds:
    """The kinds that this release carries."""
    text = files("twinward.edge.intake").joinpath("kinds.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Kinds)
