"""Roles, actions and purposes as data: read once from roles.toml, checked, then only looked up."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Literal

import msgspec

from twinward.core.errors import InputError

EVERY_ACTION = "*"
EVERYBODY = "public"
Reach = Literal["inside", "around", "everywhere"]


class PermittedAction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that is done. With `purposes` it is about persons and needs an activation that
    names one of them.
    """

    id: str
    title: str
    reach: Reach
    purposes: tuple[str, ...] = ()
    own_department: bool = False


class Role(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one kind of person may do. `managed_without` is taken away where second persons are
    required.
    """

    id: str
    title: str
    actions: tuple[str, ...]
    purposes: tuple[str, ...] = ()
    managed_without: tuple[str, ...] = ()
    needs_department: bool = False
    needs_area: bool = False


class Roles(msgspec.Struct, frozen=True, kw_only=True):
    """All actions and roles by id."""

    actions: dict[str, PermittedAction]
    roles: dict[str, Role]

    def actions_of(self, role: str, *, managed: bool) -> frozenset[str]:
        """What a role may do, with what is open to everybody; an unknown role may do only that."""
        everybody = set(self.roles[EVERYBODY].actions)
        found = self.roles.get(role)
        if found is None:
            return frozenset(everybody)
        named = (
            set(self.actions) if EVERY_ACTION in found.actions else set(found.actions) | everybody
        )
        return frozenset(named - set(found.managed_without) if managed else named)

    def require_role(self, role: str, *, department: str | None, areas: tuple[str, ...]) -> Role:
        """The role, or InputError when it does not exist or what it needs is missing."""
        found = self.roles.get(role)
        if found is None:
            raise InputError(
                f"there is no role {role!r}",
                f"there are {', '.join(self.roles)}",
                code="unknown_role",
            )
        if found.needs_department and not department:
            raise InputError(
                f"a {role} answers for one department",
                "name it with --department",
                code="no_department",
            )
        if found.needs_area and "all" in areas:
            raise InputError(
                f"a {role} has a jurisdiction", "name it with --areas CODE,…", code="no_area"
            )
        return found


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    action: tuple[PermittedAction, ...]
    role: tuple[Role, ...]


def parse_roles(text: str) -> Roles:
    """Roles of TOML text; InputError when a role names an action that does not exist."""
    try:
        read = msgspec.convert(tomllib.loads(text), _File)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise InputError(f"roles: {error}", "mend the file", code="bad_roles") from error
    roles = Roles(actions={a.id: a for a in read.action}, roles={r.id: r for r in read.role})
    for role in read.role:
        unknown = {*role.actions, *role.managed_without} - set(roles.actions) - {EVERY_ACTION}
        if unknown:
            raise InputError(
                f"role {role.id} names {sorted(unknown)}",
                "declare the action first",
                code="bad_roles",
            )
    return roles


@lru_cache(maxsize=1)
def load_roles() -> Roles:
    """The roles that this release carries."""
    return parse_roles(files("twinward.security").joinpath("roles.toml").read_text("utf-8"))
