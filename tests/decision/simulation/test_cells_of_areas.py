"""Who lives in which cell: nobody is lost, nobody lives on the lake."""

from __future__ import annotations

import msgspec
import numpy as np

from twinward.citybase.people.plain_city import plain_base
from twinward.decision.simulation.city import HazardCity, make_city
from twinward.decision.simulation.exposure import judge_footprint
from twinward.decision.simulation.flood import live
from twinward.decision.simulation.ground import CaseGround
from twinward.decision.simulation.interface import Footprint


def place(
    east: list[float], north: list[float], size: int = 40, cell_m: float = 100.0
) -> HazardCity:
    flat = CaseGround(
        cell_m=cell_m, elevation=np.zeros((size, size)), outside=np.zeros((size, size), np.bool_)
    )
    many = len(east)
    return HazardCity(
        areas=tuple(f"a{n}" for n in range(many)),
        east_m=np.array(east),
        north_m=np.array(north),
        residents=np.full(many, 100.0),
        over65=np.full(many, 10.0),
        hospitals=np.ones(many, np.int64),
        schools=np.ones(many, np.int64),
        terrain=flat,
    )


def test_a_cell_far_from_every_centre_is_no_ground_of_residents() -> None:
    settled = place([500.0, 900.0], [500.0, 500.0]).settle_cells()
    row, col = np.divmod(np.flatnonzero(settled.area_of_place >= 0), 40)
    middle = np.column_stack([(col + 0.5) * 100, (40 - row - 0.5) * 100])
    far = np.hypot(middle[:, 0] - 700, middle[:, 1] - 500)
    assert far.max() <= 200 + 400 + 1e-6  # no farther than the next area is
    assert settled.residents.sum() == 200


def test_areas_smaller_than_a_cell_keep_their_residents_and_their_depth() -> None:
    around = [510.0, 590.0, 550.0, 550.0], [550.0, 550.0, 510.0, 590.0]
    city = place([*around[0], 550.0, 552.0], [*around[1], 550.0, 551.0])
    settled = city.settle_cells()
    small = np.flatnonzero(settled.place_of_area >= 0)
    assert small.tolist() == [5] and settled.residents.sum() == 600
    ground = live.prepare(city)
    depth = np.zeros((1, 1, 1600), np.float32)
    depth[0, 0, settled.place_of_area[small[0]]] = 0.7
    told = judge_footprint(
        Footprint(
            figure="depth_m", unit="m", places=(), times=np.array([600.0]), values=depth, state={}
        ),
        ground,
        city,
        (("IV", 0.15),),
    )
    assert set(np.flatnonzero(told.peak_by_area[2] > 0.5)) >= set(small.tolist())
    assert told.exposed[0].people[2] >= 200  # who stands in the wet cell, and whose cell it is


def test_every_resident_of_a_city_is_in_a_cell() -> None:
    base = plain_base(50_000, 1)
    for cell_m in (100.0, 1000.0):
        settled = make_city(base, cell_m).settle_cells()
        assert abs(settled.residents.sum() - 50_000) < 1e-6
    away = msgspec.structs.replace(base, leaf_lonlat=np.asarray(base.leaf_lonlat)[::-1].copy())
    assert make_city(away, 250.0).settle_cells().residents.sum() > 0
