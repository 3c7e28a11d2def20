"""Reads files of HL7 version 2 laboratory messages as rows of case reports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from twinward.core.errors import InputError
from twinward.standards.fhir.reports import read_bundles
from twinward.standards.hl7v2.as_fhir import bundle_of
from twinward.standards.hl7v2.segments import read_messages
from twinward.standards.source_rows import FileReading, Row


def read_hl7v2(path: Path, reading: FileReading) -> Iterator[Row]:
    """The reports of every message of a file. Of many messages one that is no laboratory report
    is a row that says so; InputError where a file holds nothing else.
    """
    messages = read_messages(path.read_bytes(), path.name)
    number = 0
    for message in messages:
        try:
            rows = list(read_bundles([bundle_of(message, path.name)], path.name, reading))
        except InputError as error:
            if len(messages) == 1:
                raise
            rows = [Row(0, {}, str(error))]
        for row in rows:
            number += 1
            yield msgspec.structs.replace(row, number=number)
