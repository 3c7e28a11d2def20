"""Every figure of every surface at an instant, held against the published files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import msgspec

from helpers.published_counts import CITY, Known, Published
from twinward.decision.assessment.analyse import analyse
from twinward.decision.assessment.describe import describe
from twinward.service.assessment.situation_reader import read_situation
from twinward.service.assessment.situation_report import report_situation
from twinward.service.console.basemap import Basemap
from twinward.service.console.dashboard import Dashboards
from twinward.service.console.dashboard_view import Dashboard, DayRow
from twinward.service.console.workspaces import get_public
from twinward.service.incidents import queries
from twinward.service.incidents.incident_view import get_incident_view
from twinward.service.platform import Platform, local_admin

Held = tuple[str, str, Any, Any]  # surface, figure, shown, published


class Surfaces:
    """The surfaces of one platform."""

    def __init__(self, platform: Platform, published: Published) -> None:
        self.platform, self.published = platform, published
        self.ground = Basemap(platform)
        self.screens = Dashboards(platform, self.ground)
        self.root = platform.reference.areas.root
        self.held = 0

    def wrong_at(self, at: datetime, *, pages: bool = True) -> list[tuple[str, str, str, Any, Any]]:
        """(instant, surface, figure, shown, published) of every figure that differs; without the
        `pages` of each incident, of the surfaces that show all of them.
        """
        known = self.published.known(at)
        pairs = list(self.list_figures(at, known, pages)) if known.counts else []
        self.held += len(pairs)
        return [(at.isoformat(), *one) for one in pairs if one[2] != one[3]]

    def list_figures(self, at: datetime, known: Known, pages: bool) -> Iterator[Held]:
        screen = msgspec.json.decode(self.screens.get(at, local_admin()), type=Dashboard)
        yield from hold_screen(screen, known)
        yield from self.hold_areas(screen, known)
        yield from hold_bulletins(screen, known)
        yield from self.hold_public(at, known)
        yield from self.hold_overview(at, known)
        listed = {
            row["id"]: row for row in queries.list_incidents(self.platform, at=at, details=True)
        }
        where = [row["area"] for row in listed.values()]
        for name, row in listed.items():
            # a district may have had several incidents, each with days of its own
            if where.count(row["area"]) == 1 and row["status"] == "open":
                yield from self.hold_listed(row, known)
                if pages:
                    yield from self.hold_incident(name, row, at, known)

    def code(self, area: str) -> str:
        return CITY if area == self.root else area

    def hold_areas(self, screen: Dashboard, known: Known) -> Iterator[Held]:
        for row in screen.areas:
            where = self.code(row.code)
            here = f"screen, {row.name}"
            last = known.of(known.last, where)
            yield here, "new", row.new, last.new if last else None
            yield here, "new in 7 days", row.new_7d, known.new(known.week, where)
            yield here, "total", row.new_total, known.total(where)
            yield here, "places", row.places, known.places[where]
            own = [one for one in screen.incidents if one.area == row.code]
            if own:
                yield here, "total of incidents", sum(i.new_total for i in own), row.new_total
        named = {self.code(row.code) for row in screen.areas}
        told = {code for day in known.counts.values() for code, one in day.items() if one.new}
        yield "screen", "areas left out", sorted(told - named), []

    def hold_public(self, at: datetime, known: Known) -> Iterator[Held]:
        page, k = get_public(self.platform, self.ground, at), self.platform.settings.k_anonymity
        yield "public", "to day", page.to_day, str(known.last)
        yield "public", "reported to", page.reported_to, str(known.last)
        for area in page.areas:
            yield (
                (
                    "public",
                    f"{area.name} in 7 days",
                    area.new_7d,
                    few(known.new(known.week, self.code(area.code)), k),
                )
                if area.new_7d is not None
                else ("public", "not told", None, None)
            )
        for row in page.days:
            told = known.of(date.fromisoformat(row.day))
            yield "public", f"missing {row.day}", row.missing, told is None
            yield "public", row.day, row.new, few(told.new, k) if told else None

    def hold_overview(self, at: datetime, known: Known) -> Iterator[Held]:
        view = queries.get_overview(self.platform, at)
        yield "overview", "total", view.new_total, known.total()
        yield "overview", "places", view.places_affected, known.places.total()
        for area, total in view.new_total_by_area.items():
            yield "overview", area, total, known.total(self.code(area))

    def hold_listed(self, row: dict[str, Any], known: Known) -> Iterator[Held]:
        where, here = self.code(row["area"]), f"incident of {row['area_name']}"
        week, total = known.new(known.week, where), known.total(where)
        yield f"{here}, list", "new in 7 days", row["figures"]["new_7d"], week
        yield f"{here}, list", "total", row["figures"]["new_total"], total
        for day, told in row["days"].items():
            if "new" in told:
                published = known.of(date.fromisoformat(day), where)
                yield f"{here}, show", day, told["new"], published.new if published else None

    def hold_incident(
        self, name: str, row: dict[str, Any], at: datetime, known: Known
    ) -> Iterator[Held]:
        where, here = self.code(row["area"]), f"incident of {row['area_name']}"
        week, total = known.new(known.week, where), known.total(where)
        view = get_incident_view(self.platform, self.ground, local_admin(), name, at)
        yield f"{here}, page", "new in 7 days", view.new_7d, week
        yield f"{here}, page", "week to", view.week_to, str(known.last)
        yield f"{here}, page", "total", view.new_total, total
        for day_row in view.curve:
            yield from hold_day(f"{here}, page", day_row, known, where)
        yield from self.hold_functions(here, name, at, known, where)
        document = report_situation(self.platform, self.ground, local_admin(), name, at)
        (said,) = next(one.says for one in document.sections if one.title == "Reports")
        last = known.of(known.last, where)
        for words in (
            f"{last.new if last else 0:,} new on {known.last},",
            f"{week:,} in the 7 days to {known.last},",
            f"{total:,} altogether.",
        ):
            yield f"{here}, report", words, words in said, True

    def hold_functions(
        self, here: str, name: str, at: datetime, known: Known, where: str
    ) -> Iterator[Held]:
        week, total = known.new(known.week, where), known.total(where)
        picture = read_situation(self.platform, self.ground, local_admin(), name, at).picture
        told = describe(picture)
        figures = {one.name: one.value for one in told.figures}
        yield f"{here}, describe", "new in 7 days", figures["new in 7 days"], week
        yield f"{here}, describe", "infections", figures["infections"], total
        yield (
            f"{here}, describe",
            "patients",
            figures.get("patients_in_hospital"),
            known.patients_of(where),
        )
        before = known.new(
            [day - (known.week[0] - known.week[-1]) - one_day() for day in known.week], where
        )
        if week + before:
            changes = analyse(picture)
            said = next(one.says for one in changes.changes if one.about == "new infections")
            words = (
                f"{week:,} in 7 days after {f'{before:,}' if before else 'none'} in the 7 before"
            )
            yield f"{here}, analyse", words, words in said, True


def one_day() -> Any:
    from datetime import timedelta

    return timedelta(days=1)


def few(count: int, k: int) -> int | None:
    """A number that could tell of few persons is not told."""
    return None if 0 < count < k else count


def hold_screen(screen: Dashboard, known: Known) -> Iterator[Held]:
    figures, last = screen.figures, known.of(known.last)
    before = known.of(known.last - one_day())
    assert last is not None
    yield "screen", "day", figures.day, str(known.last)
    yield "screen", "new", figures.new, last.new
    yield "screen", "new the day before", figures.new_before, before.new if before else None
    yield "screen", "linked", figures.linked, last.linked
    yield "screen", "linked before", figures.linked_before, before.linked if before else None
    yield "screen", "new in 7 days", figures.new_7d, known.new(known.week)
    yield "screen", "week", list(figures.week), [str(known.week[-1]), str(known.week[0])]
    yield "screen", "missing", figures.missing, [str(d) for d in known.missing if d in known.week]
    yield "screen", "total", figures.new_total, known.total()
    again = sum(one.reclassified for told in known.counts.values() for one in told.values())
    yield "screen", "reclassified", figures.reclassified, again
    dead = sum(int(told.get("dead", 0)) for told in known.bulletins.values())
    yield "screen", "deaths", figures.dead_total, dead
    yield "screen", "places", figures.places, known.places.total()
    days = [row.day for row in screen.curve if row.new is None]
    yield "screen", "days without a bulletin", days, [str(day) for day in known.missing]
    yield "screen", "days", len(screen.curve), (known.last - known.first).days + 1
    for row in screen.curve:
        yield from hold_day("screen, curve", row, known)


def hold_day(here: str, row: DayRow, known: Known, where: str | None = None) -> Iterator[Held]:
    told = known.of(date.fromisoformat(row.day), where)
    for name in ("new", "linked", "confirmed", "asymptomatic"):
        yield here, f"{name} on {row.day}", getattr(row, name), getattr(told, name, None)
    yield here, f"reclassified on {row.day}", row.reclassified, told.reclassified if told else 0


def hold_bulletins(screen: Dashboard, known: Known) -> Iterator[Held]:
    """What the city's own bulletin says stands beside the districts' sum, with the difference."""
    day = max(known.bulletins)
    ours, told = known.of(day), known.bulletins[day]
    shown = {row.figure: row for row in screen.bulletins}
    for name, published in told.items():
        row = shown[name]
        counted = {
            "confirmed_with_reclassified": ours.confirmed + ours.reclassified if ours else None,
            "asymptomatic": ours.asymptomatic if ours else None,
            "reclassified": ours.reclassified if ours else None,
            "dead": 0 if ours else None,
        }[name]
        yield "bulletin", f"{name}, day", row.day, str(day)
        yield "bulletin", f"{name}, published", row.published, published
        yield "bulletin", f"{name}, counted", row.counted, counted
        less = None if counted is None else published - counted
        yield "bulletin", f"{name}, difference", row.difference, less
