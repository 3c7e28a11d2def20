"""Files as they come: read by what they are, each bad one refused with its reason, in time."""

from __future__ import annotations

import io
import random
import struct
import wave
import zipfile
from email.message import EmailMessage
from importlib.util import find_spec

import pytest

from twinward.core.errors import InputError
from twinward.edge.intake import sandbox
from twinward.edge.intake.claim import ReadFile
from twinward.edge.intake.reader import read_bytes
from twinward.edge.intake.readers.limits import MOST_BYTES, UnreadableError
from twinward.edge.intake.readers.pdf import is_plausible

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
HAS_PDF = find_spec("pypdfium2") is not None
HAS_OCR = find_spec("rapidocr") is not None
pdf = pytest.mark.skipif(not HAS_PDF, reason="the extra intake is not installed")
ocr = pytest.mark.skipif(not (HAS_OCR and HAS_PDF), reason="the extra intake is not installed")


def packed(**files: str | bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name.replace("__", "/"), content)
    return out.getvalue()


def docx(*paragraphs: str, table: tuple[tuple[str, ...], ...] = ()) -> bytes:
    body = "".join(f"<w:p><w:r><w:t>{one}</w:t></w:r></w:p>" for one in paragraphs)
    rows = "".join(
        "<w:tr>"
        + "".join(f"<w:tc><w:p><w:r><w:t>{c}</w:t></w:r></w:p></w:tc>" for c in row)
        + "</w:tr>"
        for row in table
    )
    body += f"<w:tbl>{rows}</w:tbl>" if rows else ""
    return packed(
        **{
            "word__document.xml": f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'
        }
    )


def xlsx() -> bytes:
    rows = (
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="inlineStr"><is><t>人数</t></is></c></row>'
        '<row r="2"><c r="A2" t="s"><v>1</v></c><c r="C2"><v>12</v></c></row>'
    )
    return packed(
        **{
            "xl__workbook.xml": "<workbook/>",
            "xl__sharedStrings.xml": f'<sst xmlns="{SHEET}"><si><t>地点</t></si><si><t>外滩街道</t></si></sst>',
            "xl__worksheets__sheet1.xml": f'<worksheet xmlns="{SHEET}"><sheetData>{rows}</sheetData></worksheet>',
        }
    )


def mail(**more: object) -> bytes:
    made = EmailMessage()
    made["From"] = "canary@example.org"
    made["Subject"] = "外滩街道情况"
    made["Date"] = "Tue, 01 Mar 2022 09:00:00 +0800"
    made.set_content("外滩街道起火。\n> 旧的内容\n")
    for name, data in more.items():
        made.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return made.as_bytes()


