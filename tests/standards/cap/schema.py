"""What the published schema of CAP 1.2 says, held against a document: order and number of elements,
words that are listed, patterns, types. It reads the schema itself, so far as that schema goes; a part
of XML Schema that it does not know is an error.
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

XS = "{http://www.w3.org/2001/XMLSchema}"
SCHEMA = Path(__file__).with_name("cap12.xsd")
CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
TIME = r"-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?"
TYPES = {
    "string": r"(?s).*",
    "anyURI": r"\S*",
    "language": r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*",
    "integer": r"[+-]?\d+",
    "decimal": r"[+-]?(\d+(\.\d*)?|\.\d+)",
    "dateTime": TIME,
}
KNOWN = {"annotation", "complexType", "simpleType", "sequence", "element", "restriction"}
KNOWN |= {"enumeration", "pattern", "any", "documentation", "schema"}


def find_faults(document: bytes) -> list[str]:
    """Everything that the schema does not allow, with its place."""
    schema = ElementTree.parse(SCHEMA).getroot()
    strange = {one.tag for one in schema.iter()} - {XS + name for name in KNOWN}
    assert not strange, f"this reader does not know {strange}"
    parts = {f"cap:{one.get('name')}": one for one in schema.findall(f"{XS}element")}
    root = ElementTree.fromstring(document)
    if root.tag != f"{CAP}alert":
        return [f"{root.tag}: no such root"]
    return hold(root, parts["cap:alert"], "alert", parts)


def hold(found: Element, declared: Element, place: str, parts: dict[str, Element]) -> list[str]:
    complex_type = declared.find(f"{XS}complexType")
    if complex_type is None:
        return [f"{place}: {one}" for one in hold_text(found.text or "", declared)]
    faults = [f"{place}: attribute {name}" for name in found.attrib]
    waiting = list(found)
    for part in complex_type.findall(f"{XS}sequence/*"):
        if part.tag == f"{XS}any":  # of another namespace: signatures
            waiting = [one for one in waiting if one.tag.startswith(CAP)]
            continue
        referred = part if part.get("ref") is None else parts[str(part.get("ref"))]
        name = str(referred.get("name"))
        count = 0
        while waiting and waiting[0].tag == CAP + name:
            faults += hold(waiting.pop(0), referred, f"{place}/{name}", parts)
            count += 1
        most = part.get("maxOccurs", "1")
        if count < int(part.get("minOccurs", "1")) or (most != "unbounded" and count > int(most)):
            faults.append(f"{place}: {count} times {name}")
    return faults + [f"{place}: {one.tag} stands where it may not" for one in waiting]


def hold_text(text: str, declared: Element) -> list[str]:
    restriction = declared.find(f"{XS}simpleType/{XS}restriction")
    base = declared.get("type") if restriction is None else restriction.get("base")
    kind = str(base).rpartition(":")[2]
    collapsed = text if kind == "string" else " ".join(text.split())
    faults = [] if re.fullmatch(TYPES[kind], collapsed) else [f"{text[:40]!r} is no {kind}"]
    if restriction is None:
        return faults
    words = [one.get("value") for one in restriction.findall(f"{XS}enumeration")]
    if words and text not in words:
        faults.append(f"{text[:40]!r} is not listed")
    for one in restriction.findall(f"{XS}pattern"):
        if not re.fullmatch(str(one.get("value")), collapsed):
            faults.append(f"{text[:40]!r} is not of the pattern")
    return faults
