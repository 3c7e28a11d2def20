"""One interface for every hazard model: prepare, read, run; and what goes in and comes out.

A model is pure: no clock, no files, no network. The same inputs and seed give the same bytes on
any number of threads. What it answers is evidence for proposals, never an order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.errors import InputError
from twinward.core.reasons import Reason
from twinward.decision.simulation.actions import Action
from twinward.decision.simulation.ground import CaseGround, Floats
from twinward.library.models.card import ModelCard

if TYPE_CHECKING:
    from twinward.decision.simulation.city import HazardCity

Read = TypeVar("Read")
Numbers = float | str  # a number, or the file that holds a grid or a series
MOST_SECONDS = 400 * 86_400.0


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """Values over time: `linear` between its points, or holding each value until the next."""

    times: Floats
    values: Floats
    linear: bool = True

    def at(self, time_s: float) -> float:
        """The value at an instant; before the first and after the last point that one holds."""
        if self.linear:
            return float(np.interp(time_s, self.times, self.values))
        place = int(np.searchsorted(self.times, time_s, side="right")) - 1
        return float(self.values[max(place, 0)])


class Probe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a case reads which figure. Grids: row and col, from 1, row 1 the northernmost; a fire
    from block to block: the block, from 1; chemical: metres east and north of the source and above
    ground; earthquake: the site.
    """

    name: str
    figure: str
    row: int | None = None
    col: int | None = None
    x_m: float | None = None
    y_m: float = 0.0
    z_m: float = 0.0
    rjb_km: float | None = None
    vs30_m_s: float | None = None
    z1_km: float | None = None
    period_s: float | None = None
    building: str | None = None
    block: int | None = None


class GridSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The grid of a case; rows and columns may be left to the elevation file."""

    cell_m: float
    rows: int | None = None
    cols: int | None = None
    elevation_m: Numbers = 0.0


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A case without a city, all its files read: `settings` is the section of its hazard, `files`
    the grids and series that it names, by name.
    """

    hazard: str
    until_s: float
    every_s: float
    ground: CaseGround | None
    settings: msgspec.Struct
    probes: tuple[Probe, ...]
    grids: Mapping[str, Floats]
    series: Mapping[str, Series]
    assumptions: tuple[Reason, ...] = ()

    def times(self) -> list[float]:
        """When probes are read: every `every_s`, and always at the end."""
        if self.until_s <= 0 or self.every_s <= 0:
            return [self.until_s]
        count = int(np.floor(self.until_s / self.every_s + 1e-9))
        found = [self.every_s * (n + 1) for n in range(count)]
        if not found or found[-1] < self.until_s - 1e-9 * max(1.0, self.until_s):
            return [*found, self.until_s]
        return [*found[:-1], self.until_s]

    def require_ground(self) -> CaseGround:
        """InputError `bad_case` where the case has no grid."""
        if self.ground is None:
            raise InputError(
                f"a {self.hazard} case needs a [grid]", "give cell_m, rows, cols", code="bad_case"
            )
        return self.ground

    def grid(self, value: Numbers, name: str, nodata: float) -> Floats:
        """A number or grid file over the whole ground; cells without data get `nodata`."""
        ground = self.require_ground()
        if isinstance(value, str):
            values = self._file(self.grids, value, name, "a grid")
            if values.shape != ground.elevation.shape:
                raise InputError(
                    f"{name} has {values.shape[0]} rows of {values.shape[1]}, the grid "
                    f"{ground.rows} of {ground.cols}",
                    "give grids of one shape",
                    code="bad_case",
                )
            return np.where(np.isnan(values), nodata, values)
        return np.full(ground.elevation.shape, float(value))

    def _file(self, known: Mapping[str, Read], file: str, name: str, wanted: str) -> Read:
        if file not in known:
            raise InputError(f"{name}: {file} is not {wanted}", f"name {wanted}", code="bad_case")
        return known[file]

    def forcing(self, value: Numbers, *, linear: bool) -> Series:
        """A number or series file over time."""
        if isinstance(value, str):
            one = self._file(self.series, value, value, "a CSV of time_s,value")
            return Series(times=one.times, values=one.values, linear=linear)
        return Series(times=np.zeros(1), values=np.full(1, float(value)), linear=linear)


