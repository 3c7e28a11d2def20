"""Whom a FHIR resource is about: the fields for the vault, and the area."""

from __future__ import annotations

from twinward.core.errors import InputError
from twinward.standards.fhir.bundle import Bundle, Entry
from twinward.standards.fhir.codes import Resource, codes_in, listed

NATIONAL = {"NI", "NIIP", "NNCHN", "PPN", "SS", "CZ", "JHN", "HC"}  # HL7 v2 table 0203
LOCAL = {"MR", "PI", "PT", "MRT", "VN", "AN"}
NOT_NOW = {"old", "maiden", "temp", "nickname", "anonymous"}


def person_of(bundle: Bundle, reference: object, at: Entry) -> Resource:
    """The fields of the person that a reference names, as far as the document holds them."""
    found = bundle.find(reference, at)
    if found is not None and found.kind != "Patient":
        raise InputError(
            f"it is about a {found.kind}, not about a person", "send results of patients",
            code="bad_row",
        )  # fmt: skip
    if found is not None:
        return fields_of(found.resource)
    told = reference if isinstance(reference, dict) else {}
    identifier = told.get("identifier") or {}
    if identifier.get("value") or told.get("display"):
        return {
            "document": identifier.get("value"),
            "issuer": identifier.get("system"),
            "name": told.get("display"),
        }
    raise InputError(
        f"not as FHIR has it: no {told.get('reference') or 'subject'} in the message",
        "send the Patient in the same bundle, or an identifier in the reference",
        code="bad_row",
    )


def fields_of(patient: Resource) -> Resource:
    name: Resource = next(
        (one for one in listed(patient, "name") if one.get("use") not in NOT_NOW),
        next(iter(listed(patient, "name")), {}),
    )
    addresses = listed(patient, "address")
    address = next((one for one in addresses if one.get("district")), (addresses or [{}])[0])
    phones = [
        one.get("value")
        for one in listed(patient, "telecom")
        if one.get("system") in ("phone", "sms") and one.get("use") != "old"
    ]
    whole = " ".join([*listed(name, "given"), str(name.get("family") or "")]).strip()
    return {
        "name": name.get("text") or whole or None,
        **document_of(patient),
        "phone": phones[0] if phones else None,
        "address": address.get("text") or " ".join(listed(address, "line")) or None,
        "born": patient.get("birthDate"),
        "area": address.get("district"),
    }


def document_of(patient: Resource) -> Resource:
    """The number that tells the person best, and who gave it: some count only where given."""
    known = [
        one
        for one in listed(patient, "identifier")
        if isinstance(one, dict) and one.get("value") and one.get("use") != "old"
    ]
    if not known:
        return {"document": None, "issuer": None}

    def rank(one: Resource) -> int:
        kinds = codes_in(one.get("type"))
        return 0 if kinds & NATIONAL else 2 if kinds & LOCAL else 1

    best = min(known, key=rank)
    issuer = best.get("system") or (best.get("assigner") or {}).get("display")
    return {"document": best["value"], "issuer": None if rank(best) == 0 else issuer}
