"""Use case: objects of a CSV file put under their modules; checks, dismissals as commands."""

from __future__ import annotations

import csv
from pathlib import Path

from twinward.core.errors import InputError
from twinward.core.ids import derive_id
from twinward.service.intake.commands import BatchAccount, submit_objects
from twinward.service.platform import Caller, Platform

COLUMNS = ("object", "module", "kind", "area")
OTHERS = ("name", "place", "devices", "edge", "subject")
FACT = "fact:"  # a column `fact:beds` is the fact `beds`
MOST_ROWS = 100_000


def register_objects(platform: Platform, caller: Caller, path: Path, source: str) -> BatchAccount:
    """Every row as RegisterObject; a row that was registered before is a duplicate."""
    items = [to_command(row, line, path.name) for line, row in read_objects(path)]
    found = submit_objects(platform, caller, items, source)
    platform.loop.catch_up()
    return found


def read_objects(path: Path) -> list[tuple[int, dict[str, str]]]:
    """(line, fields that are not empty) of each row; InputError names the missing column."""
    if not path.is_file():
        raise InputError(f"no file {path}", "give a CSV file", code="file_absent")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            heads = [name.strip() for name in reader.fieldnames or ()]
            missing = [name for name in COLUMNS if name not in heads]
            other = [name for name in heads if name not in (*COLUMNS, *OTHERS) and FACT not in name]
            if missing or other:
                what = f"has no column {missing[0]}" if missing else f"has a column {other[0]!r}"
                raise InputError(
                    f"{path.name} {what}",
                    f"columns: {', '.join((*COLUMNS, *OTHERS))}, fact:NAME",
                    code="missing_column",
                )
            rows = [
                (line, {key.strip(): value.strip() for key, value in row.items() if key and value})
                for line, row in enumerate(reader, 2)
            ]
    except (UnicodeDecodeError, csv.Error, AttributeError) as error:
        raise InputError(
            f"{path.name} is no CSV file in UTF-8: {error}", "write it anew", code="bad_table"
        ) from error
    if len(rows) > MOST_ROWS:
        raise InputError(
            f"{len(rows):,} objects at once", f"at most {MOST_ROWS:,}", code="too_many_items"
        )
    return rows


def to_command(row: dict[str, str], line: int, file: str) -> dict[str, object]:
    item: dict[str, object] = {"type": "RegisterObject"}
    facts: dict[str, float] = {}
    for name, text in row.items():
        if name.startswith(FACT):
            try:
                facts[name.removeprefix(FACT)] = float(text)
            except ValueError as error:
                raise InputError(
                    f"{file} line {line}: {name} must be a number, got {text!r}",
                    "leave it empty where nobody counted",
                    code="bad_number",
                ) from error
        else:
            item[name] = text.split() if name == "devices" else text
    if facts:
        item["facts"] = facts
    words = sorted(f"{key}={value}" for key, value in row.items())
    return item | {"id": derive_id("object", *words)}


def record_check(
    platform: Platform,
    caller: Caller,
    thing: str,
    check: str,
    answers: dict[str, object],
    note: str = "",
) -> BatchAccount:
    """One form, filled in now."""
    fields = {"object": thing, "check": check, "answers": answers, "note": note}
    return tell(platform, caller, "RecordCheck", **fields)


def tell(platform: Platform, caller: Caller, command: str, **fields: object) -> BatchAccount:
    """One command; what it was refused for is raised."""
    with platform.store.read() as rows:
        last = rows.last_seq()
    name = derive_id("told", command, caller.name, platform.clock.now().isoformat(), last)
    found = submit_objects(platform, caller, [{"type": command, "id": name, **fields}], "desk")
    if found.rejected:
        one = found.rejected[0]
        raise InputError(one.message, one.advice, code=one.code)
    platform.loop.catch_up()
    return found
