"""The columns of a city on disk: written whole or not at all, opened memory-mapped and
read-only.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from twinward.citybase.schema import SCHEMA_VERSION, Area, CityBase
from twinward.core.errors import UNREADABLE, AbsentError, InputError, StorageError
from twinward.core.lazy import LazyModule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from twinward.citybase.people.synthesis import Columns
else:
    np = LazyModule("numpy")

# the fixed order of the hash
COLUMNS = (
    "age_sex",
    "household_of",
    "site_of",
    "team_of",
    "household_start",
    "leaf_start",
    "site_kind",
    "site_leaf",
    "site_lonlat",
    "site_capacity",
    "leaf_lonlat",
)
MANIFEST = "city.json"
CHUNK = 1 << 24


class CityManifest(msgspec.Struct, frozen=True, kw_only=True):
    """`city.json`: what a city directory holds."""

    schema_version: int
    name: str
    timezone: str
    sha256: str
    lengths: dict[str, int]
    leaf_codes: list[str]
    areas: list[Area]
    report: dict[str, object]
    fidelity: dict[str, object]


def base_of(
    columns: Columns,
    leaf_lonlat: NDArray[Any],
    codes: list[str],
    areas: list[Area],
    *,
    name: str,
    timezone: str,
    sha256: str,
) -> CityBase:
    """A CityBase over columns in memory; they become read-only."""
    arrays = {key: getattr(columns, key) for key in COLUMNS if key != "leaf_lonlat"}
    arrays["leaf_lonlat"] = np.asarray(leaf_lonlat, dtype=np.float32)
    for array in arrays.values():
        array.flags.writeable = False
    return CityBase(
        **arrays, leaf_codes=codes, areas=areas, name=name, timezone=timezone, sha256=sha256
    )


def hash_columns(base: CityBase) -> str:
    """SHA-256 over the SHA-256 of every column in the order of COLUMNS, and over the leaf codes."""

    def one(name: str) -> bytes:
        view = np.ascontiguousarray(getattr(base, name)).reshape(-1).view(np.uint8).data
        digest = hashlib.sha256(name.encode())
        for at in range(0, len(view), CHUNK):
            digest.update(view[at : at + CHUNK])
        return digest.digest()

    with ThreadPoolExecutor(2) as pool:
        parts = list(pool.map(one, COLUMNS))
    return hashlib.sha256(b"".join(parts) + "\n".join(base.leaf_codes).encode()).hexdigest()


def write_columns(base: CityBase, directory: Path) -> int:
    """Writes every column as `<name>.npy` into `directory`; returns the bytes written."""
    for name in COLUMNS:
        np.save(directory / f"{name}.npy", getattr(base, name))
    return sum((directory / f"{name}.npy").stat().st_size for name in COLUMNS)


def write_manifest(manifest: CityManifest, directory: Path) -> None:
    (directory / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1))


def read_manifest(directory: Path) -> CityManifest:
    """The manifest of a city directory; AbsentError when there is no city, StorageError when it
    cannot be read.
    """
    path = directory / MANIFEST
    if not path.exists():
        raise AbsentError(
            f"there is no city in {directory}",
            "build one with `twinward city build`, or name the workspace",
            code="no_city",
        )
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=CityManifest)
    except (OSError, *UNREADABLE) as error:
        raise StorageError(
            f"{path} cannot be read: {error}", "build the city again", code="broken_city"
        ) from error
    if manifest.schema_version != SCHEMA_VERSION:
        raise InputError(
            f"the city in {directory} has schema {manifest.schema_version}, this version reads "
            f"{SCHEMA_VERSION}",
            "build the city again with `twinward city build`",
            code="city_schema",
        )
    return manifest


def find_homes(directory: Path) -> NDArray[Any] | None:
    """Where the residents of a city directory live, float32[L, 2] lon and lat; None where no
    city is built.
    """
    path = directory / "leaf_lonlat.npy"
    return np.load(path, mmap_mode="r") if path.is_file() else None


def open_city(directory: Path) -> CityBase:
    """The city of a directory, its columns memory-mapped read-only. StorageError when a column
    is missing or cut.
    """
    manifest = read_manifest(directory)
    arrays = {}
    for name in COLUMNS:
        try:
            arrays[name] = np.load(directory / f"{name}.npy", mmap_mode="r")
        except (OSError, ValueError) as error:
            raise StorageError(
                f"column {name} of the city in {directory} cannot be read: {error}",
                "build the city again",
                code="broken_city",
            ) from error
        if len(arrays[name]) != manifest.lengths[name]:
            raise StorageError(
                f"column {name} has {len(arrays[name])} rows, "
                f"the manifest {manifest.lengths[name]}",
                "build the city again",
                code="broken_city",
            )
    return CityBase(
        **arrays,
        leaf_codes=manifest.leaf_codes,
        areas=manifest.areas,
        name=manifest.name,
        timezone=manifest.timezone,
        sha256=manifest.sha256,
    )
