"""A hazard forecast as a document: who is hit, when, how sure, what first, what it sets off."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from twinward.library.hazards.protective import load_hazard_measures
from twinward.library.loading import Library
from twinward.report.document import Document, ReportTable, Section, render_html, render_pdf
from twinward.report.hazard import draw_footprint
from twinward.service.hazards.forecast_store import StoredForecast
from twinward.service.hazards.risks import simulate_risks

FOOTPRINT = "Where and when"
MOST_ROWS = 20
# by which figure of the register the chains of a hazard start, and its factor from the model's
CHAIN_FIGURE = {"earthquake": "pga_g", "flood": "water_depth_m", "fire": "heat_kw_m2"}


def write_report(stored: StoredForecast, library: Library) -> Document:
    """The whole report; every figure says its interval."""
    answer = stored.answer
    synthetic = "; ".join(answer.notes)
    return Document(
        title=f"{answer.hazard.capitalize()}: forecast over {answer.hours:g} hours",
        subtitle=f"{stored.id}, {stored.issued_at.isoformat()}, by {stored.made_by}: "
        f"{stored.because}",
        notice="; ".join(word for word in ("simulated", answer.calibration, synthetic) if word),
        sections=[
            _exposed(stored),
            _areas(stored),
            Section(title=FOOTPRINT, says=(_reach(stored),)),
            _chain(stored),
            _measures(stored, library),
            Section(
                title="What it rests on",
                says=(
                    f"{answer.model} {answer.version}, {answer.members} members, seed "
                    f"{answer.seed}, fingerprint {answer.fingerprint}",
                    *answer.assumptions,
                    *(f"outside the range of its sources: {one}" for one in answer.out_of_range),
                ),
            ),
        ],
    )


def _interval(q: tuple[float, ...]) -> str:
    return f"{q[2]:,.0f} ({q[0]:,.0f} to {q[4]:,.0f})"


def _exposed(stored: StoredForecast) -> Section:
    answer = stored.answer
    rows = [
        (
            one.level,
            f"{one.at_least:.3g} {answer.unit}",
            _interval(one.people),
            _interval(one.over_65),
            _interval(one.hospitals),
            _interval(one.schools),
        )
        for one in answer.exposed
    ]
    head = ("level", "from", "people", "over 65", "hospitals", "schools")
    return Section(
        title="Who is hit",
        says=("median, and the interval from 5 to 95 per cent of the members",),
        table=ReportTable(head=head, rows=rows),
    )


def _areas(stored: StoredForecast) -> Section:
    rows = [
        (
            one.name,
            f"{one.residents:,}",
            f"{max(one.median):.3g}",
            f"{max(one.high):.3g}",
            "-" if one.arrival_s is None else f"{one.arrival_s / 3600:.1f} h",
        )
        for one in stored.map.areas[:MOST_ROWS]
    ]
    unit = stored.map.unit
    head = ("area", "residents", f"median, {unit}", f"95 %, {unit}", "reached after")
    return Section(
        title="Worst areas",
        says=(f"{len(stored.map.areas):,} of {stored.map.areas_total:,} areas are reached",),
        table=ReportTable(head=head, rows=rows),
    )


def _reach(stored: StoredForecast) -> str:
    times = [one.arrival_s for one in stored.map.areas if one.arrival_s is not None]
    if not times:
        return "in no area do half the members reach the lowest level"
    return (
        f"the first area is reached by {min(times) / 3600:.1f} h, half of those that are reached "
        f"by {float(np.median(times)) / 3600:.1f} h"
    )


def _chain(stored: StoredForecast) -> Section:
    answer = stored.answer
    name = CHAIN_FIGURE.get(answer.hazard)
    if name is None:
        return Section(title="What it may set off", says=("no chain begins with this hazard",))
    worst = max((max(one.median) for one in stored.map.areas), default=0.0)
    found = simulate_risks(answer.hazard, {name: worst}, 1000, answer.seed)
    rows = [
        (
            "\u2192 " * link.depth + link.effect,
            f"{link.probability:.0%}",
            f"{link.at_h[1]:.1f} h ({link.at_h[0]:.1f} to {link.at_h[2]:.1f})",
            link.rule,
        )
        for link in found.links
    ]
    return Section(
        title="What it may set off",
        says=(f"from {name} {worst:.3g} in the worst area",),
        table=ReportTable(head=("effect", "chance", "after", "rule"), rows=rows),
    )


def _measures(stored: StoredForecast, library: Library) -> Section:
    known = load_hazard_measures()
    rows = [
        (plan.id, plan.level, task.title, known[task.measure].title, f"{task.deadline_h:g} h")
        for plan in library.plans.values()
        if plan.hazard == stored.answer.hazard
        for task in plan.work()
        if task.measure in known
    ]
    head = ("plan", "level", "task", "measure", "within")
    return Section(title="What to do first", table=ReportTable(head=head, rows=rows))


def draw(stored: StoredForecast) -> dict[str, bytes]:
    """The footprint, by the title of the section that it stands in."""
    areas = stored.map.areas
    values = np.array([one.median for one in areas]).T.reshape(len(stored.map.times_s), len(areas))
    picture = draw_footprint(
        np.array([one.lon for one in areas]),
        np.array([one.lat for one in areas]),
        values,
        [round(one / 3600, 2) for one in stored.map.times_s],
        stored.map.levels,
        f"{stored.map.figure}, median of {stored.answer.members} members",
    )
    return {FOOTPRINT: picture}


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
