"""Plain text, web pages and tables of text."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from contextlib import suppress
from html.parser import HTMLParser

from twinward.edge.intake.claim import Part
from twinward.edge.intake.readers.limits import MOST_TEXT, UnreadableError

SKIPPED = frozenset({"script", "style", "noscript", "template", "svg", "head"})
BLOCKS = frozenset(
    [
        "p",
        "div",
        "br",
        "li",
        "tr",
        "td",
        "th",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "section",
        "article",
        "table",
        "ul",
        "ol",
        "blockquote",
        "pre",
    ]
)
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode_text(data: bytes, told: str | None = None) -> str:
    """The text in UTF-8, UTF-16 with a mark, GB 18030 or Latin; UnreadableError for bytes."""
    for mark, name in BOMS:
        if data.startswith(mark):
            return data.decode(name, "replace")
    controls = sum(data.count(one) for one in (0, 1, 2, 3, 4, 5, 6))
    if controls > len(data) // 100:
        raise UnreadableError("not_text")
    for known in (told or "utf-8", "utf-8", "gb18030"):
        try:
            return data.decode(known)
        except (UnicodeDecodeError, LookupError):
            continue
    return decode_cut(data) or data.decode("latin-1")


def decode_cut(data: bytes) -> str:
    """The text of a file that was cut within its last letter; empty where it is something else."""
    for known in ("utf-8", "gb18030"):
        try:
            text = codecs.getincrementaldecoder(known)().decode(data)
        except UnicodeDecodeError:
            continue
        if not text.isascii():
            return text
    return ""


class _Words(HTMLParser):
    """The words that a page shows."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SKIPPED:
            self.hidden += 1
        elif tag in BLOCKS:
            self.parts.append("\n" if tag not in ("td", "th") else "; ")

    def handle_endtag(self, tag: str) -> None:
        if tag in SKIPPED and self.hidden:
            self.hidden -= 1
        elif tag in BLOCKS and tag not in ("td", "th"):
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(re.sub(r"\s+", " ", data))


def read_html(data: bytes, told: str | None = None) -> list[Part]:
    found = re.search(rb"charset=[\"']?([\w-]+)", data[:2000])
    words = _Words()
    words.feed(decode_text(data, told or (found[1].decode() if found else None))[:MOST_TEXT])
    return [Part(name="page", text="".join(words.parts))]


def read_table(rows: list[list[str]], name: str) -> Part:
    """A table as sentences: each row with the names of its columns."""
    head = rows[0] if rows else []
    named = (
        len(rows) > 1
        and sum(1 for cell in head if cell and not cell[:1].isdigit()) >= len(head) / 2
    )
    lines = []
    for row in rows[1:] if named else rows:
        cells = [cell for cell in row if cell]
        told = [
            f"{title}: {cell}" if title else cell
            for title, cell in zip(head if named else [""] * len(row), row, strict=False)
            if cell
        ]
        if cells:
            lines.append(", ".join(told))
    if named and not lines:  # a head that stands above nothing
        lines = [", ".join(cell for cell in head if cell)]
    return Part(name=name, text="\n".join(lines))


def read_plain(data: bytes) -> list[Part]:
    """A text; lines of JSON are posts, each a part, and separated columns are a table."""
    text = decode_text(data)[:MOST_TEXT]
    posts = read_posts(text)
    if posts:
        return posts
    lines = [line for line in text.splitlines() if line.strip()][:50]
    for mark in (",", "\t", ";"):
        counts = {line.count(mark) for line in lines}
        if len(lines) > 1 and len(counts) == 1 and min(counts) >= 2:
            csv.field_size_limit(MOST_TEXT)
            with suppress(csv.Error):  # then it is a text with commas
                rows = [
                    [cell.strip() for cell in row]
                    for row in csv.reader(io.StringIO(text), delimiter=mark)
                ]
                return [read_table(rows, "table")]
    return [Part(name="text", text=text)]


def read_posts(text: str) -> list[Part]:
    """Posts as lines of JSON with a `text`; who wrote them is not read."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines or not lines[0].lstrip().startswith("{"):
        return []
    found = []
    for number, line in enumerate(lines[:2000], 1):
        try:
            post = json.loads(line)
        except (ValueError, RecursionError):
            return []
        if not isinstance(post, dict) or not isinstance(post.get("text"), str):
            return []
        found.append(Part(name=f"post {number}", text=post["text"], sure=0.8))
    return found
