"""Forecasts as files of forecast hubs."""

from __future__ import annotations

from twinward.service.surveillance.forecasts import WHOLE, ForecastAnswer
from twinward.standards.hubverse.model_output import (
    HubForecast,
    hub_reference_date,
    write_hub,
)


def make_hub_file(answer: ForecastAnswer, target: str) -> str:
    """Every area and the whole, horizons counted from the hub's reference date."""
    step = 7 if answer.every == "week" else 1
    reference = hub_reference_date(answer.until) if step == 7 else answer.until
    prefix = "wk" if step == 7 else "day"
    return write_hub(
        [
            HubForecast(
                reference_date=reference,
                horizon=(row.date - reference).days // step,
                target=f"{prefix} {target}",
                target_end_date=row.date,
                location=row.area if row.area != WHOLE else "total",
                quantiles={float(level): value for level, value in row.quantiles.items()},
            )
            for row in (*answer.rows, *answer.total)
        ]
    )
