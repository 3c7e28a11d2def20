"""What a free question in SQL may name: the views, its own parts, and counting functions; read
from its syntax tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from twinward.core.errors import InputError

if TYPE_CHECKING:
    import duckdb

VIEWS = frozenset({"fixes", "visits", "subjects", "places"})
TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest"})
# scalar functions that tell of the machine, its settings or the catalogue, or leave something
# behind
CLOSED = re.compile(
    r"read_|parquet_|duckdb_|pragma_|sniff_|pg_|get_?env|getvariable|current_setting|write_log|query|glob|nextval|currval"
    r"|twinward_|which_secret|current_(schemas?|database|catalog|query)|in_search_path|has_\w+_privilege|set_config|file_|txid_"
)
OWN_NAME = re.compile(
    r"(?!numbered_|duckdb_|pg_|sqlite_|pragma_|information_)[a-z_][a-z0-9_]*", re.IGNORECASE
)


def check_question(db: duckdb.DuckDBPyConnection, sql: str) -> None:
    """InputError `bad_sql` unless `sql` is one SELECT over the views alone."""
    tree = msgspec.json.decode(
        db.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchall()[0][0]
    )
    statements = tree.get("statements", [])
    if tree.get("error") or len(statements) != 1:
        raise refused("only one SELECT can be asked", "the lake is read only here")
    nodes = list(nodes_of(statements[0]))
    own = {str(part["key"]) for node in nodes for part in node.get("cte_map", {}).get("map", [])}
    for name in own:
        if not OWN_NAME.fullmatch(name):
            raise refused(
                f"a part of the question cannot be called {name!r}", "use letters, digits and _"
            )
    for node in nodes:
        check_node(node, {*VIEWS, *(name.lower() for name in own)})


def check_node(node: dict[str, Any], tables: set[str]) -> None:
    kind = node.get("type")
    if kind == "BASE_TABLE":
        if (
            node.get("schema_name")
            or node.get("catalog_name")
            or str(node.get("table_name")).lower() not in tables
        ):
            raise refused(
                f"there is no {node.get('table_name')!r} to ask",
                f"there are {', '.join(sorted(VIEWS))}",
            )
    elif kind == "TABLE_FUNCTION":
        name = str((node.get("function") or {}).get("function_name"))
        if name not in TABLE_FUNCTIONS:
            raise refused(f"{name} cannot be asked", f"ask the views {', '.join(sorted(VIEWS))}")
    elif kind == "SHOW_REF":
        raise refused(
            "the catalogue cannot be asked", "docs/howto says what columns the views have"
        )
    elif node.get("class") == "FUNCTION" and CLOSED.match(
        str(node.get("function_name", "")).lower()
    ):
        raise refused(
            f"{node['function_name']} cannot be used",
            "files, settings and the catalogue are closed here",
        )


def nodes_of(part: object) -> Iterator[dict[str, Any]]:
    """Every node of the tree."""
    if isinstance(part, dict):
        yield part
        for value in part.values():
            yield from nodes_of(value)
    elif isinstance(part, list):
        for value in part:
            yield from nodes_of(value)


def refused(message: str, advice: str) -> InputError:
    return InputError(message, advice, code="bad_sql")
