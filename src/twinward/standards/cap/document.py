"""One CAP 1.2 document, written and read; what contradicts itself is refused with its place."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement, TreeBuilder
from xml.parsers import expat

import msgspec

from twinward.core.clock import parse_time
from twinward.core.errors import InputError

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
MOST_BYTES, MOST_POINTS = 2_000_000, 2000
STATUSES = ("Actual", "Exercise", "System", "Test", "Draft")
KINDS = ("Alert", "Update", "Cancel", "Ack", "Error")
PLAIN = re.compile(r"[^\s,<&]{1,200}")  # CAP 1.2, section 3.2.1
FOLLOWING = ("Update", "Cancel", "Ack", "Error")
Ring = tuple[tuple[float, float], ...]  # lat, lon, as CAP has it


class CapReference(msgspec.Struct, frozen=True, kw_only=True):
    """`sender,identifier,sent` of an earlier message."""

    sender: str
    identifier: str
    sent: datetime


class CapText(msgspec.Struct, frozen=True, kw_only=True):
    """One `info` block: the same alert in one language."""

    language: str
    event: str
    category: tuple[str, ...]
    urgency: str
    severity: str
    certainty: str
    response: tuple[str, ...] = ()
    effective: datetime | None = None
    expires: datetime | None = None
    sender_name: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""
    area: str = ""
    polygons: tuple[Ring, ...] = ()
    geocodes: tuple[tuple[str, str], ...] = ()


class CapMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message of a chain."""

    identifier: str
    sender: str
    sent: datetime
    status: str
    kind: str
    scope: str = "Public"
    note: str = ""
    references: tuple[CapReference, ...] = ()
    texts: tuple[CapText, ...] = ()


def write_time(at: datetime) -> str:
    """With an offset, never `Z` (CAP 1.2, section 3.3.2)."""
    return at.astimezone(UTC).replace(microsecond=0).isoformat()


def write_cap(message: CapMessage) -> bytes:
    """The document, its elements in the order of the schema."""
    ElementTree.register_namespace("", NAMESPACE)
    root = Element(f"{{{NAMESPACE}}}alert")
    _add(root, "identifier", message.identifier)
    _add(root, "sender", message.sender)
    _add(root, "sent", write_time(message.sent))
    _add(root, "status", message.status)
    _add(root, "msgType", message.kind)
    _add(root, "scope", message.scope)
    _add(root, "note", message.note)
    _add(root, "references", " ".join(map(write_reference, message.references)))
    for text in message.texts:
        _add_text(root, text)
    body: bytes = ElementTree.tostring(root, "utf-8", xml_declaration=True)
    return body


def write_reference(one: CapReference) -> str:
    return f"{one.sender},{one.identifier},{write_time(one.sent)}"


def _add(parent: Element, name: str, text: str) -> None:
    if text:
        SubElement(parent, f"{{{NAMESPACE}}}{name}").text = text


def _add_text(root: Element, text: CapText) -> None:
    info = SubElement(root, f"{{{NAMESPACE}}}info")
    _add(info, "language", text.language)
    for one in text.category:
        _add(info, "category", one)
    _add(info, "event", text.event)
    for one in text.response:
        _add(info, "responseType", one)
    for name in ("urgency", "severity", "certainty"):
        _add(info, name, getattr(text, name))
    for name, at in (("effective", text.effective), ("expires", text.expires)):
        _add(info, name, write_time(at) if at else "")
    _add(info, "senderName", text.sender_name)
    for name in ("headline", "description", "instruction"):
        _add(info, name, getattr(text, name))
    if text.area:
        area = SubElement(info, f"{{{NAMESPACE}}}area")
        _add(area, "areaDesc", text.area)
        for ring in text.polygons:
            _add(area, "polygon", " ".join(f"{lat:.6f},{lon:.6f}" for lat, lon in ring))
        for name, value in text.geocodes:
            code = SubElement(area, f"{{{NAMESPACE}}}geocode")
            _add(code, "valueName", name)
            _add(code, "value", value)


def read_cap(data: bytes) -> CapMessage:
    """The message; InputError `bad_cap` where it is none or contradicts itself."""
    if len(data) > MOST_BYTES:
        raise InputError(f"a message may have {MOST_BYTES:,} bytes", code="too_large")
    root = parse(data)
    if root.tag != f"{{{NAMESPACE}}}alert":
        raise bad(f"the root is {root.tag.rpartition('}')[2]}, not the alert of CAP 1.2")
    sent = _time(root, "sent")
    assert sent is not None
    message = CapMessage(
        identifier=_plain(root, "identifier"),
        sender=_plain(root, "sender"),
        sent=sent,
        status=_word(root, "status", STATUSES),
        kind=_word(root, "msgType", KINDS),
        scope=_need(root, "scope"),
        note=_text(root, "note"),
        references=tuple(map(read_reference, _text(root, "references").split())),
        texts=tuple(_read_text(one) for one in root.findall(f"{{{NAMESPACE}}}info")),
    )
    for text in message.texts:
        if text.expires is not None and text.expires <= sent:
            raise bad(f"expires {write_time(text.expires)} is not after sent {write_time(sent)}")
    return message