def speech(seconds: float = 4.0, rate: int = 8000, kind: str = "syllables") -> bytes:
    dice = random.Random(1)
    samples = []
    for n in range(int(seconds * rate)):
        t = n / rate
        wave_ = sum(((t * 140 * k) % 1.0 - 0.5) / k for k in (1, 2, 3))
        loud = 1.0 if (t * 4) % 1.0 < 0.6 else 0.02
        noise = dice.uniform(-0.01, 0.01)
        value = {"syllables": wave_ * loud, "tone": wave_, "silence": 0.0, "noise": 0.0}[kind]
        value += dice.uniform(-1, 1) if kind == "noise" else noise
        samples.append(max(-32000, min(32000, int(value * 12000))))
    out = io.BytesIO()
    with wave.open(out, "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(2)
        made.setframerate(rate)
        made.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return out.getvalue()


def told(read: ReadFile) -> str:
    return "\n".join(part.text for part in read.parts)


GOOD = [
    ("外滩街道起火。".encode(), "text", "外滩街道起火。"),
    ("外滩街道起火。".encode("gb18030"), "text", "外滩街道起火。"),
    ("外滩街道起火。".encode("utf-16"), "text", "外滩街道起火。"),
    ("地点,事,数\n外滩,积水,3\n豫园,停电,4\n".encode(), "text", "地点: 外滩, 事: 积水, 数: 3"),
    (b'{"text": "fire in Waitan", "user": "canary"}\n', "text", "fire in Waitan"),
    (
        "<html><head><title>x</title><script>fire()</script></head><body><p>起火<b>了</b></p></body></html>".encode(),
        "web page",
        "起火了",
    ),
    (
        docx("外滩街道起火。", table=(("地点", "人数"), ("外滩", "12"))),
        "docx",
        "地点: 外滩, 人数: 12",
    ),
    (xlsx(), "xlsx", "地点: 外滩街道, 人数: 12"),
    (mail(), "mail", "外滩街道起火。"),
    (mail(a_docx=docx("附件：煤气泄漏")), "mail", "煤气泄漏"),
    (speech(), "sound", "speech present"),
]


@pytest.mark.parametrize(("data", "media", "text"), GOOD)
def test_a_file_is_read_by_what_it_is(data: bytes, media: str, text: str) -> None:
    read = read_bytes(data)
    assert read.media == media and text in told(read)
    assert "canary" not in told(read) and "旧的内容" not in told(read)


def bomb() -> bytes:
    return packed(**{"word__document.xml": b"0" * 20_000_000})


def lying_zip() -> bytes:
    """A ZIP that says that a member is small."""
    data = bytearray(bomb())
    for mark in (b"PK\x01\x02", b"PK\x03\x04"):
        at = data.rfind(mark) if mark == b"PK\x01\x02" else data.find(mark)
        data[at + (24 if mark == b"PK\x01\x02" else 22) :][:4] = b""
        struct.pack_into("<I", data, at + (24 if mark == b"PK\x01\x02" else 22), 1000)
    return bytes(data)


def entities() -> bytes:
    text = '<!DOCTYPE a [<!ENTITY x "y">]>' + f'<w:document xmlns:w="{WORD}"/>'
    return packed(**{"word__document.xml": text})


def deep_mail() -> bytes:
    data = mail()
    for _ in range(5):
        data = mail(inner=data)
    return data


BAD = [
    (b"", "empty"),
    (b"   \n", "empty"),
    (b"PK\x03\x04garbage", "broken_zip"),
    (bomb(), "zip_bomb"),
    (packed(**{f"f{n}": "" for n in range(2001)}), "zip_bomb"),
    (lying_zip(), "broken_zip"),
    (packed(**{"a.txt": "x"}), "unknown_zip"),
    (packed(**{"word__document.xml": "<w:document"}), "broken_xml"),
    (entities(), "xml_entities"),
    (b"\xff\xd8\xff\xe0 no picture", "broken_picture"),
    (b"\x89PNG\r\n\x1a\n" + b"\0" * 20, "broken_picture"),
    (b"\0\0\0\x18ftypmp42" + b"\0" * 40, "video"),
    (b"\x1aE\xdf\xa3webm", "video"),
    (b"ID3\x03", "sound_format"),
    (b"RIFF\x24\0\0\0WAVEfmt ", "sound_format"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old_office"),
    (b"MZ\x90", "not_text"),
    (b"\x1f\x8b\x08", "not_text"),
    (bytes(range(7)) * 500, "not_text"),
]


@pytest.mark.parametrize(("data", "code"), BAD)
def test_what_cannot_be_read_says_why(data: bytes, code: str) -> None:
    with pytest.raises(UnreadableError) as refused:
        read_bytes(data)
    assert refused.value.code == code
    assert code in sandbox.WHY


def test_a_sheet_that_is_too_long_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_bytes(xlsx()).notes == []
    monkeypatch.setattr("twinward.edge.intake.readers.office.MOST_ROWS", 2)
    assert read_bytes(xlsx()).notes == ["rows_cut"]


def test_a_mail_in_a_mail_ends_somewhere() -> None:
    assert "attachment_too_deep" in read_bytes(deep_mail()).notes


def test_when_a_mail_was_sent_is_known() -> None:
    sent = read_bytes(mail()).sent_at
    assert sent is not None and sent.isoformat() == "2022-03-01T09:00:00+08:00"


@pytest.mark.parametrize("kind", ["tone", "silence", "noise"])
def test_what_is_no_speech(kind: str) -> None:
    assert told(read_bytes(speech(kind=kind))) == ""


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("外滩街道积水三十厘米", True),
        ("Plain English text, 30 cm.", True),
        ("\ue000\ue001\ue002\ue003abc", False),
        ("(cid:12)(cid:34)(cid:56)", False),
        ("\ufffd" * 10 + "abc", False),
    ],
)
def test_text_that_is_no_writing_is_known(text: str, good: bool) -> None:
    assert is_plausible(text) is good


