"""Word, Excel and PowerPoint files (ECMA-376) and OpenDocument, without what they could run."""

from __future__ import annotations

import io
import re
import zipfile
from xml.etree import ElementTree

from twinward.edge.intake.claim import Part
from twinward.edge.intake.readers.limits import (
    MOST_INFLATED,
    MOST_MEMBERS,
    MOST_RATIO,
    UnreadableError,
)
from twinward.edge.intake.readers.text import read_table

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
MOST_ROWS = 20_000


class Package:
    """A ZIP whose members are counted before they are inflated."""

    def __init__(self, data: bytes) -> None:
        try:
            self.zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, OSError) as error:
            raise UnreadableError("broken_zip", str(error)) from error
        members = self.zip.infolist()
        total = sum(one.file_size for one in members)
        bombs = any(
            one.file_size > 1_000_000 and one.file_size > MOST_RATIO * max(one.compress_size, 1)
            for one in members
        )
        if len(members) > MOST_MEMBERS or total > MOST_INFLATED or bombs:
            raise UnreadableError("zip_bomb")
        if any(one.flag_bits & 1 for one in members):
            raise UnreadableError("encrypted")
        self.names = [one.filename for one in members]

    def read(self, name: str) -> bytes:
        """One member; UnreadableError when it inflates to more than it says."""
        try:
            with self.zip.open(name) as file:
                data = file.read(MOST_INFLATED + 1)
        except (KeyError, zipfile.BadZipFile, NotImplementedError, OSError, EOFError) as error:
            raise UnreadableError("broken_zip", str(error)) from error
        except Exception as error:  # zlib.error has no common parent
            raise UnreadableError("broken_zip", str(error)) from error
        if len(data) > MOST_INFLATED:
            raise UnreadableError("zip_bomb")
        return data

    def xml(self, name: str) -> ElementTree.Element:
        """A member as XML; a document type is refused, so no entity is ever expanded."""
        data = self.read(name)
        if (
            re.search(rb"<!\s*(?:DOCTYPE|ENTITY)", data[:4096] + data[-4096:])
            or b"<!ENTITY" in data
        ):
            raise UnreadableError("xml_entities")
        try:
            return ElementTree.fromstring(data)
        except ElementTree.ParseError as error:
            raise UnreadableError("broken_xml", str(error)) from error


def read_package(data: bytes) -> tuple[str, list[Part], list[str]]:
    """(media, parts, notes) of an office file; UnreadableError for another ZIP."""
    package = Package(data)
    names = set(package.names)
    if "word/document.xml" in names:
        return "docx", read_word(package), []
    if "xl/workbook.xml" in names:
        return "xlsx", *read_excel(package)
    if any(name.startswith("ppt/slides/slide") for name in names):
        return "pptx", read_slides(package), []
    if "content.xml" in names:
        text = all_text(package.xml("content.xml"))
        return "opendocument", [Part(name="document", text=text)], []
    raise UnreadableError("unknown_zip")


def read_word(package: Package) -> list[Part]:
    """Paragraphs as lines; a row of a table is one line."""
    body = package.xml("word/document.xml").find(f"{W}body")
    lines: list[str] = []
    for block in body if body is not None else ():
        if block.tag == f"{W}tbl":
            rows = [
                [word_text(cell) for cell in row.iter(f"{W}tc")] for row in block.iter(f"{W}tr")
            ]
            lines.append(read_table(rows, "table").text)
        else:
            lines.append(word_text(block))
    return [Part(name="document", text="\n".join(lines))]


def word_text(block: ElementTree.Element) -> str:
    parts = []
    for one in block.iter():
        if one.tag == f"{W}t":
            parts.append(one.text or "")
        elif one.tag in (f"{W}tab", f"{W}br"):
            parts.append(" ")
    return "".join(parts)


def read_excel(package: Package) -> tuple[list[Part], list[str]]:
    shared = []
    if "xl/sharedStrings.xml" in package.names:
        for item in package.xml("xl/sharedStrings.xml").iter(f"{S}si"):
            shared.append("".join(one.text or "" for one in item.iter(f"{S}t")))
    sheets = sorted(
        name for name in package.names if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name)
    )
    tables = [sheet_rows(package.xml(name), shared) for name in sheets]
    parts = [read_table(rows, f"sheet {number}") for number, rows in enumerate(tables, 1)]
    return parts, ["rows_cut"] if any(len(rows) >= MOST_ROWS for rows in tables) else []


def sheet_rows(sheet: ElementTree.Element, shared: list[str]) -> list[list[str]]:
    rows = []
    for row in sheet.iter(f"{S}row"):
        cells: dict[int, str] = {}
        for place, cell in enumerate(row.iter(f"{S}c")):
            column = column_of(cell.get("r", "")) if cell.get("r") else place
            if column < 200:
                cells[column] = cell_text(cell, shared)
        rows.append([cells.get(n, "") for n in range(max(cells, default=-1) + 1)])
        if len(rows) >= MOST_ROWS:
            break
    return rows


def column_of(reference: str) -> int:
    """AB12 is column 27."""
    number = 0
    for letter in re.match(r"[A-Z]*", reference)[0]:  # type: ignore[index]
        number = number * 26 + ord(letter) - 64
    return number - 1 if number else 0


def cell_text(cell: ElementTree.Element, shared: list[str]) -> str:
    if cell.get("t") == "inlineStr":
        return "".join(one.text or "" for one in cell.iter(f"{S}t")).strip()
    value = cell.findtext(f"{S}v") or ""
    if cell.get("t") == "s":
        return shared[int(value)].strip() if value.isdigit() and int(value) < len(shared) else ""
    return value.strip()


def read_slides(package: Package) -> list[Part]:
    slides = sorted(
        name for name in package.names if re.fullmatch(r"ppt/slides/slide\d+\.xml", name)
    )
    found = []
    for number, name in enumerate(slides, 1):
        lines = [
            "".join(one.text or "" for one in paragraph.iter(f"{A}t"))
            for paragraph in package.xml(name).iter(f"{A}p")
        ]
        found.append(Part(name=f"slide {number}", text="\n".join(lines)))
    return found


def all_text(root: ElementTree.Element) -> str:
    lines = []
    for one in root.iter():
        if one.tag.endswith(("}p", "}h")):
            lines.append("".join(one.itertext()))
    return "\n".join(lines)
