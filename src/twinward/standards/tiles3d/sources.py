"""Where the files of a tileset come from: a folder, a ZIP archive (3TZ) or a database (3DTILES)."""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import json
import posixpath
import sqlite3
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from twinward.standards.tiles3d.issues import Report

MOST_BYTES = 1 << 30  # of one file: larger ones are not read
GZIP, BOM = b"\x1f\x8b", b"\xef\xbb\xbf"


class Source(Protocol):
    """Gives the bytes of a file by its path below the root; None where there is none."""

    def read(self, name: str) -> bytes | None: ...


class Folder:
    """Files of a folder; what lies above it is not read unless `root` is higher up."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def read(self, name: str) -> bytes | None:
        try:
            path = (self.root / name).resolve()
            if not path.is_relative_to(self.root) or not path.is_file():
                return None
            return path.read_bytes() if path.stat().st_size <= MOST_BYTES else None
        except (OSError, ValueError):  # a name that no file can have
            return None


class Archive:
    """Files held in memory, of a ZIP archive or a database; what is packed is unpacked as it is
    asked for.
    """

    def __init__(self, files: Mapping[str, bytes], *, packed: bool = False) -> None:
        self.files = files
        self.packed = packed

    def read(self, name: str) -> bytes | None:
        data = self.files.get(posixpath.normpath(name))
        return unpack(data) if data is not None and self.packed else data


def open_zip(data: bytes) -> Archive | None:
    """The archive; None where the bytes are none, or it would unpack to too much."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as found:
            if sum(one.file_size for one in found.infolist()) > MOST_BYTES:
                return None
            return Archive({name: found.read(name) for name in found.namelist()})
    except (zipfile.BadZipFile, RuntimeError, ValueError, OSError, EOFError, zlib.error):
        return None


def open_database(path: Path) -> Archive | None:
    """The `media` of a SQLite file; None where it is none."""
    try:
        base = sqlite3.connect(f"file:{path.resolve()}?mode=ro", uri=True)
        try:
            rows = base.execute("SELECT key, content FROM media").fetchall()
        finally:
            base.close()
    except (sqlite3.Error, UnicodeDecodeError):  # of a broken schema, even what it complains of
        return None
    files = {str(key): content for key, content in rows if isinstance(content, bytes)}
    return Archive(files, packed=True)


def unpack(data: bytes) -> bytes:
    """The bytes, unpacked where they are packed with gzip."""
    if not data.startswith(GZIP):
        return data
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
            return packed.read(MOST_BYTES)
    except (OSError, EOFError, zlib.error):
        return data


def resolve(base: str, uri: str) -> str | None:
    """The path below the root that a URI means, seen from the file at `base`; None for one that
    leads elsewhere.
    """
    try:
        parts = urlsplit(uri)
    except ValueError:  # as an address with half a bracket
        return None
    if parts.scheme or parts.netloc:
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), unquote(parts.path)))


def fetch(source: Source, base: str, uri: str) -> bytes | None:
    """The bytes that a URI means, of a file or of the URI itself (`data:`)."""
    if uri.startswith("data:"):
        head, _, body = uri.partition(",")
        try:
            return (
                base64.b64decode(body, validate=True)
                if head.endswith("base64")
                else (unquote(body).encode())
            )
        except (binascii.Error, ValueError):
            return None
    name = resolve(base, uri)
    data = source.read(name) if name else None
    return unpack(data) if data is not None else None


def refuse_constant(word: str) -> None:
    """`NaN` and `Infinity` are no JSON, whatever Python reads."""
    raise ValueError(f"{word} is no number of JSON")


def parse(data: bytes, path: str, report: Report) -> Any:
    """The JSON of a file; None, reported, where it is none."""
    if data.startswith(BOM):
        report.add("JSON_PARSE_ERROR", path, "begins with a byte order mark, which JSON has not")
        return None
    try:
        found = json.loads(data.decode("utf-8"), parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:  # bytes, text, numbers or depth
        report.add("JSON_PARSE_ERROR", path, f"is no JSON: {error}")
        return None
    if found is None:
        report.add("TYPE_MISMATCH", path, "must not be null")
    return found
