"""Laboratory messages result by result: what was found belongs to what was tested for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from twinward.standards.fhir.reports import read_fhir
from twinward.standards.source_rows import FileReading, Row

SARS, FLU, PANEL = "94500-6", "92142-9", "95380-5"
FOUND, NOT_FOUND = "260373001", "260415000"
AREA = "310101002001"


def coded(code: str, system: str = "http://loinc.org") -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def patient(name: str = "One", key: str = "p", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient", "id": key, "name": [{"family": "Sample", "given": [name]}],
        "address": [{"district": AREA}], "identifier": [{"value": f"N-{name}"}], **more,
    }  # fmt: skip


def result(key: str, test: str, found: str | None, status: str = "final", **more: Any) -> Any:
    one = {"resourceType": "Observation", "id": key, "status": status, "code": coded(test),
           "subject": {"reference": "Patient/p"}, **more}  # fmt: skip
    return one | ({"valueCodeableConcept": coded(found)} if found else {})


def report(*results: str, status: str = "final", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "DiagnosticReport", "id": "r", "status": status, "code": coded(PANEL),
        "subject": {"reference": "Patient/p"}, "issued": "2026-11-20T15:00:00+08:00",
        "effectiveDateTime": "2026-11-20T08:30:00+08:00",
        "result": [{"reference": f"Observation/{name}"} for name in results], **more,
    }  # fmt: skip


def bundle(*resources: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "entry": [{"resource": one} for one in resources]}


def read(tmp_path: Path, document: Any, **constants: str) -> list[Row]:
    path = tmp_path / "m.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
    reading = FileReading(fields=(), constants=constants, zone=ZoneInfo("Asia/Shanghai"))
    return list(read_fhir(path, reading))


def only(rows: list[Row]) -> Row:
    (row,) = rows
    return row


@pytest.mark.parametrize(
    ("sars", "flu", "hazard"),
    [(NOT_FOUND, FOUND, None), (FOUND, NOT_FOUND, "epidemic/sars-cov-2"), (FOUND, FOUND, "epidemic/sars-cov-2")],
)  # fmt: skip
def test_a_finding_belongs_to_its_own_test(
    tmp_path: Path, sars: str, flu: str, hazard: str | None
) -> None:
    row = only(
        read(
            tmp_path,
            bundle(patient(), result("a", SARS, sars), result("b", FLU, flu), report("a", "b")),
        )
    )
    assert row.values.get("hazard") == hazard
    assert bool(row.wrong) == (hazard is None)


def test_a_panel_is_read_down_to_its_components_and_members(tmp_path: Path) -> None:
    component = {"code": coded(SARS), "valueCodeableConcept": coded(FOUND)}
    other = {"code": coded(FLU), "valueCodeableConcept": coded(NOT_FOUND)}
    panel = result("a", PANEL, None, component=[other, component])
    assert (
        only(read(tmp_path, bundle(patient(), panel, report("a")))).values["status"] == "confirmed"
    )
    swapped = result(
        "a",
        PANEL,
        None,
        component=[other | {"code": coded(SARS)}, component | {"code": coded(FLU)}],
    )
    assert "no hazard" in str(only(read(tmp_path, bundle(patient(), swapped, report("a")))).wrong)
    holder = result("a", PANEL, None, hasMember=[{"reference": "Observation/b"}])
    rows = read(tmp_path, bundle(patient(), holder, result("b", SARS, FOUND), report("a")))
    assert only(rows).values["hazard"] == "epidemic/sars-cov-2"


@pytest.mark.parametrize("asked", ["epidemic", "epidemic/sars-cov-2"])
def test_a_hazard_that_is_set_does_not_make_influenza_one_of_it(tmp_path: Path, asked: str) -> None:
    flu = bundle(patient(), result("b", FLU, FOUND), report("b"))
    assert "influenza-a" in str(only(read(tmp_path, flu, hazard=asked)).wrong)
    assert only(read(tmp_path, flu, hazard="epidemic/influenza")).wrong is None
    assert (
        only(
            read(tmp_path, bundle(patient(), result("a", SARS, FOUND), report("a")), hazard=asked)
        ).wrong
        is None
    )
    unknown = bundle(patient(), result("a", "1-8", FOUND), report("a"))
    assert only(read(tmp_path, unknown, hazard=asked)).values["hazard"] == asked
    assert only(read(tmp_path, unknown)).wrong


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ({"valueString": "Detected"}, "confirmed"), ({"valueString": "未检出"}, None),
        ({"valueBoolean": True}, "confirmed"), ({"valueBoolean": False}, None),
        ({"interpretation": [coded("POS")]}, "confirmed"), ({"interpretation": [coded("NEG")]}, None),
        ({"valueCodeableConcept": {"text": "阳性"}}, "confirmed"),
        ({"valueCodeableConcept": coded("840533007")}, "confirmed"),
        ({"valueCodeableConcept": coded("419984006")}, None), ({}, None),
        ({"valueCodeableConcept": {"coding": [{"code": FOUND}, {"code": NOT_FOUND}]}}, None),
    ],
)  # fmt: skip
def test_a_finding_in_each_form_that_laboratories_use(
    tmp_path: Path, value: Any, status: str | None
) -> None:
    row = only(read(tmp_path, bundle(patient(), result("a", SARS, None, **value), report("a"))))
    assert row.values.get("status") == status


@pytest.mark.parametrize("word", ["cancelled", "entered-in-error"])
def test_a_withdrawn_result_takes_its_case_back_and_says_its_status(
    tmp_path: Path, word: str
) -> None:
    alone = bundle(patient(), result("a", SARS, FOUND, word), report("a"))
    repeated = bundle(
        patient(), result("a", SARS, FOUND, word), result("b", SARS, NOT_FOUND), report("a", "b")
    )
    whole = bundle(patient(), result("a", SARS, FOUND), report("a", status=word))
    for document in (alone, repeated, whole):
        row = only(read(tmp_path, document))
        assert row.values["status"] == "discarded"
        assert word in row.values["note"]
    stands = bundle(
        patient(), result("a", SARS, FOUND, word), result("b", SARS, FOUND), report("a", "b")
    )
    assert only(read(tmp_path, stands)).values["status"] == "confirmed"


@pytest.mark.parametrize("word", ["preliminary", "registered", "unknown"])
def test_a_result_that_is_not_final_is_no_case(tmp_path: Path, word: str) -> None:
    row = only(read(tmp_path, bundle(patient(), result("a", SARS, FOUND, word), report("a"))))
    assert word in str(row.wrong)


def test_a_corrected_report_keeps_its_name_and_takes_its_case_back(tmp_path: Path) -> None:
    first = only(read(tmp_path, bundle(patient(), result("a", SARS, FOUND), report("a"))))
    fixed = bundle(
        patient(), result("a", SARS, NOT_FOUND, "corrected"), report("a", status="corrected")
    )
    second = only(read(tmp_path, fixed))
    assert (second.values["status"], second.values["report"]) == (
        "discarded",
        first.values["report"],
    )
    assert second.values["id"] != first.values["id"]
    plain = bundle(patient(), result("a", SARS, NOT_FOUND), report("a"))
    assert "negative" in str(only(read(tmp_path, plain)).wrong)


@pytest.mark.parametrize(
    ("address", "reference"),
    [
        ("urn:uuid:00000000-0000-4000-8000-00000000000{}", None),
        (
            "urn:uuid:abcdef00-0000-4000-8000-00000000000{}",
            "urn:uuid:ABCDEF00-0000-4000-8000-00000000000{}",
        ),
        ("https://lab.example/fhir/{kind}/{}", None),
        ("https://lab.example/fhir/{kind}/{}", "{kind}/{}"),
        ("https://lab.example/fhir/{kind}/{}", "https://lab.example/fhir/{kind}/{}/_history/3"),
    ],
)
def test_references_by_address_are_found_and_a_part_is_read_once(
    tmp_path: Path, address: str, reference: str | None
) -> None:
    names = {"Patient": "1", "Observation": "2", "DiagnosticReport": "3"}
    person, one, whole = patient(), result("x", SARS, FOUND), report()
    told = {kind: (reference or address).format(n, kind=kind) for kind, n in names.items()}
    one["subject"] = whole["subject"] = {"reference": told["Patient"]}
    whole["result"] = [{"reference": told["Observation"]}]
    entries = []
    for resource in (person, one, whole):
        resource.pop("id")
        kind = resource["resourceType"]
        entries.append({"fullUrl": address.format(names[kind], kind=kind), "resource": resource})
    row = only(read(tmp_path, {"resourceType": "Bundle", "entry": entries}))
    assert (row.values["status"], row.values["document"]) == ("confirmed", "N-One")


def test_contained_resources_are_inside_their_own_report_only(tmp_path: Path) -> None:
    def whole(name: str) -> Any:
        return report(
            contained=[patient(name, "p"), result("o", SARS, FOUND, subject={"reference": "#p"})],
            result=[{"reference": "#o"}], subject={"reference": "#p"}, id=f"r-{name}",
        )  # fmt: skip

    rows = read(tmp_path, bundle(whole("One"), whole("Two")))
    assert [row.values["name"] for row in rows] == ["One Sample", "Two Sample"]
    assert len({row.values["report"] for row in rows}) == 2


def test_each_of_several_patients_has_their_own_result(tmp_path: Path) -> None:
    whose = {"reference": "Patient/q"}
    document = bundle(
        patient("One"), patient("Two", "q"),
        result("a", SARS, FOUND), result("b", SARS, NOT_FOUND, subject=whose),
        report("a"), report("b", id="s", subject=whose),
    )  # fmt: skip
    rows = read(tmp_path, document)
    assert [(row.values.get("name"), bool(row.wrong)) for row in rows] == [
        ("One Sample", False),
        (None, True),
    ]
    mixed = bundle(
        patient("One"), patient("Two", "q"), result("a", SARS, FOUND, subject=whose), report("a")
    )
    assert "another patient" in str(only(read(tmp_path, mixed)).wrong)


@pytest.mark.parametrize(
    ("sampled", "day", "note"),
    [
        ({"effectiveDateTime": "2026-11-19"}, "2026-11-19", ""),
        ({"effectiveDateTime": "2026-11-20"}, "2026-11-20", ""),
        ({"effectiveDateTime": "2026-11"}, "2026-11-20", "that of the report"),
        ({"effectiveDateTime": "2026"}, "2026-11-20", "that of the report"),
        ({"effectiveDateTime": "2027-11-19"}, "2026-11-20", "dated after its report"),
        ({"effectivePeriod": {"start": "2026-11-18T23:30:00+08:00"}}, "2026-11-18", ""),
        ({"effectiveInstant": "2026-11-17T08:00:00+08:00"}, "2026-11-17", ""),
        ({"effectiveTiming": {"event": ["2026-11-17T08:00:00+08:00"]}}, "2026-11-17", ""),
        ({"specimen": [{"reference": "Specimen/s"}]}, "2026-11-16", ""),
        ({}, "2026-11-20", ""),
    ],
)
def test_a_sample_is_dated_by_the_best_that_is_said(
    tmp_path: Path, sampled: Any, day: str, note: str
) -> None:
    whole = report("a")
    del whole["effectiveDateTime"]
    specimen = {
        "resourceType": "Specimen",
        "id": "s",
        "collection": {"collectedDateTime": "2026-11-16"},
    }
    row = only(
        read(tmp_path, bundle(patient(), result("a", SARS, FOUND), specimen, whole | sampled))
    )
    assert row.values["occurred_at"][:10] == day
    assert note in row.values.get("note", "")
    assert bool(row.values.get("note")) == bool(note)


def test_a_status_in_capitals_and_a_result_that_alone_is_dated_are_read(tmp_path: Path) -> None:
    one, whole = result("a", SARS, FOUND, "Final"), report("a", status="FINAL")
    del whole["effectiveDateTime"], whole["issued"]
    one["issued"] = "2026-11-18T10:00:00+08:00"
    row = only(read(tmp_path, bundle(patient(), one, whole)))
    assert (row.values["status"], row.values["occurred_at"][:10]) == ("confirmed", "2026-11-18")


def test_who_is_not_in_the_message_is_known_by_the_reference_or_refused(tmp_path: Path) -> None:
    told = {
        "subject": {"identifier": {"value": "N-9", "system": "urn:h"}, "display": "Nine Sample"}
    }
    row = only(read(tmp_path, bundle(result("a", SARS, FOUND), report("a", **told))))
    assert (row.values["document"], row.values["name"]) == ("N-9", "Nine Sample")
    missing = bundle(result("a", SARS, FOUND), report("a"))
    assert "Patient/p" in str(only(read(tmp_path, missing)).wrong)


def test_a_national_number_goes_before_that_of_a_house_and_counts_everywhere(
    tmp_path: Path,
) -> None:
    numbers = [
        {"value": "MR-1", "system": "urn:hospital", "type": coded("MR")},
        {"value": "ID-1", "system": "urn:state", "type": coded("NI")},
        {"value": "OLD", "use": "old", "type": coded("NI")},
    ]
    person = patient(identifier=numbers)
    row = only(read(tmp_path, bundle(person, result("a", SARS, FOUND), report("a"))))
    assert (row.values["document"], row.values.get("issuer")) == ("ID-1", None)
    person = patient(identifier=numbers[:1])
    row = only(read(tmp_path, bundle(person, result("a", SARS, FOUND), report("a"))))
    assert (row.values["document"], row.values["issuer"]) == ("MR-1", "urn:hospital")


def test_an_onset_beside_the_result_is_read(tmp_path: Path) -> None:
    onset = result("n", "11368-8", None, valueDateTime="2026-11-17")
    row = only(read(tmp_path, bundle(patient(), result("a", SARS, FOUND), onset, report("a"))))
    assert row.values["onset"] == "2026-11-17"


@pytest.mark.parametrize(
    ("verified", "clinical", "status"),
    [
        ("confirmed", "active", "confirmed"), ("provisional", "active", "suspected"),
        ("refuted", "inactive", "discarded"), ("entered-in-error", None, "discarded"),
        ("confirmed", "resolved", "recovered"),
    ],
)  # fmt: skip
def test_a_diagnosis_is_a_report_too(
    tmp_path: Path, verified: str, clinical: str | None, status: str
) -> None:
    condition = {
        "resourceType": "Condition", "id": "c", "code": coded("840539006", "http://snomed.info/sct"),
        "verificationStatus": coded(verified), "subject": {"reference": "Patient/p"},
        "recordedDate": "2026-11-19", "onsetDateTime": "2026-11-15",
    }  # fmt: skip
    condition |= {"clinicalStatus": coded(clinical)} if clinical else {}
    row = only(read(tmp_path, bundle(patient(), condition)))
    assert (row.values["status"], row.values["onset"]) == (status, "2026-11-15")


def test_many_documents_one_a_line(tmp_path: Path) -> None:
    lines = [
        json.dumps(bundle(patient(name), result("a", SARS, FOUND), report("a")))
        for name in ("A", "B")
    ]
    assert [row.number for row in read(tmp_path, "\n".join(lines))] == [1, 2]


@pytest.mark.parametrize(
    "broken",
    [
        {"result": "x"}, {"subject": []}, {"subject": {"reference": 7}}, {"effectivePeriod": "x"},
        {"specimen": "x"}, {"identifier": [7]}, {"effectiveDateTime": {"a": 1}}, {"code": []},
    ],
)  # fmt: skip
def test_what_is_not_as_the_standard_has_it_is_a_row_that_says_so(
    tmp_path: Path, broken: Any
) -> None:
    assert read(tmp_path, bundle(patient(), result("a", SARS, FOUND), report("a") | broken))
