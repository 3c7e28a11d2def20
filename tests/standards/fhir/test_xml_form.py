"""FHIR in XML is the same resource as in JSON."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from twinward.core.errors import InputError
from twinward.standards.fhir.reports import read_fhir
from twinward.standards.fhir.xml_form import read_xml
from twinward.standards.source_rows import FileReading, Row

BUNDLE = """<?xml version="1.0" encoding="UTF-8"?>
<Bundle xmlns="http://hl7.org/fhir"><type value="collection"/>
<entry><fullUrl value="urn:uuid:p"/><resource><Patient>
<text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml"><p>Ann</p></div></text>
<identifier><value value="N-7"/></identifier><name><family value="Sample"/><given value="Ann"/></name>
<address><district value="310101002001"/></address></Patient></resource></entry>
<entry><fullUrl value="urn:uuid:o"/><resource><Observation><status value="STATUS"/>
<code><coding><system value="http://loinc.org"/><code value="94500-6"/></coding></code>
<subject><reference value="urn:uuid:p"/></subject>
<valueCodeableConcept><coding><code value="FOUND"/></coding></valueCodeableConcept>
</Observation></resource></entry>
<entry><resource><DiagnosticReport><status value="final"/>
<code><coding><code value="95380-5"/></coding></code><subject><reference value="urn:uuid:p"/></subject>
<effectiveDateTime value="2026-11-20"/><issued value="2026-11-20T15:00:00+08:00"/>
<result><reference value="urn:uuid:o"/></result></DiagnosticReport></resource></entry></Bundle>"""


def read(tmp_path: Path, text: str, encoding: str = "utf-8") -> list[Row]:
    path = tmp_path / "m.xml"
    path.write_bytes(text.encode(encoding))
    return list(read_fhir(path, FileReading(fields=(), zone=ZoneInfo("Asia/Shanghai"))))


@pytest.mark.parametrize(
    ("status", "found", "case"),
    [("final", "260373001", "confirmed"), ("final", "260415000", None), ("cancelled", "260373001", "discarded")],
)  # fmt: skip
def test_a_report_in_xml_is_read_as_in_json(
    tmp_path: Path, status: str, found: str, case: str | None
) -> None:
    (row,) = read(tmp_path, BUNDLE.replace("STATUS", status).replace("FOUND", found))
    assert row.values.get("status") == case
    assert bool(row.wrong) == (case is None)


def test_a_byte_order_mark_and_utf_16_are_read(tmp_path: Path) -> None:
    good = BUNDLE.replace("STATUS", "final").replace("FOUND", "260373001")
    (row,) = read(tmp_path, "\ufeff" + good)
    assert row.values["name"] == "Ann Sample"
    (row,) = read(tmp_path, good.replace("UTF-8", "UTF-16"), "utf-16")
    assert row.values["name"] == "Ann Sample"


def test_booleans_and_contained_resources_have_their_form() -> None:
    text = (
        '<Observation xmlns="http://hl7.org/fhir"><id value="o"/>'
        '<contained><Patient><id value="p"/></Patient></contained>'
        '<valueBoolean value="true"/></Observation>'
    )
    told = read_xml(text.encode(), "m.xml")
    assert told["valueBoolean"] is True
    assert told["contained"] == [{"resourceType": "Patient", "id": "p"}]


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE Bundle [<!ENTITY a 'b'>]><Bundle xmlns='http://hl7.org/fhir'/>",
        "<Bundle xmlns='http://hl7.org/fhir'><entry>", "<ClinicalDocument xmlns='urn:hl7-org:v3'/>",
        "<html/>", "<", "<Bundle xmlns='http://hl7.org/fhir'>" + "<entry>" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_fhir_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    assert caught.value.code == "bad_xml"
