"""Where a verb is to write: what cannot be written is said before anything runs."""

from __future__ import annotations

import tempfile
from pathlib import Path

from twinward.core.errors import InputError


def check_folder(path: Path | None, name: str = "out") -> None:
    """InputError unless the folder `path` is there to be written to, or can be made."""
    if path is None:
        return
    if path.exists() and not path.is_dir():
        raise InputError(f"--{name} {path} is a file", "name a folder", code="not_a_folder")
    _probe(path, name, path if path.is_dir() else path.resolve().parent)


def check_file(path: Path | None, name: str) -> None:
    """InputError unless a file `path` can be written."""
    if path is None:
        return
    if path.is_dir():
        raise InputError(f"--{name} {path} is a folder", "name a file", code="not_a_file")
    _probe(path, name, path.resolve().parent)


def _probe(path: Path, name: str, folder: Path) -> None:
    if not folder.is_dir():
        raise InputError(
            f"--{name} {path}: there is no folder {folder}", "make it first", code="no_folder"
        )
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise InputError(
            f"--{name} {path}: nothing can be written to {folder}",
            "name another place",
            code="cannot_write",
        ) from error
