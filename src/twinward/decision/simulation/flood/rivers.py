"""Rivers that leave their bed: height above nearest drainage, and a rating by Manning of every
reach (Nobre et al. 2011; the synthetic rating curves of NOAA's HAND).
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.decision.simulation.flood.kernels import drainage
from twinward.decision.simulation.ground import Floats

STAGES = np.concatenate([np.linspace(0, 2, 21), np.linspace(2.25, 15, 52)])  # m
RIVER_MANNING = 0.05  # bed and banks together: an assumption
LEAST_SLOPE = 1e-4
REACH_M = 1500.0
LEAST_SHARE = 0.02  # of the largest upstream area: what is a river and not a ditch


class Rivers(msgspec.Struct, frozen=True, kw_only=True):
    """height: float64[row, col] m above the nearest stream, infinite where nothing drains to one;
    reach: int64[row, col], -1 none; share: float64[reach] of the largest upstream area; rating:
    float64[reach, stage] m3/s at STAGES for RIVER_MANNING.
    """

    height: Floats
    reach: NDArray[np.int64]
    share: Floats
    rating: Floats

    def stages(self, discharge_m3_s: float, roughness: float = 1.0) -> Floats:
        """Metres of stage in every reach while that much leaves the largest river's outlet;
        `roughness` multiplies Manning's n. A discharge beyond the table stands at its end.
        """
        asked = np.maximum(discharge_m3_s, 0.0) * self.share * roughness
        return np.array(
            [np.interp(one, row, STAGES) for one, row in zip(asked, self.rating, strict=True)]
        )

    def depth(self, discharge_m3_s: float, roughness: float = 1.0) -> Floats:
        """float64[row, col] m of water that the rivers alone bring."""
        if not len(self.share):
            return np.zeros(self.height.shape)
        stage = np.append(self.stages(discharge_m3_s, roughness), 0.0)[self.reach]
        return np.maximum(stage - self.height, 0.0)


def find_rivers(elevation: Floats, cell_m: float, least_share: float = LEAST_SHARE) -> Rivers:
    """Rivers of a ground, NaN where there is none."""
    outside = np.isnan(elevation)
    z = np.ascontiguousarray(np.where(outside, 0.0, elevation))
    cells = z.size
    down, order = np.full(cells, -1, np.int64), np.zeros(cells, np.int64)
    count = drainage.drain(z, outside, down, order)
    area = np.where(outside.ravel(), 0.0, cell_m**2)
    drainage.gather(down, order, count, area)
    largest = float(area.max())
    stream, height = np.full(cells, -1, np.int64), np.full(cells, np.inf)
    reach, start = np.full(cells, -1, np.int64), np.zeros(cells, np.int64)
    longest = max(2, round(REACH_M / cell_m))
    least = max(least_share * largest, 4 * cell_m**2)
    reaches = drainage.follow(
        z, down, order, count, area, least, longest, stream, height, reach, start
    )
    rating = [_rate(n, z, cell_m, stream, height, reach) for n in range(reaches)]
    return Rivers(
        height=height.reshape(z.shape),
        reach=reach.reshape(z.shape),
        share=area[start[:reaches]] / max(largest, 1.0),
        rating=np.array(rating).reshape(reaches, len(STAGES)),
    )


def _rate(
    number: int,
    z: Floats,
    cell_m: float,
    stream: NDArray[np.int64],
    height: Floats,
    reach: NDArray[np.int64],
) -> Floats:
    """m3/s at each stage: Q = A R^(2/3) S^(1/2) / n with area and wetted bed by volume and ground
    over the length of the reach; rises with the stage.
    """
    mine = np.flatnonzero(reach == number)
    above = height[mine]
    beds = mine[stream[mine] == mine]
    long = max(len(beds), 1) * cell_m
    heights = z.ravel()[beds]
    slope = max(float(heights.max() - heights.min()) / long, LEAST_SLOPE)
    volume = np.maximum(STAGES[:, None] - above[None, :], 0.0).sum(axis=1) * cell_m**2
    wetted = (STAGES[:, None] > above[None, :]).sum(axis=1) * cell_m**2
    area = volume / long
    radius = volume / np.maximum(wetted, cell_m**2)
    flow = area * radius ** (2 / 3) * np.sqrt(slope) / RIVER_MANNING
    return np.asarray(np.maximum.accumulate(flow) + np.arange(len(STAGES)) * 1e-12)
