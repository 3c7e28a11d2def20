"""PDF: its text where that is what a reader sees, else its pages as pictures."""

from __future__ import annotations

import difflib
import re
import unicodedata
from typing import Any

from twinward.edge.intake.claim import Part
from twinward.edge.intake.readers.limits import (
    MOST_OCR_PAGES,
    MOST_PAGES,
    MOST_TEXT,
    UnreadableError,
)
from twinward.edge.intake.readers.pictures import LONGEST_SIDE, find_engine, read_lines

COMPARED = 3  # first pages whose text is held against what they show
ALIKE = 0.5
PLAUSIBLE = 0.85
DPI_SCALE = 2.0


def read_pdf(data: bytes) -> tuple[list[Part], list[str]]:
    """(parts, notes). UnreadableError for a broken or locked one, and where the library is not
    installed.
    """
    try:
        import pypdfium2 as pdfium
    except ImportError as error:
        raise UnreadableError("no_pdf") from error
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        raise UnreadableError("encrypted" if "assword" in str(error) else "broken_pdf") from error
    notes: list[str] = []
    if len(document) > MOST_PAGES:
        notes.append("pages_cut")
    parts: list[Part] = []
    letters = ocr_pages = 0
    for number in range(min(len(document), MOST_PAGES)):
        try:
            page = document[number]
            text = page.get_textpage().get_text_bounded()
        except pdfium.PdfiumError:
            notes.append("page_broken")
            continue
        part = Part(name=f"page {number + 1}", text=join_wrapped(text))
        why = doubt(text, page)
        look = number < COMPARED and bool(text.strip()) and not why
        if (why or look) and ocr_pages < MOST_OCR_PAGES:
            if find_engine() is None:
                notes += [why, "no_ocr"] if why else []
            else:
                ocr_pages += 1
                part, said = choose(part, page, why)
                notes += said
        if why and part.how == "text":
            part = Part(name=part.name, text=part.text, sure=0.3)
        letters += len(part.text)
        parts.append(part)
        if letters > MOST_TEXT:
            notes.append("text_cut")
            break
    return parts, sorted(set(notes))


def doubt(text: str, page: Any) -> str:
    """Why the text of a page is not believed: there is none but pictures, or it is no writing."""
    plain = re.sub(r"\s", "", text)
    if not plain:
        return "no_text" if next(iter(page.get_objects(max_depth=2)), None) is not None else ""
    return "" if is_plausible(plain) else "text_implausible"


def is_plausible(text: str) -> bool:
    """Whether the signs are writing: no private, unassigned or replaced ones, no `(cid:12)`."""
    if len(re.findall(r"\(cid:\d+\)", text)) > len(text) / 50:
        return False
    good = sum(1 for one in text if one != "\ufffd" and unicodedata.category(one)[0] in "LNPSZM")
    return good >= PLAUSIBLE * len(text)


def choose(part: Part, page: Any, why: str) -> tuple[Part, list[str]]:
    """What the page shows, where its text is doubted or says something else."""
    scale = min(DPI_SCALE, LONGEST_SIDE / max(*page.get_size(), 1.0))  # a page may be a town wide
    seen = read_lines(page.render(scale=scale).to_pil().convert("RGB"), part.name)
    if why:
        return (seen, [why]) if seen.text else (part, [why])
    left, right = (re.sub(r"\W", "", one).lower()[:1500] for one in (part.text, seen.text))
    if len(right) < 10:
        return part, ["text_unseen"] if len(left) > 40 else []
    if difflib.SequenceMatcher(None, left, right, autojunk=False).ratio() < ALIKE:
        return seen, ["text_differs"]
    return part, []


def join_wrapped(text: str) -> str:
    """Lines that a page has broken are joined; a line that ends a sentence ends here too."""
    from twinward.edge.intake.readers.pictures import join_lines

    paragraphs = re.split(r"\n\s*\n", text.replace("\r\n", "\n").replace("\r", "\n"))
    joined = []
    for one in paragraphs:
        lines = [line.strip() for line in one.split("\n") if line.strip()]
        joined.append(join_lines(lines))
    return "\n".join(joined)
