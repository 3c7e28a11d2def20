"""Use case: counts of movement from a CSV file; its columns say which report it is."""

from __future__ import annotations

from pathlib import Path

from twinward.core.errors import InputError
from twinward.core.ids import derive_id
from twinward.decision.surveillance.tables import read_rows
from twinward.service.intake.commands import BatchAccount, submit_objects
from twinward.service.platform import Caller, Platform

# the column that only this report has -> command, required columns, optional columns
REPORTS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "kind": (
        "ReportPassage",
        ("gate", "kind", "area", "day", "arrived"),
        (
            "name",
            "departed",
            "vehicles",
            "checked",
            "from_risk_areas",
            "positive",
            "turned_back",
            "lon",
            "lat",
        ),
    ),
    "origin": (
        "ReportArrivals",
        ("group", "hazard", "area", "day", "origin", "arrived"),
        ("gate", "quarantine_days"),
    ),
    "in_quarantine": (
        "ReportQuarantine",
        ("group", "area", "day", "in_quarantine"),
        ("released", "handed_on"),
    ),
}
NUMBERS = {
    "arrived",
    "departed",
    "vehicles",
    "checked",
    "from_risk_areas",
    "positive",
    "turned_back",
    "in_quarantine",
    "released",
    "handed_on",
    "quarantine_days",
    "lon",
    "lat",
}


def report_movement(platform: Platform, caller: Caller, path: Path, source: str) -> BatchAccount:
    """Every row as a command; the loop answers what they bring."""
    kind, items = read_reports(path, source)
    found = submit_objects(platform, caller, [{"type": kind, **item} for item in items], source)
    platform.loop.catch_up()
    return found


def read_reports(path: Path, source: str) -> tuple[str, list[dict[str, object]]]:
    """(command, its items) of a file; an empty field is not counted, which is not zero."""
    kind, required, optional = _recognise(path)
    items: list[dict[str, object]] = []
    for line, fields in read_rows(path, required, optional):
        told: dict[str, object] = {
            name: to_number(text, name, path.name, line) if name in NUMBERS else text
            for name, text in fields.items()
            if text
        }
        told["source"] = source
        name = derive_id("move", kind, *(f"{k}={v}" for k, v in told.items()))
        items.append({"id": name, **told})
    return kind, items


def _recognise(path: Path) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    if not path.is_file():
        raise InputError(f"no file {path}", "give a CSV file", code="file_absent")
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        head = {name.strip().lower() for name in file.readline().replace(";", ",").split(",")}
    for column, report in REPORTS.items():
        if column in head:
            return report
    heads = "; or ".join(",".join(required) for _, required, _ in REPORTS.values())
    raise InputError(
        f"{path.name} is no table of passages, arrivals or quarantine",
        f"the first line must be: {heads}",
        code="missing_column",
    )


def to_number(text: str, name: str, file: str, line: int) -> float | int:
    """A count, or a coordinate."""
    try:
        return float(text) if name in ("lon", "lat") else int(text)
    except ValueError as error:
        raise InputError(
            f"{file} line {line}: {name} must be a whole number, got {text!r}",
            "leave it empty where nobody counted",
            code="bad_number",
        ) from error
