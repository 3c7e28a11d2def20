"""The manifest: one small file that names every part of the lake; replacing it is the only
commit there is.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from twinward.core.errors import UNREADABLE, StorageError

MANIFEST = "manifest.json"
FORMAT = 1


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One Parquet file of fixes of one UTC day in one sort order.

    `unit_us` is the unit of its `time` column (counted from midnight); `coords` is how lon and lat
    are kept: e7 (int32, 1e-7 degrees), f32 or f64, whichever is narrowest and gives every value
    back exactly. `extras` names the optional columns it holds. Its row groups' first and last keys
    are in `<name>.groups.npy`, who was in which cell in `<name>.crowd` where `crowd_bytes` is not
    0.
    """

    name: str
    day: int
    order: str
    rows: int
    bytes: int
    unit_us: int
    coords: str
    from_us: int
    to_us: int
    recorded_us: int
    extras: tuple[str, ...] = ()
    crowd_bytes: int = 0

    @property
    def scale(self) -> float:
        return 1e7 if self.coords == "e7" else 1.0


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One file that is not fixes: visits closed on a day, stays open at its end, or keys of
    sources.
    """

    name: str
    day: int
    rows: int
    bytes: int


class NamesPiece(msgspec.Struct, frozen=True, kw_only=True):
    """One append-only piece of a table of names; numbers run on from piece to piece."""

    name: str
    rows: int


class LakeManifest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the lake holds. `generation` counts commits."""

    format: int = FORMAT
    generation: int = 0
    parts: tuple[Part, ...] = ()
    visits: tuple[Side, ...] = ()
    open_stays: tuple[Side, ...] = ()
    source_keys: tuple[Side, ...] = ()
    subjects: tuple[NamesPiece, ...] = ()
    places: tuple[NamesPiece, ...] = ()

    def days(self) -> list[int]:
        return sorted({part.day for part in self.parts})

    def parts_of(self, order: str, day: int | None = None) -> list[Part]:
        return [part for part in self.parts if part.order == order and day in (None, part.day)]

    def files(self) -> set[str]:
        """The names of all files that belong to this state of the lake."""
        names = {part.name for part in self.parts} | {
            f"{part.name}.groups.npy" for part in self.parts
        }
        names |= {f"{part.name}.crowd" for part in self.parts if part.crowd_bytes}
        names |= {side.name for side in (*self.visits, *self.open_stays, *self.source_keys)}
        return names | {piece.name for piece in (*self.subjects, *self.places)}


def load_manifest(root: Path) -> LakeManifest:
    """The present state; an empty lake where there is none."""
    try:
        raw = (root / MANIFEST).read_bytes()
    except FileNotFoundError:
        return LakeManifest()
    try:
        manifest = msgspec.json.decode(raw, type=LakeManifest)
    except UNREADABLE as error:
        raise StorageError(
            f"{MANIFEST} cannot be read: {error}", "restore it from a backup", code="lake_broken"
        ) from error
    if manifest.format != FORMAT:
        raise StorageError(
            f"the lake has format {manifest.format}",
            "use a newer version of twinward",
            code="lake_format",
        )
    return manifest


def commit_manifest(root: Path, manifest: LakeManifest) -> None:
    """Make `manifest` the state of the lake: all or nothing, also when the power fails."""
    draft = root / f"{MANIFEST}.draft"
    with open(draft, "wb") as file:
        file.write(msgspec.json.encode(manifest))
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, root / MANIFEST)
    sync_directory(root)


def sync_file(path: Path) -> None:
    """Flush a finished file to the disk, before a manifest names it."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())


def sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
