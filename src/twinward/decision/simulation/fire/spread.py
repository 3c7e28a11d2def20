"""Surface spread with wind and slope: rate, direction and shape, at one cell or many."""

from __future__ import annotations

import math

import msgspec
import numpy as np

from twinward.decision.simulation.fire.fuels import BTU_FT_S_TO_KW_M, FT_MIN_TO_M_MIN, Bed
from twinward.decision.simulation.ground import Floats

MPH_FT_MIN = 88.0
M_S_FT_MIN = 196.850394
FLATTEST = 8.0  # length over width, Anderson 1983 as in Behave


class Canopy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Trees that shelter the fire from the wind."""

    cover_percent: float = 0.0
    height_m: float = 0.0
    crown_ratio: float = 0.5


class FireSpread(msgspec.Struct, frozen=True, kw_only=True):
    """Head rate m/min, where it goes (degrees clockwise from north), length over width, and
    fireline intensity kW/m; arrays of one shape.
    """

    head_m_min: Floats
    towards_deg: Floats
    length_to_width: Floats
    intensity_kw_m: Floats

    @property
    def eccentricity(self) -> Floats:
        ratio = self.length_to_width
        return np.asarray(np.sqrt(ratio * ratio - 1) / ratio)

    @property
    def backing_m_min(self) -> Floats:
        e = self.eccentricity
        return np.asarray(self.head_m_min * (1 - e) / (1 + e))

    @property
    def flanking_m_min(self) -> Floats:
        """Half the greatest width gained in a minute."""
        return np.asarray((self.head_m_min + self.backing_m_min) / (2 * self.length_to_width))

    def rate(self, towards_deg: float) -> Floats:
        """m/min in a direction, from the ignition point, the rear focus of the ellipse."""
        e = self.eccentricity
        angle = np.radians(towards_deg - self.towards_deg)
        return np.asarray(self.head_m_min * (1 - e) / (1 - e * np.cos(angle)))


def wind_factor(depth_ft: float, canopy: Canopy) -> float:
    """Midflame wind over the wind 20 ft above the open: Albini and Baughman 1979."""
    tall = canopy.height_m / 0.3048
    filled = canopy.crown_ratio * canopy.cover_percent / 300
    if filled > 0.05 and tall > 0:
        return 0.555 / (math.sqrt(filled * tall) * math.log((20 + 0.36 * tall) / (0.13 * tall)))
    return 1.83 / math.log((20 + 0.36 * depth_ft) / (0.13 * depth_ft))


def length_to_width(wind_mph: Floats) -> Floats:
    """Anderson 1983, wind at midflame in miles an hour, at most 8."""
    ratio = 0.936 * np.exp(0.1147 * wind_mph) + 0.461 * np.exp(-0.0692 * wind_mph) - 0.397
    return np.asarray(np.clip(ratio, 1.0, FLATTEST))


def spread_with(
    bed: Bed, midflame_ft_min: float, wind_towards_deg: float, slope: Floats, upslope_deg: Floats
) -> FireSpread:
    """Rothermel's rate with wind and slope added as vectors, as in Behave; slope is rise over
    run, directions in degrees clockwise from north.
    """
    slope, upslope = np.asarray(slope, np.float64), np.asarray(upslope_deg, np.float64)
    if bed.spread <= 0:
        none = np.zeros(slope.shape)
        return FireSpread(
            head_m_min=none, towards_deg=none, length_to_width=none + 1, intensity_kw_m=none
        )
    by_wind = bed.wind_c * midflame_ft_min**bed.wind_b * bed.relative_packing**-bed.wind_e
    by_slope = 5.275 * bed.packing**-0.3 * slope**2
    angle = np.radians(wind_towards_deg - upslope)
    x, y = by_slope + by_wind * np.cos(angle), by_wind * np.sin(angle)
    added = np.hypot(x, y)
    head = bed.spread * (1 + added)
    effective = (added * bed.relative_packing**bed.wind_e / bed.wind_c) ** (1 / bed.wind_b)
    # fixed for a flat fuel bed without wind: no direction is the fastest
    towards = np.where(added > 0, upslope + np.degrees(np.arctan2(y, x)), wind_towards_deg)
    return FireSpread(
        head_m_min=head * FT_MIN_TO_M_MIN,
        towards_deg=towards % 360,
        length_to_width=length_to_width(effective / MPH_FT_MIN),
        intensity_kw_m=bed.reaction * bed.residence_min * head / 60 * BTU_FT_S_TO_KW_M,
    )
