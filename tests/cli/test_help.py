"""The help of the command line: verbs in groups, and no option or argument without a word."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import pytest

from twinward.cli.framework.option_help import ARGUMENTS, OPTIONS
from twinward.cli.main import GROUPS, VERBS, build_parser


def list_actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for leaf in action.choices.values():
                yield from list_actions(leaf)
        else:
            yield action


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_and_argument_says_what_it_is_for(verb: str) -> None:
    parser = build_parser(verb)
    (verbs,) = (one for one in parser._actions if isinstance(one, argparse._SubParsersAction))
    silent = [
        action.option_strings or action.dest
        for action in list_actions(verbs.choices[verb])
        if not action.help
    ]
    assert not silent


def test_every_verb_is_in_one_group_and_in_the_help() -> None:
    assert sum(map(len, GROUPS.values())) == len(VERBS)
    shown = build_parser(None).format_help()
    for group, verbs in GROUPS.items():
        assert f"{group}:" in shown
        for verb, (_, text) in verbs.items():
            assert f"  {verb} " in shown and text in shown
    assert all(len(line) <= 100 for line in shown.splitlines())


def test_a_default_is_told_with_the_words_that_all_verbs_share() -> None:
    parser = build_parser("simulate")
    (verbs,) = (one for one in parser._actions if isinstance(one, argparse._SubParsersAction))
    assert f"{OPTIONS['--seed'][:20]}" in verbs.choices["simulate"].format_help()


def test_no_shared_word_is_empty() -> None:
    assert all(text.strip() and not text.endswith(".") for text in (OPTIONS | ARGUMENTS).values())
