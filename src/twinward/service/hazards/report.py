"""A hazard forecast as a document: who is hit, when, how sure, what first, what it sets off; in the
reader's language.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from twinward.core.language import READER
from twinward.library.hazards.chains import load_chains
from twinward.library.hazards.protective import HazardMeasure, load_hazard_measures
from twinward.library.loading import Library
from twinward.library.models.card import list_models
from twinward.library.texts import say, say_name, say_reasons, say_together, say_value
from twinward.report.document import Document, ReportTable, Section, render_html, render_pdf
from twinward.report.hazard import draw_footprint, draw_members
from twinward.service.hazards.forecast_store import StoredForecast
from twinward.service.hazards.risks import simulate_risks

MOST_ROWS = 20


def write_report(stored: StoredForecast, library: Library) -> Document:
    """The whole report; every figure says its interval."""
    answer = stored.answer
    uncalibrated = say("hazard_report.uncalibrated")
    notice = [say("hazard_report.simulated"), uncalibrated]
    notice += [say_reasons([one]) for one in answer.notes_reasons]
    hazard = say_name(answer.hazard)
    title = say("hazard_report.title", hazard=hazard, hours=answer.hours)
    return Document(
        title=title[:1].upper() + title[1:],
        subtitle=say(
            "hazard_report.subtitle",
            id=stored.id,
            at=stored.issued_at.isoformat(),
            by=stored.made_by,
            because=say_reasons(stored.reasons, stored.because),
        ),
        notice=say_together(notice),
        sections=[
            _exposed(stored),
            _areas(stored),
            Section(title=say("hazard_report.footprint"), says=(_reach(stored),)),
            Section(title=say("hazard_report.members"), says=(say("hazard_report.members_say"),)),
            _chain(stored),
            _measures(stored, library),
            Section(title=say("hazard_report.rests"), says=_rests(stored)),
        ],
    )


def _rests(stored: StoredForecast) -> tuple[str, ...]:
    answer = stored.answer
    run = say(
        "hazard_report.run",
        model=f"{answer.model} {answer.version}",
        members=answer.members,
        seed=answer.seed,
        fingerprint=answer.fingerprint,
    )
    outside = [say("hazard_report.outside", what=(one,)) for one in answer.out_of_range_reasons]
    return (run, *(say_reasons([one]) for one in answer.assumptions_reasons), *outside)


def _interval(q: tuple[float, ...]) -> str:
    return f"{q[2]:,.0f} ({q[0]:,.0f} \u2013 {q[4]:,.0f})" if q else "-"


def _head(*names: str) -> tuple[str, ...]:
    return tuple(say_value(name) for name in names)


def _exposed(stored: StoredForecast) -> Section:
    answer = stored.answer
    rows = [
        (
            one.level,
            f"{one.at_least:.3g} {answer.unit}",
            _interval(one.people),
            _interval(one.people_by_day),
            _interval(one.over_65),
            _interval(one.under_15),
            _interval(one.hospitals),
            _interval(one.beds),
            _interval(one.schools),
            _interval(one.roads_km),
        )
        for one in answer.exposed
    ]
    head = tuple(
        say(code)
        for code in (
            "hazard_report.level",
            "hazard_report.from",
            "hazard_report.by_night",
            "hazard_report.by_day",
            "hazard_report.over_65",
            "hazard_report.under_15",
            "hazard_report.hospitals",
            "hazard_report.beds",
            "hazard_report.schools",
            "hazard_report.roads",
        )
    )
    return Section(
        title=say("hazard_report.who"),
        says=(say("hazard_report.quantiles"),),
        table=ReportTable(head=head, rows=rows),
    )


def _areas(stored: StoredForecast) -> Section:
    rows = [
        (
            one.name,
            f"{one.residents:,}",
            f"{max(one.median):.3g}",
            f"{max(one.high):.3g}",
            "-"
            if one.arrival_s is None
            else say("hazard_report.hours", hours=one.arrival_s / 3600),
        )
        for one in stored.map.areas[:MOST_ROWS]
    ]
    unit = stored.map.unit
    head = (
        say("hazard_report.area"),
        say("hazard_report.residents"),
        say("hazard_report.median", unit=unit),
        say("hazard_report.high", unit=unit),
        say("hazard_report.reached"),
    )
    counts = {"reached": len(stored.map.areas), "total": stored.map.areas_total}
    return Section(
        title=say("hazard_report.worst"),
        says=(say("hazard_report.of_areas", **counts),),
        table=ReportTable(head=head, rows=rows),
    )


def _reach(stored: StoredForecast) -> str:
    times = [one.arrival_s for one in stored.map.areas if one.arrival_s is not None]
    if not times:
        return say("hazard_report.nowhere")
    first, half = min(times) / 3600, float(np.median(times)) / 3600
    return say("hazard_report.arrival", first=first, half=half)


def _chain(stored: StoredForecast) -> Section:
    answer, title = stored.answer, say("hazard_report.chain")
    if answer.hazard not in {rule.cause for rule in load_chains()}:
        return Section(title=title, says=(say("hazard_report.no_chain"),))
    name = chain_figure(answer.hazard)
    worst = max((max(one.median) for one in stored.map.areas), default=0.0)
    found = simulate_risks(answer.hazard, {name: worst} if name else {}, 1000, answer.seed)
    rows = [
        (
            "\u2192 " * link.depth + say_name(link.effect),
            f"{link.probability:.0%}",
            say(
                "hazard_report.hours_between",
                middle=link.at_h[1],
                low=link.at_h[0],
                high=link.at_h[2],
            ),
            link.rule,
        )
        for link in found.links
    ]
    head = tuple(
        say(code)
        for code in (
            "hazard_report.effect",
            "hazard_report.chance",
            "hazard_report.after",
            "hazard_report.rule",
        )
    )
    says = (
        say("hazard_report.chain_from", figure=name, value=worst)
        if name
        else say("hazard_report.chain_if")
    )
    return Section(title=title, says=(says,), table=ReportTable(head=head, rows=rows))


def chain_figure(hazard: str) -> str:
    """By which figure of the risk register a forecast of that hazard begins a chain, or ""."""
    mine = [one.card.chain_figure for one in list_models() if one.card.hazard == hazard]
    return mine[-1] if mine else ""


def _measures(stored: StoredForecast, library: Library) -> Section:
    known = load_hazard_measures()
    rows = [
        (
            plan.id,
            plan.level,
            say_value(task.title),
            _measure(known[task.measure]),
            say("hazard_report.hours", hours=task.deadline_h),
        )
        for plan in library.plans.values()
        if plan.hazard == stored.answer.hazard
        for task in plan.work()
        if task.measure in known
    ]
    head = tuple(
        say(code)
        for code in (
            "hazard_report.plan",
            "hazard_report.level",
            "hazard_report.task",
            "hazard_report.measure",
            "hazard_report.within",
        )
    )
    return Section(title=say("hazard_report.first"), table=ReportTable(head=head, rows=rows))


def _measure(measure: HazardMeasure) -> str:
    return measure.zh if READER.get().language == "zh" else measure.title


def draw(stored: StoredForecast) -> dict[str, bytes]:
    """The footprint and the members, by the title of the section that each stands in."""
    areas, footprint = stored.map.areas, stored.map
    lon, lat = np.array([one.lon for one in areas]), np.array([one.lat for one in areas])
    values = np.array([one.median for one in areas]).T.reshape(len(footprint.times_s), len(areas))
    hours = [round(one / 3600, 2) for one in footprint.times_s]
    title = f"{footprint.figure}, {footprint.unit}"
    found = {
        say("hazard_report.footprint"): draw_footprint(
            lon, lat, values, hours, footprint.levels, title
        )
    }
    if footprint.members:
        peaks = np.array(footprint.members).reshape(len(footprint.members), len(areas))
        found[say("hazard_report.members")] = draw_members(lon, lat, peaks, footprint.levels, title)
    return found


def make_page(stored: StoredForecast, library: Library) -> str:
    """The report as one HTML file."""
    return render_html(write_report(stored, library), draw(stored))


def make_paper(stored: StoredForecast, library: Library) -> bytes:
    """The report as PDF."""
    return render_pdf(write_report(stored, library), draw(stored))


def write_files(stored: StoredForecast, library: Library, folder: Path) -> list[str]:
    """HTML and PDF into a folder; their names."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{stored.id}.html").write_text(make_page(stored, library), "utf-8")
    (folder / f"{stored.id}.pdf").write_bytes(make_paper(stored, library))
    return [f"{stored.id}.html", f"{stored.id}.pdf"]
