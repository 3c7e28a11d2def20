"""Runs a hazard case without a city, and writes its grids and readings."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import msgspec

from twinward.citybase.terrain.grids import write_ascii
from twinward.core.errors import InputError
from twinward.core.reasons import Reason, because_of, unique
from twinward.decision.simulation.cases import read_case, read_case_text
from twinward.decision.simulation.chemical.release import ChemicalSettings, make_release
from twinward.decision.simulation.chemical.zones import ToxicZone, find_zones
from twinward.decision.simulation.interface import Case, ProbeReading
from twinward.decision.simulation.registry import load_model
from twinward.library.models.card import list_models
from twinward.library.texts import write_each, write_reason

MOST_THREADS = 256


class CaseAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a case; `mass_error` is None where a hazard has no such balance."""

    hazard: str
    model: str
    version: str
    probes: tuple[ProbeReading, ...]
    mass_error: float | None
    cells: int
    steps: int
    cpu_s: float
    sha256: str
    assumptions: tuple[str, ...] = ()
    assumptions_reasons: tuple[Reason, ...] = ()
    out_of_range: tuple[str, ...] = ()
    out_of_range_reasons: tuple[Reason, ...] = ()
    notes: tuple[str, ...] = ()
    notes_reasons: tuple[Reason, ...] = ()
    limiting: str = ""
    limiting_reasons: tuple[Reason, ...] = ()
    calibration: str = "not calibrated here"
    files: tuple[str, ...] = ()
    zones: tuple[ToxicZone, ...] = ()  # of a chemical release


def run_case(hazard: str, path: Path, out: Path | None = None, threads: int = 1) -> CaseAnswer:
    """Runs the case file; with `out`, its readings and grids are written there.

    Raises InputError with what is wrong in the file.
    """
    if not 1 <= threads <= MOST_THREADS:
        raise InputError(
            f"threads must be 1 to {MOST_THREADS}, got {threads}", "give 1", code="bad_threads"
        )
    known = tuple(one.card.hazard for one in list_models())
    if hazard not in known:
        read_case_text(path)
    stored, model = load_model(hazard)
    case = read_case(path, stored.card.hazard, model, known)
    for probe in case.probes:
        stored.card.get_figure(probe.figure)
    began = time.process_time()
    done = model.run_case(stored.card, case, threads)
    spent = time.process_time() - began
    cell = case.ground.cell_m if case.ground is not None else 1.0
    files: list[str] = []
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write_readings(out / "probes.csv", done.readings)
        files = ["probes.csv"]
        for name in sorted(done.grids):
            write_ascii(out / f"{name}.asc", done.grids[name], cell)
            files.append(f"{name}.asc")
    assumed = unique((*case.assumptions, *done.assumptions))
    limiting: tuple[Reason, ...] = ()
    if done.limiting is not None:
        row, col = done.limiting
        limiting = (because_of("remark.limiting", row=row, col=col),)
    return CaseAnswer(
        hazard=stored.card.hazard,
        model=stored.card.id,
        version=str(stored.card.version),
        probes=done.readings,
        mass_error=done.mass_error,
        cells=done.cells,
        steps=done.steps,
        cpu_s=spent,
        sha256=done.digest(),
        assumptions=write_each(assumed),
        assumptions_reasons=assumed,
        out_of_range=write_each(done.out_of_range),
        out_of_range_reasons=done.out_of_range,
        notes=write_each(done.notes),
        notes_reasons=done.notes,
        limiting=write_reason(limiting[0]) if limiting else "",
        limiting_reasons=limiting,
        calibration=stored.card.calibration,
        files=tuple(files),
        zones=zones_of(case),
    )


def zones_of(case: Case) -> tuple[ToxicZone, ...]:
    """Toxic zones of a release at a rate; of other cases none."""
    one = case.settings
    if not isinstance(one, ChemicalSettings) or not one.rate_kg_s:
        return ()
    return find_zones(make_release(one))


def write_readings(path: Path, readings: tuple[ProbeReading, ...]) -> None:
    """One row a reading: name, time_s, figure, unit, value."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["name", "time_s", "figure", "unit", "value"])
        for one in readings:
            value = "" if one.value is None else repr(one.value)
            rows.writerow([one.name, one.time_s, one.figure, one.unit, value])
