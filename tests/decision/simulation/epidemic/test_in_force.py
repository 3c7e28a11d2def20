"""As-now is the plan in force with everything it does, not its orders alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from decision.simulation.epidemic.test_live_state import NOW, Picture, Row
from twinward.decision.simulation.epidemic.in_force import list_in_force
from twinward.library.loading import load_library

PLANS = load_library().plans


class Incident(Row):
    affected: tuple[str, ...] = ()


class PlanRow(Row):
    plan: str = ""
    adopted_at: Any = NOW


def in_force(**tables: list[Any]) -> Any:
    return list_in_force(Picture(**tables), "epidemic", PLANS, NOW)  # type: ignore[arg-type]


def test_what_no_task_carries_holds_since_the_plan_was_adopted() -> None:
    adopted = NOW - timedelta(days=5)
    found, notes = in_force(
        incidents=[Incident(id="i", status="open", affected=("01",))],
        plans_in_force=[PlanRow(id="i", plan="epidemic-iv-watch", adopted_at=adopted)],
        tasks=[Row(measure="contact_tracing", area="01", status="done", ordered_at=adopted)],
    )
    kinds = {one.kind: one for one in found}
    assert set(kinds) == {
        "symptomatic_testing",
        "case_isolation",
        "household_quarantine",
        "contact_tracing",
    }
    assert kinds["case_isolation"].since_d == 5 and not notes
    assert kinds["contact_tracing"].measure.areas == ["01"]  # where it was ordered
    assert kinds["contact_tracing"].measure.tracers_per_100k == 15  # as the plan says, not default


def test_a_task_that_was_not_ordered_puts_nothing_in_force() -> None:
    found, _ = in_force(
        incidents=[Incident(id="i", status="open", affected=("01",))],
        plans_in_force=[PlanRow(id="i", plan="epidemic-iv-watch")],
        tasks=[Row(measure="contact_tracing", area="01", status="waiting")],
    )
    assert "contact_tracing" not in {one.kind for one in found}


def test_of_two_plans_the_stricter_holds_where_both_would() -> None:
    rows = [("i", "epidemic-iv-watch", "01"), ("j", "epidemic-ii-suppress", "02")]
    found, _ = in_force(
        incidents=[Incident(id=i, status="open", affected=(area,)) for i, _, area in rows],
        plans_in_force=[PlanRow(id=i, plan=plan) for i, plan, _ in rows],
        tasks=[
            Row(incident=i, measure="contact_tracing", area="root", status="done", ordered_at=NOW)
            for i, _, _ in rows
        ],
    )
    tracing = [one.measure for one in found if one.kind == "contact_tracing"]
    assert [one.tracers_per_100k for one in tracing] == [45]


def test_measures_of_another_hazards_incident_are_left_out() -> None:
    flood = msgspec.structs.replace(Incident(id="f", status="open"), hazard="flood")
    found, notes = in_force(
        incidents=[flood],
        tasks=[Row(incident="f", measure="road_closure", area="01", ordered_at=NOW, status="done")],
    )
    assert not found and not notes
