"""Arguments of the faces: checked by name, and the errors of what lies below in Python's words."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from typing import ParamSpec, TypeVar

from twinward.core.errors import InputError

P = ParamSpec("P")
R = TypeVar("R")
Choice = TypeVar("Choice", bound=str)
SETTING = re.compile(r"--set ([^\s=]+)=(\S+?)(?=[:;,]?(\s|$))")
OPTION_VALUE = re.compile(r"--([a-z][a-z0-9-]*) (\d[\d.,]*)")
OPTION = re.compile(r"--([a-z][a-z0-9-]*)(?: [A-Z]+\b)?")
CALLS = {
    "`twinward city build`": "tw.city.build(folder)",
    "`twinward city`": "tw.city.open(folder).to_frame()",
    "`twinward incident list`": "workspace.incidents()",
    "`twinward task list`": "workspace.tasks()",
    "`twinward simulate --schema disease`": "tw.simulation.disease_schema()",
    "`twinward simulate --schema measures`": "tw.simulation.measures_schema()",
}


class ArgumentError(InputError, ValueError):
    """An argument cannot be used. `argument` is its name ("" when no single one is at fault);
    `code`, `message` and `advice` are those of every Twinward error.
    """

    code = "bad_argument"

    def __init__(
        self,
        message: str,
        advice: str = "",
        *,
        code: str | None = None,
        argument: str = "",
        params: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message, advice, code=code, params=params)
        self.argument = argument


def require_whole(name: str, value: object, low: int, high: int) -> int:
    """The whole number, or ArgumentError that names the argument, its bounds and the value."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise ArgumentError(f"{name} must be a whole number, got {value!r}", argument=name)
    if not low <= int(value) <= high:
        raise ArgumentError(
            f"{name} must be a whole number from {low:,} to {high:,}, got {value!r}",
            argument=name,
        )
    return int(value)


def require_number(name: str, value: float, low: float, high: float) -> float:
    """The number, or ArgumentError that names the argument, its bounds and the value."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not low <= number <= high:
        raise ArgumentError(
            f"{name} must be a number from {low:g} to {high:g}, got {value!r}", argument=name
        )
    return number


def require_choice(name: str, value: object, choices: tuple[Choice, ...]) -> Choice:
    """The word, or ArgumentError that lists the words there are."""
    for choice in choices:
        if value == choice:
            return choice
    raise ArgumentError(
        f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}", argument=name
    )


def in_python(text: str) -> str:
    """A message of the command line with its options as arguments and its verbs as calls."""
    for verb, call in CALLS.items():
        text = text.replace(verb, call)
    text = SETTING.sub(lambda found: f"settings={{{found[1]!r}: {found[2]}}}", text)
    text = OPTION_VALUE.sub(lambda found: f"{_argument(found[1])}={found[2]}", text)
    return OPTION.sub(lambda found: _argument(found[1]), text)


def speaks_python(function: Callable[P, R]) -> Callable[P, R]:
    """An InputError that leaves the function becomes an ArgumentError that names the argument."""
    names = tuple(inspect.signature(function).parameters)

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except ArgumentError:
            raise
        except InputError as error:
            if type(error) is not InputError:
                raise  # absent, refused, conflict: no argument is at fault
            message, advice = in_python(error.message), in_python(error.advice)
            found = _find_name(f"{message} {advice}", names)
            raise ArgumentError(
                message, advice, code=error.code, argument=found, params=error.params
            ) from error

    return call


def _argument(option: str) -> str:
    return option.replace("-", "_")


def _find_name(text: str, names: tuple[str, ...]) -> str:
    words = [form for word in re.findall(r"[a-z_0-9]+", text) for form in (word, f"{word}s")]
    return next((word for word in words if word in names), "")
