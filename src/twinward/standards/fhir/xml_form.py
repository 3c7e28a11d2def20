"""FHIR R4 in XML as the same resource that its JSON has (FHIR R4, "XML Representation")."""

from __future__ import annotations

from xml.parsers import expat

from twinward.core.errors import InputError
from twinward.standards.fhir.codes import Resource

NAMESPACE = "http://hl7.org/fhir"
XHTML = "http://www.w3.org/1999/xhtml"
DEEPEST = 200
# elements of the resources read here that may repeat: in JSON they are always arrays
REPEATING_NAMES = """
entry link identifier telecom address coding result hasMember derivedFrom component
category contained extension modifierExtension given prefix suffix line conclusionCode
performer security profile tag note basedOn evidence stage bodySite referenceRange section
author contact communication generalPractitioner resultsInterpreter imagingStudy media
presentedForm parent processing container
"""
REPEATING = frozenset(REPEATING_NAMES.split())
# what may repeat in some resources only
REPEATING_IN = {
    ("Patient", "name"), ("Practitioner", "name"), ("RelatedPerson", "name"),
    ("Observation", "interpretation"), ("component", "interpretation"),
    ("DiagnosticReport", "specimen"), ("Specimen", "request"), ("Observation", "focus"),
}  # fmt: skip
BOOLEANS = frozenset(["valueBoolean", "active", "deceasedBoolean", "multipleBirthBoolean"])


class Element:
    """One element while it is read."""

    def __init__(self, name: str, value: str | None) -> None:
        self.name, self.value = name, value
        self.parts: list[Element] = []
        self.attributes: dict[str, str] = {}


class ElementBuilder:
    """Builds elements from a parser's events; text (of the narrative) is passed over."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.open: list[Element] = []
        self.root: Element | None = None
        self.narrative = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, plain = name.rpartition(" ")
        if self.narrative or space == XHTML:
            self.narrative += 1
            return
        if space != NAMESPACE or len(self.open) > DEEPEST:
            raise bad_xml(self.label, f"an element {plain!r} that is not of FHIR")
        one = Element(plain, attributes.get("value"))
        one.attributes = {key: attributes[key] for key in ("id", "url") if key in attributes}
        if self.open:
            self.open[-1].parts.append(one)
        else:
            self.root = one
        self.open.append(one)

    def end(self, name: str) -> None:
        if self.narrative:
            self.narrative -= 1
        else:
            self.open.pop()

    def refuse(self, *told: object) -> None:
        raise bad_xml(self.label, "a document type or an entity of its own")


def is_xml(content: bytes) -> bool:
    """True for what begins as XML does, with or without a byte order mark."""
    return content.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \r\n\t").startswith(b"<")


def bad_xml(label: str, why: str) -> InputError:
    return InputError(f"{label}: {why}", "send a FHIR R4 Bundle in XML or JSON", code="bad_xml")


def read_xml(content: bytes, label: str) -> Resource:
    """The resource of an XML document; InputError where it is none or declares entities."""
    reader = ElementBuilder(label)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = reader.refuse
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise bad_xml(label, f"not sound XML: {error}") from error
    if reader.root is None:
        raise bad_xml(label, "nothing in it")
    return resource_of(reader.root)


def resource_of(element: Element) -> Resource:
    return {"resourceType": element.name} | fields_of(element)


def fields_of(element: Element) -> Resource:
    """The children of an element, those that may repeat as arrays."""
    found: Resource = dict(element.attributes)
    for part in element.parts:
        value = value_of(part)
        if value is None:
            continue
        many = part.name in REPEATING or (element.name, part.name) in REPEATING_IN
        if many:
            found.setdefault(part.name, []).append(value)
        else:
            found[part.name] = value
    return found


def value_of(part: Element) -> object:
    if part.parts and part.name in ("resource", "contained"):
        return resource_of(part.parts[0])
    if part.parts or part.value is None:
        return fields_of(part) or None
    if part.name in BOOLEANS:
        return {"true": True, "false": False}.get(part.value, part.value)
    return part.value
