"""The slip of a parcel on paper, for whoever has no phone: outside its number and place, inside the
code, large, in two languages; folded over the line before it is given away.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime

import msgspec

MOST_SLIPS = 200
FONT = "STSong-Light"
HUGE, LARGE, PLAIN, SMALL = 46, 20, 13, 9
SQUARE = 84.0  # points: 3 cm


class PrintedSlip(msgspec.Struct, frozen=True, kw_only=True):
    """One slip to print; `until` by the city's clock; `link` to the receiver's page, or empty."""

    parcel: str
    code: str
    place: str
    area: str
    until: datetime
    link: str = ""


def render_slips(slips: Sequence[PrintedSlip]) -> bytes:
    """A PDF with a page a slip."""
    from reportlab.lib.pagesizes import A5
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    buffer = io.BytesIO()
    page = Canvas(buffer, pagesize=A5, invariant=1)
    page.setTitle("Parcel slip / 取件单")
    for slip in slips:
        width, height = A5
        _lines(page, outside(slip), height - 60, width)
        page.setDash(6, 4)
        page.line(20, height / 2, width - 20, height / 2)
        page.setDash()
        _lines(page, inside(slip), height / 2 - 40, width)
        if slip.link:
            draw_square(page, slip.link, width - SQUARE - 16, 16)
        page.showPage()
    page.save()
    return buffer.getvalue()


def outside(slip: PrintedSlip) -> list[tuple[str, float]]:
    """What anybody may read."""
    return [
        ("Parcel 包裹", LARGE),
        (slip.parcel, LARGE),
        (f"{slip.area} {slip.place}", LARGE),
        ("Fold here before giving it away. 交付前请沿虚线折叠封好。", PLAIN),
    ]


def inside(slip: PrintedSlip) -> list[tuple[str, float]]:
    """What the receiver alone reads."""
    until = f"{slip.until:%Y-%m-%d %H:%M}"
    return [
        ("Your code 取件码", LARGE),
        (slip.code, HUGE),
        (f"Until {until}. 有效期至 {until}。", PLAIN),
        ("Type the number of the parcel, then this code. 先输入包裹编号，再输入取件码。", PLAIN),
        ("Tell it to nobody; the carrier does not need it.", PLAIN),
        ("请勿告知他人；配送人员不需要此码。", PLAIN),
        ("Five wrong codes lock it; then ask for a new slip.", PLAIN),
        ("输错五次将被锁定，请索取新的取件单。", PLAIN),
    ]


def draw_square(page: object, link: str, x: float, y: float) -> None:
    """A QR code of the receiver's own page, and what it is for."""
    from reportlab.graphics.barcode.qr import QrCodeWidget
    from reportlab.graphics.renderPDF import draw
    from reportlab.graphics.shapes import Drawing
    from reportlab.pdfgen.canvas import Canvas

    assert isinstance(page, Canvas)
    picture = Drawing(SQUARE, SQUARE)
    picture.add(QrCodeWidget(link, barWidth=SQUARE, barHeight=SQUARE, barLevel="M"))
    draw(picture, page, x, y)
    page.setFont(FONT, SMALL)
    page.drawRightString(x - 4, y + 24, "Where the parcel is, and a new code:")
    page.drawRightString(x - 4, y + 10, "扫码可查看包裹去向，或更换取件码：")


def _lines(page: object, lines: Sequence[tuple[str, float]], at: float, width: float) -> None:
    from reportlab.pdfgen.canvas import Canvas

    assert isinstance(page, Canvas)
    for text, size in lines:
        while page.stringWidth(text, FONT, size) > width - 40 and size > 8:
            size -= 1
        page.setFont(FONT, size)
        page.drawCentredString(width / 2, at, text)
        at -= size * 1.45
