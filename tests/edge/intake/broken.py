"""Files that somebody could send to do harm, or that were harmed on their way: made from a seed.
Each with what must come of it: a code, some words that must be read, or either.
"""

from __future__ import annotations

import base64
import io
import json
import random
import struct
import wave
import zipfile
import zlib
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import NamedTuple

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SAYS = "外滩街道起火"
FONT = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"


class Broken(NamedTuple):
    """`codes`: it may be refused so; `says`: else this must be read; neither: it must only end."""

    name: str
    data: bytes
    codes: tuple[str, ...] = ()
    says: str = ""


def zipped(*files: tuple[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files:
            made.writestr(name, content)
    return out.getvalue()


def docx(body: str, head: str = "", *more: tuple[str, str]) -> bytes:
    text = f'{head}<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'
    return zipped(("word/document.xml", text), *more)


def paragraph(text: str = SAYS) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def xlsx(rows: str, shared: str = "") -> bytes:
    sheet = f'<worksheet xmlns="{SHEET}"><sheetData>{rows}</sheetData></worksheet>'
    more = [("xl/sharedStrings.xml", f'<sst xmlns="{SHEET}">{shared}</sst>')] if shared else []
    return zipped(("xl/workbook.xml", "<workbook/>"), ("xl/worksheets/sheet1.xml", sheet), *more)


def cell(text: str, where: str = "A1") -> str:
    return f'<row><c r="{where}" t="inlineStr"><is><t>{text}</t></is></c></row>'


def pdf(
    *objects: bytes, pages: int = 1, page: bytes = b"/MediaBox[0 0 595 842]", root: bytes = b""
) -> bytes:
    """Written by hand: Latin letters of Helvetica, and what else is asked for."""
    text = b"BT /F1 20 Tf 60 700 Td (Fire in Waitan street, 20 people) Tj ET"
    kids = b" ".join(b"%d 0 R" % (5 + n) for n in range(pages))
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R%s>>" % root,
        b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, kids),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(text), text),
        *[
            b"<</Type/Page/Parent 2 0 R/Resources<</Font<</F1 3 0 R>>>>/Contents 4 0 R%s>>" % page
            for _ in range(pages)
        ],
        *objects,
    ]
    out, places = io.BytesIO(b"%PDF-1.7\n"), []
    out.seek(0, 2)
    for number, body in enumerate(bodies, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % one for one in places))
    out.write(
        b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(bodies) + 1, start)
    )
    return out.getvalue()


def picture(form: str, turn: float = 0, mode: str = "RGB", framed: bool = False) -> bytes:
    from PIL import Image, ImageDraw, ImageFont

    sheet = Image.new("RGB", (640, 130), "white")
    ImageDraw.Draw(sheet).text(
        (30, 30), f"{SAYS}了", font=ImageFont.truetype(FONT, 44), fill="black"
    )
    sheet = sheet.rotate(turn, expand=True)
    if framed:  # a picture of a picture: on a screen that stands on a desk, seen askew
        desk = Image.new("RGB", (1000, 700), (120, 90, 60))
        shape = (
            0,
            0,
            -20,
            sheet.height + 40,
            sheet.width + 10,
            sheet.height + 20,
            sheet.width,
            -30,
        )
        desk.paste(
            sheet.transform((720, 190), Image.Transform.QUAD, shape, fillcolor="grey"), (140, 250)
        )
        sheet = desk
    out = io.BytesIO()
    sheet.convert(mode).save(out, form)
    return out.getvalue()


def png_claims(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def text_bomb() -> bytes:
    """A picture whose comment unpacks to 200 MB."""
    whole = picture("PNG")
    data = b"Comment\0\0" + zlib.compress(bytes(200_000_000), 9)
    chunk = (
        struct.pack(">I", len(data))
        + b"zTXt"
        + data
        + struct.pack(">I", zlib.crc32(b"zTXt" + data))
    )
    return whole[:33] + chunk + whole[33:]


def sound(seconds: float, rate: int = 8000, width: int = 1) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(width)
        made.setframerate(rate)
        made.writeframes((b"\x80" if width == 1 else b"\0\0") * int(seconds * rate))
    return out.getvalue()


def mail(*attached: bytes, body: str = SAYS, **heads: str) -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "a@example.org", "b@example.org", "x"
    for name, value in heads.items():
        made[name] = value
    made.set_content(body)
    for one in attached:
        made.add_attachment(one, maintype="application", subtype="octet-stream", filename="x")
    return made.as_bytes()


def mails(depth: int) -> bytes:
    data = SAYS.encode()
    for _ in range(depth):
        data = mail(data, body="look inside")
    return data


def locked_zip() -> bytes:
    data = bytearray(docx(paragraph()))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(mark) + at] |= 1
    return bytes(data)


