"""The use case `trace chain`: reads a line list that somebody hands in, reconstructs the tree,
draws it on request.

Needs neither workspace nor activation: nothing of a city is read, only the columns of the file that
are mapped.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter

import msgspec

from twinward.core.errors import InputError
from twinward.decision.tracing.chains.dates import ORDERS
from twinward.decision.tracing.chains.reconstruct import ChainAnswer, reconstruct_chain
from twinward.decision.tracing.chains.serial_interval import get_serial_interval
from twinward.decision.tracing.chains.table import FIELDS, build_line_list
from twinward.service.tracing.line_list_dates import tidy_dates

CONTACT_WORDS = ("from", "to")
GENETIC_WORDS = ("from", "to", "distance")
MAX_BYTES = 500_000_000
Columns = dict[str, list[str]]


class ChainRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to read and how: maps go from our words to column names, several place columns as
    `a+b`.
    """

    linelist: Path
    columns: Mapping[str, str]
    contacts: Path | None = None
    contacts_columns: Mapping[str, str] | None = None  # the columns are called like the words
    genetic: Path | None = None
    genetic_columns: Mapping[str, str] | None = None
    disease: str | None = None
    date_order: str | None = None
    skip_unknown: bool = False
    seed: int = 0


class ChainReport(msgspec.Struct, frozen=True, kw_only=True):
    """The answer, how long it took once loaded, and how long loading and compiling took before."""

    answer: ChainAnswer
    seconds: float
    setup_s: float


def read_text(path: Path) -> str:
    """The file as text: UTF-8 with or without mark, or UTF-16 with mark; every kind of line end
    becomes one.
    """
    if not path.is_file():
        raise InputError(f"there is no file {path}", "check the path", code="no_such_file")
    raw = path.read_bytes()
    if len(raw) > MAX_BYTES:
        raise InputError(
            f"{path.name} is larger than 500 MB",
            "a line list is a table of cases",
            code="too_large",
        )
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path.name} is not UTF-8 text (byte {error.start})",
            "save it as CSV in UTF-8",
            code="bad_encoding",
        ) from error
    if "\x00" in text:
        raise InputError(
            f"{path.name} is not a text file", "save it as CSV in UTF-8", code="bad_encoding"
        )
    return text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def read_columns(path: Path, wanted: Sequence[str]) -> Columns:
    """The wanted columns of a CSV file (comma, semicolon or tab). InputError names missing
    columns and torn rows.
    """
    text = read_text(path)
    header = text.split("\n", 1)[0]
    separator = max(",;\t", key=header.count)
    try:
        rows = [
            row
            for row in csv.reader(io.StringIO(text), delimiter=separator)
            if any(cell.strip() for cell in row)
        ]
    except csv.Error as error:
        raise InputError(
            f"{path.name} cannot be read as CSV: {error}", "check its quotes", code="bad_csv"
        ) from error
    if not rows:
        raise InputError(f"{path.name} is empty", "give a header and one row a case", code="empty")
    names = _name_columns([name.strip() for name in rows[0]], wanted)
    absent = [name for name in wanted if name not in names]
    if absent:
        raise InputError(
            f"{path.name} has no column {', '.join(map(repr, absent))}",
            f"its columns are {', '.join(names)}",
            code="no_such_column",
        )
    torn = [number for number, row in enumerate(rows[1:], start=2) if len(row) != len(names)]
    if torn:
        raise InputError(
            f"{path.name}, row {torn[0]}: {len(rows[torn[0] - 1])} cells "
            f"under {len(names)} columns",
            "quote cells that hold the separator",
            code="torn_row",
        )
    return {name: [row[names.index(name)] for row in rows[1:]] for name in wanted}


def _name_columns(have: list[str], wanted: Sequence[str]) -> list[str]:
    """The columns by the names asked for, where they differ in capitals or blanks alone."""
    folded = {"_".join(name.casefold().split()): name for name in wanted if name not in have}
    names = [folded.get("_".join(name.casefold().split()), name) for name in have]
    return [new if names.count(new) == 1 else old for new, old in zip(names, have, strict=True)]


