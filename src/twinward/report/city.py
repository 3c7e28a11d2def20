"""The fidelity page of a city: what it was made from, beside what came out, as one HTML file."""

from __future__ import annotations

import io
from itertools import pairwise
from typing import Any

import jinja2
from matplotlib.figure import Figure

INPUT, MADE = "#9aa7b4", "#1f5fa8"
PAGE = jinja2.Environment(autoescape=True).from_string("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ d.name }}: fidelity</title><style>
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2733}
table{border-collapse:collapse;margin:1rem 0}
td,th{padding:.25rem .8rem;border-bottom:1px solid #dde3e9;text-align:right}
td:first-child,th:first-child{text-align:left}
figure{margin:1.5rem 0}figcaption{color:#51606e}svg{max-width:100%;height:auto}
</style></head><body>
<h1>{{ d.name }}</h1>
<p>{{ "{:,}".format(d.residents) }} synthetic residents in {{ "{:,}".format(d.households) }} households;
{% for level, n in d.areas.items() %}{{ "{:,}".format(n) }} {{ level }} areas{{ ", " if not loop.last }}{% endfor %};
{{ "{:,}".format(d.places_published) }} published places and
{{ "{:,}".format(d.places - d.places_published) }} seeded stand-ins, {{ "{:,}".format(d.road_nodes) }} road nodes,
{{ "{:,}".format(d.buildings) }} buildings. SHA-256 <code>{{ d.sha256 }}</code>, seed {{ d.seed }}.</p>
<h2>Sources</h2><table>
<tr><th>source</th><th>read</th><th>kept</th><th>rejected</th><th>why, and what was done</th></tr>
{% for s in d.sources %}<tr><td>{{ s.name }}</td><td>{{ s.read }}</td><td>{{ s.kept }}</td><td>{{ s.rejected }}</td>
<td>{% for why, n in s.reasons.items() %}{{ n }} x {{ why }}; {% endfor %}{% for what, n in s.notes.items() %}{{ n }} x
{{ what }}; {% endfor %}</td></tr>{% endfor %}</table>
<h2>What nobody published</h2><ul>{% for note in d.synthetic %}<li>{{ note }}</li>{% endfor %}</ul>
<h2>Figures beside their inputs</h2>
{% for caption, svg in figures %}<figure>{{ svg | safe }}<figcaption>{{ caption }}</figcaption></figure>{% endfor %}
<h2>Schools, care homes, hospitals</h2>
<table><tr><th>kind</th><th>sites</th><th>places</th><th>taken</th><th>staff</th><th>over their room</th></tr>
{% for s in d.fidelity.schools + [d.fidelity.care_homes] %}<tr><td>{{ s.kind }}</td><td>{{ s.sites }}</td>
<td>{{ s.places }}</td><td>{{ s.taken }}</td><td>{{ s.staff }}</td><td>{{ s.over_room }}</td></tr>{% endfor %}
<tr><td>hospital</td><td>{{ d.fidelity.hospitals.hospitals }}</td><td></td><td></td>
<td>{{ d.fidelity.hospitals.staff }}</td><td></td></tr></table>
<p>{{ d.fidelity.schools_unplaced }} pupils found no school with room.</p>
</body></html>
""")


def bars(
    labels: list[str], wanted: list[float], made: list[float], axis: str, input_name: str
) -> str:
    """Pairs of bars, input beside result, as SVG."""
    figure = Figure(figsize=(8.5, 3.2), layout="constrained")
    axes = figure.add_subplot()
    at = range(len(labels))
    axes.bar([x - 0.2 for x in at], wanted, 0.4, color=INPUT, label=input_name)
    axes.bar([x + 0.2 for x in at], made, 0.4, color=MADE, label="made")
    axes.set_xticks(
        list(at),
        [str(label) for label in labels],
        rotation=45 if len(labels) > 10 else 0,
        fontsize=8,
    )
    axes.set_xlabel(axis)
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()[out.getvalue().index("<svg") :]


def figures_of(fidelity: dict[str, Any]) -> list[tuple[str, str]]:
    ages, homes, work, commute = (
        fidelity[key] for key in ("ages", "households", "workplaces", "commutes")
    )
    schools = [stage for stage in fidelity["schools"] if stage["sites"]]
    edges = commute["edges_km"]
    distances = [f"{a}-{b}" for a, b in pairwise(edges)] + [f"{edges[-1]}+"]
    return [
        (
            f"Residents by age. Largest difference of a single year: {ages['largest_difference']}.",
            bars(ages["bands"], ages["input"], ages["made"], "age", "input"),
        ),
        (
            f"Households by size: mean {homes['mean']}, input {homes['input_mean']}; residents of "
            f"care homes left out.",
            bars(
                homes["sizes"], homes["input"], homes["made"], "residents of a household", "input"
            ),
        ),
        (
            "Schools: places and pupils, all sites of a stage.",
            bars(
                [s["kind"] for s in schools],
                [s["places"] for s in schools],
                [s["taken"] for s in schools],
                "",
                "places",
            ),
        ),
        (
            f"Workplaces by size: {work['workplaces']:,} of them, mean {work['mean']}, largest "
            f"{work['largest']:,}.",
            bars(
                work["sizes"], work["law"], work["made"], "people at work", "truncated Pareto law"
            ),
        ),
        (
            f"Commutes, straight line: mean {commute['mean_km']} km of {commute['sampled']:,} "
            f"sampled workers, target "
            f"{commute['target_mean_km']} km.",
            bars(distances, commute["flow"], commute["made"], "km", "balanced flows between zones"),
        ),
    ]


def render_city(description: dict[str, Any]) -> str:
    """The page as HTML. `description` is what `twinward city describe --json` gives."""
    return PAGE.render(d=description, figures=figures_of(description["fidelity"]))
