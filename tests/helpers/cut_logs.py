"""One story told twice: to its end, and up to an instant after which the log is gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from helpers.cities import COMMUNITY, HUANGPU, PUDONG_COMMUNITY, Desk

Step = tuple[float, Callable[[Desk], Any]]
CUT_H = 24 * 9 + 3


def count(area: str, number: int) -> Callable[[Desk], Any]:
    return lambda desk: desk.post(
        "ReportCount", hazard="epidemic", area=area, day=desk.today(), status="confirmed",
        found_in="community", count=number, source="bulletin",
    )  # fmt: skip


def story() -> list[Step]:
    """(hours since the start, what happens): cases, counts, work, a closing, and then more."""
    steps: list[Step] = [(0, lambda desk: desk.case(1)), (1, lambda desk: desk.complete_all())]
    steps += [(24 * day + 2, count(HUANGPU, 3 * day)) for day in range(1, 16)]
    steps += [(24 * day + 4, lambda desk: desk.complete_all()) for day in (2, 5, 12)]
    steps += [(30, lambda desk: desk.case(2, area=PUDONG_COMMUNITY))]
    steps += [(24 * 6, lambda desk: desk.post("SetStock", kind="isolation_beds", area=HUANGPU,
                                              quantity=40, unit="beds", in_use=12))]  # fmt: skip
    steps += [(24 * 7, lambda desk: desk.post("ReportFigures", hazard="epidemic", area="city",
                                              day=desk.today(), figures={"dead": 2}, source="b"))]  # fmt: skip
    steps += [(24 * 10, lambda desk: desk.post("ReportAffectedPlace", hazard="epidemic",
                                               area=COMMUNITY, place="p", name="A house",
                                               day=desk.today()))]  # fmt: skip
    # what is recorded later and says that it happened before
    late = {"occurred_at": "2022-03-03T10:00:00+08:00"}
    steps += [(24 * 11, lambda desk: desk.case(9, **late))]
    return sorted(steps, key=lambda step: step[0])


def play(workspace: Path, until_h: float) -> Desk:
    desk = Desk(workspace)
    start = desk.clock.now()
    for hour, act in story():
        if hour <= until_h:
            desk.clock.at = start + timedelta(hours=hour)
            desk.platform.loop.tick(desk.clock.now())
            desk.platform.loop.catch_up()
            act(desk)
    return desk


def cut_at(desk: Desk) -> datetime:
    """The instant after which one of the two logs is gone."""
    return desk.clock.now().replace(day=1, hour=8, minute=0) + timedelta(hours=CUT_H)
