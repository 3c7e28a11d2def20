"""A laboratory message of HL7 version 2 as a FHIR bundle, so that one set of rules reads both.

Segments and fields: HL7 v2.5.1, chapter 7 (ORU^R01, OUL^R22); the way from one form to the other:
HL7 "v2-to-FHIR", segment maps of PID, OBR, OBX and SPM.
"""

from __future__ import annotations

import re
from typing import Any

from twinward.core.errors import InputError
from twinward.standards.hl7v2.segments import Hl7Message, Segment

Resource = dict[str, Any]
# OBR-25, HL7 table 0123 -> status of a DiagnosticReport
REPORT_STATUS = {
    "F": "final", "C": "corrected", "P": "preliminary", "A": "partial", "R": "partial",
    "I": "registered", "S": "registered", "O": "registered", "X": "cancelled", "M": "corrected",
}  # fmt: skip
# OBX-11, HL7 table 0085 -> status of an Observation
RESULT_STATUS = {
    "F": "final", "C": "corrected", "P": "preliminary", "U": "final", "V": "final",
    "A": "amended", "R": "preliminary", "I": "registered", "S": "preliminary", "O": "registered",
    "B": "registered", "N": "registered", "X": "cancelled", "D": "entered-in-error",
    "W": "entered-in-error",
}  # fmt: skip
# HL7 table 0396 -> system of FHIR
SYSTEMS = {
    "LN": "http://loinc.org", "SCT": "http://snomed.info/sct", "SNM": "http://snomed.info/sct",
    "HL70078": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
}  # fmt: skip
TEST = {"T", "D"}  # MSH-11: training, debugging
STAMP = re.compile(r"(\d{4})(\d{2})?(\d{2})?(\d{2})?(\d{2})?(\d{2})?(?:\.\d+)?([+-]\d{4})?$")
KINDS = ("ORU", "OUL")
ONSET = "11368-8"


def bundle_of(message: Hl7Message, label: str) -> Resource:
    """The bundle of one message; InputError where it is no laboratory message."""
    if message.kind not in KINDS:
        raise InputError(
            f"{label}: a message {message.kind or 'without a type'} is no laboratory report",
            "send ORU^R01, OUL^R22, OUL^R23 or OUL^R24",
            code="no_report",
        )
    told: Resource = {"resourceType": "Bundle", "type": "message", "entry": []}
    if message.head.part(11).upper() in TEST:
        told["meta"] = {"security": [{"code": "HTEST"}]}
    for person, orders in patients_of(message):
        place = len(told["entry"])
        reference = {"reference": f"Patient/pid-{place}"}
        told["entry"].append({"resource": patient_of(person, f"pid-{place}")})
        for number, order in enumerate(orders):
            for one in resources_of(order, message, reference, f"{place}-{number}"):
                told["entry"].append({"resource": one})
    if not told["entry"]:
        raise InputError(f"{label}: no PID in it", "a result needs its patient", code="no_report")
    if not any(orders for _, orders in patients_of(message)):
        raise InputError(
            f"{label}: no OBR in it", "send the order and its results", code="no_report"
        )
    return told


def patients_of(message: Hl7Message) -> list[tuple[Segment, list[list[Segment]]]]:
    """Each PID with the segments of its orders: OBR, what follows it, and its specimen, which
    stands before the OBR in OUL^R22 and OUL^R23 and after it elsewhere.
    """
    found: list[tuple[Segment, list[list[Segment]]]] = []
    ahead = message.kind == "OUL" and message.event in ("R22", "R23")
    waiting: list[Segment] = []
    for segment in message.segments:
        if segment.name == "PID":
            found.append((segment, []))
            waiting = []
        elif not found:
            continue
        elif segment.name == "SPM" and ahead:
            waiting = [segment]
        elif segment.name == "OBR":
            found[-1][1].append([segment, *waiting])
        elif segment.name in ("OBX", "SPM") and found[-1][1]:
            found[-1][1][-1].append(segment)
    return found


def patient_of(segment: Segment, key: str) -> Resource:
    names = [one for one in segment.repetitions(5) if any(one)]
    return {
        "resourceType": "Patient",
        "id": key,
        "identifier": identifiers_of(segment),
        "name": [name_of(one) for one in names],
        "telecom": [
            {"system": "phone", "value": phone}
            for number in (13, 40, 14)
            for one in segment.repetitions(number)
            if (phone := phone_of(one))
        ],
        "birthDate": iso(segment.part(7))[:10] or None,
        "address": [address_of(one) for one in segment.repetitions(11)],
    }


def identifiers_of(segment: Segment) -> list[Resource]:
    """PID-3, and the fields that older senders still use: PID-2, PID-4 and PID-19."""
    found = []
    for number, kind in ((3, ""), (2, ""), (4, ""), (19, "SS")):
        for one in segment.repetitions(number):
            cells = [*one, *[""] * 5]
            if not cells[0].strip():
                continue
            told: Resource = {"value": cells[0].strip()}
            if cells[3].strip():
                told["system"] = cells[3].strip()
            if cells[4] or kind:
                told["type"] = {"coding": [{"code": cells[4].strip() or kind}]}
            found.append(told)
    return found


