"""The public tree: static files, written whole, with a signed manifest; any server serves it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from twinward.core.errors import InputError

MANIFEST, SIGNATURE = "manifest.json", "manifest.jws"
PAGE = Path(__file__).with_name("page")


class WrittenTree(msgspec.Struct, frozen=True, kw_only=True):
    """What was written: how many files and bytes, what was removed, the manifest's digest."""

    folder: str
    files: int
    bytes: int
    removed: int
    manifest: str


def page_files() -> Mapping[str, bytes]:
    """The verifier page as it comes with the package."""
    return {path.name: path.read_bytes() for path in sorted(PAGE.iterdir()) if path.is_file()}


def write_tree(
    folder: Path,
    files: Mapping[str, bytes],
    sign: Callable[[bytes], str],
    linked: Mapping[str, Path] | None = None,
) -> WrittenTree:
    """Each file in place at once, the manifest after all of them, what is in neither removed.
    `linked`: large files that never change, linked where the disk allows, else copied.

    A reader meets an old file or a new one, never half of one.
    """
    check_folder(folder)
    before, linked = old_names(folder), linked or {}
    for name, path in linked.items():
        link(folder / name, path)
    for name, data in files.items():
        put(folder / name, data)
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}
    public = {name: one for name, one in digests.items() if not name.startswith("p/")}
    manifest = json.dumps({"files": public}, indent=0, sort_keys=True).encode()
    put(folder / MANIFEST, manifest)
    put(folder / SIGNATURE, sign(manifest).encode())
    return WrittenTree(
        folder=str(folder),
        files=len(files) + len(linked) + 2,
        bytes=sum(map(len, files.values())) + sum(one.stat().st_size for one in linked.values()),
        removed=remove_others(folder, before, set(files) | set(linked)),
        manifest=hashlib.sha256(manifest).hexdigest(),
    )


def put(path: Path, data: bytes) -> None:
    """Written beside its place and moved there, unless it is there already."""
    if path.exists() and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)


def link(path: Path, source: Path) -> None:
    """The same file under a second name, so that a city's passes are on the disk once."""
    if path.exists() and path.stat().st_size == source.stat().st_size:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    try:
        os.link(source, fresh)
    except OSError:  # another disk
        shutil.copyfile(source, fresh)
    os.replace(fresh, path)


def check_folder(folder: Path) -> None:
    """InputError for a folder with something else in it: what is not ours is never removed."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MANIFEST).exists():
        raise InputError(
            f"{folder} holds something else than a public tree",
            "name an empty folder",
            code="not_a_tree",
        )


def old_names(folder: Path) -> set[str]:
    """Files of the tree as it was: those of its manifest, passes and batches."""
    found = {
        path.relative_to(folder).as_posix()
        for room in ("p", "b")
        for path in (folder / room).rglob("*")
    }
    try:
        return found | set(json.loads((folder / MANIFEST).read_bytes())["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return found


def remove_others(folder: Path, before: set[str], names: set[str]) -> int:
    """Passes that ended, and pages of an older release."""
    gone = [folder / name for name in before - names if (folder / name).is_file()]
    for path in gone:
        path.unlink()
    return len(gone)
