"""Device profiles as data: what a kind of device says, in which unit, how often, and what is a
fault of the sensor.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

import msgspec

from twinward.core.errors import InputError

Lane = Literal["alarm", "status", "bulk"]


class ReadingType(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One type of reading. Values outside `least` to `most`, or in `faults`, are no measurement."""

    type: str
    unit: str = ""
    least: float = -1e12
    most: float = 1e12
    faults: tuple[float, ...] = ()
    lane: Lane = "bulk"


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of device. It should be heard from every `cadence_s`; `seq_wraps`: its counter goes
    back to 0 there.
    """

    id: str
    title: str
    title_zh: str
    cadence_s: Annotated[float, msgspec.Meta(gt=0)]
    seq_wraps: Annotated[int, msgspec.Meta(ge=2)] | None = None
    quantities: tuple[ReadingType, ...]

    def find(self, kind: str) -> ReadingType | None:
        for one in self.quantities:
            if one.type == kind:
                return one
        return None


@cache
def load_profiles() -> dict[str, Profile]:
    """All profiles that the package carries, by id."""
    found = {}
    for entry in sorted(files("twinward.edge.profiles").iterdir(), key=lambda one: one.name):
        if entry.name.endswith(".toml"):
            profile = msgspec.convert(tomllib.loads(entry.read_text("utf-8")), Profile)
            found[profile.id] = profile
    return found


def get_profile(name: str) -> Profile:
    known = load_profiles()
    if name not in known:
        raise InputError(
            f"no device profile is named {name!r}",
            f"known: {', '.join(known)}",
            code="unknown_profile",
        )
    return known[name]
