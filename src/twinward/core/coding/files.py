"""Small files that are there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_whole(path: Path, data: bytes) -> None:
    """Replaces a small file so that a crash leaves the old or the new one, never a part."""
    beside = path.with_name(path.name + ".new")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)


def keep_newest(folder: Path, pattern: str, most: int) -> None:
    """Deletes all but the `most` newest files of a folder whose names match."""
    kept = sorted(folder.glob(pattern), key=lambda one: one.stat().st_mtime_ns)
    for old in kept[:-most]:
        old.unlink(missing_ok=True)
