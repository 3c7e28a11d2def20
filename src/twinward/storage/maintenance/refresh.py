"""Rows of an earlier release brought to what this release says of the log: the upgrade of a
workspace whose tables have gained fields.
"""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import msgspec

from twinward.core.ports import Table, Transaction
from twinward.storage.log.store import SqlStore
from twinward.storage.maintenance.doctor import Apply, rebuild

PAGE = 5_000


def refresh_rows(store: SqlStore, apply: Apply) -> int:
    """Applies the whole log anew beside the store and puts every row that it makes differently;
    how many. A row that the log no longer makes (its key is destroyed) stays as it is.
    """
    changed = 0
    with tempfile.TemporaryDirectory(prefix="twinward-refresh-") as folder:
        made_anew = rebuild(store, apply, Path(folder))
        try:
            for form in store.words.forms.values():
                different = _different_rows(store, made_anew, form.table)
                for start in range(0, len(different), PAGE):
                    part = different[start : start + PAGE]
                    store.write(partial(_put_all, form.table, part))
                changed += len(different)
        finally:
            made_anew.close()
    return changed


def _different_rows(
    store: SqlStore, made_anew: SqlStore, table: Table[msgspec.Struct]
) -> list[msgspec.Struct]:
    with store.read() as reader, made_anew.read() as other:
        held = {msgspec.msgpack.encode(row) for row in reader.list_rows(table)}
        known = {getattr(row, table.key) for row in reader.list_rows(table)}
        return [
            row
            for row in other.list_rows(table)
            if getattr(row, table.key) in known and msgspec.msgpack.encode(row) not in held
        ]


def _put_all(table: Table[msgspec.Struct], rows: list[msgspec.Struct], tx: Transaction) -> None:
    for row in rows:
        tx.put(table, row, tx.recorded_at)
