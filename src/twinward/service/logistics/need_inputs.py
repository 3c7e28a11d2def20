"""What the twins and the city say of needs: reports by area and day, control, stocks."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.library.supplies.catalogue import Supplies
from twinward.service.city.population import home_of, residents_below, residents_of, spread
from twinward.service.logistics.need_course import hospital_beds, words_of
from twinward.service.platform import Platform, snapshot_of
from twinward.twins.city.rows import RESTRICTIONS
from twinward.twins.emergency.incidents.rows import INCIDENTS
from twinward.twins.emergency.reports.rows import COUNTS
from twinward.twins.emergency.resources.rows import STOCKS
from twinward.twins.emergency.supplies.rows import SUPPLY_REQUESTS

if TYPE_CHECKING:
    from twinward.twins.emergency.resources.rows import Stock

Floats = NDArray[np.float64]
PAST_D = 180  # days of reports behind a forecast, as surveillance has them, and who is in care now


class DemandInputs(msgspec.Struct, kw_only=True):
    """What the twins and the city say: areas in a fixed order, with columns beside them."""

    areas: list[str]
    residents: Floats
    controlled: Floats
    past: Floats  # new cases [areas, PAST_D], the last of them on `last_day`
    known: NDArray[np.bool_] = msgspec.field(default_factory=lambda: np.ones(PAST_D, np.bool_))
    last_day: date  # the last day that somebody reported of
    stocks: list[tuple[str | None, Stock]]  # each with the area of the level that it lies in
    requests: list[tuple[str | None, Any]]
    hazard: str | None = None  # of the largest epidemic of these days
    beds: dict[str, float] = {}  # of hospitals by area, where nobody states a stock of beds


def read_inputs(
    platform: Platform, supplies: Supplies, areas: list[str], today: date, at: datetime | None
) -> DemandInputs:
    with platform.store.read() as reader:
        snapshot = snapshot_of(platform, reader, at)
        incidents = snapshot.list_rows(INCIDENTS)
        restrictions = snapshot.list_rows(RESTRICTIONS, measure=words_of(supplies.control.measures))
        stocks = snapshot.list_rows(STOCKS)
        counted = bool(snapshot.list_rows(COUNTS, limit=1))
        requests = snapshot.list_rows(SUPPLY_REQUESTS, status="sent")
    place = {code: n for n, code in enumerate(areas)}
    residents = residents_of(platform, place)
    scene = DemandInputs(
        areas=areas,
        residents=residents,
        controlled=np.zeros(len(areas)),
        past=np.zeros((len(areas), PAST_D)),
        last_day=today,
        stocks=[(home_of(platform, place, row.area), row) for row in stocks],
        requests=[(home_of(platform, place, row.area), row) for row in requests],
    )
    held = {row.area for row in restrictions}
    for code in {code for code in held if not held & set(platform.reference.areas.path(code)[:-1])}:
        inside = spread(platform, place, residents, code) * residents_below(platform, code)
        scene.controlled = np.minimum(scene.controlled + inside, residents)
    told = {day for one in incidents for day in one.reported_days() if day <= today.isoformat()}
    scene.last_day = max(map(date.fromisoformat, told), default=today)
    days = {(scene.last_day - timedelta(days=PAST_D - 1 - n)).isoformat(): n for n in range(PAST_D)}
    for incident in incidents:
        weight = spread(platform, place, residents, incident.area)
        for day, figures in incident.days.items():
            if day in days:
                scene.past[:, days[day]] += weight * figures.get("new", 0.0)
    sizes: Counter[str] = Counter()
    for incident in incidents:
        sizes[incident.hazard] += int(
            sum(f.get("new", 0.0) for day, f in incident.days.items() if day in days)
        )
    scene.hazard = sizes.most_common(1)[0][0] if sizes else None
    if not any(row.kind == "beds" for row in stocks):
        for area, beds in hospital_beds(platform.workspace / "city").items():
            home = home_of(platform, place, area)
            if home is not None:
                scene.beds[home] = scene.beds.get(home, 0.0) + beds
    if counted:  # a day of which nobody told anything lies between its neighbours
        scene.known = np.array([day in told for day in days])
        scene.past = fill_in(scene.past, scene.known)
    return scene


def fill_in(past: Floats, known: NDArray[np.bool_]) -> Floats:
    """Unknown days between known ones as the line between them."""
    at = np.arange(past.shape[1])
    if not known.any():
        return past
    return np.stack([np.interp(at, at[known], row[known], left=0.0) for row in past])
