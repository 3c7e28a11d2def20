"""Errors of the faces speak Python: arguments and calls, not options and verbs."""

from __future__ import annotations

import pytest

from twinward.core.errors import AbsentError, InputError
from twinward.faces.arguments import (
    ArgumentError,
    in_python,
    require_choice,
    require_number,
    require_whole,
    speaks_python,
)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("give --days 1 or more", "give days=1 or more"),
        ("lower --infected", "lower infected"),
        ("name it with --out DIR", "name it with out"),
        ("give a larger --found-share", "give a larger found_share"),
        ("write --set transmission.r0=2.5; or", "write settings={'transmission.r0': 2.5}; or"),
        ("build one with `twinward city build`", "build one with tw.city.build(folder)"),
        ("a dash - or two -- stay", "a dash - or two -- stay"),
    ],
)
def test_options_become_arguments_and_verbs_become_calls(said: str, wanted: str) -> None:
    assert in_python(said) == wanted


def test_an_input_error_from_below_names_the_argument() -> None:
    @speaks_python
    def ask(found_share: float) -> None:
        raise InputError("too much", "lower --found-share", code="bad_share", params={"most": 1})

    with pytest.raises(ArgumentError) as raised:
        ask(2.0)
    assert (raised.value.argument, raised.value.code) == ("found_share", "bad_share")
    assert str(raised.value) == "too much. lower found_share"
    assert raised.value.params == {"most": 1}


def test_what_is_absent_stays_absent() -> None:
    @speaks_python
    def ask(folder: str) -> None:
        raise AbsentError("no such folder")

    with pytest.raises(AbsentError):
        ask("x")


@pytest.mark.parametrize("value", [0, 61, "x", 2.5, True, None])
def test_a_whole_number_is_one_within_its_bounds(value: object) -> None:
    with pytest.raises(ArgumentError, match="days must be a whole number") as raised:
        require_whole("days", value, 1, 60)
    assert raised.value.argument == "days"
    assert repr(value) in str(raised.value)


def test_numbers_and_choices_say_what_they_may_be() -> None:
    assert require_number("share", "0.5", 0, 1) == 0.5
    with pytest.raises(ArgumentError, match="share must be a number from 0 to 1, got nan"):
        require_number("share", float("nan"), 0, 1)
    with pytest.raises(ArgumentError, match="aim must be one of 'a', 'b', got 'c'"):
        require_choice("aim", "c", ("a", "b"))
