"""An Atom feed (RFC 4287) of CAP messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

import msgspec

from twinward.standards.cap.document import write_time

ATOM = "http://www.w3.org/2005/Atom"
CAP_MEDIA = "application/cap+xml"


class FeedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One message: `state` is a category, so that a reader sees a cancel without opening it."""

    identifier: str
    title: str
    summary: str
    state: str
    updated: datetime
    published: datetime
    href: str


def write_feed(
    title: str, identifier: str, author: str, updated: datetime, entries: Sequence[FeedEntry]
) -> bytes:
    """The feed, its entries in the order given."""
    root = Element("feed", {"xmlns": ATOM})
    _add(root, "id", f"urn:twinward:alerts:{identifier}")
    _add(root, "title", title)
    _add(root, "updated", write_time(updated))
    _add(SubElement(root, "author"), "name", author)
    SubElement(root, "link", {"rel": "self", "href": "feed.atom"})
    for one in entries:
        entry = SubElement(root, "entry")
        _add(entry, "id", f"urn:twinward:alert:{one.identifier}")
        _add(entry, "title", one.title)
        _add(entry, "updated", write_time(one.updated))
        _add(entry, "published", write_time(one.published))
        _add(entry, "summary", one.summary)
        SubElement(entry, "category", {"term": one.state})
        link = {"rel": "alternate", "type": CAP_MEDIA, "href": one.href}
        SubElement(entry, "link", link)
    body: bytes = ElementTree.tostring(root, "utf-8", xml_declaration=True)
    return body


def _add(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = text
