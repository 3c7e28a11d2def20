"""Aftershocks on damaged stock: when one comes, how strong, and damage that never heals."""

from __future__ import annotations

import msgspec
import numpy as np
from scipy.special import ndtr

from twinward.core.chance import generator
from twinward.decision.simulation.earthquake.damage import BETA, STATES, BuildingClass
from twinward.decision.simulation.ground import Floats

BATH, BATH_SD = 1.2, 0.3  # Bath 1965: the largest aftershock is 1.2 smaller; its scatter is assumed
OMORI_C_H = 1.2  # hours, p = 1: Utsu 1961's form; c of 0.05 days assumed
# medians of a building already in slight, moderate, extensive, complete damage, as shares of its
# own: assumed, of the order that Ryu et al. 2011 find for damaged frames; check before relying on
WEAKER = (1.0, 1.0, 0.9, 0.75, 0.6)


class Aftershock(msgspec.Struct, frozen=True, kw_only=True):
    """The largest aftershock by member: magnitude and seconds after the main shock; float64[M]."""

    magnitude: Floats
    at_s: Floats


def sample_aftershocks(magnitude: float, members: int, seed: int, until_s: float) -> Aftershock:
    """One a member, at a time by Omori's law within `until_s`."""
    chance = generator(seed, "aftershocks")
    size = magnitude - BATH + chance.normal(0, BATH_SD, members)
    hours = until_s / 3600
    when = OMORI_C_H * ((1 + hours / OMORI_C_H) ** chance.random(members) - 1)
    return Aftershock(magnitude=np.minimum(size, magnitude), at_s=when * 3600)


def carry_damage(states: Floats, pga_g: Floats, building: BuildingClass) -> Floats:
    """P(state) [..., 5] after another shaking of buildings that are in `states` [..., 5].

    A building is shaken with the medians of its damage state and never gets better.
    """
    pga = np.maximum(np.asarray(pga_g, np.float64), 1e-12)[..., None]
    medians = np.array(building.medians)
    out = np.zeros_like(np.asarray(states, np.float64))
    for before in range(len(STATES)):
        above = ndtr(np.log(pga / (medians * WEAKER[before])) / BETA)
        edges = np.concatenate([np.ones((*above.shape[:-1], 1)), above], axis=-1)
        edges[..., : before + 1] = 1.0
        moved = np.concatenate([edges[..., :-1] - edges[..., 1:], edges[..., -1:]], axis=-1)
        out += states[..., before : before + 1] * np.maximum(moved, 0.0)
    return out
