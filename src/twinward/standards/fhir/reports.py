"""Lab messages in FHIR R4: each positive result of a report or observation becomes the row of a
case report; one that is withdrawn or corrected takes its case back.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from twinward.core.errors import UNREADABLE, InputError
from twinward.core.ids import derive_id
from twinward.standards.date_forms import join_notes
from twinward.standards.fhir.bundle import Bundle, Entry
from twinward.standards.fhir.codes import FINAL, WITHDRAWN, Resource, hazard_for, listed
from twinward.standards.fhir.conditions import row_of_condition
from twinward.standards.fhir.people import person_of
from twinward.standards.fhir.results import TestResult, list_results, parts_of
from twinward.standards.fhir.times import instant_of, sampled_at
from twinward.standards.fhir.xml_form import is_xml, read_xml
from twinward.standards.source_rows import FileReading, Row

TEST_DATA = "HTEST"  # HL7 v3 ActReason: the label of test health data, so also of exercises
ONSET = "11368-8"  # LOINC: illness or injury onset date
BROKEN = (InputError, TypeError, AttributeError, KeyError, IndexError, ValueError)


def read_fhir(path: Path, reading: FileReading) -> Iterator[Row]:
    """The reports of one document or of many, one a line; what is no final positive result is a
    row that says so.
    """
    yield from read_bundles(read_documents(path), path.name, reading)


def read_bundles(documents: list[Resource], label: str, reading: FileReading) -> Iterator[Row]:
    """The rows of documents that are read already, `label` their name in messages."""
    number = 0
    for document in documents:
        bundle = Bundle(document)
        reports = bundle.of("DiagnosticReport", "Observation", "Condition")
        inside = {place for one in reports for place in parts_of(bundle, one)}
        alone = [one for one in reports if one.place not in inside and not is_onset(one)]
        if not alone:
            raise InputError(
                f"{label}: no DiagnosticReport, no Observation and no Condition in it",
                "send a FHIR R4 Bundle",
                code="no_report",
            )
        for report in alone:
            for row in rows_of(bundle, report, reading):
                number += 1
                yield msgspec.structs.replace(row, number=number)


def read_documents(path: Path) -> list[Resource]:
    """The documents of a file in JSON (or JSON Lines) or in XML, by its content."""
    content = path.read_bytes()
    if is_xml(content):
        return [read_xml(content, path.name)]
    try:
        return [msgspec.json.decode(content, type=dict[str, Any])]
    except UNREADABLE as error:
        lines = [line for line in content.splitlines() if line.strip()]
        try:
            if len(lines) > 1:
                return [msgspec.json.decode(line, type=dict[str, Any]) for line in lines]
        except UNREADABLE:
            pass
        raise InputError(
            f"{path.name}: not a JSON object: {error}", "send a FHIR R4 Bundle", code="bad_json"
        ) from error


def rows_of(bundle: Bundle, report: Entry, reading: FileReading) -> list[Row]:
    """The rows of one report; one that says why where it is no case."""
    try:
        if not reading.exercises:
            require_no_test(report.resource, bundle.document)
        if report.kind == "Condition":
            found = [row_of_condition(bundle, report, reading)]
        else:
            found = list(read_report(bundle, report, reading))
    except BROKEN as error:
        plain = isinstance(error, InputError)
        return [Row(0, {}, str(error) if plain else f"not as FHIR R4 has it: {error!r}")]
    constants = dict(reading.constants)
    kept = [{n: v for n, v in one.items() if v is not None and n not in constants} for one in found]
    return [Row(0, constants | one) for one in kept]


def require_no_test(*resources: Resource) -> None:
    """InputError for what is labelled as test data, in its own meta or in the bundle's."""
    for one in resources:
        meta = one.get("meta")
        if isinstance(meta, dict) and any(
            isinstance(c, dict) and c.get("code") == TEST_DATA for c in listed(meta, "security")
        ):
            raise InputError(
                "it is labelled as test data (HTEST): it has not happened",
                "feed it to a drill",
                code="bad_row",
            )


def read_report(bundle: Bundle, report: Entry, reading: FileReading) -> Iterator[Resource]:
    """One row for each hazard that was found, or for what takes a report back."""
    status = str(report.resource.get("status")).strip().lower()
    results = list_results(bundle, report)
    require_one_person(bundle, report, results)
    asked = reading.constants.get("hazard")
    if status in WITHDRAWN:
        yield take_back(bundle, report, results, f"the report is {status}", reading)
        return
    if status not in FINAL:
        raise InputError(
            f"the status is {status!r}", "only final results are reports", code="bad_row"
        )
    usable = [one for one in results if one.status in FINAL or one.entry.place == report.place]
    positive = [one for one in usable if one.found == "positive"]
    hazards = {hazard: one for one in positive if (hazard := hazard_for(one.agent, asked))}
    for hazard, result in hazards.items():
        yield make_row(bundle, report, [result], hazard, "confirmed", "", reading)
    if hazards:
        return
    withdrawn = [one for one in results if one.status in WITHDRAWN]
    if withdrawn:
        words = sorted({one.status for one in withdrawn})
        yield take_back(
            bundle, report, withdrawn, f"the observation is {' and '.join(words)}", reading
        )
        return
    said = {one.found for one in usable}
    corrected = status in ("corrected", "amended") or any(
        one.status in ("corrected", "amended") for one in usable
    )
    if corrected and said == {"negative"}:
        yield take_back(bundle, report, usable, "the corrected result is negative", reading)
        return
    raise no_case(positive, said, [one for one in results if one not in usable])


