"""Keeping the lake: merging the pieces of a day, and dropping what is past its retention."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.clock import DAY_US
from twinward.storage.lake.append import Append, flags_moved
from twinward.storage.lake.manifest import LakeManifest, Part, Side, sync_file
from twinward.storage.lake.parts import (
    BY_PLACE,
    BY_SUBJECT,
    OpenPart,
    concat_fixes,
    take_fixes,
    write_part,
)
from twinward.storage.lake.rows import LakeRows, pack_fixes
from twinward.storage.lake.scratch_arrays import ScratchArrays

OF_A_SIZE = 8  # pieces of about one size; then they are merged into one
LARGE = 300_000  # rows of a piece that is not merged by itself any more: a merge takes some 60 MB


class Sized(Protocol):
    """A piece of the lake."""

    @property
    def rows(self) -> int: ...


S = TypeVar("S", bound=Sized)


def tidy(root: Path, manifest: LakeManifest) -> tuple[LakeManifest, int]:
    """The manifest after merging small pieces of one size, and how many merges there were: a few
    dozen pieces are left of a day, however many appends it came in, and a row is written anew some
    three times.
    """
    after, merged = _merge_groups(root, manifest, of_one_size)
    for day in sorted({side.day for side in manifest.source_keys}):
        sides = of_one_size(side for side in manifest.source_keys if side.day == day)
        if sides:
            merged += 1
            kept = tuple(side for side in after.source_keys if side not in sides)
            new = _merge_keys(root, after.generation, day, sides)
            after = msgspec.structs.replace(after, source_keys=(*kept, new))
    return after, merged


def of_one_size(pieces: Iterable[S]) -> list[S]:
    """The smallest pieces of which there are too many of about one size; none where there are not.
    Sizes differ by a factor of `OF_A_SIZE`.
    """
    sizes: dict[int, list[S]] = {}
    for piece in pieces:
        if piece.rows < LARGE:
            size, rows = 0, piece.rows
            while rows >= OF_A_SIZE:
                size, rows = size + 1, rows // OF_A_SIZE
            sizes.setdefault(size, []).append(piece)
    return next((some for _, some in sorted(sizes.items()) if len(some) >= OF_A_SIZE), [])


def _merge_keys(root: Path, generation: int, day: int, sides: list[Side]) -> Side:
    keys = np.sort(np.concatenate([np.load(root / side.name) for side in sides]))
    name = f"keys-{day}-{generation:08d}-merged.npy"
    np.save(root / name, keys)
    sync_file(root / name)
    return Side(name=name, day=day, rows=len(keys), bytes=keys.nbytes)


def compact(root: Path, manifest: LakeManifest, most_parts: int) -> tuple[LakeManifest, int]:
    """The manifest after merging, and how many groups of parts were merged.

    Only parts recorded on the same day are merged, so that retention can still tell them apart.
    """

    def too_many(parts: list[Part]) -> list[Part]:
        return parts if len(parts) > most_parts else []

    return _merge_groups(root, manifest, too_many)


def _merge_groups(
    root: Path, manifest: LakeManifest, choose: Callable[[list[Part]], list[Part]]
) -> tuple[LakeManifest, int]:
    """Merge those parts of each day, recorded on one day, that `choose` takes."""
    after = msgspec.structs.replace(manifest, generation=manifest.generation + 1)
    merged = 0
    for day in manifest.days():
        groups: dict[int, list[Part]] = {}
        for part in manifest.parts_of(BY_SUBJECT, day):
            groups.setdefault(part.recorded_us // DAY_US, []).append(part)
        for recorded, group in groups.items():
            parts = choose(group)
            if not parts:
                continue
            new = _merge(root, after.generation, day, recorded, parts)
            gone = {part.name for part in parts} | {
                part.name.replace("subject-", "place-", 1) for part in parts
            }
            after = msgspec.structs.replace(
                after, parts=(*(p for p in after.parts if p.name not in gone), *new)
            )
            merged += 1
    return after, merged


def _merge(root: Path, generation: int, day: int, recorded: int, parts: list[Part]) -> list[Part]:
    fixes = concat_fixes([OpenPart(root, part).read_all() for part in parts])
    fixes = take_fixes(fixes, np.lexsort((fixes.lat, fixes.lon, fixes.time_us, fixes.subject)))
    rows = pack_fixes(fixes, day)
    at_us = max(part.recorded_us for part in parts)

    def written(order: str, rows: LakeRows, flag: NDArray[Any]) -> Part:
        return write_part(
            root,
            f"{order}-{day}-{generation:08d}-{recorded}.parquet",
            order,
            day,
            rows,
            flag,
            at_us,
        )

    room = ScratchArrays()
    by_place = rows.in_time(room).by_place(room)
    return [
        written(BY_SUBJECT, rows, fixes.flag),
        written(BY_PLACE, by_place, flags_moved(rows, by_place, fixes.flag)),
    ]


def expire(
    root: Path, manifest: LakeManifest, cut_us: int, kept_us: Sequence[tuple[int, int]]
) -> tuple[LakeManifest, int]:
    """The manifest without parts recorded before `cut_us`, except those with data in a window of
    `kept_us`.
    """

    def stays(part: Part) -> bool:
        return part.recorded_us >= cut_us or any(
            part.from_us < end and part.to_us > start for start, end in kept_us
        )

    parts = tuple(part for part in manifest.parts if stays(part))
    dropped = [part for part in manifest.parts_of(BY_SUBJECT) if not stays(part)]
    if not dropped:
        return manifest, 0
    left = {part.day for part in parts}
    after = msgspec.structs.replace(
        manifest,
        parts=parts,
        visits=tuple(side for side in manifest.visits if side.day in left),
        open_stays=tuple(side for side in manifest.open_stays if side.day in left),
        source_keys=tuple(side for side in manifest.source_keys if left and side.day >= min(left)),
        subjects=manifest.subjects if left else (),
        places=manifest.places if left else (),
    )
    work = Append(root, after, 0)
    return work.rebuild({part.day for part in dropped}), sum(part.rows for part in dropped)
