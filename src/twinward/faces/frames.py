"""Tables in and out: what is handed in as columns, and results as Arrow, pandas or polars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twinward.faces.arguments import ArgumentError

if TYPE_CHECKING:
    import pyarrow as pa

Columns = dict[str, Any]


class Result:
    """An answer with named tables. `to_frame()` gives the first of them as a pandas DataFrame."""

    title: str = ""

    def list_tables(self) -> list[str]:
        """Names of the tables, the default first."""
        raise NotImplementedError

    def to_columns(self, table: str | None = None) -> Columns:
        """Column name -> values, all of one length. ArgumentError for a table there is not."""
        names = self.list_tables()
        if table is not None and table not in names:
            raise ArgumentError(
                f"table must be one of {', '.join(map(repr, names))}, got {table!r}",
                argument="table",
            )
        return self._columns(table or names[0])

    def _columns(self, table: str) -> Columns:
        raise NotImplementedError

    @property
    def summary(self) -> dict[str, object]:
        """The headline figures."""
        raise NotImplementedError

    def to_arrow(self, table: str | None = None) -> pa.Table:
        """A table as pyarrow.Table."""
        import pyarrow as pa

        return pa.table(self.to_columns(table))

    def to_frame(self, table: str | None = None) -> object:
        """A table as pandas.DataFrame."""
        import pandas as pd

        return pd.DataFrame(self.to_columns(table))

    def to_polars(self, table: str | None = None) -> object:
        """A table as polars.DataFrame; needs polars, which Twinward does not install."""
        try:
            import polars
        except ImportError as error:
            raise ArgumentError(
                "to_polars needs polars", "install polars, or take to_arrow()", code="no_polars"
            ) from error
        return polars.from_arrow(self.to_arrow(table))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name} {show(value)}" for name, value in self.summary.items())
        return f"<{type(self).__name__}: {shown}>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{escape(name)}</th><td>{escape(show(value))}</td></tr>"
            for name, value in self.summary.items()
        )
        return f"<table><caption>{escape(type(self).__name__)}</caption>{rows}</table>"


class Table(Result):
    """One table of rows from a workspace."""

    def __init__(self, name: str, rows: Sequence[Mapping[str, object]]) -> None:
        self.name, self.rows = name, list(rows)

    def list_tables(self) -> list[str]:
        return [self.name]

    def _columns(self, table: str) -> Columns:
        names = list(dict.fromkeys(name for row in self.rows for name in row))
        return {name: [row.get(name) for row in self.rows] for name in names}

    @property
    def summary(self) -> dict[str, object]:
        return {"table": self.name, "rows": len(self.rows)}

    def __len__(self) -> int:
        return len(self.rows)


def show(value: object) -> str:
    """A figure for a person: thousands apart, four digits of a fraction."""
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def read_columns(argument: str, data: Any) -> dict[str, list[Any]]:
    """What was handed in (pandas, polars, Arrow, mapping of columns, rows, CSV or Parquet file) as
    lists by column. ArgumentError names the argument.
    """
    if isinstance(data, str | Path):
        return _read_file(argument, Path(data))
    if isinstance(data, Mapping):
        return {str(name): _values(column) for name, column in data.items()}
    names = getattr(data, "column_names", None)  # Arrow
    if names is None:
        names = getattr(data, "columns", None)  # pandas, polars
    if names is not None:
        return {str(name): _values(data[name]) for name in names}
    rows = list(data) if isinstance(data, Sequence) else None
    if rows is not None and all(isinstance(row, Mapping) for row in rows):
        found = list(dict.fromkeys(str(name) for row in rows for name in row))
        return {name: [row.get(name) for row in rows] for name in found}
    raise ArgumentError(
        f"{argument} must be a data frame, a mapping of columns, rows or a file, "
        f"got {type(data).__name__}",
        argument=argument,
    )


def _read_file(argument: str, path: Path) -> dict[str, list[object]]:
    if not path.is_file():
        raise ArgumentError(f"{argument}: there is no file {path}", argument=argument)
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        return read_columns(argument, pq.read_table(path))
    import csv

    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return read_columns(argument, rows)


def _values(column: Any) -> list[Any]:
    for method in ("to_pylist", "to_list", "tolist"):
        if hasattr(column, method):
            return list(getattr(column, method)())
    return list(column)


def require_columns(argument: str, table: Mapping[str, object], wanted: Sequence[str]) -> None:
    """ArgumentError that names the columns that are missing and those there are."""
    absent = [name for name in wanted if name not in table]
    if absent:
        raise ArgumentError(
            f"{argument} has no column {', '.join(map(repr, absent))}",
            f"its columns are {', '.join(map(str, table))}",
            code="no_such_column",
            argument=argument,
        )


def as_text(value: object) -> str:
    """One cell as text: missing is empty, whole floats have no point, dates are ISO."""
    if value is None or value != value or str(value) == "NaT":
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
