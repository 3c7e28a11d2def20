"""A diagnosis in FHIR R4: a Condition of a Patient as the row of a case report."""

from __future__ import annotations

from twinward.core.errors import InputError
from twinward.core.ids import derive_id
from twinward.standards.fhir.bundle import Bundle, Entry
from twinward.standards.fhir.codes import (
    ASYMPTOMATIC,
    DISEASES,
    SARS2,
    Resource,
    codes_in,
    hazard_for,
)
from twinward.standards.fhir.people import person_of
from twinward.standards.source_rows import FileReading
from twinward.standards.written_dates import read_instant

# FHIR condition-ver-status -> the status of a case
VERIFIED = {
    "confirmed": "confirmed", "provisional": "suspected", "differential": "suspected",
    "unconfirmed": "suspected", "refuted": "discarded", "entered-in-error": "discarded",
}  # fmt: skip
OVER = {"resolved", "remission"}


def row_of_condition(bundle: Bundle, entry: Entry, reading: FileReading) -> Resource:
    """The fields of a case report; InputError where the diagnosis belongs to no hazard."""
    one = entry.resource
    codes = codes_in(one.get("code"))
    agent = next((DISEASES[code] for code in sorted(codes) if code in DISEASES), None)
    agent = SARS2 if ASYMPTOMATIC in codes else agent
    hazard = hazard_for(agent, reading.constants.get("hazard")) if agent else None
    if hazard is None:
        raise InputError(
            "the diagnosis belongs to no hazard here", "code it in SNOMED CT or ICD-10",
            code="bad_row",
        )  # fmt: skip
    verified = next(iter(codes_in(one.get("verificationStatus"))), "confirmed")
    status = VERIFIED.get(verified)
    if status is None:
        raise InputError(
            f"the diagnosis is {verified!r}", "see condition-ver-status", code="bad_row"
        )
    if status == "confirmed" and ASYMPTOMATIC in codes:
        status = "asymptomatic"
    over = codes_in(one.get("clinicalStatus")) & OVER
    if status in ("confirmed", "asymptomatic") and over:
        status = "recovered"
    said = (one.get("abatementDateTime") if over else None) or one.get("recordedDate")
    at, note = read_instant(said, reading.zone) if isinstance(said, str) else (None, "")
    person = person_of(bundle, one.get("subject"), entry)
    key = derive_id("rep", str(one.get("id") or entry.url), str(person.get("document")))
    return person | {
        "id": derive_id("fhir", key, hazard, status, str(at)),
        "status": status,
        "hazard": hazard,
        "occurred_at": at.isoformat() if at is not None else None,
        "onset": one.get("onsetDateTime"),
        "report": key,
        "note": note or (f"the diagnosis is {verified}" if status == "discarded" else None),
    }
