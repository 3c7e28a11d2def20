"""HL7 version 2 messages as segments and fields (HL7 v2.5.1, chapter 2: encoding rules)."""

from __future__ import annotations

import re

import msgspec

from twinward.core.errors import InputError

ENVELOPE = {"FHS", "BHS", "BTS", "FTS"}  # of a file of many messages
# MSH-18, HL7 table 0211 -> encoding of Python
CHARSETS = {
    "": "utf-8", "ASCII": "utf-8", "UNICODE UTF-8": "utf-8", "UNICODE": "utf-8",
    "8859/1": "latin-1", "8859/2": "iso8859-2", "8859/5": "iso8859-5", "8859/9": "iso8859-9",
    "8859/15": "iso8859-15", "GB 18030-2000": "gb18030", "BIG-5": "big5",
    "ISO IR87": "iso2022_jp", "KS X 1001": "euc-kr",
}  # fmt: skip
ESCAPE = re.compile(r"\\(F|S|T|R|E|X[0-9A-Fa-f]*|\.[a-z]+[^\\]*|H|N)\\")


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """One segment: `field(n)` is its n-th field as HL7 counts them, the first repetition."""

    name: str
    fields: tuple[str, ...]
    signs: str  # of field, component, repetition, escape, subcomponent

    def repetitions(self, number: int) -> list[list[str]]:
        """Every repetition of a field as its components, of each the first part that is filled."""
        raw = self.fields[number] if number < len(self.fields) else ""
        if raw == '""':  # explicitly empty
            return []
        return [
            [first_part(part, self.signs) for part in one.split(self.signs[1])]
            for one in raw.split(self.signs[2])
            if one
        ]

    def part(self, number: int, component: int = 1) -> str:
        """A component of the first repetition, "" where there is none."""
        first = next(iter(self.repetitions(number)), [])
        text = first[component - 1] if len(first) >= component else ""
        return text.strip() if text != '""' else ""


class Hl7Message(msgspec.Struct, frozen=True, kw_only=True):
    head: Segment
    segments: tuple[Segment, ...]

    @property
    def kind(self) -> str:
        """The type, as ORU or OUL."""
        return self.head.part(9, 1).upper()

    @property
    def event(self) -> str:
        return self.head.part(9, 2).upper()


def first_part(text: str, signs: str) -> str:
    parts = [part for part in text.split(signs[4]) if part.strip()]
    return unescape(parts[0], signs) if parts else ""


def unescape(text: str, signs: str) -> str:
    if signs[3] not in text:
        return text
    plain = text.replace(signs[3], "\\") if signs[3] != "\\" else text
    names = {"F": signs[0], "S": signs[1], "R": signs[2], "E": signs[3], "T": signs[4]}

    def one(found: re.Match[str]) -> str:
        word = found[1]
        if word.startswith("X"):
            try:
                return bytes.fromhex(word[1:]).decode("utf-8", "replace")
            except ValueError:
                return ""
        return names.get(word, " ")

    return ESCAPE.sub(one, plain)


def is_hl7v2(content: bytes) -> bool:
    """True for a file that begins as a message or a batch of messages does."""
    head = content.lstrip(b"\xef\xbb\xbf\x0b \r\n\t")[:4]
    return head[:3] in (b"MSH", b"FHS", b"BHS") and len(head) == 4 and not head[3:].isalnum()


def read_messages(content: bytes, label: str) -> list[Hl7Message]:
    """The messages of a file, with or without the frames of MLLP and of a batch."""
    found: list[list[str]] = []
    for line in re.split(r"[\r\n\x0b\x1c]+", decode(content, label)):
        name = line[:3]
        if name == "MSH":
            found.append([line])
        elif line.strip() and name not in ENVELOPE:
            if not found:
                raise bad_hl7(label, f"a segment {name!r} before the first MSH")
            found[-1].append(line)
    if not found:
        raise bad_hl7(label, "no message in it")
    return [read_message(lines, label) for lines in found]


def read_message(lines: list[str], label: str) -> Hl7Message:
    head = lines[0]
    signs = head[3:8]
    if len(signs) < 5 or signs[0] not in head[8:] or len(set(signs)) < 5:
        signs = signs[:1] + "^~\\&"
    if head[3:4].isalnum() or len(head) < 12:
        raise bad_hl7(label, "its MSH names no signs that part the fields")
    # MSH-1 is the sign itself, so that its fields count from 2
    first = Segment(name="MSH", fields=("MSH", signs[0], *head.split(signs[0])[1:]), signs=signs)
    rest = (line.split(signs[0]) for line in lines[1:])
    return Hl7Message(
        head=first,
        segments=tuple(Segment(name=one[0], fields=tuple(one), signs=signs) for one in rest),
    )


def decode(content: bytes, label: str) -> str:
    """Text by the character set that the first MSH states (MSH-18), UTF-8 where it is silent."""
    content = content.removeprefix(b"\xef\xbb\xbf")
    head = content[content.find(b"MSH") :].split(b"\r")[0].split(b"\n")[0]
    fields = head.split(head[3:4]) if len(head) > 3 else []
    stated = fields[17].decode("latin-1").split("~")[0].strip().upper() if len(fields) > 17 else ""
    encoding = CHARSETS.get(stated)
    if encoding is None:
        raise bad_hl7(label, f"a character set that is not known: {stated!r} in MSH-18")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{label} is not {encoding}, as its MSH-18 {stated or 'leaves it'} says",
            "state its character set in MSH-18, as 8859/1 or UNICODE UTF-8",
            code="wrong_encoding",
        ) from error


def bad_hl7(label: str, why: str) -> InputError:
    return InputError(f"{label}: {why}", "send an HL7 v2 message ORU^R01 or OUL", code="bad_hl7")
