"""An observation over a threshold is forecast by itself: a reader of the log with a place of its
own, beside the loop.

The model runs outside any transaction; the commands that follow from the forecast and the place in
the log are then written together, so that a crash repeats the run but not the warning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from twinward.core.errors import TwinwardError
from twinward.core.messages import Command, Event
from twinward.core.ports import Store, Transaction
from twinward.loop.follower import PASSING, Follower
from twinward.loop.setting_aside import answer, set_aside
from twinward.twins.emergency import messages as m
from twinward.twins.twin import Twins

OFFSET = "hazard-forecasts"
BATCH = 50
KINDS = ("HazardReported",)
MakeForecast = Callable[[m.HazardReported, Event], Sequence[Command]]


class HazardForecasting:
    """Asks `make_forecast` once for every report of a hazard; it answers with nothing where no
    model is driven by that figure.
    """

    def __init__(self, store: Store, twins: Twins, make_forecast: MakeForecast) -> None:
        self.store = store
        self.twins = twins
        self.make_forecast = make_forecast
        self._follower = Follower("the hazard forecaster", self._turn)
        self._wait_s = 1.0

    def step(self) -> int:
        """Forecast the reports among the next events; how far the place in the log has moved."""
        with self.store.read() as rows:
            place, last = rows.get_offset(OFFSET), rows.last_seq()
            events = rows.events_after(place, BATCH, types=KINDS) if place < last else []
        if place >= last:
            return 0
        found = [(event, *self._asked(event)) for event in events]
        reached = events[-1].seq if len(events) == BATCH else last

        def work(tx: Transaction) -> None:
            if tx.get_offset(OFFSET) == place:  # another process may have done it meanwhile
                for event, commands, fault in found:
                    if fault is not None:
                        set_aside(self.twins, tx, OFFSET, event.id, event.area, fault)
                    answer(self.twins, tx, OFFSET, event, partial(iter, commands))
                tx.set_offset(OFFSET, reached)

        self.store.write(work)
        return reached - place

    def _asked(self, event: Event) -> tuple[Sequence[Command], Exception | None]:
        """What follows from one report, or why it has no forecast; what passes is tried again."""
        if not isinstance(event.fact, m.HazardReported):
            return (), None
        try:
            return self.make_forecast(event.fact, event), None
        except PASSING:
            raise
        except Exception as error:
            return (), error

    @property
    def failure(self) -> TwinwardError | None:
        """Why the log is not followed just now, or None."""
        return self._follower.failure

    def start(self, wait_s: float = 1.0) -> None:
        """Follow the log in a thread of its own until `stop`."""
        self._wait_s = wait_s
        self._follower.start()

    def _turn(self) -> None:
        if not self.step():
            with self.store.read() as rows:
                place = rows.get_offset(OFFSET)
            self.store.wait_for(place, self._wait_s)

    def stop(self) -> None:
        self._follower.stop()
