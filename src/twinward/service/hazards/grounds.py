"""A city made ready for a hazard model, kept while nothing of it changes: base, terrain, layers,
streets.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from twinward.citybase.columns import MANIFEST, find_homes, open_city
from twinward.citybase.people.plain_city import MOST_RESIDENTS, plain_base
from twinward.citybase.places.roads import ROADS, Roads, read_roads
from twinward.citybase.terrain.elevation import FILE, open_elevation, read_elevation
from twinward.citybase.terrain.layers import BUILDINGS, find_layers, read_buildings, read_layer
from twinward.core.errors import InputError
from twinward.decision.simulation.city import HazardCity, make_city
from twinward.decision.simulation.interface import Ground
from twinward.decision.simulation.registry import load_model

KEPT = 3  # a whole metropolis is some hundred megabytes
Named = tuple[tuple[str, Path, int], ...]  # files by name, with when they were last changed


def ready_ground(
    hazard: str,
    city: Path | None,
    residents: int | None,
    cell_m: float,
    terrain: Path | None = None,
    layers: tuple[tuple[str, Path], ...] = (),
    seed: int = 1,
    homes: tuple[Path, ...] = (),
) -> tuple[HazardCity, Ground]:
    """The city and its ground for that hazard; InputError for what cannot be read."""
    if residents is not None and not 1 <= residents <= MOST_RESIDENTS:
        raise InputError(
            f"residents must be 1 to {MOST_RESIDENTS:,}, got {residents:,}",
            "see `twinward hazard run --help`",
            code="bad_request",
        )
    own = city if residents is None else None
    if residents is None and (city is None or find_homes(city) is None):
        raise InputError(
            "this workspace has no city with residents",
            "build one with `twinward city build`, or give --residents N",
            code="no_city",
        )
    found = dict(find_layers(own)) if own is not None else {}
    files = tuple(
        (name, path, stamp(path)) for name, path in sorted((found | dict(layers)).items())
    )
    height = None if terrain is None else (terrain, stamp(terrain))
    known = tuple(stamp(own / name) for name in WATCHED) if own is not None else ()
    made = _city(own, residents, cell_m, height, files, seed, known)
    return made, _ground(hazard, homes, own, residents, cell_m, height, files, seed, known)


WATCHED = (MANIFEST, "leaf_lonlat.npy", "leaf_start.npy", FILE, ROADS)


def stamp(path: Path) -> int:
    """When a file was last changed, 0 where it is not there."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=KEPT)
def _city(
    city: Path | None,
    residents: int | None,
    cell_m: float,
    terrain: tuple[Path, int] | None,
    files: Named,
    seed: int,
    known: tuple[int, ...],
) -> HazardCity:
    base = open_city(city) if city is not None else plain_base(residents or 1, seed)
    height = open_elevation(city) if city is not None else None
    if terrain is not None:
        height = read_elevation(terrain[0], terrain[0].name)
    named = {name: path for name, path, _ in files}
    table = named.pop(BUILDINGS, None)
    return make_city(
        base,
        cell_m,
        height,
        seed,
        layers={name: read_layer(name, path) for name, path in named.items()},
        buildings=None if table is None else read_buildings(table),
        roads=_roads(city),
    )


def _roads(city: Path | None) -> Roads | None:
    return read_roads(city) if city is not None and (city / ROADS).is_file() else None


@lru_cache(maxsize=KEPT)
def _ground(
    hazard: str,
    homes: tuple[Path, ...],
    city: Path | None,
    residents: int | None,
    cell_m: float,
    terrain: tuple[Path, int] | None,
    files: Named,
    seed: int,
    known: tuple[int, ...],
) -> Ground:
    _, model = load_model(hazard, *homes)
    return model.prepare(_city(city, residents, cell_m, terrain, files, seed, known))
