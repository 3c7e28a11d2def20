"""What the command line cannot read is an error with a code and advice, as JSON too; never a
traceback.
"""

from __future__ import annotations

import json
import socket

import pytest

from twinward.cli.framework.parser import Parser
from twinward.cli.main import main
from twinward.core.errors import InputError

ROUNDS = ("allocate", "rounds", "--depot", "121.48,31.22", "--area", "310101")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nothing",), "invalid choice"),
        (("allocate",), "required"),
        ((*ROUNDS, "--capacity", "nan"), "not a finite number"),
        ((*ROUNDS, "--capacity", "1e999"), "not a finite number"),
        ((*ROUNDS, "--capacity", "许多"), "invalid float value"),
        ((*ROUNDS, "--lorries", "9" * 40), "40 digits"),
        ((*ROUNDS, "--lorries", "1e9"), "invalid int value"),
        (("as-of", "yesterday", "incident", "list"), "not a time"),
    ],
)
def test_words_that_cannot_be_read_are_refused(
    words: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--json"]) == 2
    told = capsys.readouterr()
    error = json.loads(told.out.splitlines()[-1])["error"]
    assert error["code"] == "bad_usage" and says in error["message"] and "--help" in error["advice"]
    assert (
        "usage: twinward" in told.err and "[bad_usage]" in told.err and "Traceback" not in told.err
    )


@pytest.mark.parametrize(
    ("words", "says", "see"),
    [
        (("drill", "list", "--workspace", "x"), "--workspace x", "twinward drill list --help"),
        (("incident", "list", "--workspce", "x"), "perhaps --workspace", "incident list --help"),
        (("simulate", "--dayz", "3"), "perhaps --days", "twinward simulate --help"),
    ],
)
def test_what_a_verb_does_not_know_is_said_by_that_verb(
    words: tuple[str, ...], says: str, see: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--json"]) == 2
    error = json.loads(capsys.readouterr().out.splitlines()[-1])["error"]
    assert says in error["message"]
    assert see in error["advice"]


@pytest.mark.parametrize("start", ["-", "-h", "--", "-W_", "-7"])
def test_a_key_that_begins_with_a_minus_is_a_value(start: str) -> None:
    """One in 64 keys in base64url does; `-h` of it is no call for help."""
    key = start + "Kd9" * 12
    parser = Parser(prog="twinward x y")
    parser.add_argument("--key", required=True)
    parser.add_argument("file", nargs="?")
    assert parser.parse_args(["--key", key]).key == key
    assert parser.parse_args([key, "--key", "k"]).file == key


@pytest.mark.parametrize(
    "wrong", ["--kye-of-the-cabinet-number-3", "-x", "--Key", "-verylongmistypedoption"]
)
def test_a_mistyped_option_is_no_value(wrong: str) -> None:
    parser = Parser(prog="twinward x y")
    parser.add_argument("--key")
    parser.add_argument("file", nargs="?")
    with pytest.raises(InputError):
        parser.parse_args([wrong])


def test_a_port_that_is_taken_or_is_none_is_refused_before_anything_is_opened(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for port in (taken.getsockname()[1], 99_999, -1):
            assert main(["serve", "--port", str(port)]) == 2
            assert "[port_in_use]" in capsys.readouterr().err
