"""Use case: a run between cities kept for the screen, beside one with half the travel."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from twinward.core.errors import AbsentError, InputError
from twinward.decision.surveillance.cities.spread import SpreadSettings
from twinward.service.platform import Caller, Platform
from twinward.service.surveillance.between_cities import CitiesAnswer, spread_between_cities

KEPT = "between_cities.json"
CUT = 0.5  # of travel that is left in the second run


class KeptCities(msgspec.Struct, frozen=True, kw_only=True):
    """Two runs of the same outbreak: with the travel asked for, and with half of that."""

    made_at: datetime
    r: float
    as_asked: CitiesAnswer
    with_half: CitiesAnswer


def keep_cities(
    workspace: Path,
    flows: Path,
    population: Path,
    seed_city: str,
    settings: SpreadSettings,
    made_at: datetime,
) -> KeptCities:
    """Runs both and writes them beside the city's data; what was kept before is replaced."""
    if not workspace.is_dir():
        raise InputError(f"{workspace} is no workspace", "make one with `twinward init`")
    half = msgspec.structs.replace(settings, travel_factor=settings.travel_factor * CUT)
    runs = [spread_between_cities(flows, population, seed_city, one) for one in (settings, half)]
    kept = KeptCities(made_at=made_at, r=settings.r, as_asked=runs[0], with_half=runs[1])
    new = workspace / f"{KEPT}.new"
    new.write_bytes(msgspec.json.encode(kept))
    new.replace(workspace / KEPT)
    return kept


def get_cities(platform: Platform, caller: Caller) -> KeptCities:
    """The kept run; absent where nobody kept one."""
    platform.policy.require(caller, "see_situation")
    path = platform.workspace / KEPT
    if not path.is_file():
        raise AbsentError("no run between cities was kept", "keep one: see the how-to page")
    return msgspec.json.decode(path.read_bytes(), type=KeptCities)
