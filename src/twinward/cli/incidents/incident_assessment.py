"""`twinward incident analyse|describe|diagnose|predict|guide ID`: the five functions, for people
to read or as JSON.
"""

from __future__ import annotations

import argparse
import math
from datetime import datetime
from typing import Any

from twinward.cli.framework.output import emit_json, emit_text, local
from twinward.service.assessment.questions import QUESTIONS
from twinward.service.platform import Caller, Platform


def add_functions(acts: Any) -> list[argparse.ArgumentParser]:
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
    from twinward.service.console.basemap import Ground

    days = getattr(options, "days", None)
    found: Any = answer_function(
        platform, Ground(platform), caller, options.act, options.id, at, days
    )
    if options.json:
        emit_json(found)
    else:
        emit_text("\n".join(TELL[options.act](found)))


def tell_analysis(found: Any) -> list[str]:
    lines = [f"since {local(datetime.fromisoformat(found.since))}:"]
    for one in found.changes:
        mark = "*" if one.sure else " "
        lines.append(f" {mark} {one.says}{bounds(one.figure)}{events(one.events)}")
    return lines if found.changes else ["nothing changed"]


def tell_description(found: Any) -> list[str]:
    lines = [f"{found.title}: {found.status}, level {found.level or '-'}, plan {found.plan or '-'}"]
    lines += [f"   {one.says}{events(one.events)}" for one in found.figures]
    lines += [
        f"   {one.department}: {one.open} open, {one.late} late, {one.done} done"
        for one in found.departments
    ]
    lines += [f"   stands in the way: {text}" for text in found.stands_in_the_way]
    return lines + [f"   not known: {text}" for text in found.gaps]


def tell_diagnosis(found: Any) -> list[str]:
    lines = [
        f"{rank}. {one.says}\n   {one.kind} {one.about}: beyond our limits with probability "
        f"{one.probability:.0%}, explains {one.share:.0%} at most"
        + (events(one.figures[0].events) if one.figures else "")
        for rank, one in enumerate(found.causes, 1)
    ]
    return lines or [found.says]


def tell_prediction(found: Any) -> list[str]:
    if found.not_made:
        return [f"no forecast: {found.not_made}"]
    lines = [f"{one.says}{events(one.events)}" for one in found.figures]
    lines += [
        f"  {day.day}  {day.median:10,.0f}  ({day.low_90:,.0f} to {day.high_90:,.0f})"
        for day in found.days
    ]
    return [*lines, *found.reaches, f"simulated, {found.fingerprint[:16]}: {found.model}"]


def tell_guidance(found: Any) -> list[str]:
    lines = []
    for rank, one in enumerate(found.actions, 1):
        who = f" ({one.department})" if one.department else ""
        lines.append(
            f"{rank}. {one.do}{who}, by {local(one.by)}\n   because {one.because}\n   {one.effect}"
        )
        lines += [f"   lacks {', '.join(one.lacks)}"] if one.lacks else []
        lines += [f"   see {one.manual}"] if one.manual else []
    lines = lines or ["the incident is closed: nothing is to be done for it"]
    for one in found.like:
        lines.append(
            f"like {one.title} ({one.alike:.0%})"
            + "".join(f"\n   worked: {text}" for text in one.worked)
        )
    return lines


TELL = {
    "analyse": tell_analysis,
    "describe": tell_description,
    "diagnose": tell_diagnosis,
    "predict": tell_prediction,
    "guide": tell_guidance,
}


def bounds(figure: Any) -> str:
    if figure is None or figure.low is None:
        return ""
    if figure.unit == "per day":
        return f" ({math.expm1(figure.low):+.1%} to {math.expm1(figure.high):+.1%})"
    low, high = f"{figure.low:.2g}", f"{figure.high:.2g}"
    return f" ({low} to {high})" if low != high else ""


def events(seqs: tuple[int, ...]) -> str:
    return (
        f"  [events {', '.join(str(seq) for seq in seqs[:4])}{', …' if len(seqs) > 4 else ''}]"
        if seqs
        else ""
    )
