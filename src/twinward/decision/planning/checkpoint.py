"""Keeps what has been reckoned in a file, row by row, so that who was killed goes on from there."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np

from twinward.core.errors import UNREADABLE, InputError
from twinward.decision.planning.figures import Run
from twinward.decision.planning.replicates import Replicate

T = TypeVar("T")
RunAll = Callable[[Sequence[Replicate]], Iterable[Run]]


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """A finished run as it stands in the file; `job` is its fingerprint."""

    job: str
    totals: dict[str, float]
    days: dict[str, list[float]]
    infections: tuple[list[float], list[float]]
    lost: tuple[list[float], list[float]]
    capacity: tuple[int, int]


def read_rows(file: Path | None, name: str, kind: type[T]) -> list[T]:
    """Rows kept earlier; a last line that was torn is left out. InputError when they answer
    another question.
    """
    if file is None or not file.exists() or not file.stat().st_size:
        return []
    try:
        first, *lines = file.read_bytes().split(b"\n")
        kept = msgspec.json.decode(first)["fingerprint"]
        found = [msgspec.json.decode(line, type=kind) for line in lines[:-1]]
    except (OSError, *UNREADABLE, KeyError, TypeError) as error:
        raise InputError(
            f"{file} holds nothing to go on from: {error}",
            "name another file",
            code="bad_kept_file",
        ) from error
    if kept != name:
        raise InputError(
            f"{file} answers another question", "name another file", code="other_question"
        )
    if lines[-1]:
        file.write_bytes(b"\n".join([first, *lines[:-1]]) + b"\n")
    return found


@contextmanager
def append_to(file: Path | None, name: str) -> Iterator[Callable[[object], None]]:
    """Appends each row to the file as it is finished, each on the disk before the next."""
    if file is None:
        yield lambda row: None
        return
    try:
        out = file.open("ab")
    except OSError as error:
        raise InputError(
            f"{file}: {error.strerror}", "name a file that can be written", code="bad_path"
        ) from error
    with out:
        if out.tell() == 0:
            out.write(msgspec.json.encode({"fingerprint": name}) + b"\n")

        def keep(row: object) -> None:
            out.write(msgspec.json.encode(row) + b"\n")
            out.flush()
            os.fsync(out.fileno())

        yield keep


@contextmanager
def resume_from(file: Path | None, name: str, run_all: RunAll) -> Iterator[RunAll]:
    """The same runs, those of the file not done again and the others added to it."""
    known = {row.job: run_of(row) for row in read_rows(file, name, RunRow)}
    with append_to(file, name) as keep:

        def run_those_missing(jobs: Sequence[Replicate]) -> Iterator[Run]:
            names = [job_name(job) for job in jobs]
            fresh = iter(
                run_all([job for job, one in zip(jobs, names, strict=True) if one not in known])
            )
            for one in names:
                if one not in known:
                    known[one] = next(fresh)
                    keep(row_of(one, known[one]))
                yield known[one]

        yield run_those_missing


def job_name(job: Replicate) -> str:
    return hashlib.sha256(msgspec.json.encode(job)).hexdigest()[:24]


def row_of(name: str, run: Run) -> RunRow:
    return RunRow(
        job=name,
        totals={key: float(value) for key, value in run.totals.items()},
        days={key: value.tolist() for key, value in run.days.items()},
        capacity=run.capacity,
        infections=(run.infections[0].tolist(), run.infections[1].tolist()),
        lost=(run.lost[0].tolist(), run.lost[1].tolist()),
    )


def run_of(row: RunRow) -> Run:
    return Run(
        totals=row.totals,
        days={key: np.array(value) for key, value in row.days.items()},
        capacity=row.capacity,
        infections=(np.array(row.infections[0]), np.array(row.infections[1])),
        lost=(np.array(row.lost[0]), np.array(row.lost[1])),
    )
