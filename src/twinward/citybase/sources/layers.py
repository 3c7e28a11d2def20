"""Reads one layer of a GeoPackage, a shapefile or a GeoParquet: which layer, in which encoding,
in which system.
"""

from __future__ import annotations

import re
from pathlib import Path

from twinward.citybase.config import Source
from twinward.citybase.sources.files import guess_encoding
from twinward.citybase.sources.ledger import SourceLedger
from twinward.core.errors import InputError

# the byte of a .dbf that names its code page, of those that mean one thing (ESRI's list of language
# drivers)
DRIVERS = {
    0x4D: "gb18030",
    0x4E: "cp949",
    0x4F: "big5",
    0x13: "cp932",
    0x7B: "cp932",
    0x7A: "gb18030",
    0x79: "cp949",
    0x78: "big5",
    0xC8: "cp1250",
    0xC9: "cp1251",
    0xCA: "cp1254",
    0xCB: "cp1253",
    0x57: "",
    0x03: "",
}
NAMES = {
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "936": "gb18030",
    "cp936": "gb18030",
    "gb18030": "gb18030",
    "54936": "gb18030",
    "950": "big5",
    "932": "cp932",
    "949": "cp949",
    "65001": "utf-8",
    "utf8": "utf-8",
}


def read_layer(
    path: Path, source: Source, ledger: SourceLedger
) -> tuple[list[tuple[dict[str, object], object]], str]:
    """Features of a file and their coordinate system: the city file's, else the file's own, else
    WGS 84.
    """
    import geopandas
    import pyogrio

    ending = path.suffix.lower()
    more: dict[str, object] = {}
    if ending == ".shp":
        more["encoding"] = source.encoding or own_encoding(path, ledger.label)
    elif ending != ".parquet":
        more["layer"] = choose_layer(path, source, ledger)
    try:
        frame = (
            geopandas.read_parquet(path)
            if ending == ".parquet"
            else pyogrio.read_dataframe(path, **more)
        )
    except UnicodeDecodeError as error:
        table = path.with_suffix(".dbf")
        guess = guess_encoding(records_of(table.read_bytes()) if table.is_file() else b"")
        raise InputError(
            f"{ledger.label} is not {more.get('encoding', 'utf-8')}: {error.reason} at byte "
            f"{error.start} of a field",
            f"set `encoding` in the city file{guess}",
            code="wrong_encoding",
        ) from error
    except LookupError as error:
        raise InputError(
            f"{ledger.label}: no encoding is called {more.get('encoding')!r}",
            "write utf-8, gb18030, latin-1 or the like",
            code="wrong_encoding",
        ) from error
    except (ValueError, OSError, RuntimeError) as error:
        raise InputError(
            f"{ledger.label} cannot be read: {error}",
            "check the file and its encoding",
            code="bad_file",
        ) from error
    if "geometry" not in frame:
        return [(row, None) for row in frame.to_dict("records")], source.crs
    crs = source.crs or (frame.crs.to_string() if frame.crs is not None else "")
    shapes = list(frame.geometry)
    return list(zip(frame.drop(columns="geometry").to_dict("records"), shapes, strict=True)), crs


def choose_layer(path: Path, source: Source, ledger: SourceLedger) -> str | None:
    """The layer to read; InputError with the names there are when it is not clear."""
    import pyogrio

    try:
        names = [str(name) for name, _ in pyogrio.list_layers(path)]
    except (ValueError, OSError, RuntimeError) as error:
        raise InputError(
            f"{ledger.label} cannot be read: {error}", "check the file", code="bad_file"
        ) from error
    if source.layer and source.layer not in names:
        raise InputError(
            f"{ledger.label} has no layer {source.layer!r}",
            f"its layers are: {', '.join(names)}",
            code="no_layer",
        )
    if not source.layer and len(names) > 1:
        raise InputError(
            f"{ledger.label} has {len(names)} layers: {', '.join(names)}",
            'name one with layer = "…" in the city file',
            code="which_layer",
        )
    return source.layer or (names[0] if names else None)


def own_encoding(path: Path, label: str) -> str:
    """The encoding that a shapefile states: its .cpg, else the code page byte of its .dbf, else
    UTF-8.
    """
    stated = next(
        (
            p
            for p in sorted(path.parent.glob("*"))
            if p.suffix.lower() == ".cpg" and p.stem == path.stem
        ),
        None,
    )
    if stated is not None and (
        word := stated.read_bytes().decode("latin-1").strip().strip("\x00\ufeff")
    ):
        return codec_of(word, label)
    table = path.with_suffix(".dbf")
    head = table.read_bytes()[:32] if table.is_file() else b""
    return (DRIVERS.get(head[29], "") if len(head) == 32 else "") or "utf-8"


def codec_of(word: str, label: str) -> str:
    """Python's name of the encoding of a .cpg, as the programs of the field write it."""
    plain = re.sub(r"^(ansi|oem|ibm|dos|windows|win|cp)[ _-]*(?=\d)", "", word.strip().lower())
    plain = re.sub(r"[ _]+", "-", plain)
    if (short := plain.replace("-", "")) in NAMES:
        return NAMES[short]
    for name in (
        plain,
        f"cp{plain}",
        re.sub(r"^iso-?(8859)-?(\d+)$", r"iso8859-\2", plain),
        re.sub(r"^8859-?(\d+)$", r"iso8859-\1", plain),
    ):
        try:
            return "".encode(name).decode() or name
        except LookupError:
            continue
    raise InputError(
        f"{label}: its .cpg names an encoding that is not known: {word!r}",
        "set `encoding` in the city file; it goes before the .cpg",
        code="wrong_encoding",
    )


def records_of(table: bytes) -> bytes:
    """The records of a .dbf without its head, which is binary."""
    start = int.from_bytes(table[8:10], "little") if len(table) > 32 else 0
    return table[start:].rstrip(b"\x1a\x00")
