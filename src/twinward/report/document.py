"""A document of paragraphs, tables and bars, written once and rendered as HTML or as PDF."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import msgspec
from jinja2 import Environment

from twinward.core.language import READER
from twinward.security.privacy.scrubbing import scrubbed

if TYPE_CHECKING:
    from reportlab.graphics.shapes import Drawing
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfgen.canvas import Canvas
    from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate
    from reportlab.platypus import Table as PdfTable

# what Helvetica has no glyphs for; PDF readers bring the Asian font that the file names, so that it
# stays small
ASIAN = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]+")
ASIAN_FONT = "STSong-Light"
INK, PALE, BAR, NOTICE = "#1d2733", "#d8dee6", "#2b6cb0", "#fff6dd"


class ReportTable(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of text under a head; figures are written by who makes the table."""

    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


class Bars(msgspec.Struct, frozen=True, kw_only=True):
    """A series as bars, with what it is."""

    caption: str
    values: list[tuple[str, float]]


class Section(msgspec.Struct, frozen=True, kw_only=True):
    title: str
    says: tuple[str, ...] = ()
    table: ReportTable | None = None
    bars: Bars | None = None


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """`notice` stands out on top: what is synthetic, simulated, interim, or a drill."""

    title: str
    subtitle: str
    notice: str = ""
    sections: list[Section]


PAGE = Environment(autoescape=True).from_string("""<!doctype html>
<html lang="{{ language }}"><head><meta charset="utf-8"><title>{{ d.title }}</title><style>
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:{{ ink }}}
table{border-collapse:collapse;margin:.5rem 0}
td,th{padding:.2rem .8rem;text-align:left;border-bottom:1px solid {{ pale }};vertical-align:top}
h1{margin-bottom:0}svg{width:100%;height:10rem;background:#f6f8fa}
.notice{background:{{ notice }};padding:.5rem .8rem;font-weight:600}@media print{body{margin:0}}</style></head><body>
<h1>{{ d.title }}</h1><p>{{ d.subtitle }}</p>{% if d.notice %}<p class="notice">{{ d.notice }}</p>{% endif %}
{% for s in d.sections %}<h2>{{ s.title }}</h2>{% for text in s.says %}<p>{{ text }}</p>{% endfor %}
{% if s.bars and s.bars["values"] %}{% set v = s.bars["values"] %}<svg viewBox="0 0 {{ v | length * 10 }} 100"
 preserveAspectRatio="none" role="img" aria-label="{{ s.bars.caption }}">{% for label, n in v %}<rect
 x="{{ loop.index0 * 10 + 1 }}" y="{{ 100 - 96 * n / s.top }}" width="8" height="{{ 96 * n / s.top }}" fill="{{ bar }}">
<title>{{ label }}: {{ n }}</title></rect>{% endfor %}</svg><p>{{ s.bars.caption }}</p>{% endif %}
{% if s.picture %}<img alt="{{ s.title }}" style="max-width:100%" src="data:image/png;base64,{{ s.picture }}">{% endif %}
{% if s.table %}<table><tr>{% for word in s.table.head %}<th scope="col">{{ word }}</th>{% endfor %}</tr>
{% for row in s.table.rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}</table>
{% endif %}{% endfor %}</body></html>
""")


def render_html(document: Document, pictures: Mapping[str, bytes] | None = None) -> str:
    """The document as one HTML file that needs nothing from elsewhere. `pictures`: PNG by the title
    of the section that it stands in.
    """
    shown: dict[str, Any] = msgspec.to_builtins(scrubbed(document, Document))
    for section in shown["sections"]:
        values = section["bars"]["values"] if section["bars"] else []
        picture = (pictures or {}).get(section["title"])
        section["picture"] = base64.b64encode(picture).decode() if picture else ""
        section["top"] = max((n for _, n in values), default=0) or 1
    language = READER.get().language
    return PAGE.render(d=shown, language=language, ink=INK, pale=PALE, bar=BAR, notice=NOTICE)


