"""Movement files (CSV, Parquet) to batches of checked columns; every row is passed on or
rejected with a reason.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from twinward.core.errors import InputError
from twinward.core.geography import SYSTEM_COLUMNS, named_crs, to_wgs84
from twinward.edge.feeds import kernels, plausible
from twinward.edge.feeds.identities import ADVICE, MESSAGE, direct_identities
from twinward.edge.feeds.subjects import SubjectNumbers

BATCH_ROWS = 4_000_000
NUMBERED_ROWS = 1 << 20  # where subjects are numbers: smaller tables stay in the cache
BLOCK_BYTES = 64_000_000  # of a CSV file at a time
NEEDED = ("subject", "time", "lon", "lat")
OPTIONAL = ("error_m", "place", "source", "source_id")
EARLIEST_US, LATEST_US = -2_208_988_800_000_000, 4_102_444_800_000_000  # 1900 to 2100

REASONS: dict[str, str] = {
    "missing_value": "subject, time, lon or lat is empty",
    "bad_time": "time is not RFC 3339, for example 2022-04-13T08:00:00+08:00",
    "time_without_zone": "time has no zone; write Z or an offset such as +08:00",
    "bad_number": "lon, lat or error_m is not a number",
    "bad_point": "lon is outside -180..180 or lat outside -90..90",
    "swapped_coordinates": plausible.MESSAGES["swapped_coordinates"],
    "time_in_future": plausible.MESSAGES["time_in_future"],
    "wrong_clock": plausible.MESSAGES["wrong_clock"],
    "null_position": plausible.MESSAGES["null_position"],
    "bad_error": "error_m is negative or not finite",
    "direct_identity": f"{MESSAGE}; {ADVICE}",
    "bad_row": "the line does not have as many fields as the header",
}
CODES = tuple(REASONS)


class Rejected(msgspec.Struct, frozen=True):
    """One refused row: its number in the file (the first row after the header is 1; 0 unknown)
    and why.
    """

    file: str
    row: int
    code: str


class MovementFile:
    """One file as a stream of batches. `received` and `rejected` grow as it is read."""

    def __init__(
        self,
        path: Path,
        rename: dict[str, str] | None = None,
        around: plausible.Surroundings | None = None,
        crs: str | None = None,
    ) -> None:
        """`crs` are the file's coordinates (wgs84, gcj02, bd09, EPSG:n); None means WGS 84."""
        self.path = path
        self.rename = rename or {}
        self.around = around or plausible.Surroundings()
        self.crs = crs
        self.received = 0
        self.rejected: list[Rejected] = []
        self.torn: list[int] = []  # row numbers of lines that never became a row
        self.passed = 0
        self.numbers = SubjectNumbers()

    def batches(self) -> Iterator[pa.Table]:
        """Arrow tables with subject, time_us, lon, lat (and error_m, place, source_key where the
        file has them).
        """
        if not self.path.is_file():
            raise InputError(f"there is no file {self.path}", "check the path", code="file_absent")
        parquet = self.path.suffix.lower() in {".parquet", ".pq"}
        try:
            for table in self._parquet_tables() if parquet else self._csv_tables():
                yield self._checked(table)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
            kind = "a Parquet" if parquet else "a CSV"
            detail = str(error).splitlines()[0][:200]
            advice = "use .csv (with a header, UTF-8) or .parquet"
            raise InputError(
                f"{self.path.name} is not {kind} file: {detail}", advice, code="bad_file"
            ) from error

    def _columns(self, names: list[str]) -> dict[str, str]:
        """Our field -> the file's column."""
        lower = {name.strip().lower(): name for name in names}
        found = {}
        for field in (*NEEDED, *OPTIONAL):
            name = self.rename.get(field, field)
            if name in names or name.lower() in lower:
                found[field] = name if name in names else lower[name.lower()]
        system = next((name for name in lower if name in SYSTEM_COLUMNS), None)
        if system is not None and self.crs is None:
            found["crs"] = lower[system]
        absent = [field for field in NEEDED if field not in found]
        if absent:
            raise InputError(
                f"{self.path.name} has no column {', '.join(absent)}; it has "
                f"{', '.join(names[:12]) or 'none'}",
                "the columns are subject, time, lon, lat and perhaps error_m, place; rename with "
                "--map field=column",
                code="missing_column",
            )
        self._ask_crs(found["lon"], found["lat"], told="crs" in found)
        return found

    def _ask_crs(self, lon: str, lat: str, *, told: bool) -> None:
        """InputError where the columns speak of coordinates that nobody declared, unless each
        row says of its own (`told`).
        """
        if self.crs is None and (crs := named_crs(lon, lat)) is not None and not told:
            raise InputError(
                f"{self.path.name}: the columns {lon} and {lat} look like {crs}",
                f"say --crs {crs}, or --crs wgs84 where they are not",
                code="crs_not_stated",
            )

    def _parquet_tables(self) -> Iterator[pa.Table]:
        with pq.ParquetFile(self.path, memory_map=True) as file:
            found = self._columns(file.schema_arrow.names)
            kind = file.schema_arrow.field(found["subject"]).type
            rows = NUMBERED_ROWS if pa.types.is_integer(kind) else BATCH_ROWS
            for batch in file.iter_batches(rows, columns=list(found.values()), use_threads=False):
                yield pa.table({field: batch.column(name) for field, name in found.items()})

    def _header(self) -> list[str]:
        try:
            packed = self.path.suffix.lower() == ".gz"
            with (gzip.open if packed else open)(
                self.path, "rt", encoding="utf-8-sig", newline=""
            ) as file:
                return next(csv.reader(file), [])
        except (UnicodeDecodeError, EOFError, gzip.BadGzipFile, zlib.error, csv.Error) as error:
            raise InputError(
                f"{self.path.name} is not text in UTF-8", "save it as UTF-8", code="bad_file"
            ) from error

    def _csv_tables(self) -> Iterator[pa.Table]:
        def torn(row: pa.InvalidRow) -> str:
            self.received += 1
            self.torn.append(row.number - 1 if row.number else 0)
            self.rejected.append(Rejected(self.path.name, self.torn[-1], "bad_row"))
            return "skip"

        found = self._columns(self._header())
        # everything as text first: a single bad number must cost its row, not the file
        types = {name: pa.string() for name in found.values()}
        reader = pacsv.open_csv(
            self.path,
            pacsv.ReadOptions(block_size=BLOCK_BYTES, use_threads=False),
            pacsv.ParseOptions(invalid_row_handler=torn),
            pacsv.ConvertOptions(
                column_types=types,
                include_columns=list(found.values()),
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
        for batch in reader:
            yield pa.table({field: batch.column(name) for field, name in found.items()})

    def _turn_each(self, out: dict[str, Any], said: pa.Array) -> None:
        """Points to WGS 84 by what each row says of its own; an empty cell means WGS 84."""
        words = pc.utf8_lower(pc.utf8_trim_whitespace(said.cast(pa.string())))
        for word in words.unique().to_pylist():
            if word:
                here = np.asarray(pc.equal(words, word).fill_null(False))
                x, y = to_wgs84(out["lon"][here], out["lat"][here], word, self.path.name)
                out["lon"], out["lat"] = out["lon"].copy(), out["lat"].copy()
                out["lon"][here], out["lat"][here] = x, y

    def _number(self, row: int) -> int:
        """The number in the file of a row of the present table: torn lines count, too."""
        number = self.passed + row + 1
        for torn in self.torn:
            if torn > number:
                break
            number += 1
        return number

    def _checked(self, table: pa.Table) -> pa.Table:
        """The good rows of a table; the others are counted with their reason."""
        fields = {name: whole(table.column(name)) for name in table.column_names}
        bad = np.zeros(table.num_rows, np.uint8)  # 0 good, else 1 + position in CODES
        for name in NEEDED:
            if fields[name].null_count:
                refuse(bad, fields[name].is_null().to_numpy(zero_copy_only=False), "missing_value")
        subject = subject_text(fields["subject"], bad, self.numbers)
        out: dict[str, pa.Array | NDArray[Any]] = {"subject": subject}
        direct = direct_identities(subject.dictionary)
        if direct.any():
            refuse(bad, direct[subject.indices.to_numpy(zero_copy_only=False)], "direct_identity")
        out["time_us"] = read_times(fields["time"], bad)
        out["lon"], out["lat"] = read_numbers(fields["lon"], bad), read_numbers(fields["lat"], bad)
        if self.crs is not None:
            out["lon"], out["lat"] = to_wgs84(out["lon"], out["lat"], self.crs, self.path.name)
        elif "crs" in fields:
            self._turn_each(out, fields["crs"])
        check_points(out["lon"], out["lat"], bad)
        for code, which in plausible.find_implausible(
            out["lon"], out["lat"], out["time_us"], self.around
        ):
            refuse(bad, which, code)
        if "error_m" in fields and fields["error_m"].null_count < table.num_rows:
            out["error_m"] = read_numbers(fields["error_m"], bad)
            refuse(bad, (out["error_m"] < 0) | np.isinf(out["error_m"]), "bad_error")
        if "place" in fields and fields["place"].null_count < table.num_rows:
            out["place"] = fields["place"].cast(pa.string())
        if "source_id" in fields:
            out["source_key"] = source_keys(fields.get("source"), fields["source_id"])
        rows = np.flatnonzero(bad)
        self.rejected += [
            Rejected(self.path.name, self._number(int(row)), CODES[bad[row] - 1]) for row in rows
        ]
        self.received += table.num_rows
        self.passed += table.num_rows
        if not len(rows):
            return pa.table(out)
        good = pa.table(out).filter(pa.array(bad == 0))
        return good.set_column(0, "subject", used_only(whole(good.column("subject"))))


def whole(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A chunked column as one array, without a copy where it is one already."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def used_only(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A dictionary array without the words that no row has: what was refused leaves nothing
    behind.
    """
    codes = column.indices.to_numpy(zero_copy_only=False)
    used = np.bincount(codes, minlength=len(column.dictionary)) > 0
    renumbered = (np.cumsum(used) - 1).astype(np.int32)[codes]
    return pa.DictionaryArray.from_arrays(
        pa.array(renumbered), column.dictionary.filter(pa.array(used))
    )


def refuse(bad: NDArray[Any], which: NDArray[Any], code: str) -> None:
    """Mark rows with their first reason."""
    if which.any():
        bad[which & (bad == 0)] = CODES.index(code) + 1


def subject_text(
    column: pa.ChunkedArray, bad: NDArray[Any], numbers: SubjectNumbers
) -> pa.ChunkedArray:
    """Pseudonyms as text; integers in their decimal form. Never null: refused rows hold an empty
    text.
    """
    if pa.types.is_floating(column.type):
        whole = pc.equal(pc.floor(column), column).fill_null(False).to_numpy(zero_copy_only=False)
        refuse(bad, ~whole, "missing_value")
        column = column.fill_null(0).cast(pa.int64(), safe=False)
    if pa.types.is_integer(column.type):
        return numbers.encode(column.fill_null(0) if column.null_count else column)
    if pa.types.is_dictionary(column.type):
        return column.cast(pa.string()).fill_null("").dictionary_encode()
    text = pc.utf8_trim_whitespace(column.cast(pa.string()).fill_null(""))
    refuse(bad, pc.equal(text, "").to_numpy(zero_copy_only=False), "missing_value")
    return text.dictionary_encode()


def read_times(column: pa.ChunkedArray, bad: NDArray[Any]) -> NDArray[Any]:
    """Microseconds since 1970 UTC from RFC 3339 text or from timestamps with a zone."""
    kind = column.type
    if pa.types.is_timestamp(kind):
        if kind.tz is None:
            refuse(bad, np.ones(len(bad), np.bool_), "time_without_zone")
            return np.zeros(len(bad), np.int64)
        time_us = column.cast(pa.timestamp("us", kind.tz), safe=False).cast(pa.int64()).fill_null(0)
        out = time_us.to_numpy(zero_copy_only=False)
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind):
        text = column.cast(pa.large_string()).fill_null("")
        _, offsets, data = text.buffers()
        at = np.frombuffer(offsets, np.int64)[text.offset : text.offset + len(text) + 1]
        out, verdict = kernels.parse_times(np.frombuffer(data or b"\0", np.uint8), at)
        refuse(bad, verdict == kernels.NO_ZONE, "time_without_zone")
        refuse(bad, verdict == kernels.BAD_TIME, "bad_time")
    else:
        refuse(bad, np.ones(len(bad), np.bool_), "bad_time")
        return np.zeros(len(bad), np.int64)
    if len(out) and not (out.min() >= EARLIEST_US and out.max() <= LATEST_US):
        refuse(bad, (out < EARLIEST_US) | (out > LATEST_US), "bad_time")
    return np.asarray(out)


def read_numbers(column: pa.ChunkedArray, bad: NDArray[Any]) -> NDArray[Any]:
    """float64, NaN where empty; text is read exactly, what is no number refuses its row."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        text = pc.utf8_trim_whitespace(column)
        try:
            column = text.cast(pa.float64())
        except pa.ArrowInvalid:
            values = [as_number(value) for value in text.to_pylist()]
            refuse(bad, np.array([value is None for value in values]), "bad_number")
            return np.array([np.nan if value is None else value for value in values], np.float64)
    elif not (
        pa.types.is_floating(column.type)
        or pa.types.is_integer(column.type)
        or pa.types.is_null(column.type)
    ):
        try:
            column = column.cast(pa.float64())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            refuse(bad, np.ones(len(bad), np.bool_), "bad_number")
            return np.full(len(bad), np.nan)
    return np.asarray(column.cast(pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False))


def as_number(text: str | None) -> float | None:
    """NaN for an empty field, None for what is no number."""
    if text is None or text == "":
        return float("nan")
    try:
        return float(text)
    except ValueError:
        return None


def check_points(lon: NDArray[Any], lat: NDArray[Any], bad: NDArray[Any]) -> None:
    """Refuse points outside WGS 84, and say so when they look swapped."""
    if all(
        len(axis) and axis.min() >= -most and axis.max() <= most
        for axis, most in ((lon, 180.0), (lat, 90.0))
    ):
        return  # also false where one is no number
    refuse(bad, np.isnan(lon) | np.isnan(lat), "bad_number")
    outside = ~((np.abs(lon) <= 180.0) & (np.abs(lat) <= 90.0))
    refuse(bad, outside & (np.abs(lat) <= 180.0) & (np.abs(lon) <= 90.0), "swapped_coordinates")
    refuse(bad, outside, "bad_point")


def source_keys(source: pa.Array, source_id: pa.Array) -> NDArray[Any]:
    """A non-zero 64-bit key of (source, source_id); 0 where there is no id."""
    import hashlib

    ids = source_id.cast(pa.string()).to_pylist()
    sources = source.cast(pa.string()).to_pylist() if source is not None else [""] * len(ids)
    out = np.zeros(len(ids), np.int64)
    for i, (name, number) in enumerate(zip(sources, ids, strict=True)):
        if number is not None:
            digest = hashlib.blake2b(f"{name}\x1f{number}".encode(), digest_size=8).digest()
            out[i] = int.from_bytes(digest, "little", signed=True) or 1
    return out
