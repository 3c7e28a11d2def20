"""The slow obvious twin of the ground-motion kernel: BSSA14 of one site as its paper writes it."""

from __future__ import annotations

import csv
import math

from twinward.decision.simulation.earthquake.ground_motion import COEFFICIENTS


def coefficients(period: float) -> dict[str, float]:
    with (COEFFICIENTS / "bssa14.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if float(row["period_s"]) == period:
                return {name: float(value) for name, value in row.items()}
    raise LookupError(period)


def source_and_path(
    k: dict[str, float], magnitude: float, mechanism: str, rjb: float, region: str
) -> float:
    event = k["e_" + mechanism.replace("-", "_")]
    if magnitude <= k["m_hinge"]:
        event += k["e4"] * (magnitude - k["m_hinge"]) + k["e5"] * (magnitude - k["m_hinge"]) ** 2
    else:
        event += k["e6"] * (magnitude - k["m_hinge"])
    change = {
        "china": "dc3_china_turkey",
        "turkey": "dc3_china_turkey",
        "italy": "dc3_italy_japan",
        "japan": "dc3_italy_japan",
    }
    dc3 = k[change.get(region, "dc3_global")]
    r = math.sqrt(rjb**2 + k["h_km"] ** 2)
    spreading = (k["c1"] + k["c2"] * (magnitude - k["m_ref"])) * math.log(r / k["r_ref_km"])
    return event + spreading + (k["c3"] + dc3) * (r - k["r_ref_km"])


def ln_median(
    period: float,
    magnitude: float,
    mechanism: str,
    rjb: float,
    vs30: float,
    region: str,
    z1: float | None,
) -> float:
    k = coefficients(period)
    rock = math.exp(source_and_path(coefficients(0), magnitude, mechanism, rjb, region))
    site = k["c_site"] * math.log(min(vs30, k["v_c"]) / k["v_ref"])
    f2 = k["f4"] * (math.exp(k["f5"] * (min(vs30, 760) - 360)) - math.exp(k["f5"] * (760 - 360)))
    site += k["f1"] + f2 * math.log((rock + k["f3"]) / k["f3"])
    if z1 is not None and period >= 0.65:
        if region == "japan":
            mean = (
                math.exp(-5.23 / 2 * math.log((vs30**2 + 412.39**2) / (1360**2 + 412.39**2))) / 1000
            )
        else:
            mean = (
                math.exp(-7.15 / 4 * math.log((vs30**4 + 570.94**4) / (1360**4 + 570.94**4))) / 1000
            )
        site += min(k["f6"] * (z1 - mean), k["f7"])
    return source_and_path(k, magnitude, mechanism, rjb, region) + site
