"""An observation over a threshold is forecast by itself: a reader of the log with a place of its
own, beside the loop.

The model runs outside any transaction; the commands that follow from the forecast and the place in
the log are then written together, so that a crash repeats the run but not the warning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twinward.core.messages import Command, Event
from twinward.core.ports import Store
from twinward.loop.log_reader import LogReader
from twinward.twins.emergency import messages as m
from twinward.twins.twin import Twins

OFFSET = "hazard-forecasts"
BATCH = 50
KINDS = ("HazardReported",)
MakeForecast = Callable[[m.HazardReported, Event], Sequence[Command]]


class HazardForecasting(LogReader):
    """Asks `make_forecast` once for every report of a hazard; it answers with nothing where no
    model is driven by that figure.
    """

    offset = OFFSET
    kinds = KINDS
    batch = BATCH

    def __init__(self, store: Store, twins: Twins, make_forecast: MakeForecast) -> None:
        super().__init__("the hazard forecaster", store, twins)
        self.make_forecast = make_forecast

    def commands_of(self, event: Event) -> Sequence[Command]:
        if not isinstance(event.fact, m.HazardReported):
            return ()
        return self.make_forecast(event.fact, event)
