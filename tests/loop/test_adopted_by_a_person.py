"""A plan that a person put in force stands when figures rise to a level it covers already;
falling figures lower it.
"""

from __future__ import annotations

from helpers.cities import Desk

WHOLE_CITY = "epidemic-i-whole-city"


def test_rising_figures_do_not_take_a_persons_plan_back(desk: Desk) -> None:
    desk.case()
    incident = desk.incident()
    assert incident["level"] != "II"
    desk.post("AdoptPlan", incident=incident["id"], plan=WHOLE_CITY)
    for number in range(2, 60):
        desk.case(number)
    shown = desk.incident()
    assert shown["level"] in ("II", "I")
    assert (shown["plan"].plan, shown["plan"].adopted_by) == (WHOLE_CITY, desk.me.name)
