"""Lab messages in FHIR R4: a positive DiagnosticReport or Observation of a Patient becomes the
row of a case report.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from twinward.core.errors import InputError
from twinward.core.ids import derive_id
from twinward.standards.source_rows import FileReading, Row

FINAL = {"final", "amended", "corrected", "appended"}
# SNOMED CT: detected, positive; not detected, negative
POSITIVE, NEGATIVE = {"260373001", "10828004"}, {"260415000", "260385009"}
# LOINC codes of the test -> hazard: SARS-CoV-2 RNA by nucleic acid amplification
HAZARDS = {"94500-6": "epidemic/sars-cov-2", "94309-2": "epidemic/sars-cov-2"}
TEST_DATA = "HTEST"  # HL7 v3 ActReason: the label of test health data, so also of exercises
Resource = dict[str, Any]


def read_fhir(path: Path, reading: FileReading) -> Iterator[Row]:
    """The reports of one Bundle or resource, as rows; what is no final positive result is a row
    that says so.
    """
    try:
        document = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(
            f"{path.name}: not a JSON object: {error}", "send a FHIR R4 Bundle", code="bad_json"
        ) from error
    known = resources_of(document)
    reports = [
        one
        for one in known.values()
        if one.get("resourceType") in ("DiagnosticReport", "Observation")
    ]
    if not reports:
        raise InputError(
            f"{path.name}: no DiagnosticReport and no Observation in it",
            "send a FHIR R4 Bundle",
            code="no_report",
        )
    inside = {
        name
        for one in reports
        for result in listed(one, "result")
        for name in [result.get("reference")]
    }
    alone = [one for name, one in known.items() if one in reports and name not in inside]
    for number, report in enumerate(alone, 1):
        try:
            if not reading.exercises:
                require_no_test(report, document)
            yield Row(number, dict(reading.constants) | row_of(report, known, reading.constants))
        except (InputError, TypeError, AttributeError, KeyError, IndexError) as error:
            yield Row(
                number,
                {},
                str(error)
                if isinstance(error, InputError)
                else f"not as FHIR R4 has it: {error!r}",
            )


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


def resources_of(document: Resource) -> dict[str, Resource]:
    """Every resource by each name that a reference may use, contained ones too."""
    entries = (
        listed(document, "entry")
        if document.get("resourceType") == "Bundle"
        else [{"resource": document}]
    )
    known: dict[str, Resource] = {}
    for number, entry in enumerate(entries):
        one = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(one, dict):
            known[f"{one.get('resourceType')}/{one.get('id', number)}"] = one
            known |= {f"#{inner.get('id')}": inner for inner in listed(one, "contained")}
    return known


def listed(resource: Resource, name: str) -> list[Any]:
    found = resource.get(name)
    return found if isinstance(found, list) else []


def codes_in(concept: Any) -> set[str]:
    return (
        {str(coding.get("code")) for coding in listed(concept, "coding")}
        if isinstance(concept, dict)
        else set()
    )


def row_of(
    report: Resource, known: dict[str, Resource], constants: dict[str, str]
) -> dict[str, Any]:
    if report.get("status") not in FINAL:
        raise InputError(
            f"the status is {report.get('status')!r}",
            "only final results are reports",
            code="bad_row",
        )
    parts = [
        report,
        *(known[name] for r in listed(report, "result") if (name := r.get("reference")) in known),
    ]
    results = {
        code
        for part in parts
        for concept in (*listed(part, "conclusionCode"), part.get("valueCodeableConcept"))
        for code in codes_in(concept)
    }
    if not results & POSITIVE:
        what = "is negative" if results & NEGATIVE else "is not coded"
        raise InputError(
            f"the result {what}: no case", "code a positive result in SNOMED CT", code="bad_row"
        )
    tests = {code for part in parts for code in codes_in(part.get("code"))}
    hazard = next((HAZARDS[code] for code in sorted(tests) if code in HAZARDS), None)
    found = {
        "id": derive_id("fhir", str(report.get("id")), str(report.get("issued"))),
        "status": "confirmed",
        "hazard": constants.get("hazard", hazard),
        "occurred_at": report.get("effectiveDateTime") or report.get("issued"),
    } | person_of(known[report["subject"]["reference"]])
    return {
        name: value for name, value in found.items() if value is not None and name not in constants
    }


def person_of(patient: Resource) -> Resource:
    """The fields for the vault, and the area: the code in `district` of the patient's address."""
    name = (listed(patient, "name") or [{}])[0]
    address = (listed(patient, "address") or [{}])[0]
    phones = [
        one.get("value") for one in listed(patient, "telecom") if one.get("system") == "phone"
    ]
    whole = " ".join([*listed(name, "given"), name.get("family", "")]).strip()
    return {
        "name": name.get("text") or whole or None,
        "document": (listed(patient, "identifier") or [{}])[0].get("value"),
        "phone": phones[0] if phones else None,
        "address": address.get("text"),
        "area": address.get("district"),
    }
