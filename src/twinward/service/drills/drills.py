"""Drills as use cases: what is kept of one, its whole score, the list and the trend of past
ones.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from twinward.core.errors import UNREADABLE, AbsentError, InputError
from twinward.decision.evaluation.drill_log import Log
from twinward.decision.evaluation.drill_score import DrillScore, ScoredDecision
from twinward.decision.evaluation.drill_scoring import list_decisions, score_log, weigh_regret
from twinward.library.drills.drill import DrillScript, DrillTruth, script_schema
from twinward.library.drills.drill_rules import check_script, load_script
from twinward.service.drills.read_log import read_log
from twinward.service.platform import Platform

__all__ = [
    "DrillAbout",
    "DrillRow",
    "DrillScore",
    "DrillScript",
    "DrillTruth",
    "check_script",
    "list_drills",
    "load_script",
    "read_about",
    "read_part",
    "score_drill",
    "script_schema",
    "trend",
    "write_part",
]
FOLDER = "drill"  # inside the drill's own workspace
SCRIPT, TRUTH, ABOUT, SCORE = "script.toml", "truth.json", "about.json", "score.json"
T = TypeVar("T")
Hindsight = Callable[
    [Platform, DrillScript, DrillTruth, Log, list[ScoredDecision]], list[ScoredDecision]
]


class DrillAbout(msgspec.Struct, frozen=True, kw_only=True):
    """What a drill is: its id and script, where it was forked from, when it was made and played
    (real time).
    """

    drill: str
    script: str
    title: str
    seed: int
    made_at: datetime
    start: datetime
    city: str
    from_workspace: str = ""
    forked_at: datetime | None = None
    forked_to: int = 0  # the last event of the log that came along with the state
    played_at: datetime | None = None
    responders: str = ""


def write_part(workspace: Path, name: str, value: object) -> None:
    folder = workspace / FOLDER
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(msgspec.json.encode(value))


def read_part(workspace: Path, name: str, kind: type[T]) -> T | None:
    """A part of what a drill keeps; None when it is not there."""
    path = workspace / FOLDER / name
    if not path.exists():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except UNREADABLE as error:
        raise InputError(
            f"{path.name} cannot be read: {error}", "play the drill anew", code="broken"
        ) from error


def read_about(workspace: Path) -> DrillAbout:
    about = read_part(workspace, ABOUT, DrillAbout)
    if about is None:
        raise AbsentError(
            f"{workspace} is no drill", "list them with `twinward drill list`", code="no_drill"
        )
    return about


def score_drill(platform: Platform, hindsight: Hindsight | None = None) -> DrillScore:
    """The score of a played drill from its own log; kept beside it. `hindsight` compares its
    decisions.
    """
    about = read_about(platform.workspace)
    truth = read_part(platform.workspace, TRUTH, DrillTruth)
    if truth is None or about.played_at is None:
        raise InputError(
            f"drill {about.drill} was not played", "play it: twinward drill run", code="not_played"
        )
    script, _ = load_script(platform.workspace / FOLDER / SCRIPT, platform.reference.library)
    log = read_log(platform, truth, about.forked_to)
    figures, injects, departments = score_log(log, script.targets)
    decisions = list_decisions(log)
    if hindsight is not None:
        decisions = hindsight(platform, script, truth, log, decisions)
        figures.append(weigh_regret(decisions, script.targets.regret_share))
    judged = [one for one in figures if one.met is not None]
    score = DrillScore(
        drill=about.drill,
        script=script.name,
        title=script.title,
        seed=about.seed,
        start=truth.start,
        hours=truth.hours,
        events=len(log.events),
        plans=tuple(sorted({one.plan for one in decisions})),
        reached=sum(bool(one.met) for one in judged),
        judged=len(judged),
        figures=tuple(figures),
        injects=tuple(injects),
        departments=tuple(departments),
        decisions=tuple(decisions),
    )
    write_part(platform.workspace, SCORE, score)
    return score


class DrillRow(msgspec.Struct, frozen=True, kw_only=True):
    """One drill in a list, with the figures of its score."""

    drill: str
    script: str
    title: str
    folder: str
    seed: int
    made_at: datetime
    played_at: datetime | None
    reached: int | None
    judged: int | None
    figures: dict[str, float]


def list_drills(home: Path) -> list[DrillRow]:
    """The drills kept in a folder, the oldest first: so that a trend can be read."""
    rows = []
    for folder in sorted(home.iterdir()) if home.is_dir() else []:
        about = read_part(folder, ABOUT, DrillAbout) if folder.is_dir() else None
        if about is None:
            continue
        score = read_part(folder, SCORE, DrillScore)
        figures = (
            {one.name: one.p90 if one.p90 is not None else one.value for one in score.figures}
            if score
            else {}
        )
        rows.append(
            DrillRow(
                drill=about.drill,
                script=about.script,
                title=about.title,
                folder=str(folder),
                seed=about.seed,
                made_at=about.made_at,
                played_at=about.played_at,
                reached=score.reached if score else None,
                judged=score.judged if score else None,
                figures={name: value for name, value in figures.items() if value is not None},
            )
        )
    return sorted(rows, key=lambda row: row.made_at)


def trend(rows: list[DrillRow]) -> dict[str, dict[str, list[float]]]:
    """For each script its figures over the drills that were played, the oldest first."""
    found: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        for name, value in row.figures.items():
            found.setdefault(row.script, {}).setdefault(name, []).append(value)
    return found
