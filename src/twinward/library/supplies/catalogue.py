"""Kinds of supply as data: their unit, whether they are used up or held, and what one unit of
need takes of each.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from twinward.core.errors import InputError

BUNDLED = Path(__file__).parents[1] / "data" / "supplies.toml"
Driver = Literal[
    "new_case",
    "case_in_care",
    "hospital_patient",
    "icu_patient",
    "contact",
    "resident_under_control",
    "resident",
]
Amount = Annotated[float, msgspec.Meta(ge=0)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Days = Annotated[float, msgspec.Meta(ge=0, le=365)]


class SupplyFigure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A number and where it is from."""

    value: Amount
    source: Annotated[str, msgspec.Meta(min_length=2)]


class SupplyKind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind: `need` says how much one unit of each driver takes, a day when used up, at a
    time when held.
    """

    id: str
    title: str
    unit: str
    form: Literal["used_up", "held"]
    need: dict[Driver, SupplyFigure]
    pack: Amount = 0.0  # what travels is whole packs of so many units; 0: any quantity


class SupplyCourse(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How new cases become patients and contacts: shares, and stays in days."""

    hospital_share: SupplyFigure
    hospital_stay_d: SupplyFigure
    icu_share: SupplyFigure
    icu_stay_d: SupplyFigure
    care_d: SupplyFigure
    contacts_per_case: SupplyFigure
    quarantine_d: SupplyFigure


class Control(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    measures: tuple[str, ...]


class Supplies(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All kinds with how their need arises."""

    course: SupplyCourse
    control: Control
    kind: tuple[SupplyKind, ...]

    @property
    def kinds(self) -> dict[str, SupplyKind]:
        return {kind.id: kind for kind in self.kind}

    @property
    def assumed(self) -> list[str]:
        """Which figures nobody has measured: `kind.driver` or the name of a figure of the
        course.
        """
        course = {name: getattr(self.course, name) for name in self.course.__struct_fields__}
        needs = {
            f"{kind.id}.{driver}": figure
            for kind in self.kind
            for driver, figure in kind.need.items()
        }
        return [
            name for name, figure in (course | needs).items() if figure.source.startswith("assumed")
        ]


def read_supplies(path: Path) -> Supplies:
    """The kinds in a file, or InputError that says what is wrong in it."""
    try:
        found = msgspec.convert(tomllib.loads(path.read_text("utf-8")), Supplies)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise InputError(
            f"{path.name}: {error}",
            "mend it, or remove it to use the bundled one",
            code="bad_supplies",
        ) from error
    if len(found.kinds) < len(found.kind):
        raise InputError(
            f"{path.name}: a kind occurs twice", "keep one of them", code="bad_supplies"
        )
    return found


@lru_cache(maxsize=1)
def bundled() -> Supplies:
    return read_supplies(BUNDLED)


def load_supplies(workspace: Path | None = None) -> Supplies:
    """The workspace's own `supplies.toml`, else the bundled one."""
    own = workspace / "supplies.toml" if workspace is not None else None
    return read_supplies(own) if own is not None and own.is_file() else bundled()