def parse(data: bytes) -> Element:
    """The tree of a document without a document type: no entity is ever read."""
    builder = TreeBuilder()
    parser = expat.ParserCreate(namespace_separator="}")

    def begin(name: str, attributes: dict[str, str]) -> None:
        builder.start("{" + name if "}" in name else name, attributes)

    def end(name: str) -> None:
        builder.end("{" + name if "}" in name else name)

    def refuse(*_: object) -> None:
        raise bad("it has a document type")

    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(data, True)
        return builder.close()
    except (expat.ExpatError, AssertionError) as error:
        raise bad(f"it is no XML: {error}") from error


def read_reference(text: str) -> CapReference:
    parts = text.split(",")
    if len(parts) != 3 or not parts[1]:
        raise bad(f"the reference {text!r} is not sender,identifier,sent")
    return CapReference(sender=parts[0], identifier=parts[1], sent=_instant("references", parts[2]))


def _read_text(info: Element) -> CapText:
    areas = info.findall(f"{{{NAMESPACE}}}area")
    rings = [one.text or "" for area in areas for one in area.findall(f"{{{NAMESPACE}}}polygon")]
    codes = [one for area in areas for one in area.findall(f"{{{NAMESPACE}}}geocode")]
    return CapText(
        language=_text(info, "language") or "en-US",
        event=_need(info, "event"),
        category=tuple(_all(info, "category")) or (_need(info, "category"),),
        response=tuple(_all(info, "responseType")),
        urgency=_need(info, "urgency"),
        severity=_need(info, "severity"),
        certainty=_need(info, "certainty"),
        effective=_time(info, "effective", needed=False),
        expires=_time(info, "expires", needed=False),
        sender_name=_text(info, "senderName"),
        headline=_text(info, "headline"),
        description=_text(info, "description"),
        instruction=_text(info, "instruction"),
        area="; ".join(_need(area, "areaDesc") for area in areas),
        polygons=tuple(map(read_ring, rings)),
        geocodes=tuple((_need(one, "valueName"), _need(one, "value")) for one in codes),
    )


def read_ring(text: str) -> Ring:
    """A closed ring of `lat,lon`; InputError where it is open, swapped or crosses itself."""
    points = text.split()
    if len(points) > MOST_POINTS:
        raise bad(f"the polygon has {len(points):,} points, at most {MOST_POINTS:,}")
    try:
        ring = tuple((float(a), float(b)) for a, _, b in (one.partition(",") for one in points))
    except ValueError as error:
        raise bad(f"the polygon is no list of lat,lon: {text[:60]!r}") from error
    if any(abs(lat) > 90 for lat, _ in ring) or any(abs(lon) > 180 for _, lon in ring):
        raise bad("the polygon has a latitude beyond 90: points are lat,lon")
    if len(ring) < 4 or ring[0] != ring[-1]:
        raise bad(f"the polygon is {'open' if len(ring) > 3 else 'shorter than four points'}")
    from shapely.geometry import Polygon

    if not Polygon(ring).is_valid:
        raise bad("the polygon crosses itself")
    return ring


def _text(parent: Element, name: str) -> str:
    return (parent.findtext(f"{{{NAMESPACE}}}{name}") or "").strip()


def _all(parent: Element, name: str) -> list[str]:
    return [(one.text or "").strip() for one in parent.findall(f"{{{NAMESPACE}}}{name}")]


def _need(parent: Element, name: str) -> str:
    found = _text(parent, name)
    if not found:
        raise bad(f"{name} is missing")
    return found


def _plain(parent: Element, name: str) -> str:
    found = _need(parent, name)
    if not PLAIN.fullmatch(found):
        raise bad(f"{name} {found[:60]!r} holds a space, a comma, < or &")
    return found


def _word(parent: Element, name: str, known: tuple[str, ...]) -> str:
    found = _need(parent, name)
    if found not in known:
        raise bad(f"{name} must be one of {', '.join(known)}, got {found[:60]!r}")
    return found


def _time(parent: Element, name: str, *, needed: bool = True) -> datetime | None:
    found = _need(parent, name) if needed else _text(parent, name)
    return _instant(name, found) if found else None


def _instant(name: str, text: str) -> datetime:
    try:
        return parse_time(text)
    except InputError as error:
        raise bad(f"{name} is no instant with a zone: {text[:60]!r}") from error


def bad(message: str) -> InputError:
    return InputError(
        f"no valid CAP message: {message}", "correct it at its source", code="bad_cap"
    )
