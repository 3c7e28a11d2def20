"""What the figures of an incident are now: as reported, from sensors, for each 100,000
residents, and beds in use.
"""

from __future__ import annotations

from twinward.core.ports import Rows
from twinward.loop.context import ReferenceData
from twinward.twins.emergency.incidents.rows import Incident
from twinward.twins.emergency.resources.rows import STOCKS, Stock

# figure -> the kinds of stock whose share in use it is
BEDS = {
    "hospital_share": ("beds",),
    "beds_used_share": ("beds",),
    "icu_share": ("icu_beds",),
    "icu_used_share": ("icu_beds",),
}


def indicator_value(
    figure: str, incident: Incident, rows: Rows, reference: ReferenceData
) -> float | None:
    """The figure now, or None where nobody has reported what it needs."""
    hazard = reference.library.find_hazard(incident.hazard)
    if hazard is not None and figure in hazard.per_100k:
        residents = reference.residents(incident.area)
        count = incident.figures.get(hazard.per_100k[figure], 0.0)
        return 1e5 * count / residents if residents else None
    if figure in BEDS:
        return share_in_use(BEDS[figure], incident.area, rows, reference)
    return incident.figures.get(figure)


def share_in_use(
    kinds: tuple[str, ...], area: str, rows: Rows, reference: ReferenceData
) -> float | None:
    """Of the area's stock of these kinds the share in use; of the whole city's where the area
    has stated none.
    """
    stocks: list[Stock] = rows.list_rows(STOCKS, kind=kinds)
    here = [stock for stock in stocks if reference.areas.is_under(stock.area, area)] or stocks
    there_is = sum(stock.quantity for stock in here)
    return sum(stock.in_use for stock in here) / there_is if there_is > 0 else None


def describe_indicator(figure: str, value: float | None) -> str:
    return f"nobody has reported {figure}" if value is None else f"{figure} is {value:g}"
