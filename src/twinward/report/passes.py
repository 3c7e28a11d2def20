"""Passes on paper: a code, words and shapes in two languages, large print; families and posters."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime

import msgspec

WORDS = {
    "gate": ("GATE TOKEN", "出入码"),
    "day": ("DAY PASS", "当日通行证"),
    "travel": ("TRAVEL PASS", "出行通行证"),
    "test": ("TEST CERTIFICATE", "检测证明"),
    "vaccination": ("VACCINATION CERTIFICATE", "接种证明"),
    "recovery": ("RECOVERY CERTIFICATE", "康复证明"),
    "declaration": ("DECLARATION", "申报书"),
    "paper": ("PAPER PASS", "纸质通行证"),
    "family": ("FAMILY PASS", "家庭通行证"),
    "place": ("PLACE CODE", "场所码"),
    "book": ("PASS BOOK", "通行证簿"),
}
LARGE, HUGE = 20, 34  # points: large print begins at 16 to 18
MOST_CARDS = 12


class PrintedPass(msgspec.Struct, frozen=True, kw_only=True):
    """One pass to print. `lines` are pairs of English and Chinese; `hint` what a guard compares."""

    kind: str
    token: str
    until: datetime | None = None
    zone: str = ""
    hint: str = ""
    lines: Sequence[tuple[str, str]] = ()


def render_cards(cards: Sequence[PrintedPass], issuer: str) -> bytes:
    """A PDF with a page a card; InputError is the caller's to raise for too many."""
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    buffer = io.BytesIO()
    page = Canvas(buffer, pagesize=A4, invariant=1)
    page.setTitle(" / ".join(WORDS[cards[0].kind]))
    for card in cards:
        _draw(page, card, issuer, *A4)
        page.showPage()
    page.save()
    return buffer.getvalue()


def _draw(page: object, card: PrintedPass, issuer: str, width: float, height: float) -> None:
    from reportlab.graphics import renderPDF
    from reportlab.graphics.barcode.qr import QrCodeWidget
    from reportlab.graphics.shapes import Drawing
    from reportlab.pdfgen.canvas import Canvas

    assert isinstance(page, Canvas)
    english, chinese = WORDS[card.kind]
    page.setLineWidth(6)
    page.roundRect(30, 30, width - 60, height - 60, 18)
    at = _lines(page, ((english, chinese),), HUGE, height - 90)
    size = 300.0
    widget = QrCodeWidget(card.token, barLevel="Q")
    x0, y0, x1, _ = widget.getBounds()
    scale = size / (x1 - x0)
    drawing = Drawing(size, size, transform=[scale, 0, 0, scale, -x0 * scale, -y0 * scale])
    drawing.add(widget)
    renderPDF.draw(drawing, page, (width - size) / 2, at - size + 10)
    at -= size + 25
    said = []
    if card.until is not None:
        until = f"{card.until:%Y-%m-%d %H:%M} {card.zone}"
        said.append((f"Good until {until}", f"有效至 {until}"))
    said += [(f"Holder: {card.hint}", f"持有人：{card.hint}")] if card.hint else []
    at = _lines(page, (*said, *card.lines), LARGE, at)
    foot = (
        (
            f"Issued by {issuer}. Show it; nobody may keep it.",
            f"{issuer} 签发。出示即可，他人不得留存。",
        ),
        ("Refused? Ask for a person; you may object.", "被拒时可要求人工核验，并可提出异议。"),
    )
    _lines(page, foot, 13, 110)


def _lines(page: object, pairs: Sequence[tuple[str, str]], size: float, at: float) -> float:
    from reportlab.pdfgen.canvas import Canvas

    assert isinstance(page, Canvas)
    for pair in pairs:
        for text in pair:
            page.setFont("STSong-Light", size)
            while page.stringWidth(text, "STSong-Light", size) > 500 and size > 9:
                size -= 1
                page.setFont("STSong-Light", size)
            page.drawCentredString(297, at, text)
            at -= size * 1.3
    return at