def lying_zip() -> bytes:
    """A member that says it is small and unpacks to 101 MB."""
    data = bytearray(docx(paragraph() + " " * 101_000_000))
    at = data.find(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 500_000)
    return bytes(data)


def million_rows() -> bytes:
    dice = random.Random(7)
    rows = "".join(f"<row><c><v>{dice.getrandbits(60)}</v></c></row>" for _ in range(1_000_000))
    return xlsx(cell(SAYS) + rows)


LAUGH = (
    '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
)
EITHER = ("broken_pdf", "broken_picture", "broken_zip", "broken_xml", "too_many_pixels")


def quick() -> list[Broken]:
    """Those that a quick run looks at."""
    text, cut = SAYS.encode("gb18030"), SAYS.encode()
    return [
        Broken("nothing", b"", ("empty",)),
        Broken("blanks", b" \n\t " * 99, ("empty",)),
        Broken("zip bomb", docx(paragraph() + " " * 20_000_000), ("zip_bomb",)),
        Broken("zip that lies about its size", lying_zip(), ("zip_bomb", "broken_zip")),
        Broken("zip in a zip", zipped(("a.docx", docx(paragraph()))), ("unknown_zip",)),
        Broken("three thousand members", zipped(*((f"x{n}", "") for n in range(3000))), ("zip_bomb",)),
        Broken("locked zip", locked_zip(), ("encrypted",)),
        Broken("half a docx", docx(paragraph())[:200], ("broken_zip",)),
        Broken("docx with an external entity", docx(paragraph("&c;"), LAUGH), ("xml_entities",)),
        Broken("entity late in the file", docx(paragraph(), "<!-- " + "x" * 9000 + " -->" + LAUGH), ("xml_entities",)),
        Broken("docx that names a file outside", docx(paragraph(), "", ("../../etc/cron.d/x", "x"), ("word/_rels/document.xml.rels", '<R Target="http://127.0.0.1:1/x"/>')), (), SAYS),
        Broken("xlsx whose cell is nowhere", xlsx(cell(SAYS) + '<row><c r="ZZZZZZZ9"><v>1</v></c></row>'), (), SAYS),
        Broken("shared text that is not there", xlsx(cell(SAYS) + '<row><c t="s"><v>99999999999</v></c></row>', "<si/>"), (), SAYS),
        Broken("GB 18030 cut in half", text[:-1], (), SAYS[:-1]),
        Broken("UTF-8 cut in half", cut[:-1], (), SAYS[:-1]),
        Broken("UTF-16 cut in half", SAYS.encode("utf-16")[:-1], (), SAYS[:-1]),
        Broken("a column of 200,000 letters", f"a,b,c\n{SAYS},{'x' * 200_000},1\n".encode(), (), SAYS),
        Broken("deep JSON", b'{"text": ' + b"[" * 50_000, (), ""),
        Broken("a page of 20,000 boxes in each other", b"<html>" + b"<div>" * 20_000 + SAYS.encode(), (), SAYS),
        Broken("a page in no charset", f'<html><meta charset="klingon"><p>{SAYS}'.encode(), (), SAYS),
        Broken("twelve mails in each other", mails(12), (), "look inside"),
        Broken("a mail of another century", mail(Date="Mon, 99 Foo 20222 99:99:99 +9999"), (), SAYS),
        Broken("half a film", b"\0\0\0\x20ftypisom" + bytes(400), ("video",)),
        Broken("a program", b"MZ\x90\0" + bytes(3000), ("not_text",)),
        Broken("an old office file", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(3000), ("old_office",)),
        Broken("a recording in MP3", b"ID3\x04" + bytes(100), ("sound_format",)),
        Broken("a recording without a rate", sound(1)[:24] + bytes(4) + sound(1)[28:], ("sound_format",)),
        Broken("a recording that claims two hours", sound(1)[:40] + b"\xff\xff\xff\x7f" + sound(1)[44:], ("too_long", "sound_format")),
        Broken("a picture of 60,000 by 60,000", png_claims(60_000, 60_000), ("too_many_pixels",)),
        Broken("a PDF that is only a head", b"%PDF-1.7\n", ("broken_pdf",)),
    ]  # fmt: skip


