"""A FHIR R4 bundle: its resources, and each reference resolved as the standard says.

FHIR R4, Bundle, "Resolving references in Bundles": by `fullUrl` first, relative ones against the
`fullUrl` of the entry that they stand in; `#id` is inside the resource itself.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from twinward.standards.fhir.codes import Resource, listed


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A resource with the address that it has in its bundle; `inside`: what contains it."""

    resource: Resource
    url: str = ""
    inside: Resource | None = None

    @property
    def kind(self) -> str:
        return str(self.resource.get("resourceType"))

    @property
    def place(self) -> int:
        """Tells two entries apart, also where both have no id."""
        return id(self.resource)


class Bundle:
    """All entries of a document, bundles in bundles and contained resources among them."""

    def __init__(self, document: Resource) -> None:
        self.document = document
        self.entries = list(list_entries(document))
        self.by_url = {plain_url(entry.url): entry for entry in self.entries if entry.url}
        self.by_name = {
            f"{entry.kind}/{entry.resource['id']}": entry
            for entry in reversed(self.entries)
            if entry.inside is None and entry.resource.get("id")
        }

    def of(self, *kinds: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.kind in kinds]

    def find(self, reference: object, at: Entry) -> Entry | None:
        """What a reference in an entry points to; None where it is not in the document."""
        said = reference.get("reference") if isinstance(reference, dict) else None
        if not isinstance(said, str) or not said:
            return self.find_identified(reference)
        if said.startswith("#"):
            holder = at.inside or at.resource
            inner = [one for one in listed(holder, "contained") if one.get("id") == said[1:]]
            return Entry(resource=inner[0], inside=holder) if inner else None
        plain = plain_url(said.split("/_history/")[0])
        if plain in self.by_url:
            return self.by_url[plain]
        name = "/".join(plain.split("/")[-2:])
        if "://" not in plain and at.url and "/" in at.url:
            root = "/".join(at.url.split("/")[:-2])
            if f"{root}/{plain}" in self.by_url:
                return self.by_url[f"{root}/{plain}"]
        return self.by_name.get(name)

    def find_identified(self, reference: object) -> Entry | None:
        """A reference by identifier alone."""
        wanted = reference.get("identifier") if isinstance(reference, dict) else None
        if not isinstance(wanted, dict) or not wanted.get("value"):
            return None
        for entry in self.entries:
            for one in listed(entry.resource, "identifier"):
                if one.get("value") == wanted["value"] and one.get("system") == wanted.get(
                    "system"
                ):
                    return entry
        return None


def plain_url(url: str) -> str:
    """An address as it is compared: a UUID is the same in capitals (RFC 9562)."""
    return url.lower() if url[:4].lower() == "urn:" else url


def list_entries(document: Resource) -> Iterator[Entry]:
    if document.get("resourceType") != "Bundle":
        yield from with_contained(document, "")
        return
    for entry in listed(document, "entry"):
        one = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(one, dict) and one.get("resourceType") == "Bundle":
            yield from list_entries(one)
        elif isinstance(one, dict):
            yield from with_contained(one, str(entry.get("fullUrl") or ""))


def with_contained(resource: Resource, url: str) -> Iterator[Entry]:
    yield Entry(resource=resource, url=url)
    for inner in listed(resource, "contained"):
        if isinstance(inner, dict):
            yield Entry(resource=inner, inside=resource)
