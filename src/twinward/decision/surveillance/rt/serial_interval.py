"""The serial interval: by whole days from 0, from a mean and standard deviation or from a file."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from scipy.stats import gamma

from twinward.core.errors import InputError
from twinward.decision.surveillance.arrays import Floats

SUM_TOLERANCE = 0.01  # as EpiEstim allows
MOST_DAYS = 400


def read_serial_interval(text: str) -> Floats:
    """`MEAN,SD` in days, or the path of a file with a probability a line from day 0."""
    parts = text.split(",")
    if len(parts) == 2:
        try:
            mean, sd = float(parts[0]), float(parts[1])
        except ValueError:
            pass
        else:
            return make_serial_interval(mean, sd)
    return check_serial_interval(_from_file(Path(text)), text)


def make_serial_interval(mean_d: float, sd_d: float) -> Floats:
    """Probabilities of days 0, 1, 2 … of a gamma distribution shifted by a day.

    Discretised as Cori et al. 2013, Am J Epidemiol 178:1505, web appendix 11.
    """
    if not (math.isfinite(mean_d) and mean_d > 1):
        raise InputError(
            f"the mean of the serial interval must be above 1 day, got {mean_d:g}",
            "give MEAN,SD in days, or a file with a probability a line from day 0",
            code="bad_serial_interval",
        )
    if not (math.isfinite(sd_d) and 0 < sd_d <= 100):
        raise InputError(
            f"the standard deviation of the serial interval must be above 0, got {sd_d:g}",
            "give MEAN,SD in days",
            code="bad_serial_interval",
        )
    shape, scale = ((mean_d - 1) / sd_d) ** 2, sd_d**2 / (mean_d - 1)
    last = int(min(MOST_DAYS, math.ceil(gamma.ppf(1 - 1e-12, shape + 1, scale=scale)) + 3))
    k = np.arange(last + 1, dtype=float)
    plain = gamma(shape, scale=scale).cdf
    longer = gamma(shape + 1, scale=scale).cdf
    weights = k * plain(k) + (k - 2) * plain(k - 2) - 2 * (k - 1) * plain(k - 1)
    weights += shape * scale * (2 * longer(k - 1) - longer(k - 2) - longer(k))
    return np.asarray(np.maximum(weights, 0.0))


def check_serial_interval(weights: Floats, name: str) -> Floats:
    """The weights, if they are probabilities that sum to 1 with none on day 0."""
    advice = "give a probability a line, the first for day 0, that sum to 1"
    code = "bad_serial_interval"
    if len(weights) < 2:
        raise InputError(f"{name}: a serial interval has at least 2 days", advice, code=code)
    if (weights < 0).any() or not np.isfinite(weights).all():
        raise InputError(f"{name}: a probability is below 0", advice, code=code)
    if weights[0] > 0:
        raise InputError(
            f"{name}: the serial interval has {weights[0]:g} on day 0 and must have 0 "
            f"(the sum is {weights.sum():.6g})",
            advice,
            code=code,
        )
    if abs(weights.sum() - 1) > SUM_TOLERANCE:
        raise InputError(f"{name}: the sum must be 1, got {weights.sum():.6g}", advice, code=code)
    return weights


def mean_and_sd(weights: Floats) -> tuple[float, float]:
    """Mean and standard deviation in days."""
    days = np.arange(len(weights))
    total = float(weights.sum())
    mean = float((weights * days).sum() / total)
    return mean, math.sqrt(max(0.0, float((weights * days**2).sum() / total) - mean**2))


def _from_file(path: Path) -> Floats:
    if not path.is_file():
        raise InputError(
            f"the serial interval {path} is neither MEAN,SD nor a file",
            "write --si 3.6,1.6 or name a file with a probability a line",
            code="bad_serial_interval",
        )
    text = path.read_text("utf-8-sig", errors="replace").replace(";", ",").replace("\t", ",")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    lines = lines[int(bool(lines) and _is_head(lines)) :]
    values: list[float] = []
    for number, line in enumerate(lines):
        fields = [field.strip().strip('"') for field in line.split(",")]
        try:
            values.append(float(fields[-1]))
            day = float(fields[0]) if len(fields) > 1 else None
        except ValueError as error:
            raise InputError(
                f"{path.name}: {line!r} is not a probability",
                "give a probability a line, the first for day 0",
                code="bad_serial_interval",
            ) from error
        if number == 0 and day == 1 and len(fields) > 1:
            values.insert(0, 0.0)  # days counted from 1: day 0 has none
    return np.array(values[: MOST_DAYS + 1])


def _is_head(lines: list[str]) -> bool:
    """Whether the first line is a head: words, or the bare column name `0` above a day 0 of 0."""
    first = lines[0].split(",")[-1].strip().strip('"')
    try:
        float(first)
    except ValueError:
        return True
    if first != "0" or len(lines) < 3 or "," in lines[0]:
        return False
    try:
        return float(lines[1].strip('"')) == 0.0
    except ValueError:
        return False
