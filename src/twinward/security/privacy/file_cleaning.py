"""Examines a file that somebody attaches: it is what it says it is, holds nothing that runs, and
says nothing of where and with what it was made.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from typing import Literal

import msgspec

from twinward.core.errors import InputError, TooLargeError
from twinward.security.privacy.scrubbing import scrub

MAX_BYTES = 8_000_000  # a telephone's picture has three to six million
MediaType = Literal["image/jpeg", "image/png", "application/pdf", "text/plain"]
PNG = b"\x89PNG\r\n\x1a\n"
# the parts of a PNG that draw it; what was written beside the picture is left out
PNG_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"sRGB", b"gAMA", b"cHRM", b"pHYs", b"IDAT", b"IEND")
# what a PDF may hold that acts by itself (ISO 32000-1, 12.6), and what hides what it holds
PDF_ACTS = re.compile(
    rb"/(?:JavaScript|JS|Launch|EmbeddedFile|OpenAction|AA|RichMedia|SubmitForm|ImportData|XFA"
    rb"|Encrypt)(?=[\x00\t\n\f\r ()<>\[\]{}/%])"
)
PDF_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")  # a letter of a name by its number (7.3.5)
PDF_STREAM = re.compile(rb"stream\r?\n?")
MOST_UNPACKED = 32_000_000  # of the packed objects of one PDF
EXIF, ADOBE, COMMENT, SCAN, END = 0xE1, 0xEE, 0xFE, 0xDA, 0xD9
MOST_SEGMENTS = 10_000
# the next marker after the packed picture: not a stuffed byte, a restart or a filling byte
AFTER_SCAN = re.compile(rb"(?<!\xff)\xff++[^\x00\xd0-\xd7\xff]")
ORIENTATION = 0x0112
SUFFIX = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "application/pdf": ".pdf",
    "text/plain": ".txt",
}


class CleanFile(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a file."""

    media_type: MediaType
    data: bytes


def clean_file(data: bytes) -> CleanFile:
    """The file without what it tells beside its content. InputError where it is of no kind that is
    kept, is broken, or holds something that acts by itself; TooLargeError.
    """
    if len(data) > MAX_BYTES:
        raise TooLargeError(
            f"a file is larger than {MAX_BYTES // 1_000_000} MB", "send a smaller picture"
        )
    if data.startswith(b"\xff\xd8\xff"):
        return CleanFile(media_type="image/jpeg", data=clean_jpeg(data))
    if data.startswith(PNG):
        return CleanFile(media_type="image/png", data=clean_png(data))
    if data.startswith(b"%PDF-"):
        return CleanFile(media_type="application/pdf", data=require_still(data))
    return CleanFile(media_type="text/plain", data=clean_text(data))


def name_file(name: str, media_type: MediaType) -> str:
    """A name that shows no number of a person and ends as what the file is."""
    plain = "".join(one for one in name if one.isprintable() and one not in '/\\:*?"<>|')
    shown = scrub(plain).strip(". ")
    stem = shown.rpartition(".")[0] or shown
    return (stem.strip(". ")[:80] or "file") + SUFFIX[media_type]


def broken(kind: str) -> InputError:
    return InputError(f"the {kind} file is broken", "save it again, then send it", code="bad_file")


def clean_jpeg(data: bytes) -> bytes:
    """Every segment that draws the picture, and which way up it is (ITU-T T.81, B.1); a picture
    that telephones lay behind it, with a place of its own, is cut off.
    """
    kept, at, scanned = [data[:2]], 2, False
    for _ in range(MOST_SEGMENTS):
        if scanned and data[at : at + 2] == bytes((0xFF, END)):
            return b"".join([*kept, data[at : at + 2]])
        if at + 4 > len(data) or data[at] != 0xFF:
            break
        marker, length = data[at + 1], struct.unpack(">H", data[at + 2 : at + 4])[0]
        segment = data[at : at + 2 + length]
        told = marker == COMMENT or (0xE1 <= marker <= 0xEF and marker != ADOBE)
        if marker == EXIF and (turned := orientation_of(segment[4:])) > 1:
            kept.append(orientation_segment(turned))
        if not told:
            kept.append(segment)
        at += 2 + length
        if marker == SCAN:
            scanned, after = True, AFTER_SCAN.search(data, at)
            if after is None:
                break
            kept.append(data[at : after.end() - 2])
            at = after.end() - 2
    raise broken("JPEG")


def orientation_of(exif: bytes) -> int:
    """Which way up a picture is, 1 to 8 (Exif 2.3, 4.6.4); 1 where it does not say."""
    if not exif.startswith(b"Exif\0\0"):
        return 1
    tiff = exif[6:]
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 8:
        return 1
    try:
        first = struct.unpack_from(order + "I", tiff, 4)[0]
        for number in range(struct.unpack_from(order + "H", tiff, first)[0]):
            tag, _, _, value = struct.unpack_from(order + "HHIH", tiff, first + 2 + 12 * number)
            if tag == ORIENTATION:
                return int(value) if 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1


def orientation_segment(turned: int) -> bytes:
    """An Exif segment that says which way up and nothing else."""
    entry = struct.pack(">HHIHH", ORIENTATION, 3, 1, turned, 0)
    body = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + entry + bytes(4)
    return bytes((0xFF, EXIF)) + struct.pack(">H", len(body) + 2) + body


def clean_png(data: bytes) -> bytes:
    """The chunks that draw the picture (ISO 15948, 5)."""
    kept, at = [PNG], len(PNG)
    while at + 12 <= len(data):
        length = struct.unpack(">I", data[at : at + 4])[0]
        kind, chunk = data[at + 4 : at + 8], data[at : at + 12 + length]
        if len(chunk) < 12 + length:
            break
        if kind in PNG_KEPT:
            kept.append(chunk)
        if kind == b"IEND":
            return b"".join(kept)
        at += 12 + length
    raise broken("PNG")


def require_still(data: bytes) -> bytes:
    """A PDF that does nothing by itself, as it is."""
    if b"%%EOF" not in data[-2048:]:
        raise broken("PDF")
    if any(PDF_ACTS.search(part) for part in parts_of_pdf(data)):
        raise InputError(
            "the PDF holds something that acts by itself",
            "print it into a new PDF, then send that",
            code="unsafe_file",
        )
    return data


def parts_of_pdf(data: bytes) -> Iterator[bytes]:
    """The file, and the objects that are packed in it (7.5.7), with names as they are read."""
    yield readable(data)
    room, begun = MOST_UNPACKED, 0
    for found in PDF_STREAM.finditer(data):
        head, begun = readable(data[begun : found.start()]), found.end()
        if b"/ObjStm" not in head.rpartition(b"endobj")[2]:
            continue
        unpacking, end = zlib.decompressobj(), data.find(b"endstream", found.end())
        try:
            part = unpacking.decompress(data[found.end() : max(end, found.end())], room)
        except zlib.error as error:
            raise broken("PDF") from error
        room -= len(part)
        if room <= 0 or not unpacking.eof:
            raise broken("PDF")
        yield readable(part)


def readable(part: bytes) -> bytes:
    return PDF_ESCAPE.sub(lambda found: bytes((int(found[1], 16),)), part) + b" "


def clean_text(data: bytes) -> bytes:
    """A text with the numbers of persons hidden."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if not text.strip() or any(one < " " and one not in "\r\n\t" for one in text):
        raise InputError(
            "the file is no picture, PDF or text", "send a JPEG, PNG, PDF or text", code="file_type"
        )
    return scrub(text).encode()
