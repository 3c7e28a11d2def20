"""The process that reads a file: by what its bytes are, never by its name. Bytes on standard input,
a `ReadFile` or a code as JSON on standard output; limits are set before anything is read.
"""

from __future__ import annotations

import resource
import sys
from datetime import datetime

import msgspec

from twinward.edge.intake.claim import Part, ReadFile
from twinward.edge.intake.readers import mail, office, pdf, pictures, text
from twinward.edge.intake.readers.limits import MOST_BYTES, MOST_DEPTH, UnreadableError

MEMORY, CPU_S = 4 << 30, 120  # of addresses: most of them the reader of letters'
PICTURES = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"GIF87a",
    b"GIF89a",
    b"BM",
    b"II*\0",
    b"MM\0*",
)
OTHER_SOUND = (b"ID3", b"fLaC", b"OggS", b"\xff\xfb", b"\xff\xf3", b"\xff\xf1")
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Failure(msgspec.Struct, frozen=True):
    """Why nothing was read."""

    code: str


def read_bytes(data: bytes, depth: int = 0) -> ReadFile:
    """What a file says; UnreadableError."""
    media, parts, notes, sent = _read(data, depth)
    return ReadFile(media=media, parts=parts, notes=sorted({*notes}), sent_at=sent)


def _inner(depth: int, data: bytes) -> tuple[str, list[Part], list[str]]:
    media, parts, notes, _ = _read(data, depth + 1)
    return media, parts, notes


def _read(data: bytes, depth: int) -> tuple[str, list[Part], list[str], datetime | None]:
    if depth >= MOST_DEPTH:
        raise UnreadableError("too_deep")
    if not data.strip():
        raise UnreadableError("empty")
    if b"%PDF-" in data[:1024]:
        parts, notes = pdf.read_pdf(data)
        return "pdf", parts, notes, None
    if data.startswith(b"PK\x03\x04"):
        media, parts, notes = office.read_package(data)
        return media, parts, notes, None
    if data.startswith(PICTURES) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP"):
        return "picture", [pictures.read_picture(data)], [], None
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        from twinward.edge.intake.readers import sound  # with numpy, which no other needs

        parts, notes = sound.read_sound(data)
        return "sound", parts, notes, None
    refuse_others(data)
    if mail.is_mail(data):
        parts, notes, sent = mail.read_mail(data, lambda inside: _inner(depth, inside))
        return "mail", parts, notes, sent
    head = data[:1000].lower()
    if b"<html" in head or b"<!doctype html" in head:
        return "web page", text.read_html(data), [], None
    return "text", text.read_plain(data), [], None


def refuse_others(data: bytes) -> None:
    """UnreadableError for what is known and not read here."""
    if data[4:8] == b"ftyp" or data.startswith((b"\x1aE\xdf\xa3", b"FLV")):
        raise UnreadableError("video")
    if data.startswith(OTHER_SOUND):
        raise UnreadableError("sound_format")
    if data.startswith(OLD_OFFICE):
        raise UnreadableError("old_office")
    if data.startswith((b"MZ", b"\x7fELF", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b")):
        raise UnreadableError("not_text")


def bound(cpu_s: int) -> None:
    """This process ends by SIGXCPU after so much work, not by SIGKILL, which says nothing."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it writes no file at all


def main() -> None:
    bound(CPU_S)
    data = sys.stdin.buffer.read(MOST_BYTES + 1)
    try:
        if len(data) > MOST_BYTES:
            raise UnreadableError("too_large")
        answer: ReadFile | Failure = read_bytes(data)
    except UnreadableError as error:
        answer = Failure(error.code)
    except MemoryError:
        answer = Failure("memory")
    except RecursionError:
        answer = Failure("too_deep")
    sys.stdout.buffer.write(msgspec.json.encode(answer))


if __name__ == "__main__":
    main()
