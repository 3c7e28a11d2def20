"""The sheet of compared plans as one HTML page: ranking, fans, figures, burden, doubts, costs."""

from __future__ import annotations

import base64
import html
import io
from pathlib import Path
from typing import Any

import msgspec

from twinward.decision.planning.comparison import Comparison, PlanResult, Spread

SHOWN = 4  # plans whose fans are drawn
FANS = (
    ("new_infections", "new infections a day"),
    ("beds_in_use", "beds in use"),
    ("icu_in_use", "intensive care"),
)
TITLES = {
    "infections": "infections",
    "deaths": "deaths",
    "deaths_to_come": "deaths to come after the last day",
    "still_infected": "infected on the last day",
    "bed_peak": "most beds",
    "icu_peak": "most in intensive care",
    "restricted_days": "person-days of restriction",
    "school_days": "pupils' days out of school",
    "work_days": "working days lost",
    "tests": "tests",
    "tracers": "tracers",
    "quarantine_places": "quarantine places",
    "cost_of_response": "cost of response",
    "cost_of_illness": "cost of illness",
    "cost_of_restriction": "cost of restriction",
    "cost": "cost in all",
}
STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 "
    "1rem;color:#1c2733}"
    "table{border-collapse:collapse;margin:1rem 0;font-size:13px}td,th{padding:.3rem "
    ".6rem;text-align:right;"
    "border-bottom:1px solid "
    "#dde3ea}td:first-child,th:first-child{text-align:left}.why{font-size:17px;"
    "background:#f2f6fa;padding:1rem;border-radius:6px}small{color:#5a6b7b}img{max-width:100%}"
)


def write_sheet(sheet: Comparison, folder: Path) -> list[str]:
    """Writes sheet.json and sheet.html; returns their names."""
    folder.mkdir(exist_ok=True)
    (folder / "sheet.json").write_bytes(msgspec.json.format(msgspec.json.encode(sheet)))
    (folder / "sheet.html").write_text(render_sheet(sheet), encoding="utf-8")
    return ["sheet.json", "sheet.html"]


def render_sheet(sheet: Comparison) -> str:
    """The page as text; it loads nothing."""
    place = (
        f"{sheet.city}, {sheet.residents:,} residents, {sheet.disease}, {sheet.days} days, "
        f"{sheet.replicates} runs"
    )
    at = f"as of {sheet.as_of.isoformat()}, " if sheet.as_of else ""
    drill = (
        f'<p class="why">DRILL 演练 {html.escape(sheet.drill)}. This is an exercise, not an '
        f"emergency.</p>"
    )
    parts = [
        drill if sheet.drill else "",
        f"<h1>Plans compared</h1><p><small>{html.escape(at + place)}. Simulated. "
        f"{sheet.fingerprint}</small></p>",
        f'<p class="why">{html.escape(sheet.why["en"])}</p><p class="why" '
        f'lang="zh">{html.escape(sheet.why["zh"])}</p>',
        *([] if sheet.refused else plans_of(sheet)),
        table_of_doubts(sheet),
        table_of_prices(sheet),
        table_of_fit(sheet),
        table_of_costs(sheet),
        "".join(f"<p><small>{html.escape(note)}</small></p>" for note in sheet.notes),
    ]
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Plans '
        f"compared</title><style>{STYLE}</style>"
        f"<body>{''.join(parts)}</body></html>"
    )


