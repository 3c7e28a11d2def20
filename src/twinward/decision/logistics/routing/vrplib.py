"""Reads routing instances in the VRPLIB form: CVRP and VRPTW, coordinates or matrices, in any
section order.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
TYPES = ("CVRP", "CVRPTW", "VRPTW", "DCVRP", "ACVRP", "VRPB", "TSP", "ATSP", "VRPMPD", "VRPMPDTW")
IGNORED_KEYS = ("NAME", "COMMENT", "DISPLAY_DATA_TYPE", "NODE_COORD_TYPE")
KEYS = (
    *IGNORED_KEYS,
    "TYPE",
    "DIMENSION",
    "CAPACITY",
    "VEHICLES",
    "EDGE_WEIGHT_TYPE",
    "EDGE_WEIGHT_FORMAT",
    "SERVICE_TIME",
    "DISTANCE",
)
SECTIONS = (
    "NODE_COORD_SECTION",
    "EDGE_WEIGHT_SECTION",
    "DEMAND_SECTION",
    "DEPOT_SECTION",
    "TIME_WINDOW_SECTION",
    "SERVICE_TIME_SECTION",
    "BACKHAUL_SECTION",
    "DISPLAY_DATA_SECTION",
)
EDGE_WEIGHT_TYPES = ("EUC_2D", "FLOOR_2D", "CEIL_2D", "EXPLICIT")
MAX_NODES = 5000
MOST = 1e12  # of a demand, a time or a distance; a filler beyond it fits no solver's whole numbers
ADVICE = "see the supported keys and sections in docs/howto/allocate.md"
Rows = list[tuple[int, list[str]]]  # (line number, words)


class RoutingInstance(msgspec.Struct, frozen=True, kw_only=True):
    """One depot and customers, in the order of the file; `names` are the node numbers of the file.

    `distance` is unrounded (except FLOOR_2D, CEIL_2D and EXPLICIT, which are what the file says).
    Times are in the same unit; `late` is infinite without time windows. `demand` is brought,
    `collect` is taken back to the depot; with `collect_last` a round brings everything before it
    takes anything (type VRPB).
    """

    names: list[int]
    depot: int
    distance: Floats
    demand: Floats
    collect: Floats
    collect_last: bool
    early: Floats
    late: Floats
    service: Floats
    capacity: float | None
    vehicles: int | None
    max_distance: float | None
    max_duration: float | None


def _fault(line: int, why: str, advice: str = ADVICE) -> InputError:
    return InputError(f"line {line}: {why}", advice, code="bad_vrplib")


def _number(line: int, word: str) -> float:
    try:
        value = float(word)
    except ValueError as error:
        raise _fault(line, f"{word!r} is not a number") from error
    if not np.isfinite(value):
        raise _fault(line, f"{word!r} is not finite")
    return value


def _whole(line: int, word: str) -> int:
    value = _number(line, word)
    if value != int(value):
        raise _fault(line, f"{word!r} is not a whole number")
    return int(value)


def _split(text: str) -> tuple[dict[str, tuple[int, str]], dict[str, Rows]]:
    """Keys with their values and sections with their rows; unknown ones are refused by name."""
    keys: dict[str, tuple[int, str]] = {}
    sections: dict[str, Rows] = {}
    rows: Rows | None = None
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line:
            continue
        if line == "EOF":
            break
        word = line.split(":")[0].strip()
        if word.endswith("_SECTION"):
            if word not in SECTIONS:
                raise _fault(number, f"the section {word} is not supported")
            if word in sections:
                raise _fault(number, f"the section {word} occurs twice")
            rows = sections[word] = []
        elif ":" in line:
            if word not in KEYS:
                raise _fault(number, f"the key {word} is not supported")
            if word in keys:
                raise _fault(number, f"the key {word} occurs twice")
            keys[word] = (number, line.split(":", 1)[1].strip())
            rows = None
        elif rows is None:
            raise _fault(number, f"{line[:40]!r} belongs to no section")
        else:
            rows.append((number, line.split()))
    return keys, sections


def _by_node(
    sections: dict[str, Rows], name: str, index: dict[int, int], width: int, absent: float
) -> Floats:
    """A (nodes, width) table of a section whose rows start with the node's number; `absent`
    where it is not listed.
    """
    table = np.full((len(index), width), absent)
    seen: set[int] = set()
    for line, words in sections.get(name, []):
        if len(words) != width + 1:
            raise _fault(line, f"{name} needs a node and {width} numbers, not {len(words)} words")
        node = _whole(line, words[0])
        if node not in index:
            raise _fault(line, f"{name} names node {node}, which has no place in this instance")
        if node in seen:
            raise _fault(line, f"{name} names node {node} twice")
        seen.add(node)
        table[index[node]] = [_number(line, word) for word in words[1:]]
    return table


def _find_nodes(sections: dict[str, Rows], dimension: int) -> list[int]:
    """The node numbers in the order of the coordinates, else of the demands, else 1 to the
    dimension.
    """
    for name in ("NODE_COORD_SECTION", "DEMAND_SECTION"):
        if rows := sections.get(name):
            nodes = [_whole(line, words[0]) for line, words in rows]
            if len(set(nodes)) != len(nodes):
                raise _fault(rows[0][0], f"{name} names a node twice")
            if len(nodes) != dimension:
                raise _fault(
                    rows[0][0], f"{name} has {len(nodes)} nodes, DIMENSION says {dimension}"
                )
            return sorted(nodes) if name == "DEMAND_SECTION" else nodes
    return list(range(1, dimension + 1))


# how the numbers of an EDGE_WEIGHT_SECTION fill a matrix: format -> positions in the order of the
# file
_FORMATS: dict[str, Callable[[int], list[tuple[int, int]]]] = {
    "FULL_MATRIX": lambda n: [(i, j) for i in range(n) for j in range(n)],
    "LOWER_ROW": lambda n: [(i, j) for i in range(n) for j in range(i)],
    "LOWER_DIAG_ROW": lambda n: [(i, j) for i in range(n) for j in range(i + 1)],
    "UPPER_ROW": lambda n: [(i, j) for i in range(n) for j in range(i + 1, n)],
    "UPPER_DIAG_ROW": lambda n: [(i, j) for i in range(n) for j in range(i, n)],
    "LOWER_COL": lambda n: [(i, j) for j in range(n) for i in range(j + 1, n)],
    "LOWER_DIAG_COL": lambda n: [(i, j) for j in range(n) for i in range(j, n)],
    "UPPER_COL": lambda n: [(i, j) for j in range(n) for i in range(j)],
    "UPPER_DIAG_COL": lambda n: [(i, j) for j in range(n) for i in range(j + 1)],
}


def _is_column_wise(rows: Rows, n: int, comment: str) -> bool:
    """True for the Eilon instances, which are published as LOWER_ROW but list the columns one after
    another.

    Lines that grow from 1 to n - 1 numbers are rows whatever the comment says.
    """
    lengths = [len(words) for _, words in rows]
    if n > 2 and lengths == list(range(1, n)):
        return False
    return "Eilon" in comment or (n > 2 and lengths == list(range(n - 1, 0, -1)))


def _explicit(
    keys: dict[str, tuple[int, str]], sections: dict[str, Rows], nodes: list[int]
) -> Floats:
    """The matrix of an EDGE_WEIGHT_SECTION, whose rows are the nodes by number, in the order of
    `nodes`.
    """
    line, name = keys.get("EDGE_WEIGHT_FORMAT", (1, ""))
    if name not in _FORMATS:
        raise _fault(line, f"EDGE_WEIGHT_FORMAT {name!r} is not one of {', '.join(_FORMATS)}")
    if "EDGE_WEIGHT_SECTION" not in sections:
        raise _fault(line, "EXPLICIT weights need an EDGE_WEIGHT_SECTION")
    rows = sections["EDGE_WEIGHT_SECTION"]
    if name == "LOWER_ROW" and _is_column_wise(rows, len(nodes), keys.get("COMMENT", (1, ""))[1]):
        name = "LOWER_COL"
    values = np.array([_number(number, word) for number, words in rows for word in words])
    n = len(nodes)
    places = np.array(_FORMATS[name](n), np.int64).reshape(-1, 2)
    if len(values) != len(places):
        raise _fault(
            rows[0][0] if rows else line,
            f"{name} of {n} nodes has {len(places)} numbers, the file {len(values)}",
        )
    if (values > MOST).any():
        raise _fault(rows[0][0], f"a distance is above {MOST:g}")
    if (values < 0).any():
        raise _fault(rows[0][0], "a distance is negative")
    matrix = np.zeros((n, n))
    matrix[places[:, 0], places[:, 1]] = values
    if name != "FULL_MATRIX":
        matrix = np.maximum(matrix, matrix.T)
    np.fill_diagonal(matrix, 0.0)
    by_number = np.argsort(np.argsort(nodes))
    return np.asarray(matrix[np.ix_(by_number, by_number)])


def _distances(
    keys: dict[str, tuple[int, str]], sections: dict[str, Rows], index: dict[int, int]
) -> Floats:
    line, kind = keys.get(
        "EDGE_WEIGHT_TYPE", (1, "EUC_2D" if "NODE_COORD_SECTION" in sections else "EXPLICIT")
    )
    if kind not in EDGE_WEIGHT_TYPES:
        raise _fault(line, f"EDGE_WEIGHT_TYPE {kind} is not one of {', '.join(EDGE_WEIGHT_TYPES)}")
    if kind == "EXPLICIT":
        return _explicit(keys, sections, list(index))
    if "NODE_COORD_SECTION" not in sections:
        raise _fault(line, f"{kind} needs a NODE_COORD_SECTION")
    xy = _by_node(sections, "NODE_COORD_SECTION", index, 2, 0.0)
    if np.abs(xy).max() > MOST:
        far = list(index)[int(np.abs(xy).max(axis=1).argmax())]
        raise InputError(
            f"node {far} lies beyond {MOST:g}", "check its coordinates", code="bad_vrplib"
        )
    plain = np.hypot(xy[:, None, 0] - xy[None, :, 0], xy[:, None, 1] - xy[None, :, 1])
    if kind == "FLOOR_2D":
        return np.asarray(np.floor(plain))
    return np.asarray(np.ceil(plain)) if kind == "CEIL_2D" else np.asarray(plain)


def _find_depot(sections: dict[str, Rows], index: dict[int, int], demand: Floats) -> int:
    """The one depot: as the DEPOT_SECTION says, else the lowest node number."""
    words = [(line, word) for line, row in sections.get("DEPOT_SECTION", []) for word in row]
    named = []
    for line, word in words:
        node = _whole(line, word)
        if node == -1:
            break
        if node not in index:
            raise _fault(line, f"DEPOT_SECTION names node {node}, which does not exist")
        named.append(index[node])
    if len(set(named)) > 1:
        raise _fault(words[0][0], "several depots are not supported")
    depot = named[0] if named else index[min(index)]
    if demand[depot] != 0:
        raise InputError("the depot has a demand", "give it demand 0", code="bad_vrplib")
    return depot


def _single(keys: dict[str, tuple[int, str]], name: str, low: float) -> float | None:
    """The number of a key, None where the file has none."""
    if name not in keys:
        return None
    line, word = keys[name]
    value = _number(line, word)
    if value < low:
        raise _fault(line, f"{name} is {word}")
    return value


def _read_collections(sections: dict[str, Rows], index: dict[int, int], demand: Floats) -> Floats:
    """What each customer gives: amounts by node, or a bare list of nodes (up to -1) whose demand
    is meant so.
    """
    collect = np.zeros(len(index))
    for line, words in sections.get("BACKHAUL_SECTION", []):
        node = _whole(line, words[0])
        if node == -1:
            break
        if node not in index or len(words) > 2:
            raise _fault(line, "BACKHAUL_SECTION needs a node of this instance and an amount")
        row = index[node]
        if len(words) == 2:
            collect[row] = _number(line, words[1])
        else:
            collect[row], demand[row] = demand[row], 0.0
    return collect


def read_vrplib(text: str) -> RoutingInstance:
    """The instance in `text`; InputError with the line for whatever is missing, double,
    unsupported or impossible.
    """
    keys, sections = _split(text)
    line, kind = keys.get("TYPE", (1, "CVRP"))
    if kind not in TYPES:
        raise _fault(line, f"TYPE {kind} is not one of {', '.join(TYPES)}")
    if "DIMENSION" not in keys:
        raise InputError("DIMENSION is missing", ADVICE, code="bad_vrplib")
    dimension = _whole(*keys["DIMENSION"])
    if not 2 <= dimension <= MAX_NODES:
        raise _fault(keys["DIMENSION"][0], f"DIMENSION {dimension} is not from 2 to {MAX_NODES}")
    nodes = _find_nodes(sections, dimension)
    index = {node: row for row, node in enumerate(nodes)}
    demand = _by_node(sections, "DEMAND_SECTION", index, 1, 0.0)[:, 0]
    windows = _by_node(sections, "TIME_WINDOW_SECTION", index, 2, np.nan)
    service = _by_node(
        sections, "SERVICE_TIME_SECTION", index, 1, _single(keys, "SERVICE_TIME", 0) or 0.0
    )[:, 0]
    depot = _find_depot(sections, index, demand)
    collect = _read_collections(sections, index, demand)
    if "SERVICE_TIME_SECTION" not in sections:
        service[depot] = 0.0  # the single number of the key is for customers
    _check_numbers(nodes, np.minimum(demand, collect), windows, service)
    _check_size(nodes, np.maximum(demand, collect), service)
    longest = _single(keys, "DISTANCE", 0)
    serving = bool(service.any()) and "TIME_WINDOW_SECTION" not in sections
    vehicles = _single(keys, "VEHICLES", 1)
    return RoutingInstance(
        names=nodes,
        depot=depot,
        distance=_distances(keys, sections, index),
        demand=demand,
        collect=collect,
        collect_last=kind == "VRPB",
        early=np.nan_to_num(windows[:, 0], nan=0.0),
        late=np.where(np.isnan(windows[:, 1]), np.inf, windows[:, 1]),
        service=service,
        capacity=_single(keys, "CAPACITY", 0),
        vehicles=1 if kind in ("TSP", "ATSP") else _as_int(vehicles),
        max_distance=None if serving else longest,
        max_duration=longest if serving else None,
    )


def _as_int(value: float | None) -> int | None:
    return None if value is None else int(value)


def _check_size(nodes: list[int], amount: Floats, service: Floats) -> None:
    """InputError for what fits no solver's whole numbers, by its node."""
    for values, what in ((amount, "demand"), (service, "service time")):
        wrong = np.flatnonzero(values > MOST)
        if len(wrong):
            raise InputError(
                f"node {nodes[wrong[0]]} has a {what} of {values[wrong[0]]:g}",
                f"the largest that can be carried is {MOST:g}: check the unit, or whether it is a "
                "filler",
                code="bad_vrplib",
            )
    if amount.sum() > 4 * MOST:
        raise InputError(
            f"the demands sum to {amount.sum():g}",
            f"at most {4 * MOST:g} in all: give them in a larger unit",
            code="bad_vrplib",
        )


def _check_numbers(nodes: list[int], demand: Floats, windows: Floats, service: Floats) -> None:
    for values, what in (
        (demand, "demand"),
        (service, "service time"),
        (windows[:, 0], "time window"),
    ):
        wrong = np.flatnonzero(values < 0)
        if len(wrong):
            raise InputError(
                f"node {nodes[wrong[0]]} has a negative {what}", "check its row", code="bad_vrplib"
            )
    shut = np.flatnonzero(windows[:, 1] < windows[:, 0])
    if len(shut):
        raise InputError(
            f"the time window of node {nodes[shut[0]]} ends before it begins",
            "check its row",
            code="bad_vrplib",
        )
