"""What officers will ask of a morning is worked out before they ask: needs and courses are
forecast when reports have come, and not while somebody waits.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from functools import partial
from zoneinfo import ZoneInfo

from twinward.core.errors import AbsentError
from twinward.core.language import reading_in
from twinward.security.identity.people import Caller
from twinward.service.assessment.five_functions import predict
from twinward.service.assessment.past_incidents import list_records
from twinward.service.assessment.situation_reader import read_situation
from twinward.service.city.context import zone_of
from twinward.service.console.basemap import Basemap
from twinward.service.logistics.demand_forecast import forecast_demand
from twinward.service.platform import Platform
from twinward.service.surveillance.situation import get_situation
from twinward.twins.emergency.incidents.rows import INCIDENTS, Incident

CALLER = Caller(name="preparation", role="administrator")
LOOK_S = 2.0
PAUSE_S = 0.2  # between two pieces of work: whoever asks meanwhile goes first
AHEAD_D = 14  # as the console asks
MOST_INCIDENTS = 24  # fewer than the courses that are kept
LANGUAGES = ("en", "zh")
RECENT_D = 7
# what a forecast is made of
KINDS = (
    "CaseReported",
    "CaseReclassified",
    "CountReported",
    "CountWithdrawn",
    "IncidentOpened",
    "IncidentClosed",
    "IncidentReopened",
)
LOG = logging.getLogger("twinward.preparing")


class Preparing:
    """A thread that asks for the city's needs, for the course of each open incident and for the
    records of closed ones, so that they are kept under what they were made of.

    It keeps no answer of its own: whoever asks gets an answer of that moment, and only what a
    forecast costs has been paid, for exactly the counts that it is made of.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._ground = Basemap(platform)
        self._seen = 0  # how far the log has been looked through for reports
        self._done: tuple[int, date] | None = None  # the last report seen, and the city's day
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="preparing", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.look()
            except Exception:  # nobody is told less for it: it is then worked out when asked
                if not self._stop.is_set():
                    LOG.exception("nothing was made ready; it is tried again")
            self._stop.wait(LOOK_S)

    def look(self) -> int:
        """Make ready what new reports or a new day call for; how many pieces were made."""
        now = self._platform.clock.now()
        today = now.astimezone(ZoneInfo(zone_of(self._platform))).date()
        seq = self._last_report()
        if (seq, today) == self._done:
            return 0
        made = 0
        for piece in self._pieces():
            if self._stop.wait(PAUSE_S):
                return made
            piece()
            made += 1
        self._done = (seq, today)
        return made

    def _last_report(self) -> int:
        """The place in the log of the last event that a forecast is made of; before the first look
        whatever is there counts as one.
        """
        with self._platform.store.read() as reader:
            end = reader.last_seq()
            if self._done is None:
                self._seen = end
                return end
            found = reader.events_before(end + 1, 1, types=KINDS) if end > self._seen else []
        last = self._done[0]
        self._seen = end
        return max(last, found[0].seq) if found else last

    def _pieces(self) -> Iterator[Callable[[], None]]:
        """The city's needs first, then the largest incidents, then what was like them."""
        yield self._forecast_needs
        with self._platform.store.read() as reader:
            rows = reader.list_rows(INCIDENTS, status="open")
        for row in sorted(rows, key=recently, reverse=True)[:MOST_INCIDENTS]:
            yield partial(self._forecast_course, row.id)
        for language in LANGUAGES if rows else ():
            yield partial(self._read_records, language)

    def _forecast_needs(self) -> None:
        forecast_demand(self._platform, CALLER, days=AHEAD_D)
        get_situation(self._platform, CALLER)  # the same course, and how its forerunners held

    def _forecast_course(self, incident: str) -> None:
        with suppress(AbsentError):
            given = read_situation(self._platform, self._ground, CALLER, incident)
            predict(self._platform, given.picture, AHEAD_D)

    def _read_records(self, language: str) -> None:
        with reading_in(language):
            list_records(self._platform, self._ground, CALLER)


def recently(row: Incident) -> float:
    """What the last days of an incident brought."""
    days = sorted(row.days)[-RECENT_D:]
    return sum(row.days[day].get("new", 0.0) for day in days)
