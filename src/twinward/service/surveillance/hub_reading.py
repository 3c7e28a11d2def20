"""Use case: files of forecast hubs read, scored against what came, and held side by side."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
import numpy as np

from twinward.core.errors import InputError
from twinward.decision.surveillance.forecasting.score import coverage, weighted_interval_score
from twinward.decision.surveillance.tables import read_rows, to_count, to_day
from twinward.standards.hubverse.model_output import HubForecast, read_hub

Observed = dict[tuple[str, date], float]


class HubScore(msgspec.Struct, frozen=True, kw_only=True):
    """One file: what it holds and, on the targets that every file scored has, how good it was."""

    file: str
    forecasts: int
    locations: int
    targets: list[str]
    reference_dates: list[date]
    horizons: list[int]
    scored: int
    wis: float | None = None
    coverage_50: float | None = None
    coverage_95: float | None = None


class HubReading(msgspec.Struct, frozen=True, kw_only=True):
    """The files in the order given; `common` targets are scored, for a mean over others is none."""

    files: list[HubScore]
    common: int
    notes: list[str]


def read_hub_files(paths: list[Path], observed: Path | None = None) -> HubReading:
    """Every file is checked whole: 23 levels, none crossing."""
    read = {path: _read(path) for path in paths}
    came = _read_observed(observed) if observed is not None else {}
    keys = [{_key(one) for one in found} for found in read.values()]
    common = {key for key in set.intersection(*keys) if key[1:3] in came}
    notes = []
    left_out = sum(len({key for key in mine if key[1:3] in came} - common) for mine in keys)
    if left_out:
        notes.append(f"{left_out} forecasts are not in every file and are not scored")
    if observed is not None and not common:
        notes.append(f"{observed.name} holds none of the days predicted")
    return HubReading(
        files=[_score(path, found, common, came) for path, found in read.items()],
        common=len(common),
        notes=notes,
    )


Key = tuple[str, str, date, int]  # target, location, day, horizon


def _key(one: HubForecast) -> Key:
    return one.target, one.location, one.target_end_date, one.horizon


def _read(path: Path) -> list[HubForecast]:
    if not path.is_file():
        raise InputError(f"no file {path}", "give a CSV file of a hub", code="file_absent")
    found = read_hub(path.read_text(encoding="utf-8", errors="replace"), path.name)
    if not found:
        raise InputError(
            f"{path.name} has no quantile forecasts",
            "give rows with output_type quantile",
            code="empty_table",
        )
    return found


def _read_observed(path: Path) -> Observed:
    rows = read_rows(path, ("area", "date", "new"))
    return {
        (fields["area"], to_day(fields["date"], path.name, line)): to_count(
            fields["new"], path.name, line, "new"
        )
        for line, fields in rows
    }


def _score(path: Path, found: list[HubForecast], common: set[Key], came: Observed) -> HubScore:
    known = [one for one in found if _key(one) in common]
    table = np.array([[one.quantiles[level] for level in sorted(one.quantiles)] for one in known])
    truth = np.array([came[one.location, one.target_end_date] for one in known])
    scores: dict[str, float] = {}
    if len(known):
        scores = {
            "wis": weighted_interval_score(table, truth),
            "coverage_50": coverage(table, truth, 0.5),
            "coverage_95": coverage(table, truth, 0.95),
        }
    return HubScore(
        file=path.name,
        forecasts=len(found),
        locations=len({one.location for one in found}),
        targets=sorted({one.target for one in found}),
        reference_dates=sorted({one.reference_date for one in found}),
        horizons=sorted({one.horizon for one in found}),
        scored=len(known),
        **scores,
    )
