"""Everything that a workspace keeps, to be held against what it kept before."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from helpers.cities import Desk

# what says that something was received and refused, and how far the loop has read
ACCOUNTS = ("source_counts", "offsets")
TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1",
    "postgresql": "SELECT table_name FROM information_schema.tables"
    " WHERE table_schema = current_schema() ORDER BY 1",
}


def dump(desk: Desk) -> dict[str, Any]:
    """Every row of every table but the accounts, the keys of persons, the vault's identities."""
    database: Any = desk.platform.store.database  # type: ignore[attr-defined]
    found: dict[str, Any] = {}
    with closing(database.connect(write=False)) as connection:
        for (name,) in connection.execute(TABLES[database.name]).fetchall():
            if name not in ACCOUNTS and not name.startswith("sqlite_"):
                rows = connection.execute(f'SELECT * FROM "{name}"').fetchall()
                found[name] = sorted(repr(row) for row in rows)
    found["keys"] = Path(desk.workspace / "keys" / "subjects.keys").read_bytes()
    rows = desk.platform.vault._db.execute("SELECT subject FROM identities").fetchall()
    found["vault"] = sorted(row[0] for row in rows)
    return found


def differing(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The tables that changed."""
    return [name for name in after if before.get(name) != after[name]]
