"""Model output of forecast hubs as CSV: 23 quantiles a target, written and read alike.

Columns of the hubverse schema v6 as FluSight uses it; quantiles never cross in a file we write,
and a file whose quantiles cross, or that lacks levels, is refused by its line.
"""

from __future__ import annotations

import csv
import io
import itertools
from datetime import date, timedelta

import msgspec

from twinward.core.errors import InputError

COLUMNS = (
    "reference_date",
    "horizon",
    "target",
    "target_end_date",
    "location",
    "output_type",
    "output_type_id",
    "value",
)
LEVELS = (0.01, 0.025, *(round(0.05 * n, 2) for n in range(1, 20)), 0.975, 0.99)


class HubForecast(msgspec.Struct, frozen=True, kw_only=True):
    """The quantiles of one location and target date."""

    reference_date: date
    horizon: int
    target: str
    target_end_date: date
    location: str  # text: FIPS codes begin with zeros
    quantiles: dict[float, float]


def hub_reference_date(until: date) -> date:
    """The Saturday of the week after the last known week ends: hubs count horizon 0 from it."""
    return until + timedelta(days=(5 - until.weekday()) % 7)


def write_hub(forecasts: list[HubForecast]) -> str:
    """The file as text; values are sorted so that quantiles do not cross, and cut at 0."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    for one in forecasts:
        values = sorted(max(0.0, one.quantiles[level]) for level in LEVELS)
        for level, value in zip(LEVELS, values, strict=True):
            table.writerow(
                (
                    one.reference_date,
                    one.horizon,
                    one.target,
                    one.target_end_date,
                    one.location,
                    "quantile",
                    f"{level:g}",
                    f"{value:.6g}",
                )
            )
    return out.getvalue()


def read_hub(text: str, name: str) -> list[HubForecast]:
    """The quantile forecasts of a file; other output types are passed over."""
    table = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    missing = [column for column in COLUMNS if column not in (table.fieldnames or ())]
    if missing:
        raise InputError(
            f"{name} has no column {missing[0]}",
            f"the first line must be: {','.join(COLUMNS)}",
            code="missing_column",
        )
    found: dict[tuple[str, ...], dict[float, float]] = {}
    for line, row in enumerate(table, start=2):
        if row["output_type"] != "quantile":
            continue
        key = tuple(row[column] for column in COLUMNS[:5])
        try:
            level, value = float(row["output_type_id"]), float(row["value"])
            date.fromisoformat(key[0])
            date.fromisoformat(key[3])
            int(key[1])
        except ValueError as error:
            raise InputError(
                f"{name} line {line}: {error}", "write numbers and dates", code="bad_hub_file"
            ) from error
        found.setdefault(key, {})[level] = value
    return [_make(key, quantiles, name) for key, quantiles in found.items()]


def _make(key: tuple[str, ...], quantiles: dict[float, float], name: str) -> HubForecast:
    where = f"{name}: {key[4]}, {key[3]}"
    absent = [level for level in LEVELS if level not in quantiles]
    if absent:
        raise InputError(
            f"{where} lacks the quantile {absent[0]:g}",
            f"give all {len(LEVELS)} levels",
            code="bad_hub_file",
        )
    values = [quantiles[level] for level in sorted(quantiles)]
    if any(b < a for a, b in itertools.pairwise(values)):
        raise InputError(f"{where}: the quantiles cross", "sort them by level", code="bad_hub_file")
    return HubForecast(
        reference_date=date.fromisoformat(key[0]),
        horizon=int(key[1]),
        target=key[2],
        target_end_date=date.fromisoformat(key[3]),
        location=key[4],
        quantiles=quantiles,
    )