def render_pdf(document: Document, pictures: Mapping[str, bytes] | None = None) -> bytes:
    """The document on A4 pages; the same document gives the same bytes."""
    document = scrubbed(document, Document)
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.platypus import SimpleDocTemplate

    pdfmetrics.registerFont(UnicodeCIDFont(ASIAN_FONT))
    out = io.BytesIO()
    sheet = SimpleDocTemplate(
        out,
        pagesize=A4,
        title=document.title,
        author="Twinward",
        invariant=1,
        leftMargin=50,
        rightMargin=50,
        topMargin=50,
        bottomMargin=50,
    )
    sheet.build(_flow(document, sheet.width, pictures or {}), onFirstPage=_foot, onLaterPages=_foot)
    return out.getvalue()


def _flow(document: Document, width: float, pictures: Mapping[str, bytes]) -> list[Flowable]:
    """The document as platypus lays it out."""
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph, Spacer

    def style(size: float, **more: float | str) -> ParagraphStyle:
        return ParagraphStyle(
            f"s{size}", fontName="Helvetica", fontSize=size, leading=size * 1.35, **more
        )

    def line(text: str, size: float = 9.5, **more: float | str) -> Paragraph:
        return Paragraph(_marked(text), style(size, **more))

    flow = [line(document.title, 18), line(document.subtitle)]
    if document.notice:
        flow += [
            Spacer(0, 6),
            line(document.notice, backColor=NOTICE, borderPadding=5),
            Spacer(0, 4),
        ]
    for section in document.sections:
        flow += [
            Spacer(0, 12),
            line(section.title, 13, keepWithNext=1),
            *(line(text) for text in section.says),
        ]
        if section.bars and section.bars.values:
            flow += [_drawn(section.bars, width), line(section.bars.caption, 8)]
        if section.title in pictures:
            flow.append(_picture(pictures[section.title], width))
        if section.table and section.table.rows:
            flow.append(_laid(section.table, width, lambda text: line(text, 8)))
    return flow


def _picture(png: bytes, width: float) -> Flowable:
    """A PNG at the width of the page."""
    from reportlab.lib.utils import ImageReader
    from reportlab.platypus import Image

    wide, high = ImageReader(io.BytesIO(png)).getSize()
    return Image(io.BytesIO(png), width=width, height=width * high / wide)


def _marked(text: str) -> str:
    """Text for a paragraph, Asian characters in the font that has them."""
    plain = escape(text, quote=False)
    return ASIAN.sub(lambda found: f'<font name="{ASIAN_FONT}">{found[0]}</font>', plain)


def _laid(table: ReportTable, width: float, cell: Callable[[str], Paragraph]) -> PdfTable:
    from reportlab.lib.colors import HexColor
    from reportlab.platypus import Table as Grid

    # columns as wide as their longest text asks, within what the page has
    texts = list(zip(table.head, *table.rows, strict=True))
    wanted = [min(max(6, *(len(text) for text in column)), 60) + 2 for column in texts]
    widths = [width * one / sum(wanted) for one in wanted]
    rows = [[cell(text) for text in row] for row in (table.head, *table.rows)]
    grid = Grid(rows, colWidths=widths, repeatRows=1)
    grid.setStyle(
        [("LINEBELOW", (0, 0), (-1, -1), 0.4, HexColor(PALE)), ("VALIGN", (0, 0), (-1, -1), "TOP")]
    )
    return grid


def _drawn(bars: Bars, width: float, height: float = 80) -> Drawing:
    from reportlab.graphics.shapes import Drawing, Rect
    from reportlab.lib.colors import HexColor

    top = max(n for _, n in bars.values) or 1
    step = width / len(bars.values)
    figure = Drawing(width, height)
    for place, (_, n) in enumerate(bars.values):
        figure.add(
            Rect(
                place * step,
                0,
                step * 0.8,
                height * n / top,
                fillColor=HexColor(BAR),
                strokeColor=None,
            )
        )
    return figure


def _foot(canvas: Canvas, sheet: SimpleDocTemplate) -> None:
    canvas.setFont("Helvetica", 8)
    canvas.drawRightString(sheet.pagesize[0] - 50, 28, str(sheet.page))
