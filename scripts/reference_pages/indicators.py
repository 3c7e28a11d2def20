"""Indicators: what levels are decided by, what the simulator counts, what plans are compared by."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any

from reference_pages.markdown import code, head, table
from twinward.decision.planning.compare import PARETO_BY, RANKED_BY
from twinward.decision.simulation.epidemic.outcome import COMPARTMENTS, EVENTS
from twinward.report.comparison import TITLES

ABOUT = """
An indicator is a number by which something is decided or judged: the level of an incident, the
place of a plan.
"""


def condition(one: dict[str, Any]) -> str:
    rest = {name: value for name, value in one.items() if name not in ("figure", "at_least")}
    more = ", ".join(f"{name} {value}" for name, value in rest.items())
    return f"`{one.get('figure')}` at least {one.get('at_least', '…')}" + (
        f" ({more})" if more else ""
    )


def describe_hazard(data: dict[str, Any]) -> str:
    lines = [f"### {data['id']}: {data['title']}\n", f"Source: {data['source']}.\n"]
    opens = " or ".join(condition(one) for one in data.get("opens", []))
    rows = [("opens an incident", opens, "")]
    for level in data["levels"]:
        either = " or ".join(condition(one) for one in level.get("any", []))
        both = " and ".join(condition(one) for one in level.get("all", []))
        rows.append((f"level {level['level']}", either or both, level.get("decided_by", "rules")))
    return "\n".join([*lines, table(("what", "when", "decided by"), rows), ""])


def make_page() -> str:
    folder = resources.files("twinward.library") / "data" / "hazards"
    files = sorted(
        (one for one in folder.iterdir() if one.name.endswith(".toml")), key=lambda p: p.name
    )
    hazards = [tomllib.loads(one.read_text("utf-8")) for one in files]
    parts = [head("Indicators", ABOUT), "## Levels of incidents, by hazard\n"]
    parts += [describe_hazard(data) for data in hazards if "levels" in data]
    parts.append("## What the epidemic model counts each day\n")
    parts.append(f"How many are at the end of a day: {', '.join(map(code, COMPARTMENTS))}.\n")
    parts.append(f"How often it happened on a day: {', '.join(map(code, EVENTS))}.\n")
    parts.append("## What plans are compared by\n")
    rows = [
        (
            code(name),
            title,
            "yes" if name in RANKED_BY else "",
            "yes" if name in PARETO_BY else "",
        )
        for name, title in TITLES.items()
    ]
    parts.append(table(("figure", "meaning", "may rank", "in the Pareto set"), rows) + "\n")
    return "\n".join(parts)
