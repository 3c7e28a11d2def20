"""The table of unit costs and of doubts: what a day, a bed, a test is worth, each with where the
figure comes from.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

import msgspec

from twinward.core.errors import InputError

HOME = Path(__file__).parent / "unit-costs.toml"


class UnitCost(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Money for one `unit`."""

    value: Annotated[float, msgspec.Meta(ge=0)]
    unit: str
    source: str


class Doubt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The input may be so many times what is assumed."""

    low: Annotated[float, msgspec.Meta(gt=0)]
    high: Annotated[float, msgspec.Meta(gt=0)]
    source: str


class CostTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All unit costs and doubts, in one currency."""

    currency: str
    costs: dict[str, UnitCost]
    doubts: dict[str, Doubt]

    def of(self, name: str) -> float:
        return self.costs[name].value

    def times(self, name: str, factor: float) -> CostTable:
        """The same table with one entry multiplied."""
        changed = msgspec.structs.replace(self.costs[name], value=self.costs[name].value * factor)
        return msgspec.structs.replace(self, costs={**self.costs, name: changed})


class _Overlay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    currency: str | None = None
    costs: dict[str, UnitCost] = {}
    doubts: dict[str, Doubt] = {}


def load_costs(own: Path | None = None) -> CostTable:
    """The bundled table with the entries of `own`, where that file exists. InputError
    `bad_costs`.
    """
    table = msgspec.convert(tomllib.loads(HOME.read_text("utf-8")), CostTable)
    if own is None or not own.is_file():
        return table
    try:
        overlay = msgspec.convert(tomllib.loads(own.read_text("utf-8")), _Overlay)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise InputError(
            f"{own.name}: {error}", "see docs/howto/compare-plans.md", code="bad_costs"
        ) from error
    unknown = sorted(
        (set(overlay.costs) - set(table.costs)) | (set(overlay.doubts) - set(table.doubts))
    )
    if unknown:
        raise InputError(
            f"{own.name}: there is no cost {unknown[0]!r}",
            "known: " + ", ".join(table.costs),
            code="bad_costs",
        )
    return msgspec.structs.replace(
        table,
        currency=overlay.currency or table.currency,
        costs={**table.costs, **overlay.costs},
        doubts={**table.doubts, **overlay.doubts},
    )
