"""A city of any number of residents from the bundled figures alone, in memory: square areas on a
plane of streets.
"""

from __future__ import annotations

import hashlib

import numpy as np

from twinward.citybase.columns import base_of
from twinward.citybase.defaults import CENSUS_MEN, CENSUS_WOMEN, default_ages, household_shares
from twinward.citybase.inputs import Assumptions, CityInputs, apportion, whole_ages
from twinward.citybase.people.synthesis import synthesise
from twinward.citybase.schema import Area, CityBase
from twinward.core.errors import InputError

RESIDENTS_PER_LEAF = 4_000
LEAF_M = 900.0  # about 5,000 residents a square kilometre, a dense city's mean
MOST_RESIDENTS, MOST_LEAVES, ZONES_ACROSS = 200_000_000, 65_025, 15


def plain_frame(residents: int, seed: int) -> CityInputs:
    """A square of leaf areas with equal residents, grouped into at most 15 x 15 zones of work."""
    leaves = min(max(1, round(residents / RESIDENTS_PER_LEAF)), MOST_LEAVES)
    across = int(np.ceil(np.sqrt(leaves)))
    row, column = np.divmod(np.arange(leaves), across)
    step = LEAF_M / 111_194.93
    zones = min(ZONES_ACROSS, across)
    _, zone_of = np.unique(
        (row * zones // across) * zones + column * zones // across, return_inverse=True
    )
    return CityInputs(
        residents=apportion(np.ones(leaves), residents),
        lonlat=np.column_stack([column * step, row * step]).astype(np.float64),
        radius_m=np.full(leaves, LEAF_M / 2),
        zone_of=zone_of.astype(np.int64),
        ages=whole_ages(default_ages(), residents),
        men=residents * CENSUS_MEN // (CENSUS_MEN + CENSUS_WOMEN),
        sizes=household_shares(),
        jobs=np.ones(leaves),
        facilities=[],
        assumptions=Assumptions(),
        seed=seed,
    )


def plain_base(residents: int, seed: int, threads: int = 0) -> CityBase:
    """A city base of `residents` residents with the bundled ages and household sizes; no file is
    read or written.
    """
    if not 1 <= residents <= MOST_RESIDENTS:
        raise InputError(
            f"{residents} residents cannot be made",
            f"ask for 1 to {MOST_RESIDENTS:,}",
            code="bad_residents",
        )
    frame = plain_frame(residents, seed)
    columns = synthesise(frame, threads)
    codes = [f"9{leaf:05d}" for leaf in range(len(frame.residents))]
    areas = [
        Area(
            code="9",
            name="plain city",
            level="city",
            parent=None,
            lon=0.0,
            lat=0.0,
            synthetic_point=True,
        )
    ] + [
        Area(
            code=code,
            name=code,
            level="area",
            parent="9",
            lon=float(x),
            lat=float(y),
            synthetic_point=True,
        )
        for code, (x, y) in zip(codes, frame.lonlat.tolist(), strict=True)
    ]
    digest = hashlib.sha256(f"plain/{residents}/{seed}".encode()).hexdigest()
    return base_of(columns, frame.lonlat, codes, areas, name="plain", timezone="UTC", sha256=digest)
