"""Case reports from files: a row as the command that would be posted, the person in it by name
until the border.
"""

from __future__ import annotations

from collections.abc import Container
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

import msgspec

from twinward.core.errors import InputError
from twinward.core.ids import derive_id
from twinward.edge.feeds.case_words import read_words, tidy_area
from twinward.security.privacy.documents import is_spoilt
from twinward.security.privacy.phones import is_spoilt_phone
from twinward.security.privacy.vault import Identity, Vault
from twinward.standards.date_forms import join_notes
from twinward.standards.written_dates import read_instant, read_written
from twinward.twins.emergency import messages as m

PERSON = tuple(name for name in Identity.__struct_fields__ if name != "reported_in")
# free words of a file go nowhere
NOT_OF_FILES = ("source", "synthetic", "note", "report", "issued_at")
FIELDS = (
    *(name for name in m.ReportCase.__struct_fields__ if name not in NOT_OF_FILES),
    *PERSON,
)
DATES = ("occurred_at", "onset")
LONGEST_BEFORE, LONGEST_AFTER = timedelta(days=180), timedelta(days=21)  # onset and report
MOST_NOTE = 300
# what programs write where there is no date: the first days of spreadsheets and Unix, the last
STANDS_FOR_UNKNOWN = frozenset(
    {date(1899, 12, 30), date(1899, 12, 31), date(1900, 1, 1), date(1970, 1, 1), date(9999, 12, 31)}
)


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """How the dates of one file are read: the city's zone, the present, the order of its days."""

    zone: tzinfo
    now: datetime
    order: str | None = None
    areas: Container[str] = frozenset()


def case_command(
    values: dict[str, Any], source: str, vault: Vault, calendar: Calendar
) -> dict[str, Any]:
    """One row as a ReportCase. The same person, illness and status again is the same command.

    The person goes on as `person`: whoever decodes the command splits it off, and keeps it once its
    sender is allowed. Whoever is not named is a person of their own where the row has an id.
    """
    told = {name: value for name, value in values.items() if name not in PERSON}
    told, note = read_dates(read_words(told), calendar)
    if "area" in told:
        told["area"], mended = tidy_area(told["area"], calendar.areas)
        note = join_notes(note, mended)
    person = {name: str(values[name]).strip() for name in PERSON if values.get(name)}
    if person and "subject" in told:
        raise InputError(
            "a row names a person and a subject", "give one of them", code="two_persons"
        )
    if is_spoilt(person.get("document")):
        note = join_notes(note, "the digits of the document number are lost, it is not used")
    if is_spoilt_phone(person.get("phone")):
        note = join_notes(note, "the digits of the telephone number are lost, it is not used")
    known = ""
    if person:
        try:
            known = vault.fingerprint(msgspec.convert(person, Identity))
        except InputError:
            person = {}
    if not person and "subject" not in told:
        told["subject"] = unnamed(told, source)
        note = join_notes(note, "nobody is named")
    told.setdefault("id", name_report(told, source, known))
    if person:
        told["person"] = person
    if note:
        told["note"] = join_notes(told.get("note", ""), note)[:MOST_NOTE]
    return told | {"type": "ReportCase", "source": source}


def name_report(told: dict[str, object], source: str, known: str) -> str:
    """The same for the same words about the same person, in every spelling of the person."""
    fields = [f"{name}={told[name]}" for name in sorted(told) if name not in ("note", "person")]
    return derive_id("report", source, *fields, *([f"person={known}"] if known else []))


def unnamed(told: dict[str, object], source: str) -> str:
    """A subject for a case of nobody who is named, by the id that its sender gave it."""
    own = told.get("case") or told.get("report")
    if not own:
        raise InputError(
            "a row without a person",
            "give a subject (pseudonym), a document, phone or name, or the case an id of its own",
            code="no_identity",
        )
    return derive_id("unnamed", source, str(own))


def read_dates(told: dict[str, Any], calendar: Calendar) -> tuple[dict[str, Any], str]:
    """Dates as they were written become dates as messages have them; an onset that cannot be read
    costs no case.
    """
    found, notes = dict(told), []
    at = calendar.now
    if isinstance(told.get("occurred_at"), str):
        at, note = read_occurred(told["occurred_at"], calendar)
        found["occurred_at"] = at.isoformat()
        notes.append(note and f"time: {note}")
    onset = told.get("onset")
    if isinstance(onset, int | float) and not isinstance(onset, bool):
        onset = f"{onset:g}" if onset == int(onset) else str(onset)
    if isinstance(onset, str):
        day, note = read_onset(onset, at.astimezone(calendar.zone).date(), calendar)
        found["onset"] = day.isoformat() if day else None
        if day is None:
            del found["onset"]
        notes.append(note and f"onset: {note}")
    return found, join_notes(*notes)


def read_occurred(text: str, calendar: Calendar) -> tuple[datetime, str]:
    """When it happened; of a month or week its last day that has come."""
    at, note = read_instant(text, calendar.zone, calendar.order, calendar.now)
    if at is not None and at.astimezone(calendar.zone).date() in STANDS_FOR_UNKNOWN:
        return calendar.now, f"{text.strip()} stands for unknown, the time of arrival is taken"
    if at is not None:
        return at, note
    told = read_written(text, calendar.order, calendar.now.astimezone(calendar.zone).date())
    if told.last is not None and told.first is not None and told.first.year > 1900:
        noon = datetime(told.last.year, told.last.month, told.last.day, 12, tzinfo=calendar.zone)
        return min(noon, max(calendar.now, noon - (told.last - told.first))), note
    raise InputError(
        f"{text!r} is not a time", f"{note or 'it is empty'}; write 2022-04-13T08:00:00+08:00",
        code="bad_time",
    )  # fmt: skip


def read_onset(text: str, reported: date, calendar: Calendar) -> tuple[date | None, str]:
    """The day of the onset, or why there is none."""
    told = read_written(text, calendar.order, reported)
    if told.day is None:
        return None, told.note
    if told.day > calendar.now.astimezone(calendar.zone).date():
        return None, "it lies ahead"
    if not reported - LONGEST_BEFORE <= told.day <= reported + LONGEST_AFTER:
        return None, f"{told.day} is far from the report, perhaps a mistyped year"
    return told.day, told.note
