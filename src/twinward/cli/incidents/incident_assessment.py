"""`twinward incident analyse|describe|diagnose|predict|guide ID`: the five functions, for people
to read or as JSON.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from twinward.cli.framework.output import emit_json, emit_text, local
from twinward.service.assessment.questions import QUESTIONS
from twinward.service.languages import say, say_list, say_name, say_value
from twinward.service.platform import Caller, Platform

if TYPE_CHECKING:
    from twinward.cli.framework.parser import Verbs
    from twinward.service.assessment.five_functions import (
        Analysis,
        Description,
        Diagnosis,
        Guidance,
        Prediction,
    )


def add_functions(acts: Verbs) -> list[argparse.ArgumentParser]:
    """The parsers of the five verbs."""
    made = []
    for name, asks in QUESTIONS.items():
        sub = acts.add_parser(name, help=asks)
        sub.add_argument("id")
        if name in ("analyse", "predict"):
            sub.add_argument(
                "--days", type=int, help="how far back" if name == "analyse" else "how far ahead"
            )
        made.append(sub)
    return made


def run_function(
    platform: Platform, caller: Caller, options: argparse.Namespace, at: datetime | None
) -> None:
    from twinward.service.assessment.five_functions import answer_function  # half a second to load
    from twinward.service.console.basemap import Basemap

    days = getattr(options, "days", None)
    found: Any = answer_function(
        platform, Basemap(platform), caller, options.act, options.id, at, days
    )
    if options.json:
        emit_json(found)
    else:
        emit_text("\n".join(TELL[options.act](found)))


def tell_analysis(found: Analysis) -> list[str]:
    lines = [say("told.since", at=local(datetime.fromisoformat(found.since)))]
    for one in found.changes:
        mark = "*" if one.sure else " "
        lines.append(f" {mark} {one.says}{bounds(one.figure)}{events(one.events)}")
    return lines if found.changes else [say("told.nothing_changed")]


def tell_description(found: Description) -> list[str]:
    lines = [
        say(
            "told.incident",
            title=found.title,
            status=say_name(found.status),
            level=found.level or "-",
            plan=found.plan or "-",
        )
    ]
    lines += [f"   {one.says}{events(one.events)}" for one in found.figures]
    lines += [
        "   "
        + say(
            "told.department",
            name=say_department(one.department),
            open=one.open,
            late=one.late,
            done=one.done,
        )
        for one in found.departments
    ]
    lines += ["   " + say("told.in_the_way", text=text) for text in found.stands_in_the_way]
    return lines + ["   " + say("told.not_known", text=text) for text in found.gaps]


def tell_diagnosis(found: Diagnosis) -> list[str]:
    lines = [
        f"{rank}. {one.says}\n   {one.kind} {one.about}: "
        + say("told.cause", probability=one.probability, share=one.share)
        + (events(one.figures[0].events) if one.figures else "")
        for rank, one in enumerate(found.causes, 1)
    ]
    return lines or [found.says]


def tell_prediction(found: Prediction) -> list[str]:
    if found.not_made:
        return [say("told.no_forecast", why=found.not_made)]
    lines = [f"{one.says}{events(one.events)}" for one in found.figures]
    lines += [
        f"  {day.day}  {day.median:10,.0f}  "
        + say("told.range", low=f"{day.low_90:,.0f}", high=f"{day.high_90:,.0f}")
        for day in found.days
    ]
    return [
        *lines,
        *found.reaches,
        say("told.simulated", fingerprint=found.fingerprint[:16], model=found.model),
    ]


def tell_guidance(found: Guidance) -> list[str]:
    lines = []
    for rank, one in enumerate(found.actions, 1):
        do = one.do
        if one.department:
            do = say("told.whose", do=one.do, department=say_department(one.department))
        lines.append(f"{rank}. " + say("told.by", do=do, by=local(one.by)))
        lines += ["   " + say("told.because", because=one.because), f"   {one.effect}"]
        lacks = say_list(say_name(kind) for kind in one.lacks)
        lines += ["   " + say("told.lacks", lacks=lacks)] if one.lacks else []
        lines += ["   " + say("told.manual", manual=one.manual)] if one.manual else []
    lines = lines or [say("told.closed")]
    for past in found.like:
        lines.append(
            say("told.like", title=past.title, alike=past.alike)
            + "".join("\n   " + say("told.worked", text=text) for text in past.worked)
        )
    return lines


TELL: dict[str, Callable[[Any], list[str]]] = {
    "analyse": tell_analysis,
    "describe": tell_description,
    "diagnose": tell_diagnosis,
    "predict": tell_prediction,
    "guide": tell_guidance,
}


def say_department(name: str) -> str:
    """A department by its id, in words."""
    return say_value(name).replace("_", " ")


def bounds(figure: Any) -> str:
    if figure is None or figure.low is None:
        return ""
    if figure.unit == "per day":
        low, high = f"{math.expm1(figure.low):+.1%}", f"{math.expm1(figure.high):+.1%}"
        return " " + say("told.range", low=low, high=high)
    low, high = f"{figure.low:.2g}", f"{figure.high:.2g}"
    return " " + say("told.range", low=low, high=high) if low != high else ""


def events(seqs: tuple[int, ...]) -> str:
    return (
        "  "
        + say("told.events", seqs=[*(str(seq) for seq in seqs[:4]), *(["…"] if seqs[4:] else [])])
        if seqs
        else ""
    )
