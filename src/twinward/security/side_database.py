"""The small databases beside the log: where nothing can be written they are read as they are."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote


def connect_beside(path: Path, timeout_s: float = 5.0) -> sqlite3.Connection:
    """The database; where its folder cannot be written, a copy in memory of what stands there.

    What is changed in such a copy ends with it: who asks for a change of the log is refused.
    """
    if os.access(path.parent, os.W_OK):
        return sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=timeout_s
        )
    copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    if path.exists():
        place = f"file:{quote(str(path.resolve()))}?immutable=1"
        with closing(sqlite3.connect(place, uri=True)) as source:
            source.backup(copy)
    return copy


def changes(db: sqlite3.Connection, text: str, values: tuple[object, ...]) -> bool:
    """Whether a statement changed a row. The rows say it themselves: the count of changes belongs
    to the connection, and another thread that shares it may have set it to nought meanwhile.
    """
    return bool(db.execute(f"{text} RETURNING 1", values).fetchall())
