"""How many days lie between the onset of an infector and of the infected: a table by disease,
and its daily density.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy import stats

from twinward.core.errors import InputError

Floats = NDArray[np.float64]
# of pairs whose dates are simply wrong (typing, recall); keeps one bad date from breaking a chain
STRAY_SHARE = 0.02
FINE = 8  # steps a day when the density is integrated over two whole days


class SerialInterval(msgspec.Struct, frozen=True, kw_only=True):
    """A gamma density moved left by `earliest_d` days (so that onset order can invert), by its mean
    and sd in days.

    `weight_pairs` says how many observed pairs the prior is worth when the outbreak's own links
    update it.
    """

    disease: str
    mean_d: float
    sd_d: float
    earliest_d: float = 0.0
    weight_pairs: float = 30.0
    source: str = ""


_VINK = "Vink, Bootsma, Wallinga 2014, Am J Epidemiol 180:865 (mean); sd set to 0.3 of the mean"


def _entry(
    disease: str, mean_d: float, sd_d: float, source: str, earliest_d: float = 0.0
) -> SerialInterval:
    return SerialInterval(
        disease=disease, mean_d=mean_d, sd_d=sd_d, source=source, earliest_d=earliest_d
    )


TABLE: dict[str, SerialInterval] = {
    entry.disease: entry
    for entry in (
        _entry("sars-cov-2-ancestral", 5.1, 5.3, "Ali et al. 2020, Science 369:1106", -10.0),
        _entry(
            "sars-cov-2-omicron-ba2",
            3.3,
            2.6,
            "UKHSA technical briefing 35, 2022 (mean 3.27)",
            -5.0,
        ),
        _entry(
            "influenza-pandemic", 2.6, 1.3, "Cauchemez et al. 2009, N Engl J Med 361:2619", -1.0
        ),
        _entry("sars-2003", 8.4, 3.8, "Lipsitch et al. 2003, Science 300:1966"),
        _entry(
            "mers",
            12.6,
            4.0,
            "Cowling et al. 2015, Euro Surveill 20:21163 (mean; sd widened from 2.8)",
        ),
        _entry("ebola", 15.3, 9.3, "WHO Ebola Response Team 2014, N Engl J Med 371:1481"),
        _entry("measles", 11.7, 2.6, "Vink, Bootsma, Wallinga 2014, Am J Epidemiol 180:865 (mean)"),
        _entry("varicella", 14.0, 4.2, _VINK),
        _entry("smallpox", 17.7, 5.3, _VINK),
        _entry("mumps", 18.0, 5.4, _VINK),
        _entry("rubella", 18.3, 5.5, _VINK),
        _entry("pertussis", 22.8, 6.8, _VINK),
        _entry("rsv", 7.5, 2.3, _VINK),
    )
}
_ALIASES = {
    "mers-cov": "mers",
    "sars": "sars-2003",
    "ebola-virus": "ebola",
    "covid-19": "sars-cov-2-ancestral",
    "sars-cov-2": "sars-cov-2-ancestral",
    "influenza": "influenza-pandemic",
}
UNKNOWN_MEANS_D = (2.6, 5.0, 8.0, 12.0, 17.0)  # where the search starts when no disease is named


def get_serial_interval(disease: str) -> SerialInterval:
    """The table's entry, or InputError `unknown_disease` that lists the names."""
    name = disease.strip().lower().replace("_", "-").replace(" ", "-")
    entry = TABLE.get(_ALIASES.get(name, name))
    if entry is None:
        raise InputError(
            f"no serial interval is known for the disease {disease!r}",
            f"name one of {', '.join(sorted(TABLE))}, or leave --disease out and it is estimated "
            f"from the line list",
            code="unknown_disease",
        )
    return entry


def guess_serial_interval(mean_d: float) -> SerialInterval:
    """A wide start for a disease that was not named: sd half the mean, worth five pairs."""
    return SerialInterval(
        disease="estimated",
        mean_d=mean_d,
        sd_d=0.5 * mean_d,
        earliest_d=-0.25 * mean_d,
        weight_pairs=5.0,
        source="estimated from the line list",
    )


def _gamma(interval: SerialInterval) -> tuple[float, float]:
    """Shape and scale of the gamma above `earliest_d`."""
    above = interval.mean_d - interval.earliest_d
    return (above / interval.sd_d) ** 2, interval.sd_d**2 / above


def day_range(interval: SerialInterval) -> tuple[int, int]:
    """The whole-day differences that hold all but a millionth of the density, strays included."""
    shape, scale = _gamma(interval)
    top = interval.earliest_d + stats.gamma.ppf(1 - 1e-4, shape, scale=scale)
    stray = 2.5 * interval.sd_d
    low = (
        min(interval.earliest_d, interval.mean_d - 1.5 * stray) if interval.earliest_d < 0 else -2.0
    )
    return int(np.floor(low)) - 1, int(np.ceil(max(top, interval.mean_d + 2 * stray))) + 1


def daily_density(interval: SerialInterval, low: int, high: int, extra_sd_d: float = 0.0) -> Floats:
    """Probability of each whole-day difference low..high when both onsets fall anywhere inside
    their day.

    `extra_sd_d` widens it by the error of dates that were imputed. Sums to one.
    """
    shape, scale = _gamma(interval)
    edges = np.arange((low - 1) * FINE, (high + 1) * FINE + 1) / FINE
    mass = np.diff(stats.gamma.cdf(edges - interval.earliest_d, shape, scale=scale))
    triangle = np.convolve(
        np.full(FINE, 1.0 / FINE), np.full(FINE, 1.0 / FINE)
    )  # two days, uniform in each
    spread = np.convolve(mass, triangle, mode="full")
    # index m of `spread` is the difference (low - 1) + (m - (FINE - 1) + 0.5) / FINE days; sample
    # whole days
    days = np.arange(low, high + 1)
    at = (days - (low - 1)) * FINE + FINE - 1
    density = np.asarray(spread[at - 1] + spread[at]) / 2
    stray = stats.norm.pdf(days, interval.mean_d, 2 * interval.sd_d)
    density = (1 - STRAY_SHARE) * density / max(
        density.sum(), 1e-300
    ) + STRAY_SHARE * stray / stray.sum()
    if extra_sd_d > 0:
        reach = int(np.ceil(3 * extra_sd_d))
        noise = stats.norm.pdf(np.arange(-reach, reach + 1), 0, extra_sd_d)
        density = np.convolve(density, noise / noise.sum(), mode="full")[reach : reach + len(days)]
    return np.asarray(density / density.sum())
