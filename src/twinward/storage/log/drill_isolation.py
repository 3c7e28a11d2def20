"""What tells a drill's log from a real one: a mark in its own database, and where its chain of
hashes starts.
"""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from twinward.core.errors import RefusedError
from twinward.storage.database.statements import EVENT_FIELDS
from twinward.storage.log.chain import GENESIS, link

if TYPE_CHECKING:
    from twinward.storage.database.connection import Connection

MARK = "drill"  # the name in the table `meta`; its value is the drill's id


def genesis_of(drill: str) -> bytes:
    """Where the chain of hashes starts: each event of a drill descends from the drill's id, so
    none fits a real log.
    """
    return (
        blake2b(f"twinward drill\x1f{drill}".encode(), digest_size=32).digest()
        if drill
        else GENESIS
    )


def read_drill(connection: Connection) -> str:
    """The id of the drill whose log the database holds; empty for a real log."""
    found = connection.execute(f"SELECT value FROM meta WHERE name = '{MARK}'").fetchall()
    return str(found[0][0]) if found else ""


def require_side(connection: Connection, drill: str) -> None:
    """RefusedError when a drill would open a real log, a real workspace a drill's, or a drill
    another one's.

    The mark may have been taken out by hand: what the first event descends from says it too.
    """
    found = read_drill(connection)
    if found == drill and starts_from(connection, genesis_of(drill)):
        return
    if drill and not found:
        raise RefusedError(
            "this database holds a real log: a drill never writes there",
            "give the drill a database of its own",
            code="real_log",
        )
    if found and drill:
        raise RefusedError(
            f"this database holds the log of another drill, {found}",
            "give each drill its own",
            code="other_drill",
        )
    raise RefusedError(
        f"this log is a drill's ({found or 'its mark was taken out'}): it is no record of what "
        f"happened",
        "open it as the drill that it is, or restore the real log from a backup",
        code="drill_log",
    )


def starts_from(connection: Connection, genesis: bytes) -> bool:
    """Whether the log's first event, or the head of an empty log, descends from `genesis`."""
    fields = ", ".join((*EVENT_FIELDS, "hash"))
    first = connection.execute(f"SELECT {fields} FROM events WHERE seq = 1").fetchall()
    if first:
        row = tuple(bytes(value) if isinstance(value, memoryview) else value for value in first[0])
        return link(genesis, row[:-1]) == row[-1]
    head = connection.execute("SELECT seq, hash FROM head").fetchall()
    return not head or head[0][0] != 0 or bytes(head[0][1]) == genesis


def require_own_files(workspace: Path) -> None:
    """RefusedError when a file or folder of a drill's workspace is a link: what it writes must
    be nobody else's.
    """
    for folder, folders, files in os.walk(workspace):
        for name in (*folders, *files):
            path = Path(folder, name)
            try:
                found = path.lstat()
            except FileNotFoundError:
                continue
            if path.is_symlink() or (name in files and found.st_nlink > 1):
                raise RefusedError(
                    f"{path.relative_to(workspace)} of this drill is a link to somewhere else",
                    "start the drill anew; a drill writes nowhere but into its own files",
                    code="fence_broken",
                )