def no_case(positive: list[TestResult], said: set[str], unready: list[TestResult]) -> InputError:
    """Why a report is no case."""
    if positive:
        tests = ", ".join(sorted({one.agent or one.test or "no code" for one in positive}))
        return InputError(
            f"it is positive for {tests}, which belongs to no hazard here",
            "name one with --set hazard=...",
            code="bad_row",
        )
    if unready:
        statuses = " and ".join(sorted({one.status or "none" for one in unready}))
        return InputError(
            f"the status of the observation is {statuses}", "only final results are reports",
            code="bad_row",
        )  # fmt: skip
    what = "is negative" if said == {"negative"} else "is not coded"
    if "unclear" in said:
        what = "is inconclusive"
    return InputError(
        f"the result {what}: no case", "code a positive result in SNOMED CT", code="bad_row"
    )


def require_one_person(bundle: Bundle, report: Entry, results: list[TestResult]) -> None:
    """InputError where a report holds the result of another patient."""
    whose = bundle.find(report.resource.get("subject"), report)
    for result in results:
        other = result.entry.resource.get("subject")
        found = bundle.find(other, result.entry) if other else None
        if found is not None and whose is not None and found.place != whose.place:
            raise InputError(
                "a result in it is of another patient than the report", "send them apart",
                code="bad_row",
            )  # fmt: skip


def take_back(
    bundle: Bundle, report: Entry, results: list[TestResult], why: str, reading: FileReading
) -> Resource:
    """The row by which a case that rests on this report is discarded."""
    asked = reading.constants.get("hazard")
    hazards = [hazard for one in results if (hazard := hazard_for(one.agent, asked))]
    if not hazards and asked is None:
        raise InputError(f"{why}: no case", "nothing was reported", code="bad_row")
    hazard = hazards[0] if hazards else str(asked)
    return make_row(bundle, report, results, hazard, "discarded", why, reading)


def make_row(
    bundle: Bundle,
    report: Entry,
    results: list[TestResult],
    hazard: str,
    status: str,
    note: str,
    reading: FileReading,
) -> Resource:
    subject = report.resource.get("subject")
    person = person_of(bundle, subject, report)
    issued = said_at(report, reading)
    at, when = sampled_at(bundle, report, [one.entry for one in results], reading.zone)
    if status == "discarded":  # it is known from when it was said, not from when it was sampled
        at, when = issued or at, ""
    onset, said = onset_of(bundle, report), str(report.resource.get("status"))
    key = report_key(report, person)
    return person | {
        "id": derive_id("fhir", key, hazard, status, said, str(issued or at)),
        "status": status,
        "hazard": hazard,
        "occurred_at": at.isoformat() if at is not None else None,
        "onset": onset,
        "report": key,
        "issued_at": issued.isoformat() if issued is not None else None,
        "note": join_notes(note, when) or None,
    }


def said_at(report: Entry, reading: FileReading) -> datetime | None:
    """When a report was issued, or its resource last changed."""
    meta = report.resource.get("meta") or {}
    return instant_of(report.resource.get("issued") or meta.get("lastUpdated"), reading.zone)


def report_key(report: Entry, person: Resource) -> str:
    """One name for a report and its corrections, which have its identifier or its id."""
    number: Resource = next(
        (one for one in listed(report.resource, "identifier") if one.get("value")), {}
    )
    own = number.get("value") or report.resource.get("id") or report.url
    return derive_id("rep", str(number.get("system") or ""), str(own), str(person.get("document")))


def is_onset(entry: Entry) -> bool:
    return entry.kind == "Observation" and any(
        coding.get("code") == ONSET for coding in listed(entry.resource.get("code"), "coding")
    )


def onset_of(bundle: Bundle, report: Entry) -> str | None:
    """The onset that an observation of the same person states."""
    whose = bundle.find(report.resource.get("subject"), report)
    for entry in bundle.of("Observation"):
        if is_onset(entry) and whose is not None and entry.resource.get("status") in FINAL:
            other = bundle.find(entry.resource.get("subject"), entry)
            said = entry.resource.get("valueDateTime")
            if other is not None and other.place == whose.place and isinstance(said, str):
                return said
    return None