def plans_of(sheet: Comparison) -> list[str]:
    """What the plans may bring, and who bears it."""
    return [
        table_of_figures(sheet),
        *(
            f'<h2>{title}</h2><img alt="{title}" '
            f'src="data:image/png;base64,{draw_fan(sheet, name)}">'
            for name, title in FANS
        ),
        table_of_fairness(sheet),
    ]


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table of escaped cells."""
    top = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><tr>{top}</tr>{body}</table>"


def said(spread: Spread) -> str:
    return f"{spread.mean:,.0f} ({spread.low:,.0f} to {spread.high:,.0f})"


def table_of_figures(sheet: Comparison) -> str:
    """Means with the 5-95 % range; plans in the order of the ranking, figures down."""
    head = ["", *(f"{one.place}. {one.title}" for one in sheet.plans)]
    odds = (
        "–" if one.probability_best is None else f"{one.probability_best:.0%}"
        for one in sheet.plans
    )
    rows = [
        ["odds to be the best, over doubts and dice", *odds],
        ["place in the ranking", *(say_role(one) for one in sheet.plans)],
    ]
    rows += [
        [title, *(said(one.figures[name]) for one in sheet.plans)] for name, title in TITLES.items()
    ]
    rows += [
        ["beds run out (share of runs)", *(f"{one.over_beds:.0%}" for one in sheet.plans)],
        [
            "not beaten in everything",
            *("yes" if one.pareto else f"beaten by {one.beaten_by}" for one in sheet.plans),
        ],
        ["measures", *("; ".join(one.measures) or "none" for one in sheet.plans)],
    ]
    return "<h2>Figures</h2>" + table(head, rows)


def say_role(one: PlanResult) -> str:
    """Ranked, the baseline, or what keeps it out of the ranking."""
    words = {"ranked": "ranked", "baseline": "baseline", "unranked": "not ranked"}
    said = words.get(one.role, "marked: " + ", ".join(one.breaks))
    if one.tied:
        said += ", cannot be told from the first"
    return said + "".join(f", waits for {need}" for need in one.needs)


def table_of_prices(sheet: Comparison) -> str:
    """What the cost takes a death, a day of liberty, of school and of work to be worth."""
    if not sheet.flips:
        return ""
    rows = [
        [
            flip.price.replace("_", " "),
            f"{flip.now:,.0f}",
            "at none" if flip.at is None else f"{flip.at:,.0f}",
            flip.then_first or "–",
        ]
        for flip in sheet.flips
    ]
    head = [f"value in {sheet.currency}", "taken", "the order turns at", "to"]
    return "<h2>Values to be decided</h2>" + table(head, rows)


def table_of_fit(sheet: Comparison) -> str:
    """The simulator beside the last two weeks of reports."""
    if sheet.fit is None:
        return ""
    rows = [
        [
            day.date.isoformat(),
            "nothing told" if day.reported is None else f"{day.reported:,.0f}",
            f"{day.simulated:,.0f}",
        ]
        for day in sheet.fit.days
    ]
    return "<h2>Held against the reports</h2>" + table(["day", "reported", "simulated"], rows)


def table_of_fairness(sheet: Comparison) -> str:
    rows = [
        [
            one.title,
            f"{one.fairness.gini_by_area:.3f}",
            f"{one.fairness.most_by_area:.2f}",
            heaviest(one, "by_area"),
            f"{one.fairness.gini_by_age:.3f}",
            f"{one.fairness.most_by_age:.2f}",
            heaviest(one, "by_age"),
        ]
        for one in sheet.plans
    ]
    head = [
        "days lost per head",
        "Gini, areas",
        "most / mean",
        "heaviest area",
        "Gini, ages",
        "most / mean",
        "heaviest",
    ]
    return "<h2>Who bears it</h2>" + table(head, rows)


def heaviest(one: PlanResult, by: str) -> str:
    found = max(getattr(one, by), key=lambda share: share.days_lost_per_100)
    low, high = found.days_lost_range
    return (
        f"{found.name}: {found.days_lost_per_100 / 100:.1f} days ({low / 100:.1f} to "
        f"{high / 100:.1f})"
    )


def table_of_doubts(sheet: Comparison) -> str:
    if not sheet.sensitivity:
        return ""
    rows = [
        [
            t.input.replace("_", " "),
            f"x {t.factor:g}",
            t.first,
            "yes" if t.changes_first else "no",
            f"{t.margin:,.0f}",
            t.source,
        ]
        for t in sheet.sensitivity
    ]
    head = [
        "doubtful input",
        "tried",
        "first then",
        "changes the first",
        "margin to the second",
        "how doubtful",
    ]
    return "<h2>What it depends on</h2>" + table(head, rows)


def table_of_costs(sheet: Comparison) -> str:
    rows = [[c.name.replace("_", " "), f"{c.value:,.0f}", c.unit, c.source] for c in sheet.costs]
    return "<h2>Unit costs</h2>" + table(["", sheet.currency, "for one", "source"], rows)


def draw_fan(sheet: Comparison, name: str) -> str:
    """The fans of the first plans as PNG in base 64: median, 25-75 % and 5-95 % of the runs."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    shown = sheet.plans[:SHOWN]
    figure, axes = pyplot.subplots(
        1, len(shown), figsize=(4 * len(shown), 3), sharey=True, layout="constrained", squeeze=False
    )
    days = range(sheet.days)
    for axis, one in zip(axes[0], shown, strict=True):
        low, lower, middle, upper, high = one.fan[name]
        axis.fill_between(days, low, high, alpha=0.2, linewidth=0)
        axis.fill_between(days, lower, upper, alpha=0.35, linewidth=0)
        axis.plot(days, middle)
        axis.set_title(f"{one.place}. {one.id[:30]}", fontsize=9)
        axis.set_xlabel("day")
        axis.set_ylim(bottom=0)
    return encode(figure, pyplot)


def encode(figure: Any, pyplot: Any) -> str:
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=90)
    pyplot.close(figure)
    return base64.b64encode(out.getvalue()).decode()
