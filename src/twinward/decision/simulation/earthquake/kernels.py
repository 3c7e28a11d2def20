"""Ground motion at many sites and damage over many members: plain loops over arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

# columns of a coefficient row, in the order of bssa14.csv
MECHANISM = 1  # + 0 unspecified, 1 strike-slip, 2 normal, 3 reverse


@njit(cache=True, nogil=True)
def rock_motion(k: Any, mechanism: Any, dc3: Any, magnitude: Any, rjb_km: Any) -> Any:
    """ln of the median on rock of 760 m/s: source and path of BSSA14, its equations 2 to 4."""
    above = magnitude - k[8]
    source = k[1 + mechanism]
    source += k[7] * above if above > 0 else k[5] * above + k[6] * above * above
    distance = math.sqrt(rjb_km * rjb_km + k[14] * k[14])
    path = (k[9] + k[10] * (magnitude - k[12])) * math.log(distance / k[13])
    return source + path + (k[11] + dc3) * (distance - k[13])


@njit(cache=True, nogil=True)
def basin_depth(vs30: Any, japan: Any) -> Any:
    """Mean depth to 1 km/s of a site, km: equations 11 and 12 of BSSA14."""
    if japan:
        top, low = vs30**2 + 412.39**2, 1360.0**2 + 412.39**2
        return math.exp(-5.23 / 2 * math.log(top / low)) / 1000
    top, low = vs30**4 + 570.94**4, 1360.0**4 + 570.94**4
    return math.exp(-7.15 / 4 * math.log(top / low)) / 1000


@njit(cache=True, nogil=True)
def site_term(k: Any, pga_rock: Any, vs30: Any, z1_km: Any, japan: Any) -> Any:
    """Site amplification in ln units, equations 5 to 10 of BSSA14; z1 below 0 is not known."""
    linear = k[18] * math.log(min(vs30, k[19]) / k[20])
    f2 = k[23] * (math.exp(k[24] * (min(vs30, 760.0) - 360)) - math.exp(k[24] * 400.0))
    term = linear + k[21] + f2 * math.log((pga_rock + k[22]) / k[22])
    if z1_km >= 0 and k[0] >= 0.65:
        deeper = z1_km - basin_depth(vs30, japan)
        term += k[25] * deeper if deeper <= k[26] / k[25] else k[26]
    return term


@njit(cache=True, nogil=True)
def spread(k: Any, magnitude: Any, rjb_km: Any, vs30: Any) -> Any:
    """Between-event and within-event standard deviations in ln units, equations 13 to 17."""
    weight = min(max(magnitude - 4.5, 0.0), 1.0)
    tau = k[35] + (k[36] - k[35]) * weight
    phi = k[33] + (k[34] - k[33]) * weight
    if rjb_km > k[28]:
        phi += k[29]
    elif rjb_km > k[27]:
        phi += k[29] * math.log(rjb_km / k[27]) / math.log(k[28] / k[27])
    if vs30 <= k[31]:
        phi -= k[30]
    elif vs30 < k[32]:
        phi -= k[30] * math.log(k[32] / vs30) / math.log(k[32] / k[31])
    return tau, phi


@njit(cache=True, nogil=True)
def motion_at_sites(
    rows: Any,
    rock: Any,
    dc3: Any,
    dc3_rock: Any,
    mechanism: Any,
    magnitude: Any,
    rjb_km: Any,
    vs30: Any,
    z1_km: Any,
    japan: Any,
    median: Any,
    tau: Any,
    phi: Any,
) -> None:
    """Fills median (ln), tau and phi [row, site] for coefficient rows; `rock` is the row of PGA."""
    for s in range(len(rjb_km)):
        reference = math.exp(rock_motion(rock, mechanism, dc3_rock, magnitude, rjb_km[s]))
        for r in range(len(rows)):
            on_rock = rock_motion(rows[r], mechanism, dc3[r], magnitude, rjb_km[s])
            median[r, s] = on_rock + site_term(rows[r], reference, vs30[s], z1_km[s], japan)
            tau[r, s], phi[r, s] = spread(rows[r], magnitude, rjb_km[s], vs30[s])


@njit(cache=True, nogil=True)
def mix_curves(log_motion: Any, share: Any, curves: Any, low: Any, step: Any, out: Any) -> None:
    """out[member, figure] += sum over places and classes of share[place, class] * curve at the
    motion; curves[class, bin, figure] stand at low + bin * step, linear between, flat beyond.
    """
    members, places = log_motion.shape
    classes, bins, figures = curves.shape
    mixed = np.zeros((bins, figures))
    for p in range(places):
        mixed[:] = 0.0
        for c in range(classes):
            if share[p, c] > 0:
                for b in range(bins):
                    for f in range(figures):
                        mixed[b, f] += share[p, c] * curves[c, b, f]
        for m in range(members):
            x = (log_motion[m, p] - low) / step
            b = min(max(np.int64(x), 0), bins - 2)
            w = min(max(x - b, 0.0), 1.0)
            for f in range(figures):
                out[m, p, f] = (1 - w) * mixed[b, f] + w * mixed[b + 1, f]
