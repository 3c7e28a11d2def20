"""A file that is attached is what it says, tells nothing beside its content, and does nothing by
itself.
"""

from __future__ import annotations

import struct
import time
import zlib

import pytest

from twinward.core.errors import InputError, TooLargeError
from twinward.security.privacy.file_cleaning import MAX_BYTES, clean_file, name_file, orientation_of


def segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def exif(orientation: int) -> bytes:
    """Little-endian, as telephones write it, with the name of the camera beside it."""
    entries = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    entries += struct.pack("<HHII", 0x010F, 2, 4, 0)
    return b"Exif\0\0II*\0" + struct.pack("<IH", 8, 2) + entries + b"GPS 31.2N 121.4E"


def jpeg(*told: bytes) -> bytes:
    quantised = segment(0xDB, bytes(65))
    return b"\xff\xd8" + b"".join(told) + quantised + segment(0xDA, b"\0") + b"scan\xff\xd9"


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def test_a_picture_keeps_which_way_up_it_is_and_loses_where_it_was_taken() -> None:
    found = clean_file(jpeg(segment(0xE1, exif(6)), segment(0xFE, b"by Li Wei")) + b"trailer")
    assert found.media_type == "image/jpeg"
    assert b"GPS" not in found.data and b"Li Wei" not in found.data
    assert found.data.endswith(b"scan\xff\xd9")
    start = found.data.index(b"Exif")
    assert orientation_of(found.data[start:]) == 6
    assert clean_file(found.data) == found


def test_a_drawing_loses_what_is_written_beside_it() -> None:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    drawn = chunk(b"IDAT", zlib.compress(b"\0\0"))
    told = chunk(b"tEXt", b"Author\0Li Wei")
    start = b"\x89PNG\r\n\x1a\n"
    found = clean_file(start + head + told + drawn + chunk(b"IEND", b"") + b"more")
    assert found.data == start + head + drawn + chunk(b"IEND", b"")


def test_a_text_hides_the_numbers_of_persons() -> None:
    found = clean_file("请联系 13812345678".encode())
    assert found.media_type == "text/plain"
    assert b"13812345678" not in found.data


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"%PDF-1.7 /OpenAction << /S /JavaScript >> %%EOF", "unsafe_file"),
        (b"%PDF-1.7 cut off", "bad_file"),
        (b"\xff\xd8\xff\xe0\0", "bad_file"),
        (b"\x89PNG\r\n\x1a\n\0\0\xff\xff", "bad_file"),
        (b"MZ\x90\0\x03", "file_type"),
        (b"PK\x03\x04\x14\0", "file_type"),
        (b"", "file_type"),
    ],
)
def test_what_is_no_picture_pdf_or_text_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(InputError) as refused:
        clean_file(data)
    assert refused.value.code == code


def two_scans(*told: bytes) -> bytes:
    """A picture in two passes, as the web likes it, with what is told between them."""
    scan = segment(0xDA, b"\0") + b"\x12\xff\0\x34\xff\xd0\x56"
    tables = segment(0xC4, bytes(20))
    return b"\xff\xd8" + tables + scan + b"".join(told) + tables + scan + b"\xff\xd9"


def test_what_is_told_between_and_behind_the_passes_of_a_picture_is_left_out() -> None:
    """Telephones lay a second picture behind the first, which says again where it was taken."""
    plain = two_scans()
    behind = jpeg(segment(0xE1, exif(1)), segment(0xFE, b"by Li Wei"))
    found = clean_file(two_scans(segment(0xE1, exif(1)), segment(0xFE, b"by Li Wei")) + behind)
    assert found.data == plain == clean_file(plain).data


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8" + segment(0xFE, b"") * 11_000 + b"\xff\xd9",
        b"\xff\xd8" + segment(0xDA, b"\0") + b"\xff" * 3_000_000,
        b"\xff\xd8\xff\xdb\0\0" + b"\xff\xd9",
        b"\xff\xd8\xff\xd9",
    ],
)
def test_a_picture_without_end_is_broken_and_soon_told(data: bytes) -> None:
    before = time.process_time()
    with pytest.raises(InputError) as refused:
        clean_file(data)
    assert refused.value.code == "bad_file"
    assert time.process_time() - before < 1.0


SCRIPT = b"<< /S /JavaScript /JS (app.alert(1)) >>"


def pdf(objects: bytes) -> bytes:
    return b"%PDF-1.7\n" + objects + b"\ntrailer << >>\n%%EOF"


def packed(content: bytes, name: bytes = b"/ObjStm") -> bytes:
    body = zlib.compress(content)
    head = b"1 0 obj << /Type " + name + b" /N 1 /First 4 /Filter /FlateDecode >>\nstream\n"
    return head + body + b"\nendstream\nendobj\n"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (SCRIPT, "unsafe_file"),
        (SCRIPT.replace(b"JavaScript", b"J#61vaScr#69pt").replace(b"/JS", b"/J#53"), "unsafe_file"),
        (packed(SCRIPT), "unsafe_file"),
        (packed(SCRIPT, b"/Obj#53tm"), "unsafe_file"),
        (packed(b"<< >>") + packed(SCRIPT), "unsafe_file"),
        (b"<< /Encrypt 5 0 R >>", "unsafe_file"),
        (packed(b"\0" * 40_000_000), "bad_file"),
        (packed(b"<< >>").replace(b"\nendstream", b""), "bad_file"),
        (b"1 0 obj << /Type /ObjStm >>\nstream\nno zlib\nendstream", "bad_file"),
    ],
)
def test_a_pdf_that_hides_what_it_does_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(InputError) as refused:
        clean_file(pdf(content))
    assert refused.value.code == code


def test_a_pdf_that_does_nothing_is_kept_as_it_is() -> None:
    """Packed objects and letters by number alone are nobody's fault, nor are the bytes of a picture
    that look like a name.
    """
    for content in (packed(b"<< /Type /Page >>"), b"<< /A#20B 1 >>", b"stream\n\x01/JS\x02/AAx"):
        assert clean_file(pdf(content)).data == pdf(content)


def test_what_is_too_large_is_refused() -> None:
    with pytest.raises(TooLargeError):
        clean_file(bytes(MAX_BYTES + 1))


def test_a_name_shows_no_number_of_a_person_and_ends_as_what_the_file_is() -> None:
    assert name_file("door.exe", "image/png") == "door.png"
    assert "13812345678" not in name_file("13812345678.jpg", "image/jpeg")
    assert name_file("../../etc/passwd", "text/plain") == "etcpasswd.txt"
    assert name_file("...", "application/pdf") == "file.pdf"
