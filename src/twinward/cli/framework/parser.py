"""The parser of the command line: what it cannot read is an error like any other, with a stable
code and advice.
"""

from __future__ import annotations

import argparse
import difflib
import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from twinward.cli.framework.option_help import find_help
from twinward.cli.framework.output import emit_json, say
from twinward.core.errors import InputError

if TYPE_CHECKING:  # what `add_subparsers` gives: where a room adds its verbs
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]

MOST = 2**63 - 1
# what begins with a minus and a figure is a value (a point west of Greenwich), never an option; so
# is a key or a code in base64url, of which one in 64 begins so
MINUS_VALUE = re.compile(r"-\.?\d[\d.,;:+\-eE]*|-(?!-?[a-z0-9-]+$)[A-Za-z0-9_-]{21,}")


def finite(text: str) -> float:
    """A number that can be worked with; NaN and infinity are none."""
    value = float(text)
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text} is not a finite number")
    return value


def whole(text: str) -> int:
    """A whole number that fits in 64 bits."""
    value = int(text)
    if abs(value) > MOST:
        raise argparse.ArgumentTypeError(f"a number of {len(text)} digits is out of reach")
    return value


class Parser(argparse.ArgumentParser):
    """Every verb's parser, for the verbs inherit it."""

    def __init__(self, *words: Any, **more: Any) -> None:
        super().__init__(*words, **more)
        self.register("type", float, finite)
        self.register("type", int, whole)

    def add_argument(self, *words: Any, **more: Any) -> argparse.Action:
        if not more.get("help") and words and (text := find_help(words, more)):
            more["help"] = text
        return super().add_argument(*words, **more)

    def _parse_optional(self, arg_string: str) -> Any:
        """argparse takes plain numbers alone for values, and a key that begins with -h for help."""
        return None if MINUS_VALUE.fullmatch(arg_string) else super()._parse_optional(arg_string)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """The same; what a verb does not know is its own error, so that the advice names its help
        and an option that is written nearly so.
        """
        found, left = super().parse_known_args(args, namespace)
        if left and " " in self.prog:
            self.error(f"unrecognized arguments: {' '.join(left)}{self.say_nearest(left)}")
        return found, left

    def say_nearest(self, left: list[str]) -> str:
        """The option that an unknown one may have been meant for."""
        words = [word.partition("=")[0] for word in left if word.startswith("--")]
        known = list(self._option_string_actions)
        near = [one[0] for word in words if (one := difflib.get_close_matches(word, known, 1))]
        return f"; perhaps {' '.join(near)} is meant" if near else ""

    def error(self, message: str) -> NoReturn:
        say(self.format_usage().rstrip())
        raise InputError(message, f"see `{self.prog} --help`", code="bad_usage")


def add_schema(
    parser: argparse.ArgumentParser, make: Callable[[], dict[str, object]], of: str
) -> None:
    """`--schema` prints the JSON Schema and ends, whatever else is missing."""

    class PrintSchema(argparse.Action):
        def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
            emit_json(make())
            parser.exit(0)

    parser.add_argument(
        "--schema", action=PrintSchema, nargs=0, help=f"print the JSON Schema of a {of}, and stop"
    )