def slow() -> list[Broken]:
    """Those that need letters read, many pages, or long."""
    script = b"/OpenAction<</S/JavaScript/JS(app.launchURL\\('http://127.0.0.1:1'\\);)>>"
    square = b"/MediaBox[0 0 %d %d]"
    sideways = b"/MediaBox[0 0 14000000 14000000]/Rotate 90"
    return [
        Broken("a million rows", million_rows(), (), SAYS),
        Broken("ten thousand pages", pdf(pages=10_000), (), "Waitan"),
        Broken("a script in a PDF", pdf(root=script), (), "Waitan"),
        Broken("a PDF that starts late", b"\0" * 900 + pdf(), EITHER, "Waitan"),
        Broken("half a PDF", pdf(pages=9)[:700], EITHER, "Waitan"),
        Broken("a page as large as a town", pdf(page=square % (14_000_000, 14_000_000)), EITHER, "Waitan"),
        Broken("a page as large as a town, on its side", pdf(page=sideways), EITHER, "Waitan"),
        Broken("a page without size", pdf(page=square % (0, 0)), EITHER, "Waitan"),
        Broken("pages that contain themselves", pdf().replace(b"/Kids[5 0 R]", b"/Kids[2 0 R]")),
        Broken("CMYK JPEG", picture("JPEG", mode="CMYK"), (), SAYS),
        Broken("half a JPEG", picture("JPEG")[:2000], ("broken_picture",), ""),
        Broken("a scan upside down", picture("PNG", 180), (), SAYS),
        Broken("a scan on its side", picture("PNG", 90), (), ""),
        Broken("a picture of a picture", picture("PNG", framed=True), (), SAYS),
        Broken("a scan as TIFF", picture("TIFF"), (), SAYS),
        Broken("a picture in one bit", picture("BMP", mode="1"), (), SAYS),
        Broken("WEBP", picture("WEBP"), (), SAYS),
        Broken("a comment of 200 MB", text_bomb(), ("broken_picture", "too_many_pixels"), SAYS),
        Broken("a picture of nothing", png_claims(1, 1)),
        Broken("three hours of silence", sound(3 * 3600, 4000), (), ""),
        Broken("five hours of silence", sound(3, 4000)[:24] + struct.pack("<I", 4000) + sound(3, 4000)[28:40] + struct.pack("<I", 5 * 3600 * 4000) + bytes(100), ("too_long", "sound_format")),
        Broken("a mail of 1,500 attachments", mail(*[b"x"] * 1500), (), SAYS),
        Broken("a mail with a PDF, a picture, a bomb", mail(pdf(), picture("PNG"), docx(" " * 20_000_000)), (), SAYS),
        Broken("base64 in one line", b"From: a\nSubject: x\nContent-Transfer-Encoding: base64\n\n" + base64.b64encode(SAYS.encode() * 10_000), (), ""),
        Broken("posts, one of them broken", b"\n".join(json.dumps({"text": SAYS}).encode() for _ in range(3000)) + b"\n{", (), ""),
        Broken("a text of forty megabytes", SAYS.encode() * 2_000_000, (), SAYS),
    ]  # fmt: skip


def harmed(seed: int, most: int) -> Iterator[Broken]:
    """Good files of every kind, harmed on their way: cut, bits turned, stretches gone or doubled."""
    dice = random.Random(seed)
    good: list[tuple[str, Callable[[], bytes]]] = [
        ("docx", lambda: docx(paragraph() * 20)),
        ("xlsx", lambda: xlsx(cell(SAYS) * 20)),
        ("pdf", lambda: pdf(pages=3)),
        ("mail", lambda: mail(docx(paragraph()))),
        ("jpeg", lambda: picture("JPEG")),
        ("png", lambda: picture("PNG")),
        ("wav", lambda: sound(20, width=2)),
        ("html", lambda: f"<!doctype html><html><body><p>{SAYS}</p></body></html>".encode()),
        ("gb18030", lambda: (SAYS * 20).encode("gb18030")),
    ]
    made = {name: make() for name, make in good}
    for number in range(most):
        name = good[number % len(good)][0]
        data = bytearray(made[name])
        way = dice.choice(("cut", "turned", "gone", "doubled"))
        at = dice.randrange(8, len(data))
        if way == "cut":
            del data[at:]
        elif way == "turned":
            for _ in range(dice.randint(1, 30)):
                data[dice.randrange(8, len(data))] ^= 1 << dice.randrange(8)
        elif way == "gone":
            del data[at : at + dice.randint(1, 300)]
        else:
            data[at:at] = data[at : at + dice.randint(1, 300)]
        yield Broken(f"{name} {way} {number}", bytes(data))


def all_of(seed: int = 19, count: int = 200) -> list[Broken]:
    first = [*quick(), *slow()]
    return [*first, *harmed(seed, count - len(first))]
