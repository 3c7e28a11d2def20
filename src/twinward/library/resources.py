"""What a plan may need, each with the unit in which it is counted."""

from __future__ import annotations

import tomllib

import msgspec

from twinward.library.loading import HOME
from twinward.library.supplies import bundled


class Resource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something a plan may need."""

    id: str
    title: str
    unit: str


class _Resources(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    resource: tuple[Resource, ...]


def list_resources() -> dict[str, Resource]:
    """Every resource with its unit: the kinds of supply, and what else plans need."""
    kinds = [Resource(id=kind.id, title=kind.title, unit=kind.unit) for kind in bundled().kind]
    data = tomllib.loads((HOME / "resources.toml").read_text("utf-8"))
    return {one.id: one for one in (*kinds, *msgspec.convert(data, _Resources).resource)}
