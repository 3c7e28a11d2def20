"""Files taken in: observations and case reports row by row, an account of every row, reasons for
the bad ones.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any

import msgspec

from twinward.core.errors import InputError
from twinward.core.ids import derive_id
from twinward.edge.feeds import cases
from twinward.edge.feeds.files import read_rows
from twinward.edge.feeds.observations import ObservationItem
from twinward.security.identity.people import Caller
from twinward.service.intake.commands import BatchAccount, submit_objects
from twinward.service.platform import Platform
from twinward.standards.fhir.reports import read_fhir
from twinward.standards.fhir.xml_form import is_xml
from twinward.standards.hl7v2.reports import read_hl7v2
from twinward.standards.hl7v2.segments import is_hl7v2
from twinward.standards.source_rows import FileReading, Row
from twinward.standards.written_dates import find_order

BATCH = 2_000
MOST_LOOKED_AT = 100_000  # rows whose dates tell the order of day and month
OBSERVATION_FIELDS = ObservationItem.__struct_fields__
NUMBERS = frozenset({"lon", "lat", "error_m", "value"})
MOVEMENT = ("subject", "occurred_at", "lon", "lat")

Read = Callable[[Path, FileReading], Iterator[Row]]
# takes a batch of items and says what became of each; over HTTP or in this process
Send = Callable[[list[Any]], BatchAccount]


class FileReport(msgspec.Struct, kw_only=True):
    """What became of the files: received = stored + duplicate + rejected."""

    source: str
    files: int = 0
    received: int = 0
    stored: int = 0
    duplicate: int = 0
    rejected: int = 0
    reasons: dict[str, int] = {}
    notes: dict[str, int] = {}
    rejected_file: str | None = None
    seconds: float = 0.0


class Rejects:
    """The file of rejected rows: where each stood and why it was not taken, nothing of a person
    in it.
    """

    def __init__(self, path: Path, report: FileReport) -> None:
        self.path = path
        self.report = report
        self._file: IO[bytes] | None = None

    def put(self, file: Path, row: int, code: str, message: str) -> None:
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("wb")
            self.report.rejected_file = str(self.path)
        self._file.write(
            msgspec.json.encode({"file": file.name, "row": row, "code": code, "message": message})
            + b"\n"
        )
        self.report.reasons[code] = self.report.reasons.get(code, 0) + 1

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def rejects_path(workspace: Path, kind: str, source: str) -> Path:
    return workspace / "rejected" / f"{kind}-{re.sub(r'[^A-Za-z0-9._-]+', '_', source)[:80]}.jsonl"


def import_rows(
    files: Iterable[Path],
    reading: FileReading,
    make: Callable[[Row], object],
    send: Send,
    rejects: Rejects,
    read: Read = read_rows,
) -> None:
    """Every row of every file: made an item, sent in batches, accounted for in `rejects.report`."""
    report, began = rejects.report, time.perf_counter()
    try:
        for path in files:
            report.files += 1
            for rows in batches(read(path, reading)):
                import_batch(path, rows, make, send, rejects)
    except InputError as error:
        if report.received:
            error.advice += (
                f"; {report.received} rows before it were taken in and will count as "
                f"duplicates next time"
            )
        raise
    finally:
        rejects.close()
        report.seconds = round(time.perf_counter() - began, 3)


def import_batch(
    path: Path, rows: list[Row], make: Callable[[Row], object], send: Send, rejects: Rejects
) -> None:
    """A row that cannot be an item is still sent, as the nothing it is, so that its source's
    account has it.
    """
    items, said = [], {}
    for place, row in enumerate(rows):
        try:
            if row.wrong is not None:
                raise InputError(row.wrong, "mend the row", code="bad_row")
            items.append(make(row))
        except InputError as error:
            items.append(None)
            said[place] = (error.code, str(error))
    account = send(items)
    for one in account.rejected:
        told = f"{one.message}. {one.advice}" if one.advice else one.message
        code, message = said.get(one.index, (one.code, told))
        rejects.put(path, rows[one.index].number, code, message)
    report = rejects.report
    report.received += account.received
    report.stored += account.stored
    report.duplicate += account.duplicate
    report.rejected += len(account.rejected)


def batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while batch := list(islice(rows, BATCH)):
        yield batch


def observation_item(row: Row) -> dict[str, object]:
    """An observation as it is posted; movement without an id is known by subject, time and
    point.
    """
    item = row.values
    if "source_id" not in item and all(name in item for name in MOVEMENT):
        item = item | {"source_id": derive_id("fix", *(str(item[name]) for name in MOVEMENT))}
    return item


def observation_reading(
    columns: dict[str, str], constants: dict[str, str], encoding: str, separator: str
) -> FileReading:
    check_fields((*columns, *constants), OBSERVATION_FIELDS)
    return FileReading(
        fields=OBSERVATION_FIELDS,
        columns=columns,
        constants=constants,
        numbers=NUMBERS,
        required=("type", "occurred_at"),
        encoding=encoding,
        separator=separator,
    )


def case_reading(
    columns: dict[str, str], constants: dict[str, str], encoding: str, separator: str
) -> FileReading:
    check_fields((*columns, *constants), cases.FIELDS)
    return FileReading(
        fields=cases.FIELDS,
        columns=columns,
        constants=constants,
        required=("hazard", "area", "status"),
        encoding=encoding,
        separator=separator,
    )


def check_fields(named: Iterable[str], known: tuple[str, ...]) -> None:
    for field in named:
        if field not in known:
            raise InputError(
                f"there is no field {field!r}", f"known: {', '.join(known)}", code="unknown_field"
            )


def read_reports(path: Path, reading: FileReading) -> Iterator[Row]:
    """Rows of a case file, or of a lab message where it is one."""
    reader = message_reader(path)
    return reader(path, reading) if reader else read_rows(path, reading)


def message_reader(path: Path) -> Read | None:
    """Who reads a laboratory message: FHIR in JSON or XML, HL7 version 2; None for a table."""
    if path.suffix.lower() == ".json":
        return read_fhir
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError:
        return None  # whoever reads it says why it cannot be read
    if is_hl7v2(head):
        return read_hl7v2
    return read_fhir if is_xml(head) else None


def report_cases(
    platform: Platform, caller: Caller, files: list[Path], source: str, reading: FileReading
) -> FileReport:
    """Every row a ReportCase; a person goes to the vault at the border, once its sender is
    allowed to report.
    """
    report = FileReport(source=source)
    zone = platform.reference.zone
    reading = msgspec.structs.replace(reading, exercises=bool(platform.drill), zone=zone)
    orders = {path: order_of(path, reading) for path in files}
    rejects = Rejects(rejects_path(platform.workspace, "cases", source), report)

    def send(items: list[object]) -> BatchAccount:
        return submit_objects(platform, caller, items, source)

    areas = platform.reference.areas
    now = [
        cases.Calendar(zone=zone, now=platform.clock.now(), areas=areas)
    ]  # of the file that is being read

    def read(path: Path, reading: FileReading) -> Iterator[Row]:
        now[0] = msgspec.structs.replace(now[0], order=orders[path])
        return read_reports(path, reading)

    def make(row: Row) -> dict[str, Any]:
        command = cases.case_command(row.values, source, platform.vault, now[0])
        if command.get("note"):
            report.notes[command["note"]] = report.notes.get(command["note"], 0) + 1
        return command

    import_rows(files, reading, make, send, rejects, read)
    return report


def order_of(path: Path, reading: FileReading) -> str | None:
    """In which order the dates of a file have day and month, where they show it."""
    if message_reader(path) is not None:
        return None
    wanted = msgspec.structs.replace(
        reading,
        fields=cases.DATES,
        columns={name: column for name, column in reading.columns.items() if name in cases.DATES},
        required=(),
    )
    try:
        rows = islice(read_rows(path, wanted), MOST_LOOKED_AT)
        return find_order(
            str(value) for row in rows for name in cases.DATES if (value := row.values.get(name))
        )
    except InputError:
        return None  # whoever reads it whole is told why


def ingest_files(
    workspace: Path, files: list[Path], source: str, reading: FileReading, send: Send
) -> FileReport:
    """Every row an observation, sent where the inbox is."""
    report = FileReport(source=source)
    import_rows(
        files,
        reading,
        observation_item,
        send,
        Rejects(rejects_path(workspace, "observations", source), report),
    )
    return report
