"""The log as FHIR R4 AuditEvents, one a line: every line carries its chain entry, and is a pure
function of it.

A reader of FHIR sees who did what to whom and when; a verifier takes the entry out of the
extension, writes the line anew and compares, so that no byte of what a person reads can differ from
what the chain covers.
"""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from twinward.core.clock import format_time, from_us

# HL7 v3 ActReason HTEST, test health data: the label by which receivers keep exercises out of real
# records
TEST_DATA = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}
ENTRY_URL = "urn:twinward:audit:entry"
HASH_URL = "urn:twinward:audit:hash"
DICOM = "http://dicom.nema.org/resources/ontology/DCM"
TYPES = {True: ("110110", "Patient Record"), False: ("110100", "Application Activity")}
# what an event does to what it is about: R reads, U updates, D deletes, E executes; all others
# create
ACTIONS = {
    "LookRecorded": "R",
    "PersonsListed": "R",
    "GlassBroken": "R",
    "CaseReclassified": "U",
    "CaseAmended": "U",
    "ContactUpdated": "U",
    "ContactFollowed": "U",
    "ChangeConfirmed": "U",
    "ChangeRefused": "U",
    "AppealDecided": "U",
    "AccessNoted": "E",
}
_encode = msgspec.json.Encoder().encode


def labels(drill: str) -> dict[str, object]:
    """The `meta` of a resource that belongs to a drill; nothing for a real one."""
    tag = {"system": "urn:twinward:drill", "code": drill}
    return {"meta": {"security": [TEST_DATA], "tag": [tag]}} if drill else {}


def to_fhir(entry: dict[str, Any], raw: bytes, drill: str = "") -> bytes:
    """One AuditEvent; `raw` is the entry as the plain export writes it."""
    kind, subject = entry["type"], entry["subject"]
    code, display = TYPES[subject is not None]
    entities: list[dict[str, object]] = [
        {"what": {"identifier": {"system": "urn:twinward:area", "value": entry["area"]}}}
    ]
    for system in ("subject", "incident", "cause"):
        if entry[system] is not None:
            identifier = {"system": f"urn:twinward:{system}", "value": entry[system]}
            entities.append({"what": {"identifier": identifier}})
    return _encode(
        {
            "resourceType": "AuditEvent",
            "id": f"entry-{entry['seq']}",
            **labels(drill),
            "extension": [
                {"url": ENTRY_URL, "valueBase64Binary": base64.b64encode(raw).decode()},
                {"url": HASH_URL, "valueString": entry["hash"].hex()},
            ],
            "type": {"system": DICOM, "code": code, "display": display},
            "subtype": [{"system": "urn:twinward:event", "code": kind}],
            "action": ACTIONS.get(kind, "C"),
            "recorded": format_time(from_us(entry["recorded_at"])),
            "outcome": "0",
            "agent": [
                {
                    "who": {
                        "identifier": {"system": "urn:twinward:actor", "value": entry["actor"]}
                    },
                    "requestor": True,
                }
            ],
            "source": {"observer": {"display": "Twinward"}},
            "entity": entities,
        }
    )


def to_fhir_ending(raw: bytes, entries: int, drill: str = "") -> bytes:
    """The last line, without which a file has lost its tail. A Basic: it is about the file, not
    about an event.
    """
    return _encode(
        {
            "resourceType": "Basic",
            "id": "ending",
            **labels(drill),
            "extension": [{"url": ENTRY_URL, "valueBase64Binary": base64.b64encode(raw).decode()}],
            "code": {"text": f"end of the audit log after {entries} entries"},
        }
    )


class _Extension(msgspec.Struct):
    url: str
    valueBase64Binary: str = ""


class _Line(msgspec.Struct):
    resourceType: str
    extension: list[_Extension]


_line = msgspec.json.Decoder(_Line).decode


def entry_of_fhir(line: bytes) -> bytes:
    """The plain entry inside an AuditEvent; empty when there is none."""
    try:
        found = _line(line)
        carried = next(one.valueBase64Binary for one in found.extension if one.url == ENTRY_URL)
        return base64.b64decode(carried, validate=True)
    except (msgspec.DecodeError, UnicodeDecodeError, StopIteration, ValueError):
        return b""


class AuditEvents:
    """The FHIR form of the log's lines, as the log's export and verification take it."""

    def is_of(self, line: bytes) -> bool:
        return b'"resourceType"' in line[:40]

    def entry_of(self, line: bytes) -> bytes:
        return entry_of_fhir(line)

    def write_entry(self, entry: dict[str, object], raw: bytes, drill: str) -> bytes:
        return to_fhir(entry, raw, drill)

    def write_ending(self, raw: bytes, entries: int, drill: str) -> bytes:
        return to_fhir_ending(raw, entries, drill)
