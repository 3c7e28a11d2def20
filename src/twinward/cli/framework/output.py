"""What a verb says: words for people on standard error, one JSON object last on standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from unicodedata import east_asian_width

import msgspec

from twinward.core.errors import InputError
from twinward.core.language import FIRST, READER
from twinward.core.reasons import Reason
from twinward.service.access.authorization import scrub_json

DRILL: ContextVar[str] = ContextVar(
    "drill", default=""
)  # the drill that this run of the command line is about
ZONE: ContextVar[tzinfo] = ContextVar(
    "zone", default=UTC
)  # of the city, once its workspace is open


def announce(workspace: Path | None) -> None:
    """Says on standard error when a workspace is a drill's, and has every JSON object say it
    too.
    """
    path = workspace / "workspace.json" if workspace is not None else None
    try:
        mark = json.loads(path.read_bytes()) if path is not None and path.is_file() else {}
    except (OSError, ValueError):
        mark = {}  # whoever opens it says what is wrong
    drill = str(mark.get("drill", "")) if isinstance(mark, dict) else ""
    DRILL.set(drill)
    if drill:
        say(f"DRILL 演练 {drill}: this is an exercise, not an emergency")


def say(text: str) -> None:
    """A line for a person; standard error, so that standard output stays machine-readable."""
    sys.stderr.write(text + "\n")


def emit_json(result: object, *, named: bool = False) -> None:
    """The one JSON object of a `--json` run, as the last line of standard output, every text in it
    scrubbed. `named`: what is meant to name somebody, or to hand out a secret.
    """
    sys.stdout.flush()
    if drill := DRILL.get():
        result = {"drill": drill} | msgspec.to_builtins(result)
    content = msgspec.json.encode(result)
    content = content if named else scrub_json(content)
    if READER.get().language != FIRST:
        from twinward.service.languages import write_for_reader  # only who reads another language

        content = write_for_reader(content)
    sys.stdout.write(content.decode() + "\n")
    sys.stdout.flush()


def write_file(path: Path, content: bytes) -> None:
    """What a person asked for as a file; InputError `not_writable`."""
    try:
        path.write_bytes(content)
    except OSError as error:
        why = f"{path} cannot be written: {error.strerror}"
        raise InputError(why, "name another file", code="not_writable") from error


def emit_text(text: str) -> None:
    """The readable answer of a verb, on standard output."""
    sys.stdout.write(text + "\n")


def emit_fields(shown: Mapping[str, object]) -> None:
    """An answer for people, a field a line; things that are listed in it as a table below their
    field.
    """
    for name, value in shown.items():
        things = value if isinstance(value, list | tuple) else ()
        if not any(isinstance(one, dict | msgspec.Struct) for one in things):
            emit_text(f"{head_of(name, plain=False)}: {word_of(value)}")
            continue
        emit_text(f"{head_of(name, plain=False)}:")
        rows = [one if isinstance(one, dict) else msgspec.structs.asdict(one) for one in things]
        heads = list(dict.fromkeys(key for row in rows for key in row))
        emit_table(heads, [[row.get(head) for head in heads] for row in rows])


def emit_table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table with a head; the last column may be as long as it is."""
    cells = [
        [head_of(head) for head in heads],
        *([word_of(v) for v in row] for row in rows),
    ]
    widths = [max(width_of(row[n]) for row in cells) for n in range(len(heads))]
    for row in cells:
        padded = [pad(text, widths[n]) for n, text in enumerate(row)]
        emit_text("  " + "  ".join(padded).rstrip())


def head_of(name: str, *, plain: bool = True) -> str:
    """The head of a column in the reader's language; `plain`: in English without underscores."""
    if READER.get().language == FIRST:
        return name.replace("_", " ") if plain else name
    from twinward.service.languages import say_head  # only who reads another language

    return say_head(name)


def pad(text: str, width: int) -> str:
    """A text with blanks after it, up to so many columns of a terminal."""
    return text + " " * (width - width_of(text))


def told(text: str, reasons: Sequence[Reason] = ()) -> str:
    """What is stored in English, for whoever reads: from its reasons, or as a plan's own words."""
    if READER.get().language == FIRST:
        return text
    from twinward.service.languages import say_reasons, say_value  # only another language needs it

    return say_reasons(reasons) or say_value(text)


def told_fact(fact: Mapping[str, object]) -> Mapping[str, object]:
    """The fields of a fact for whoever reads."""
    if READER.get().language == FIRST:
        return fact
    from twinward.service.languages import write_for_reader  # only another language needs it

    return msgspec.json.decode(write_for_reader(msgspec.json.encode(fact)), type=dict[str, object])


def width_of(text: str) -> int:
    """Columns a text takes in a terminal: wide signs (Chinese) take two."""
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def word_of(value: object) -> str:
    """A value as people write it."""
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return local(value)
    if isinstance(value, list | tuple):
        return ", ".join(word_of(one) for one in value) or word_of("none")
    if isinstance(value, str) and READER.get().language != FIRST:
        from twinward.service.languages import say_value  # only who reads another language

        return say_value(value)
    return str(value)


def local(at: datetime, precision: str = "minutes") -> str:
    """An instant for people: by the city's clock, with the distance from UTC."""
    return at.astimezone(ZONE.get()).isoformat(" ", precision)


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 error`, `2 errors`, `1,200 entities` with `many` where an s does not do."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
