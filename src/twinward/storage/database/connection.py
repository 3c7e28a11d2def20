"""What is used of a database connection: plain DB-API, of SQLite as of PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

Cells = tuple[object, ...]  # the values of one row as they are written


class Cursor(Protocol):
    """The answer of one statement; a cell is what the database keeps in that column."""

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...

    def fetchmany(self, size: int = ..., /) -> list[Any]: ...

    def executemany(self, statement: str, rows: Sequence[Cells], /) -> object: ...

    def close(self) -> None: ...

    @property
    def rowcount(self) -> int: ...

    @property
    def description(self) -> Any: ...


class Connection(Protocol):
    """One connection in autocommit mode."""

    def execute(self, statement: str, values: Sequence[object] = ..., /) -> Cursor: ...

    def cursor(self) -> Cursor: ...

    def close(self) -> None: ...
