"""A drill's decisions in hindsight: each plan put in force beside the others, from where the
outbreak truly stood.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import msgspec
import numpy as np

from twinward.citybase.schema import CityBase
from twinward.core.errors import TwinwardError
from twinward.decision.evaluation.drill_log import Log
from twinward.decision.evaluation.drill_score import ScoredDecision
from twinward.decision.planning.candidate import NONE, Candidate, from_plan
from twinward.decision.planning.compare import ComparisonContext, compare
from twinward.decision.planning.comparison import Comparison
from twinward.decision.planning.costs import load_costs
from twinward.decision.planning.replicates import Experiment, ReplicateRunner
from twinward.decision.simulation.epidemic import load_disease
from twinward.decision.simulation.epidemic.live_state import (
    APART_DAYS,
    INFECTED_DAYS,
    LiveResidents,
)
from twinward.decision.simulation.epidemic.scenario import InitialState
from twinward.library.drills.drill import DrillPerson, DrillScript, DrillTruth
from twinward.service.planning.comparison import open_base
from twinward.service.planning.comparison_store import keep_comparison
from twinward.service.platform import Platform
from twinward.twins.emergency.incidents.rows import INCIDENTS

DAYS = 28
MOST_DECISIONS, MOST_PLANS, REPLICATES = 4, 8, 5
LARGE = (
    5_000_000  # residents from which fewer are compared, so that the answer comes within minutes
)
LARGE_DECISIONS, LARGE_PLANS, LARGE_REPLICATES = 1, 3, 2


def compare_decisions(
    platform: Platform,
    script: DrillScript,
    truth: DrillTruth,
    log: Log,
    decisions: list[ScoredDecision],
) -> list[ScoredDecision]:
    """The decisions with what the best plan would have spared; the last ones where there are
    many. Says why if none.
    """
    if not truth.persons:
        return [
            msgspec.structs.replace(one, says="the simulator compares epidemics only")
            for one in decisions
        ]
    try:
        base = open_base(platform)
    except TwinwardError as error:
        return [
            msgspec.structs.replace(one, says=f"not compared: {error.message}") for one in decisions
        ]
    most = LARGE_DECISIONS if base.residents > LARGE else MOST_DECISIONS
    early = len(decisions) - most
    return [
        msgspec.structs.replace(one, says=f"not compared: the last {most} are")
        if n < early
        else compare_one(platform, base, script, truth, log, one)
        for n, one in enumerate(decisions)
    ]


def compare_one(
    platform: Platform,
    base: CityBase,
    script: DrillScript,
    truth: DrillTruth,
    log: Log,
    decision: ScoredDecision,
) -> ScoredDecision:
    initial = true_state(base, truth, log, decision.hour, script)
    if not len(initial.infected):
        return msgspec.structs.replace(decision, says="nobody was infected any more")
    large = base.residents > LARGE
    plans = candidates(platform, decision, log, LARGE_PLANS if large else MOST_PLANS)
    question = Experiment(
        base=base,
        disease=load_disease(script.disease),
        days=DAYS,
        seed=1,
        initial=initial,
        doubts=False,
        replicates=LARGE_REPLICATES if large else REPLICATES,
    )
    at = truth.start + timedelta(hours=decision.hour)
    note = f"a drill in hindsight: {len(initial.infected)} truly infected at the decision"
    arena = ReplicateRunner(question, load_costs(platform.workspace / "unit-costs.toml"))
    sheet = compare(
        arena,
        plans,
        ComparisonContext(
            as_of=at, incident=decision.incident, notes=(note,), drill=platform.drill
        ),
    )
    return lay_beside(decision, sheet, keep_comparison(platform.workspace, sheet))


def lay_beside(decision: ScoredDecision, sheet: Comparison, kept: str) -> ScoredDecision:
    by_id = {one.id: one for one in sheet.plans}
    cheapest = min(sheet.plans, key=lambda one: one.figures["cost"].mean)
    taken, best = by_id[decision.plan], by_id.get(sheet.first, cheapest)
    sure = "no odds" if sheet.probability_right is None else f"{sheet.probability_right:.0%} sure"

    def more(name: str) -> float:
        return taken.figures[name].mean - best.figures[name].mean

    return msgspec.structs.replace(
        decision,
        best=best.id,
        regret_infections=round(more("infections"), 1),
        regret_cost=round(more("cost"), 0),
        regret_share=round(more("cost") / max(best.figures["cost"].mean, 1.0), 4),
        compared=tuple(one.id for one in sheet.plans),
        says=f"{sheet.replicates} runs of {sheet.days} days each, {sure}, sheet {kept}",
    )


def candidates(
    platform: Platform, decision: ScoredDecision, log: Log, most: int
) -> list[Candidate]:
    """The plan taken, no measure at all, and the hazard's other plans, the strongest levels
    first.
    """
    library = platform.reference.library
    with platform.store.read() as reader:
        incident = reader.get(INCIDENTS, decision.incident)
    affected = sorted(incident.affected)
    taken = library.find(decision.plan)
    assert taken is not None, "a plan in force is in the library"
    family = [
        one for one in library.plans.values() if one.hazard == taken.hazard and one.id != taken.id
    ]
    ranked = sorted(family, key=lambda one: (not one.standard, len(one.level), one.id))
    none = Candidate(id=NONE, title="no measure", origin="built in", measures=())
    return [from_plan(taken, affected), none, *(from_plan(one, affected) for one in ranked)][:most]


def true_state(
    base: CityBase, truth: DrillTruth, log: Log, hour: float, script: DrillScript
) -> InitialState:
    """Where the outbreak truly stood: persons infected by then in their areas, those found kept
    apart.
    """
    happened = those_who_fell_ill(truth, log)
    draw = LiveResidents(base, 1)
    groups: Counter[tuple[str, int, bool]] = Counter()
    for one in happened:
        ago = (hour - one.infected_h) / 24
        if ago >= 0:
            found = one.reported_h is not None and one.reported_h <= hour
            groups[one.area, min(int(ago), INFECTED_DAYS + 1), found] += 1
    rows: dict[str, list[np.ndarray[Any, Any]]] = {
        name: [] for name in ("who", "ago", "apart", "left", "immune", "since")
    }
    for (area, ago, found), number in sorted(groups.items()):
        drawn = draw.draw(area, number)
        who, since = ("who", "ago") if ago <= INFECTED_DAYS else ("immune", "since")
        rows[who].append(drawn)
        rows[since].append(np.full(len(drawn), ago, np.int64))
        if found and ago <= INFECTED_DAYS:
            rows["apart"].append(drawn)
            rows["left"].append(np.full(len(drawn), max(1, APART_DAYS - ago // 2), np.int64))
    made = {
        name: np.concatenate(parts) if parts else np.zeros(0, np.int64)
        for name, parts in rows.items()
    }
    return InitialState(
        infected=made["who"],
        infected_days_ago=made["ago"],
        apart=made["apart"],
        apart_days=made["left"],
        immune=made["immune"],
        immune_days_ago=made["since"],
    )


def those_who_fell_ill(truth: DrillTruth, log: Log) -> list[DrillPerson]:
    """Persons of the truth whose infection happened: not those whose report was due and never
    came, nor theirs.
    """
    reported = {getattr(e.fact, "case", "") for e in log.of("CaseReported")}
    averted: set[str] = set()
    found = []
    for one in sorted(truth.persons, key=lambda person: person.infected_h):
        due = one.reported_h is not None and one.reported_h < truth.hours
        if one.infector in averted or (due and one.case not in reported):
            averted.add(one.subject)
        else:
            found.append(one)
    return found
