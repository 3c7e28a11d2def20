"""Measures against physical hazards as data: what each does in a run, and how many it reaches."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Literal

import msgspec

from twinward.library.loading import HOME, read_toml

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
FILE = HOME / "hazard_measures.toml"


class HazardMeasure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One measure: `share` of those concerned is reached when it is done."""

    id: str
    title: str
    zh: str
    hazards: tuple[str, ...]
    acts_on: Literal["hazard", "people", "roads"]
    share: Share
    restricts: bool
    effect: str
    source: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    measure: tuple[HazardMeasure, ...]


@lru_cache(maxsize=1)
def load_hazard_measures() -> dict[str, HazardMeasure]:
    """Every measure by its id, which is the word of orders."""
    return {one.id: one for one in read_toml(FILE, _File).measure}
