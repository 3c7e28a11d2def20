"""Every route, verb and command states who may use it: a new one without a line in
security/rules.toml fails here.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from twinward.api.main import make_api
from twinward.app import compose
from twinward.app.workspace import init_workspace
from twinward.cli.main import VERBS
from twinward.core.errors import RefusedError
from twinward.edge.feeds.commands import OUTSIDE
from twinward.security.authorization.roles import load_roles
from twinward.security.authorization.rules import check_rules, load_rules

ADD = "add a line to src/twinward/security/rules.toml that says which action it asks for"


def leaves(parser: argparse.ArgumentParser, words: str) -> Iterator[str]:
    subs = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    for action in subs:
        for word, sub in action.choices.items():
            yield from leaves(sub, f"{words} {word}")
    if not subs:
        yield words


def all_leaf_verbs() -> list[str]:
    found: list[str] = []
    for verb, (module, _) in VERBS.items():
        if find_spec(module) is None:
            found.append(verb)
            continue
        parser = argparse.ArgumentParser()
        importlib.import_module(module).add_arguments(parser)
        found += leaves(parser, verb)
    return found


def test_every_route_states_its_rule(tmp_path: Path) -> None:
    init_workspace(tmp_path)
    platform = compose.open_platform(tmp_path)
    try:
        api = make_api(platform)
    finally:
        platform.close()
    missing = []
    for route in api.routes:
        if isinstance(route, APIRoute):
            for method in route.methods - {"HEAD"}:
                try:
                    load_rules().of_route(method, route.path)
                except RefusedError:
                    missing.append(f"{method} {route.path}")
    assert not missing, f"{missing}: {ADD}"


@pytest.mark.parametrize("verb", all_leaf_verbs())
def test_every_verb_states_its_rule(verb: str) -> None:
    try:
        load_rules().of_verb(verb)
    except RefusedError:
        pytest.fail(f"twinward {verb}: {ADD}")


def test_every_command_states_its_rule() -> None:
    missing = {kind.__name__ for kind in OUTSIDE} - set(load_rules().commands)
    assert not missing, f"{missing}: {ADD}"


def test_rules_name_actions_that_exist() -> None:
    assert check_rules(load_rules(), load_roles()) == []


def test_what_has_no_rule_is_refused() -> None:
    with pytest.raises(RefusedError) as refused:
        load_rules().of_route("GET", "/v1/new")
    assert refused.value.code == "no_rule"
