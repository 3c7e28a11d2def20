"""What a question about movement looked at, as the record tells it: one person, or a crowd in
areas and times.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from twinward.core.clock import format_time
from twinward.decision.tracing.presence.areas import AskedAreas
from twinward.decision.tracing.presence.flows import FlowAnswer
from twinward.decision.tracing.presence.visited import DwellAnswer, VisitedAnswer

CROWD = "*"  # the subject of a look that was at nobody in particular
AREAS_NAMED, LETTERS_NAMED = 24, 60
LONGEST_QUESTION = 2000


class AccessRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the record. `persons` is how many the answer tells of; `words` a question
    asked freely.
    """

    question: str
    subject: str = CROWD
    persons: int = 1
    words: str = ""


def of_person(question: str, subject: str) -> AccessRecord:
    return AccessRecord(question=f"trace.{question}", subject=subject)


def of_visited(areas: AskedAreas, answer: VisitedAnswer) -> AccessRecord:
    """Everyone who was in the areas."""
    persons, named = (
        max(answer.passed_through, answer.stayed),
        len({one.subject for one in answer.presences}),
    )
    counted = f"{answer.passed_through} who passed and {answer.stayed} who stayed"
    return AccessRecord(
        question=f"trace.visited: {counted}, {named} of them named, {where(areas, answer.window)}",
        persons=persons,
    )


def of_dwell(areas: AskedAreas, answer: DwellAnswer) -> AccessRecord:
    """Everyone who stayed long in the areas."""
    named = len({one.subject for one in answer.dwells})
    counted = f"{answer.subjects} who stayed over {answer.over_h:g} h, {named} of them named"
    return AccessRecord(
        question=f"trace.dwell: {counted}, {where(areas, answer.window)}", persons=answer.subjects
    )


def of_flows(codes: list[str], answer: FlowAnswer) -> AccessRecord:
    """Counts of moves; of whom they could be is not known, so the look is at the crowd."""
    told = sum(int(row["count"] or 0) for row in answer.rows)
    areas = f"{len(codes)} areas: {', '.join(say_codes(codes))}"
    return AccessRecord(
        question=f"trace.flows: {answer.view} of {areas}, {answer.window[0]} to {answer.window[1]}"[
            :LONGEST_QUESTION
        ],
        persons=told,
    )


def say_codes(codes: list[str]) -> list[str]:
    return [
        code if len(code) <= LETTERS_NAMED else f"{code[:LETTERS_NAMED]}…"
        for code in codes[:AREAS_NAMED]
    ]


def of_words(words: str, persons: int, start: datetime, end: datetime) -> AccessRecord:
    """A free question, which could be about anybody of whom there are data."""
    window = f"{format_time(start)} to {format_time(end)}"
    return AccessRecord(
        question=f"lake.sql: a free question over {persons} subjects, {window}",
        persons=persons,
        words=words,
    )


def where(areas: AskedAreas, window: tuple[str, str]) -> str:
    names = [
        code if len(code) <= LETTERS_NAMED else f"{code[:LETTERS_NAMED]}…"
        for code in areas.codes[:AREAS_NAMED]
    ]
    more = f" and {len(areas) - AREAS_NAMED} more" if len(areas) > AREAS_NAMED else ""
    return f"in {', '.join(names)}{more}, {window[0]} to {window[1]}"