def name_of(one: list[str]) -> Resource:
    cells = [*one, *[""] * 8]
    given = [part.strip() for part in (cells[1], cells[2]) if part.strip()]
    use = {"M": "maiden", "N": "nickname", "S": "anonymous"}.get(cells[6].strip(), "")
    told: Resource = {"family": cells[0].strip(), "given": given}
    return told | ({"use": use} if use else {})


def phone_of(one: list[str]) -> str:
    """XTN: the number as a whole (1 or 12), or from its parts (5 country, 6 area, 7 local)."""
    cells = [part.strip() for part in one] + [""] * 12
    if cells[2] == "Internet" or "@" in cells[0]:
        return ""
    if cells[0] or cells[11]:
        return cells[0] or cells[11]
    country = f"+{cells[4].lstrip('+')}" if cells[4] and cells[6] else ""
    return f"{country}{cells[5]}{cells[6]}" if cells[6] else ""


def address_of(one: list[str]) -> Resource:
    """XAD: the area is the county or parish code (9), the census tract (10), else city (3)."""
    cells = [part.strip() for part in one] + [""] * 10
    area = cells[8] or cells[9] or cells[2]
    words = [cells[0], cells[1], cells[2], cells[3], cells[4]]
    told: Resource = {"text": " ".join(part for part in words if part)}
    return told | ({"district": area} if area else {})


def resources_of(
    order: list[Segment], message: Hl7Message, subject: Resource, key: str
) -> list[Resource]:
    """The report of one order and its results; an onset among them stands by itself."""
    head = order[0]
    specimen = next((one for one in order if one.name == "SPM"), None)
    sampled = (iso(specimen.part(17)) if specimen else "") or iso(head.part(7))
    lines = [one for one in order if one.name == "OBX"]
    parts = [result_of(one, subject, f"obx-{key}-{n}") for n, one in enumerate(lines)]
    report: Resource = {
        "resourceType": "DiagnosticReport",
        "id": f"obr-{key}",
        "identifier": numbers_of(head),
        "status": REPORT_STATUS.get(head.part(25).upper() or "F", "unknown"),
        "code": concept(head, 4),
        "subject": subject,
        "issued": iso(head.part(22)) or iso(message.head.part(7)) or None,
        "effectiveDateTime": sampled or None,
        "result": [{"reference": f"Observation/{one['id']}"} for one in parts if not is_onset(one)],
    }
    return [report, *parts]


def is_onset(one: Resource) -> bool:
    return any(coding.get("code") == ONSET for coding in one["code"]["coding"])


def numbers_of(head: Segment) -> list[Resource]:
    """The filler's number of an order (OBR-3), else the placer's (OBR-2)."""
    for number in (3, 2):
        if head.part(number):
            test = head.part(4) or head.part(4, 4)  # one number may stand over several orders
            return [{"system": head.part(number, 2), "value": f"{head.part(number)} {test}"}]
    return []


def result_of(line: Segment, subject: Resource, key: str) -> Resource:
    found: Resource = {
        "resourceType": "Observation",
        "id": key,
        "status": RESULT_STATUS.get(line.part(11).upper() or "F", "unknown"),
        "code": concept(line, 3),
        "subject": subject,
        "effectiveDateTime": iso(line.part(14)) or None,
        "interpretation": [
            {"coding": [{"code": one[0].strip()}]} for one in line.repetitions(8) if one[0].strip()
        ],
    }
    kind, text = line.part(2).upper(), line.part(5)
    if kind in ("CE", "CWE", "CNE", "CF", "IS", "ID"):
        found["valueCodeableConcept"] = concept(line, 5)
    elif kind in ("DT", "TS", "DTM"):
        found["valueDateTime"] = iso(text)
    elif text:
        found["valueString"] = text
    return found


def concept(segment: Segment, number: int) -> Resource:
    """A coded field: both of its codes, and its words."""
    cells = [part.strip() for part in next(iter(segment.repetitions(number)), [])] + [""] * 9
    codings = [
        {"code": code, "system": SYSTEMS.get(system, system)}
        for code, system in ((cells[0], cells[2]), (cells[3], cells[5]))
        if code
    ]
    text = cells[8] or cells[1] or cells[4] or cells[0]
    return {"coding": codings, "text": text}


def iso(stamp: str) -> str:
    """A time of HL7 v2 (YYYYMMDDHHMMSS.S+ZZZZ, as far as it is known) as FHIR writes it."""
    found = STAMP.match(stamp.strip())
    if not found:
        return ""
    year, month, day, hour, minute, second, zone = found.groups()
    date = "-".join(part for part in (year, month, day) if part)
    if not (day and hour):
        return date
    offset = f"{zone[:3]}:{zone[3:]}" if zone else ""
    return f"{date}T{hour}:{minute or '00'}:{second or '00'}{offset}"
