"""When a sample was taken: the best that a message says, down to what it falls back on."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from twinward.standards.date_forms import join_notes
from twinward.standards.fhir.bundle import Bundle, Entry
from twinward.standards.fhir.codes import listed
from twinward.standards.written_dates import read_instant, read_written

AFTER_ISSUED = timedelta(days=1)


def sampled_at(
    bundle: Bundle, report: Entry, parts: list[Entry], zone: tzinfo
) -> tuple[datetime | None, str]:
    """The instant of the sample, None where none is known; and what had to be decided."""
    all_issued = (entry.resource.get("issued") for entry in (report, *parts))
    issued = next((at for one in all_issued if (at := instant_of(one, zone)) is not None), None)
    why = ""
    for written in list_written(bundle, report, parts):
        told = read_written(written, near=issued.astimezone(zone).date() if issued else None)
        if told.day is None:
            why = why or f"of the time of the sample {told.note or 'nothing is known'}"
            continue
        at, note = read_instant(written, zone)
        if issued is not None and at is not None:
            if told.clock is None and told.day == issued.astimezone(zone).date():
                at = min(at, issued)
            if at > issued + AFTER_ISSUED:
                why = why or "the sample is dated after its report"
                continue
        if at is not None:
            return at, note
    if issued is not None:
        return issued, join_notes(why, "the time is that of the report") if why else ""
    return None, why


def list_written(bundle: Bundle, report: Entry, parts: list[Entry]) -> list[str]:
    """What the message says of the time of the sample, the report's own word first."""
    found = []
    for entry in (report, *parts):
        one = entry.resource
        period = one.get("effectivePeriod") or {}
        found += [one.get("effectiveDateTime"), one.get("effectiveInstant")]
        found += [period.get("start"), period.get("end")]
        found += list((one.get("effectiveTiming") or {}).get("event") or ())
        references = [*listed(one, "specimen"), one.get("specimen")]
        for reference in references:
            specimen = bundle.find(reference, entry) if isinstance(reference, dict) else None
            taken = specimen.resource.get("collection") or {} if specimen is not None else {}
            found += [
                taken.get("collectedDateTime"),
                (taken.get("collectedPeriod") or {}).get("start"),
            ]
    return [one for one in found if isinstance(one, str) and one]


def instant_of(text: object, zone: tzinfo) -> datetime | None:
    return read_instant(text, zone)[0] if isinstance(text, str) else None
