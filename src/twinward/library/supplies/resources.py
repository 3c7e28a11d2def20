"""What a plan may need, each with the unit in which it is counted."""

from __future__ import annotations

import tomllib
from functools import cache

import msgspec

from twinward.core.errors import InputError
from twinward.library.loading import HOME
from twinward.library.supplies.catalogue import Supplies, bundled


class Resource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something a plan may need."""

    id: str
    title: str
    unit: str


class _Resources(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    resource: tuple[Resource, ...]


@cache
def other_resources() -> tuple[Resource, ...]:
    """What plans need that has no rule of need."""
    return msgspec.convert(
        tomllib.loads((HOME / "resources.toml").read_text("utf-8")), _Resources
    ).resource


def require_known_unit(kind: str, unit: str, supplies: Supplies) -> None:
    """InputError `wrong_unit` when a kind that is known is not in the unit it is counted in;
    others are free.
    """
    units = {one.id: one.unit for one in other_resources()} | {
        one.id: one.unit for one in supplies.kind
    }
    if units.get(kind, unit) != unit:
        raise InputError(
            f"{kind} is counted in {units[kind]}, not {unit}", "convert it first", code="wrong_unit"
        )


def list_resources() -> dict[str, Resource]:
    """Every resource with its unit: the kinds of supply, and what else plans need."""
    kinds = [Resource(id=kind.id, title=kind.title, unit=kind.unit) for kind in bundled().kind]
    return {one.id: one for one in (*kinds, *other_resources())}
