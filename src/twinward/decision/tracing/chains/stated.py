"""What a line list or a contacts file states: ids, infectors, contacts and genetic distances,
checked and coded.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.errors import InputError
from twinward.decision.tracing.chains.dates import is_missing

Ints = NDArray[np.int64]
FORWARD, BACKWARD, INFECTOR = (
    1,
    2,
    4,
)  # bits: contact stated source to infectee, the other way, infector in the list
MOST_UNKNOWN = (
    0.5  # more unknown ids than this means a wrong column rather than contacts who are not cases
)


class Pairs(msgspec.Struct, frozen=True, kw_only=True):
    """Statements by infectee j: sources[start[j]:start[j + 1]] with their `value`s; `stated`
    counts the rows used.
    """

    start: Ints
    source: Ints
    value: Ints
    stated: int


def index_ids(ids: Sequence[str]) -> dict[str, int]:
    """Row of every id in the order of the file. Raises InputError for empty lists, empty ids and
    duplicates.
    """
    index: dict[str, int] = {}
    again = []
    for row, text in enumerate(ids):
        name = text.strip()
        if not name:
            raise InputError(
                f"row {row + 2} has no id", "every case needs an id", code="missing_id"
            )
        if name in index:
            again.append(f"{name} (row {row + 2})")
        index[name] = row
    if again:
        raise InputError(
            f"{len(again)} ids occur twice: {', '.join(again[:5])}",
            "one row a case; merge or rename them",
            code="duplicate_id",
        )
    if not index:
        raise InputError(
            "the line list holds no case",
            "give a file with a header and at least one row",
            code="empty",
        )
    return index


def read_infectors(
    cells: Sequence[str], index: dict[str, int], skip_unknown: bool, notes: list[str]
) -> Ints:
    """Row of the stated infector or -1; `0` means unknown where no case is called 0. Refuses
    self-links and cycles.
    """
    out = np.full(len(index), -1, np.int64)
    unknown = []
    for row, text in enumerate(cells):
        name = text.strip()
        if is_missing(name) or (name == "0" and "0" not in index):
            continue
        if name not in index:
            unknown.append(f"{name} (row {row + 2})")
            continue
        if index[name] == row:
            raise InputError(
                f"row {row + 2}: case {name} is stated as its own infector",
                "leave it empty where it is unknown",
                code="self_link",
            )
        out[row] = index[name]
    if unknown and not skip_unknown:
        raise InputError(
            f"{len(unknown)} stated infectors are not in the line list: {', '.join(unknown[:5])}",
            "add these cases, leave the cells empty, or say --skip-unknown",
            code="unknown_id",
        )
    if unknown:
        notes.append(f"{len(unknown)} stated infectors are not in the line list and were left out")
    _refuse_cycle(out, list(index))
    return out


def _refuse_cycle(infector: Ints, names: list[str]) -> None:
    state = np.zeros(len(infector), np.int8)  # 0 new, 1 on this walk, 2 known to reach a root
    for begin in range(len(infector)):
        walk, case = [], begin
        while case >= 0 and state[case] == 0:
            state[case] = 1
            walk.append(case)
            case = int(infector[case])
        if case >= 0 and state[case] == 1:
            ring = [names[c] for c in walk[walk.index(case) :]]
            raise InputError(
                f"the stated infectors form a cycle: {' <- '.join([*ring[:8], ring[0]])}",
                "nobody can infect their own ancestor; mend one of these links",
                code="stated_cycle",
            )
        state[walk] = 2


def _pack(rows: dict[tuple[int, int], int], n: int, stated: int) -> Pairs:
    """Compressed rows by infectee from {(infectee, source): value}."""
    keys = sorted(rows)
    start = np.zeros(n + 1, np.int64)
    for infectee, _ in keys:
        start[infectee + 1] += 1
    return Pairs(
        start=np.cumsum(start),
        source=np.array([source for _, source in keys], np.int64),
        value=np.array([rows[key] for key in keys], np.int64),
        stated=stated,
    )


def _refuse_foreign(kind: str, foreign: int, total: int, example: str) -> None:
    if total and foreign > MOST_UNKNOWN * total:
        raise InputError(
            f"{foreign} of {total} rows of the {kind} name an id that is not in the line list, "
            f"first {example!r}",
            "check which columns hold the ids (--contacts-map from=…,to=…), and that both files "
            "write them alike",
            code="unknown_id",
        )


def _is_nobody(name: str, index: dict[str, int]) -> bool:
    return is_missing(name) or (name == "0" and "0" not in index)


def read_contacts(
    rows: Sequence[tuple[str, str]],
    index: dict[str, int],
    rank: Ints,
    infector: Ints,
    notes: list[str],
) -> Pairs:
    """Stated contacts, from the likely source to the infectee, joined with the infectors that the
    list states.

    `infector` is in order of day already. Rows that name somebody who is no case are counted and
    left out: most contacts never fall ill. Where most rows name no case at all, or none has a case
    for its source, it is a wrong column. An empty cell (or 0) states nothing.
    """
    found: dict[tuple[int, int], int] = {}
    told = foreign = strange = sources = 0
    example, used = "", set()
    for number, (source, infectee) in enumerate(rows, start=2):
        source, infectee = source.strip(), infectee.strip()
        if _is_nobody(source, index) or _is_nobody(infectee, index):
            continue
        told += 1
        sources += source in index
        if source not in index or infectee not in index:
            foreign += 1
            strange += source not in index and infectee not in index
            example = example or (source if source not in index else infectee)
            continue
        if source == infectee:
            raise InputError(
                f"contacts row {number}: {source} is stated as a contact of itself",
                "remove the row",
                code="self_link",
            )
        i, j = int(rank[index[source]]), int(rank[index[infectee]])
        used.add((i, j))
        found[(j, i)] = found.get((j, i), 0) | FORWARD
        found[(i, j)] = found.get((i, j), 0) | BACKWARD
    for j, i in enumerate(infector.tolist()):
        if i >= 0:
            found[(j, i)] = found.get((j, i), 0) | INFECTOR
    _refuse_foreign("contacts", strange if sources else foreign, told, example)
    if foreign:
        notes.append(
            f"{foreign} of {told} contact rows name somebody who is not in the line list; left out"
        )
    return _pack(found, len(index), len(used))


def read_genetic(
    rows: Sequence[tuple[str, str, str]], index: dict[str, int], rank: Ints, notes: list[str]
) -> Pairs:
    """Genetic distances (differences between sequences), symmetric; rows about others are
    counted.
    """
    found: dict[tuple[int, int], int] = {}
    foreign, example = 0, ""
    for number, (a, b, text) in enumerate(rows, start=2):
        a, b = a.strip(), b.strip()
        if a not in index or b not in index:
            foreign += 1
            example = example or (a if a not in index else b)
            continue
        if a == b or is_missing(text):
            continue
        try:
            distance = round(float(text))
        except (ValueError, OverflowError) as error:
            raise InputError(
                f"genetic row {number}: {text!r} is not a distance",
                "write a whole number",
                code="bad_number",
            ) from error
        if distance < 0:
            raise InputError(
                f"genetic row {number}: {text!r} is negative", "write 0 or more", code="bad_number"
            )
        i, j = int(rank[index[a]]), int(rank[index[b]])
        found[(i, j)] = found[(j, i)] = distance
    _refuse_foreign("genetic distances", foreign, len(rows), example)
    if foreign:
        notes.append(
            f"{foreign} of {len(rows)} genetic rows name somebody who is not in the line list; "
            f"left out"
        )
    return _pack(found, len(index), len(rows) - foreign)