def _check_fields(
    what: str, given: Mapping[str, str], known: Sequence[str], needed: Sequence[str]
) -> None:
    odd = [name for name in given if name not in known]
    if odd:
        raise InputError(
            f"{what} does not know {', '.join(odd)}",
            f"its words are {', '.join(known)}",
            code="bad_map",
        )
    absent = [name for name in needed if not given.get(name)]
    if absent:
        raise InputError(
            f"{what} needs {', '.join(f'{name}=COLUMN' for name in absent)}",
            "see docs/howto/reconstruct-a-chain.md",
            code="bad_map",
        )


def _read_line_list(request: ChainRequest) -> tuple[Columns, Columns]:
    given = dict(request.columns)
    _check_fields("--map", given, FIELDS, ["id"])
    if not (given.get("onset") or given.get("confirmed")):
        raise InputError(
            "--map needs onset=COLUMN or confirmed=COLUMN",
            "dates are what a chain is made of",
            code="bad_map",
        )
    if bool(given.get("x")) != bool(given.get("y")):
        raise InputError(
            "--map names only one of x and y", "give both, in metres, or neither", code="bad_map"
        )
    places = [name for name in given.pop("place", "").split("+") if name]
    table = read_columns(request.linelist, list(dict.fromkeys([*given.values(), *places])))
    return {word: table[name] for word, name in given.items()}, {
        name: table[name] for name in places
    }


def _read_pairs(
    path: Path | None, what: str, given: Mapping[str, str] | None, words: Sequence[str]
) -> list[tuple[str, ...]]:
    if path is None:
        return []
    given = given or {word: word for word in words}
    _check_fields(what, given, words, words)
    table = read_columns(path, [given[word] for word in words])
    return list(zip(*(table[given[word]] for word in words), strict=True))


def _warm_up() -> float:
    """Compiles (or loads) the kernels on four pretended cases, so that `seconds` measures the
    work itself.
    """
    start = perf_counter()
    columns = {
        "id": ["a", "b", "c", "d"],
        "onset": ["0", "3", "4", "7"],
        "age": ["1", "2", "3", "4"],
    }
    reconstruct_chain(build_line_list(columns, {}), get_serial_interval("influenza-pandemic"))
    return perf_counter() - start


def check_figures(figures: Sequence[Path]) -> None:
    """InputError for a figure that cannot be written, before any work."""
    for figure in figures:
        if figure.suffix.lower() not in (".svg", ".png"):
            raise InputError(
                f"the figure {figure.name} must end in .svg or .png",
                "change its name",
                code="bad_figure",
            )
        if not figure.parent.is_dir():
            raise InputError(
                f"there is no folder {figure.parent}", "make it first", code="no_such_file"
            )


def draw_figures(answer: ChainAnswer, figures: Sequence[Path]) -> None:
    """The tree as SVG or PNG, by the ending of each name."""
    check_figures(figures)
    if figures:
        from twinward.report.chain_figure import draw_chain

        for figure in figures:
            draw_chain(answer, figure)


def trace_chain(request: ChainRequest, figures: Sequence[Path] = ()) -> ChainReport:
    """Reads, reconstructs, draws; raises InputError for whatever is wrong with the files before
    any work starts.
    """
    if request.date_order not in (None, *ORDERS):
        raise InputError(
            f"--date-order {request.date_order!r} is unknown", "say dmy, mdy or ymd", code="bad_map"
        )
    check_figures(figures)
    interval = get_serial_interval(request.disease) if request.disease else None
    columns, places = _read_line_list(request)
    columns, notes = tidy_dates(columns, request.date_order)
    contacts = _read_pairs(
        request.contacts, "--contacts-map", request.contacts_columns, CONTACT_WORDS
    )
    genetic = _read_pairs(request.genetic, "--genetic-map", request.genetic_columns, GENETIC_WORDS)
    setup_s = _warm_up()
    start = perf_counter()
    cases = build_line_list(
        columns,
        places,
        [(row[0], row[1]) for row in contacts],
        [(row[0], row[1], row[2]) for row in genetic],
        date_order=request.date_order,
        skip_unknown=request.skip_unknown,
    )
    answer = reconstruct_chain(cases, interval, request.seed)
    answer = msgspec.structs.replace(answer, notes=[*notes, *answer.notes])
    seconds = perf_counter() - start
    draw_figures(answer, figures)
    return ChainReport(answer=answer, seconds=round(seconds, 4), setup_s=round(setup_s, 4))
