"""Finds a source's file and decodes its text, or says what is wrong with either."""

from __future__ import annotations

from pathlib import Path

from twinward.core.errors import InputError


def source_path(source: str, base: Path, block: str) -> Path:
    """The absolute path of a source's file; InputError when there is no such file."""
    path = (base / source).resolve()
    if not path.is_file():
        raise InputError(
            f"{block}: there is no file {source} (looked for {path})",
            "paths in a city file are relative to the city file",
            code="no_file",
        )
    return path


def read_file(path: Path, label: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{label} cannot be read: {error.strerror}", "check its permissions", code="no_file"
        ) from error


def decode_text(data: bytes, encoding: str, label: str) -> str:
    """Text of a file without its byte order mark; InputError names the line that is not in
    `encoding`.

    Where none is stated the byte order mark says it, else it is UTF-8.
    """
    if not encoding:
        encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    try:
        text = data.decode(encoding)
    except LookupError as error:
        raise InputError(
            f"{label}: no encoding is called {encoding!r}",
            "write utf-8, gb18030, latin-1 or the like",
            code="wrong_encoding",
        ) from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{label} is not {encoding}: line {line}, byte {error.start}",
            f"set `encoding` in the city file{guess_encoding(data)}",
            code="wrong_encoding",
        ) from error
    return text.removeprefix("\ufeff")


def guess_encoding(data: bytes) -> str:
    """A suggestion: the first common encoding that decodes the file."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "; it starts like utf-16"
    if b"\x00" in data[:4096] or data[:2] in (b"\x1f\x8b", b"PK"):
        return "; it looks compressed or binary, not a text"
    for encoding in ("utf-8", "gb18030", "shift_jis", "cp1252"):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return f"; it reads as {encoding}"
    return ""