class ProbeReading(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of one probe at one time; None where there is nothing to read."""

    name: str
    time_s: float
    figure: str
    unit: str
    value: float | None


class CaseRun(msgspec.Struct, frozen=True, kw_only=True):
    """What a model answers to a case: readings and, for --out, whole grids; `limiting`: row and
    column of the cell that sets the step.
    """

    readings: tuple[ProbeReading, ...]
    mass_error: float | None
    cells: int
    steps: int
    grids: Mapping[str, Floats] = {}
    assumptions: tuple[Reason, ...] = ()
    out_of_range: tuple[Reason, ...] = ()
    notes: tuple[Reason, ...] = ()
    limiting: tuple[int, int] | None = None

    def digest(self) -> str:
        """SHA-256 over every reading and grid, bytes in a fixed order."""
        hashed = hashlib.sha256()
        for one in self.readings:
            value = float("nan") if one.value is None else one.value
            hashed.update(f"{one.name}\0{one.figure}\0".encode())
            hashed.update(np.array([one.time_s, value]).tobytes())
        for name in sorted(self.grids):
            hashed.update(name.encode() + np.ascontiguousarray(self.grids[name]).tobytes())
        return hashed.hexdigest()


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """One verification case of a model, run now: |reached - expected| within the tolerance."""

    case: str
    expected: float
    reached: float
    tolerance: float
    ok: bool
    source: str = ""


def judge(
    case: str, expected: float, reached: float, tolerance: float, source: str = ""
) -> CheckResult:
    """A check by absolute tolerance; a number that is not finite never passes."""
    good = bool(np.isfinite(reached) and abs(reached - expected) <= tolerance)
    return CheckResult(
        case=case,
        expected=expected,
        reached=float(reached) if np.isfinite(reached) else 0.0,
        tolerance=tolerance,
        ok=good,
        source=source,
    )


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """A city made ready for one hazard, built once and read-only: places (areas, cells or
    sites) with residents, and arrays that the model alone knows. `sha256` names it.

    area_of_place: int64[place], -1 for ground of no area; place_of_area: int64[area], the place
    to read for an area that has none of its own, else -1.
    """

    hazard: str
    places: tuple[str, ...]
    area_of_place: NDArray[np.int64]
    areas: tuple[str, ...]
    residents: Floats
    arrays: Mapping[str, Floats]
    numbers: Mapping[str, float] = {}
    assumptions: tuple[Reason, ...] = ()
    place_of_area: NDArray[np.int64] | None = None

    @property
    def sha256(self) -> str:
        digest = hashlib.sha256(self.hazard.encode())
        for name in sorted(self.arrays):
            digest.update(name.encode() + np.ascontiguousarray(self.arrays[name]).tobytes())
        digest.update(msgspec.json.encode([self.places, self.areas, dict(self.numbers)]))
        digest.update(self.area_of_place.tobytes() + self.residents.tobytes())
        return digest.hexdigest()


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """Where a run begins: state arrays by name, seconds already run, and notes on them."""

    at_s: float = 0.0
    state: Mapping[str, Floats] = {}
    notes: tuple[Reason, ...] = ()


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of a run: forcing by name, measures, how long, how many members; `words`:
    what of it is no number (a substance, a stability class). `go_on` is asked between members; once
    it says no the run ends with those that are done: a deadline, or somebody who has cancelled.
    """

    start: Start
    forcing: Mapping[str, float | Series]
    until_s: float
    step_s: float
    members: int = 1
    seed: int = 1
    threads: int = 1
    measures: tuple[Action, ...] = ()
    words: Mapping[str, str] = {}
    go_on: Callable[[], bool] | None = None

    def check(self) -> None:
        """InputError `bad_ask` for members, horizon or forcing that no model can use."""
        if self.members < 1:
            raise InputError("members must be 1 or more", "ask for 1 to 1,000", code="bad_ask")
        if not self.start.at_s < self.until_s <= MOST_SECONDS:
            raise InputError(
                f"until_s must lie after the start, {self.start.at_s:g}, got {self.until_s:g}",
                "give a later end",
                code="bad_ask",
            )
        if self.step_s <= 0:
            raise InputError("step_s must be above 0", "give seconds", code="bad_ask")
        if not self.forcing:
            raise InputError("the forcing is missing", "name rain or a source", code="bad_ask")
        for name, value in self.forcing.items():
            values = value.values if isinstance(value, Series) else np.array([value])
            if not np.isfinite(values).all():
                raise InputError(
                    f"{name} is not a finite number", "mend the forcing", code="bad_ask"
                )

    def members_to_run(self) -> Iterator[int]:
        """Member by member, the first always, until `go_on` says no."""
        for member in range(self.members):
            if member and self.go_on is not None and not self.go_on():
                return
            yield member

    def number(self, name: str) -> float:
        """One number of the forcing; InputError `bad_ask` where it is missing or a series."""
        value = self.forcing.get(name)
        if value is None or isinstance(value, Series):
            raise InputError(f"the forcing {name} is missing", "give a number", code="bad_ask")
        return float(value)

    def hour(self) -> float | None:
        """The hour of the city's day at which the run begins; None where nobody has said it."""
        if "hour" not in self.forcing:
            return None
        hour = self.number("hour")
        if not 0 <= hour < 24:
            raise InputError(f"hour must be 0 to 24, got {hour:g}", "give the hour", code="bad_ask")
        return hour

    def times(self) -> Floats:
        """The instants that a footprint holds, the start left out."""
        count = max(1, int(np.ceil((self.until_s - self.start.at_s) / self.step_s - 1e-9)))
        times = self.start.at_s + self.step_s * np.arange(1, count + 1)
        return np.asarray(np.minimum(times, self.until_s))


class Footprint(msgspec.Struct, frozen=True, kw_only=True):
    """What a run answers: values[member, time, place] of one figure; `state` resumes it."""

    figure: str
    unit: str
    places: tuple[str, ...]
    times: Floats
    values: NDArray[np.float32]
    state: Mapping[str, Floats] = {}
    mass_error: float | None = None
    out_of_range: tuple[Reason, ...] = ()
    assumptions: tuple[Reason, ...] = ()

    @property
    def peak(self) -> NDArray[np.float32]:
        """Maximum over time, kept by member: float32[member, place]."""
        return np.asarray(self.values.max(axis=1))

    def digest(self) -> str:
        """SHA-256 of the values."""
        return hashlib.sha256(np.ascontiguousarray(self.values).tobytes()).hexdigest()


class HazardModel(Protocol):
    """What a hazard's `model.py` offers as `MODEL`. A model may also have `list_levels(ask)`, where
    its levels depend on what is asked, and `find_harm(ground, ask, footprint)`.
    """

    @property
    def settings(self) -> type[msgspec.Struct]:
        """The form of the hazard's section in a case file."""
        ...

    def prepare(self, city: HazardCity) -> Ground:
        """The city made ready, once."""
        ...

    def read(self, ground: Ground, observed: Mapping[str, float], at_s: float = 0.0) -> Start:
        """Where a run begins, from what is observed."""
        ...

    def run(self, ground: Ground, ask: Ask) -> Footprint:
        """The footprint of every member."""
        ...

    def run_case(self, card: ModelCard, case: Case, threads: int) -> CaseRun:
        """Runs a case without a city."""
        ...

    def check(self) -> list[CheckResult]:
        """The model's own verification cases, run now."""
        ...
