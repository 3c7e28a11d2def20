"""Which action every route, verb and command asks for, as data; what has no rule is refused."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib.resources import files

import msgspec

from twinward.core.errors import RefusedError
from twinward.security.authorization.roles import Roles, load_roles

LOCAL = "local"
CONVERTER = re.compile(r":[a-z]+\}")


class Rules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Way in -> action."""

    routes: dict[str, str]
    verbs: dict[str, str]
    commands: dict[str, str]

    def of_route(self, method: str, path: str) -> str:
        """Paths are named as OpenAPI names them: without the converters that a route may have
        (`{sensor:path}`).
        """
        name = f"{'GET' if method == 'HEAD' else method} {CONVERTER.sub('}', path)}"
        return _found(self.routes.get(name), name)

    def of_verb(self, words: str) -> str:
        """The line of the longest verb that `words` begin with."""
        parts = words.split()
        lines = (self.verbs.get(" ".join(parts[:n])) for n in range(len(parts), 0, -1))
        return _found(next((line for line in lines if line), None), f"twinward {words}")

    def of_command(self, name: str) -> str:
        return _found(self.commands.get(name), name)


def _found(action: str | None, way_in: str) -> str:
    if action is None:
        raise RefusedError(
            f"nobody has said who may use {way_in}",
            "state its action in security/rules.toml",
            code="no_rule",
        )
    return action


def check_rules(rules: Rules, roles: Roles) -> list[str]:
    """Lines that name an action which does not exist."""
    known = {LOCAL, *roles.actions}
    tables = (rules.routes, rules.verbs, rules.commands)
    return [
        f"{way} = {action}"
        for table in tables
        for way, action in table.items()
        if action not in known
    ]


@lru_cache(maxsize=1)
def load_rules() -> Rules:
    """The rules that this release carries."""
    text = files("twinward.security").joinpath("rules.toml").read_text("utf-8")
    rules = msgspec.convert(tomllib.loads(text), Rules)
    wrong = check_rules(rules, load_roles())
    assert not wrong, f"rules.toml names actions that roles.toml has not: {wrong}"
    return rules
