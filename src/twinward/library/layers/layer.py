"""What a layer of the city shows: which readings, in which unit, how often they are due, where
they come from; one file a layer.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from twinward.core.errors import AbsentError, InputError
from twinward.library.loading import HOME, read_toml

FOLDER = "layers"
COUPLINGS = "couplings.toml"
MOST_BREAKS = 5
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{1,60}$")]
Group = Literal["movement", "water", "weather", "air", "energy", "equipment", "care", "society"]
Origin = Literal["sensors", "stocks", "residents", "bulletins"]


class Layer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One layer. `observed` is the type of its readings, `named` how the names of its sensors
    begin; of stocks and residents, `observed` is the kind that is counted; of bulletins the figure
    that they publish by area and day.

    `breaks` part the values into classes; `low` and `high` are the least and greatest value that
    can be; `rests_at` is a value that may stand still for days. `also` are other words of senders
    for the same unit; a reading in any other unit is converted or doubted.
    """

    id: Name
    group: Group
    title: str
    zh: str
    observed: str
    unit: str
    unit_zh: str = ""
    also: tuple[str, ...] = ()
    source_zh: str = ""
    cadence_s: Annotated[int, msgspec.Meta(gt=0, le=366 * 86_400)]
    breaks: tuple[float, ...]
    source: str
    named: str = ""
    origin: Origin = "sensors"
    worse: Literal["high", "low"] = "high"
    low: float | None = None
    high: float | None = None
    rests_at: float | None = None
    moves: bool = False
    ages: tuple[int, int] | None = None  # of residents: from and to, whole years

    def admits(self, value: float) -> bool:
        """Whether such a value can be at all."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


class Coupling(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a reading of one layer concerns: while a sensor of `layer` is at or past `mark`, these
    kinds of places and sensors of these layers within `within_m` are concerned, and roads are
    closed where `closes_roads` says so. `hazard` and `figure` are what its incident opens by.
    """

    id: Name
    layer: Name
    mark: float
    within_m: Annotated[float, msgspec.Meta(gt=0, le=20_000)]
    title: str
    zh: str
    hazard: str
    figure: str
    source: str
    places: tuple[str, ...] = ()
    layers: tuple[Name, ...] = ()
    closes_roads: bool = False


class _Couplings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    coupling: tuple[Coupling, ...]


def read_layer(path: Path) -> Layer:
    """One layer of a file; InputError names the file, the line and what is wrong."""
    if not path.is_file():
        raise InputError(f"{path}: no such file", "name a file of a layer", code="no_file")
    layer = read_toml(path, Layer)
    steps = list(layer.breaks)
    if not steps or len(steps) > MOST_BREAKS or steps != sorted(set(steps)):
        raise InputError(
            f"{path.name}: breaks must be 1 to {MOST_BREAKS} rising numbers",
            "see docs/howto/see-the-city.md",
            code="bad_layer",
        )
    if layer.low is not None and layer.high is not None and layer.low >= layer.high:
        raise InputError(
            f"{path.name}: low {layer.low:g} is not below high {layer.high:g}",
            "see docs/howto/see-the-city.md",
            code="bad_layer",
        )
    if (layer.origin == "residents") != (layer.ages is not None):
        raise InputError(
            f"{path.name}: a layer of residents needs ages, and no other has them",
            "see docs/howto/see-the-city.md",
            code="bad_layer",
        )
    return layer


@lru_cache(maxsize=1)
def _bundled() -> dict[str, Layer]:
    found = [read_layer(path) for path in sorted((HOME / FOLDER).glob("*.toml"))]
    return {layer.id: layer for layer in found}


def load_layers(own: Path | None = None) -> dict[str, Layer]:
    """The bundled layers, and those in a workspace's own folder on top (same id replaces)."""
    found = dict(_bundled())
    if own is not None and own.is_dir():
        for path in sorted(own.glob("*.toml")):
            layer = read_layer(path)
            found[layer.id] = layer
    return found


def get_layer(layers: dict[str, Layer], name: str) -> Layer:
    """AbsentError `unknown_layer` that lists those there are."""
    if name not in layers:
        raise AbsentError(
            f"there is no layer {name!r}", f"known: {', '.join(layers)}", code="unknown_layer"
        )
    return layers[name]


def load_couplings(own: Path | None = None) -> tuple[Coupling, ...]:
    """The bundled coupling rows, and those of a workspace's own file on top (same id replaces)."""
    found = {row.id: row for row in _bundled_couplings()}
    if own is not None and own.is_file():
        found |= {row.id: row for row in read_toml(own, _Couplings).coupling}
    return tuple(found.values())


@lru_cache(maxsize=1)
def _bundled_couplings() -> tuple[Coupling, ...]:
    return read_toml(HOME / COUPLINGS, _Couplings).coupling
