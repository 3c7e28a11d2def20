"""What a verb says of an instant is the same when the log after it is gone; the past is read and
never written.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from helpers.cut_logs import CUT_H, cut_at, play
from twinward.cli.main import build_parser, main

WITH_AN_INSTANT = ("supply stock", "supply list", "supply demand", "supply transfer list")


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path, datetime]]:
    """The workspace of the whole log, that of the cut one, and the instant. Both have the same
    activation, opened now: persons are shown under nothing else.
    """
    desks = [
        play(tmp_path_factory.mktemp(name) / "ws", until)
        for name, until in (("whole", 24 * 20), ("cut", CUT_H))
    ]
    at = cut_at(desks[0])
    for desk in desks:
        desk.close()
        opened = ["activation", "open", "--hazard", "epidemic", "--areas", "all", "--days", "2"]
        opened += ["--purposes", "trace,care", "--by", "Li", "--basis", "order 12"]
        opened += ["--from", "2022-02-01T00:00:00Z", "--to", "2022-06-01T00:00:00Z"]
        assert main([*opened, "--workspace", str(desk.workspace)]) == 0
    yield desks[0].workspace, desks[1].workspace, at


def leaves(parser: argparse.ArgumentParser, words: tuple[str, ...] = ()) -> Iterator[str]:
    """Every verb below a parser that has none below itself."""
    below = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    for action in below:
        for word, sub in action.choices.items():
            yield from leaves(sub, (*words, word))
    if not below:
        yield " ".join(words)


def list_verbs() -> list[str]:
    """All that `as-of` offers, without the word itself."""
    top = next(
        one for one in build_parser("as-of")._actions if isinstance(one, argparse._SubParsersAction)
    )
    return list(leaves(top.choices["as-of"]))


def say(capsys: pytest.CaptureFixture[str], words: list[str]) -> tuple[int, str]:
    capsys.readouterr()
    code = main(words)
    said = capsys.readouterr()
    assert "Traceback" not in said.err, said.err
    return code, said.out


def speak(capsys: pytest.CaptureFixture[str], words: list[str], workspace: Path) -> str:
    """What a verb says, without where the workspace lies and which activation it was asked
    under: both are of today.
    """
    code, said = say(capsys, [*words, "--workspace", str(workspace)])
    assert code == 0, f"{words}: {said}"
    return re.sub(r"act-\w+", "ACTIVATION", said.replace(str(workspace), "WORKSPACE"))


def names_in(capsys: pytest.CaptureFixture[str], workspace: Path, at: datetime) -> dict[str, str]:
    """One incident, task and case that was there at the instant, by the view that shows it."""
    asked = ["as-of", at.isoformat()]
    here = ["--workspace", str(workspace), "--json"]
    found = {}
    for view, listing in (("incident", "list"), ("task", "list"), ("person", "cases")):
        more = ["--status", "all"] if view == "task" else []
        told = json.loads(say(capsys, [*asked, view, listing, *more, *here])[1].splitlines()[-1])
        rows = told.get("incidents") or told.get("tasks") or told.get("items")
        found[view] = sorted(row["id"] for row in rows)[0]
    return found


def test_every_verb_says_of_an_instant_what_it_would_have_said_then(
    logs: tuple[Path, Path, datetime], capsys: pytest.CaptureFixture[str]
) -> None:
    whole, cut, at = logs
    names = names_in(capsys, cut, at)
    verbs = list_verbs()
    assert len(verbs) >= 14
    wrong = []
    for verb in (*verbs, *WITH_AN_INSTANT):
        view, _, act = verb.partition(" ")
        if view == "supply":
            words = [*verb.split(), "--at", at.isoformat()]
        else:
            words = ["as-of", at.isoformat(), *verb.split()]
            words += [] if act in ("list", "cases", "contacts") else [names[view]]
            words += ["--timeline"] if verb == "incident show" else []
        for form in ([], ["--json"]):
            here, there = (speak(capsys, [*words, *form], one) for one in (whole, cut))
            if here != there:
                wrong.append(f"{' '.join([verb, *form])}: {difference(here, there)}")
    assert not wrong, "\n".join(wrong)


def test_what_was_not_there_yet_is_not_shown(
    logs: tuple[Path, Path, datetime], capsys: pytest.CaptureFixture[str]
) -> None:
    whole, _, at = logs
    task, here = names_in(capsys, whole, at)["task"], ["--workspace", str(whole)]
    before = (at - timedelta(days=30)).isoformat()
    assert say(capsys, ["as-of", before, "task", "show", task, *here])[0] == 2
    assert say(capsys, ["as-of", at.isoformat(), "task", "show", task, *here])[0] == 0


@pytest.mark.parametrize(
    "words", ["task complete ID", "task acknowledge ID", "incident action ID x --department cdc"]
)
def test_nothing_is_done_in_the_past(
    words: str, logs: tuple[Path, Path, datetime], capsys: pytest.CaptureFixture[str]
) -> None:
    whole, _, at = logs
    asked = ["as-of", at.isoformat(), *words.split(), "--workspace", str(whole)]
    assert say(capsys, asked)[0] == 2


def difference(one: str, other: str) -> str:
    place = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    return f"{one[max(place - 60, 0) : place + 80]!r} / {other[max(place - 60, 0) : place + 80]!r}"