def test_the_process_apart_reads_and_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(sandbox.read_file("外滩街道起火。".encode())) == "外滩街道起火。"
    with pytest.raises(InputError) as refused:
        sandbox.read_file(bomb())
    assert refused.value.code == "unreadable_zip_bomb"
    with pytest.raises(InputError) as late:
        sandbox.read_file(b"x", longest_s=0.01)
    assert late.value.code == "unreadable_time"
    with pytest.raises(InputError):
        sandbox.read_file(b"x" * (MOST_BYTES + 1))


def test_the_process_apart_has_no_folder_to_leave_a_file_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """onnxruntime leaves `.ses` in the folder for passing files, telemetry off or not."""
    monkeypatch.setenv("TMPDIR", "/tmp")
    says = 'import os; print(\'{"media":"%s","parts":[]}\' % os.environ[\'TMPDIR\'])'
    monkeypatch.setattr(sandbox, "READER", ("-c", says))
    assert sandbox.read_file(b"x").media == sandbox.NOWHERE


def test_a_file_is_bounded_by_the_work_it_makes_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not by the clock of a machine that others keep busy."""
    endless = "from twinward.edge.intake.reader import bound\nbound(1)\nwhile True: pass"
    monkeypatch.setattr(sandbox, "READER", ("-c", endless))
    with pytest.raises(InputError) as late:
        sandbox.read_file(b"x")
    assert late.value.code == "unreadable_time"


# ------------------------------------------------------------------------------ with the extra


def make_pdf(*lines: str, pages: int = 1, locked: str = "", hidden: str = "") -> bytes:
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    out = io.BytesIO()
    page = Canvas(out, encrypt=StandardEncryption(locked) if locked else None)
    for _ in range(pages):
        text = page.beginText(60, 760)
        text.setFont("STSong-Light", 16)
        for line in lines:
            text.textLine(line)
        page.drawText(text)
        if hidden:
            lie = page.beginText(60, 300)
            lie.setFont("Helvetica", 12)
            lie.setTextRenderMode(3)
            lie.textLine(hidden)
            page.drawText(lie)
        page.showPage()
    page.save()
    return out.getvalue()


@pdf
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (lambda: make_pdf("x", locked="secret"), "encrypted"),
        (lambda: b"%PDF-1.7 nothing", "broken_pdf"),
        (lambda: make_pdf("x")[:200], "broken_pdf"),
    ],
)
def test_a_pdf_that_cannot_be_read(data: object, code: str) -> None:
    with pytest.raises(UnreadableError) as refused:
        read_bytes(data())  # type: ignore[operator]
    assert refused.value.code == code


@pdf
@pytest.mark.slow
def test_a_pdf_of_ten_thousand_pages_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twinward.edge.intake.readers.pdf.find_engine", lambda: None)
    read = read_bytes(make_pdf("外滩街道起火。", pages=10_000))
    assert (len(read.parts), "pages_cut" in read.notes) == (200, True)
    assert "外滩街道起火" in read.parts[0].text


@ocr
@pytest.mark.slow
def test_a_pdf_that_lies_about_its_text_is_read_as_it_looks() -> None:
    read = read_bytes(
        make_pdf(hidden="All is well in the city and nothing at all has happened here")
    )
    assert read.notes == ["text_unseen"]


@ocr
@pytest.mark.parametrize("form", ["CMYK", pytest.param("turned", marks=pytest.mark.slow)])
def test_letters_in_pictures_are_read(form: str) -> None:
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.truetype("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 36)
    picture = Image.new("RGB", (1200, 160), "white")
    ImageDraw.Draw(picture).text(
        (30, 40), "外滩街道一栋居民楼起火 Fire 200", font=font, fill="black"
    )
    out = io.BytesIO()
    more: dict[str, object] = {}
    if form == "turned":
        exif = Image.Exif()
        exif[0x0112] = 3
        exif[0x010E] = "canary"
        picture, more = picture.rotate(180), {"exif": exif}
    if form == "CMYK":
        picture = picture.convert("CMYK")
    kind = {"CMYK": "JPEG", "turned": "JPEG"}.get(form, form)
    picture.save(out, kind, **more)
    read = read_bytes(out.getvalue())
    assert "外滩街道一栋居民楼起火" in told(read) and "canary" not in told(read)
