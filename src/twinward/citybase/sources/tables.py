"""Tables from CSV, Parquet, GeoPackage and GeoJSON as columns of plain values, with the line of
every row.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twinward.citybase.config import Source
from twinward.citybase.sources.files import decode_text, read_file
from twinward.citybase.sources.ledger import SourceLedger
from twinward.citybase.sources.numbers import INVISIBLE, POINT, find_writing, to_numbers
from twinward.citybase.sources.shapes import FEATURE_FORMATS, Feature, read_features
from twinward.core.errors import InputError

FORMATS = ".csv .tsv .txt .geojson .json .gpkg .shp .parquet .osm.pbf"
csv.field_size_limit(1 << 24)


class SourceTable:
    """Rows of one source: `columns[name][i]` is a str, number or None; `lines[i]` is the line it
    came from.

    `crs` is the system of columns with coordinates.
    """

    def __init__(
        self,
        ledger: SourceLedger,
        columns: dict[str, list[object]],
        lines: list[int],
        source: Source,
        crs: str = "",
    ) -> None:
        self.ledger, self.columns, self.lines, self.source = ledger, columns, lines, source
        self.label, self.crs = ledger.label, crs or source.crs or "wgs84"

    def __len__(self) -> int:
        return len(self.lines)

    def column(self, name: str, key: str) -> list[object]:
        """The column `name`; InputError names the file, the key of the city file and the columns
        there are.
        """
        if name not in self.columns:
            have = ", ".join(self.columns) or "none"
            hint = (
                "; the header looks separated by another character: set `separator`"
                if len(self.columns) == 1
                else ""
            )
            raise InputError(
                f"{self.label} has no column {name!r}",
                f"its columns are: {have}; set `{key}` in the city file{hint}",
                code="missing_column",
            )
        return self.columns[name]

    def numbers(self, name: str, key: str, *, whole: bool = False) -> NDArray[np.float64]:
        """The column as numbers in the country's writing, NaN for what is none; `whole` when it
        counts things.
        """
        values = self.column(name, key)
        writing = find_writing(
            values,
            self.label,
            key,
            whole=whole,
            thousands=self.source.thousands,
            decimal=self.source.decimal,
            separator=self.source.separator or ",",
        )
        if writing.decimal != POINT.decimal or (writing.thousands and not self.source.thousands):
            hit = sum(isinstance(value, str) and writing.thousands in value for value in values)
            if writing.thousands and hit:
                self.ledger.note(
                    f"{key}: numbers read with {writing.thousands!r} for thousands", hit
                )
        return to_numbers(values, writing)

    def row(self, i: int) -> str:
        return " | ".join(
            "" if column[i] is None else str(column[i]) for column in self.columns.values()
        )


def read_csv(path: Path, source: Source, ledger: SourceLedger) -> SourceTable:
    """A CSV with a header; mixed newlines are fine; rows of another width are rejected, blank
    lines are no rows.
    """
    text = decode_text(read_file(path, ledger.label), source.encoding, ledger.label)
    separator = source.separator or ("\t" if path.suffix.lower() == ".tsv" else ",")
    if len(separator) != 1:
        raise InputError(
            f"{ledger.label}: separator {source.separator!r} is not one character",
            "write , or ; or \\t",
            code="bad_separator",
        )
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows, lines = [], []
    try:
        header = [to_text(name) for name in next(reader, [])]
        for row in reader:
            if not any(field.strip() for field in row):
                continue
            ledger.read += 1
            if len(row) == len(header):
                rows.append(row)
                lines.append(reader.line_num)
            else:
                ledger.reject(
                    reader.line_num,
                    f"another number of fields than the header: {len(row)} where it has "
                    f"{len(header)}",
                    row,
                )
    except csv.Error as error:
        raise InputError(
            f"{ledger.label}, line {reader.line_num}: {error}",
            "look for a quotation mark that is never closed",
            code="bad_csv",
        ) from error
    twice = sorted({name for name in header if header.count(name) > 1})
    if not header or twice:
        what = f"the columns {', '.join(twice)} twice" if twice else "no header"
        raise InputError(
            f"{ledger.label} has {what}",
            "give each column one name in the first line",
            code="bad_csv",
        )
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in header]
    return SourceTable(ledger, dict(zip(header, columns, strict=True)), lines, source)


def read_parquet(path: Path, source: Source, ledger: SourceLedger) -> SourceTable:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"{ledger.label} is not a readable Parquet file: {error}",
            "write it again",
            code="bad_file",
        ) from error
    keep = [field.name for field in table.schema if not pa.types.is_binary(field.type)]
    ledger.read = table.num_rows
    columns = {name: table.column(name).to_pylist() for name in keep}
    return SourceTable(ledger, columns, list(range(1, table.num_rows + 1)), source)


def is_geoparquet(path: Path) -> bool:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return b"geo" in (pq.read_schema(path).metadata or {})
    except (pa.ArrowException, OSError):
        return False


def table_of_features(features: list[Feature], source: Source, ledger: SourceLedger) -> SourceTable:
    """Properties as columns; where none is called lon or lat, the point of each geometry."""
    names = list(dict.fromkeys(key for feature in features for key in feature.properties))
    columns: dict[str, list[object]] = {
        name: [feature.properties.get(name) for feature in features] for name in names
    }
    if (
        "lon" not in columns
        and "lat" not in columns
        and any(feature.shape is not None for feature in features)
    ):
        points = [
            None if f.shape is None or f.shape.is_empty else f.shape.representative_point()
            for f in features
        ]
        columns["lon"] = [None if point is None else point.x for point in points]
        columns["lat"] = [None if point is None else point.y for point in points]
        return SourceTable(
            ledger, columns, [feature.line for feature in features], source, crs="wgs84"
        )
    return SourceTable(ledger, columns, [feature.line for feature in features], source)


def read_table(path: Path, source: Source, ledger: SourceLedger) -> SourceTable:
    """The rows of a source by the ending of its file; counts what is read."""
    ending = path.suffix.lower()
    if ending in {".csv", ".tsv", ".txt"}:
        return read_csv(path, source, ledger)
    if ending in FEATURE_FORMATS or (ending == ".parquet" and is_geoparquet(path)):
        return table_of_features(
            read_features(path, source, ledger, need_shape=False), source, ledger
        )
    if ending == ".parquet":
        return read_parquet(path, source, ledger)
    raise InputError(
        f"{ledger.label}: the ending of {path.name} is unknown",
        f"formats: {FORMATS}",
        code="bad_format",
    )


def to_text(value: object) -> str:
    """A word in composed letters, without invisible signs and doubled spaces; whole numbers without
    a decimal point, so that codes of spreadsheets match.
    """
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = unicodedata.normalize("NFC", str(value)).translate(INVISIBLE)
    return " ".join(text.split())
