"""Cases of a fire from block to block: the blocks stand in the case, there is no grid."""

from __future__ import annotations

import math

import numpy as np

from twinward.core.errors import InputError
from twinward.core.reasons import because_of
from twinward.decision.simulation.fire.growth import FireSettings
from twinward.decision.simulation.fire.urban import spread_blocks
from twinward.decision.simulation.interface import Case, CaseRun, Probe, ProbeReading
from twinward.library.models.card import ModelCard

FIGURES = ("arrival_s", "blocks_burned")
MOST_BLOCKS = 20_000


def run_blocks_case(card: ModelCard, case: Case, asked: FireSettings) -> CaseRun:
    """When each block catches fire; InputError `bad_case` for a probe or ignition of no block."""
    if len(asked.block) > MOST_BLOCKS:
        raise InputError(
            f"{len(asked.block):,} blocks", f"give at most {MOST_BLOCKS:,}", code="bad_case"
        )
    starts = [(_block(asked, "an ignition", one.block), one.time_s) for one in asked.ignition]
    caught = spread_blocks(
        list(asked.block),
        starts,
        asked.wind_m_s,
        asked.wind_from_deg,
        case.until_s,
        asked.engines,
        asked.reach_m,
    )
    readings = [
        _read(card, probe, asked, at, caught) for at in case.times() for probe in case.probes
    ]
    return CaseRun(
        readings=tuple(readings),
        mass_error=None,
        cells=len(asked.block),
        steps=int(np.isfinite(caught).sum()),
        grids={"arrival_s": np.where(np.isinf(caught), np.nan, caught)[None, :]},
        assumptions=(because_of("remark.hamada"), because_of("remark.no_spotting"))
        + (because_of("remark.no_suppression"),) * (asked.engines is None),
        out_of_range=tuple(card.list_out_of_range({"wind_m_s": asked.wind_m_s})),
    )


def _block(asked: FireSettings, what: str, number: int | None) -> int:
    if number is None or not 1 <= number <= len(asked.block):
        raise InputError(
            f"{what} names block {number}, there are {len(asked.block)}",
            "blocks count from 1",
            code="bad_case",
        )
    return number - 1


def _read(
    card: ModelCard, probe: Probe, asked: FireSettings, at: float, caught: np.ndarray
) -> ProbeReading:
    if probe.figure not in FIGURES:
        raise InputError(
            f"probe {probe.name}: blocks have no {probe.figure}",
            f"name one of {', '.join(FIGURES)}",
            code="bad_case",
        )
    value: float | None
    if probe.figure == "blocks_burned":
        value = float((caught <= at).sum())
    else:
        found = float(caught[_block(asked, f"probe {probe.name}", probe.block)])
        value = found if found <= at and math.isfinite(found) else None
    unit = card.get_figure(probe.figure).unit
    return ProbeReading(name=probe.name, time_s=at, figure=probe.figure, unit=unit, value=value)
