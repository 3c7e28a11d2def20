"""Verbs of the command line with their options, from the parsers themselves."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from reference_pages.markdown import code, head, table
from twinward.cli import main as entry

ABOUT = """
`twinward VERB …`. Every verb takes `--json`: one object as the last line of standard output. Exit
code 0 is done, 2 the input is at fault, 1 we are.
"""
HIDDEN = (argparse._HelpAction, argparse._SubParsersAction, argparse._VersionAction)


def leaves(
    parser: argparse.ArgumentParser, words: str
) -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    """(verb, what it is for, parser) of every verb that does something, in their order."""
    subs = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    for action in subs:
        helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
        for word, sub in action.choices.items():
            sub.description = sub.description or helps.get(word, "")
            yield from leaves(sub, f"{words} {word}")
    if not subs:
        yield words, parser.description or "", parser


def describe_action(action: argparse.Action) -> tuple[str, str, str]:
    shape = (
        "{" + ",".join(map(str, action.choices)) + "}"
        if action.choices
        else action.metavar
        if isinstance(action.metavar, str)
        else ""
        if action.nargs == 0
        else action.dest.upper()
    )
    name = ", ".join(action.option_strings) or (shape or action.dest)
    if action.option_strings and shape:
        name += f" {shape}"
    notes = []
    if action.required and action.option_strings:
        notes.append("needed")
    if action.nargs in ("*", "+") or isinstance(action, argparse._AppendAction):
        notes.append("may be repeated")
    default = action.default
    plain = isinstance(default, str | int | float) and not isinstance(default, bool)
    shown = code(str(default)) if plain and default not in ("", argparse.SUPPRESS) else ""
    said = (
        ((action.help or "").replace(" (default %(default)s)", ""))
        .replace("%(default)s", str(default))
        .replace("%%", "%")
    )
    return code(name), shown, "; ".join([*([said] if said else []), *notes])


def describe(words: str, about: str, parser: argparse.ArgumentParser) -> str:
    rows = [describe_action(one) for one in parser._actions if not isinstance(one, HIDDEN)]
    body = table(("option", "default", "meaning"), rows) if rows else "No options."
    return f"### twinward {words}\n\n{about.strip()}\n\n{body}"


def make_page() -> str:
    parts = [head("Command line", ABOUT)]
    for verb in entry.VERBS:
        parser = entry.build_parser(verb)
        subs = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
        one = subs.choices[verb]
        about = one.description or ""
        parts.append(f"## {verb}\n\n{about[:1].upper()}{about[1:]}.\n")
        parts += [describe(*leaf) + "\n" for leaf in leaves(one, verb)]
    return "\n".join(parts)
