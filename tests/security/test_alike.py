"""Absent and forbidden answer alike in words and, within noise, in time."""

from __future__ import annotations

import statistics
import time
from typing import Any

import pytest


def test_time_does_not_tell_absent_from_forbidden(world: Any) -> None:
    """Medians of many takes in turn: a difference that can be told would be as large as a read
    of the store.
    """
    world.report_cases(per_leaf=1)
    world.open_activation()
    paths = {"forbidden": "/v1/cases/c-310-a-0", "absent": "/v1/cases/c-310-z-0"}
    headers = world.headers("wang")
    taken: dict[str, list[float]] = {name: [] for name in paths}
    for _ in range(120):
        for name, path in paths.items():
            start = time.process_time()
            assert world.client.get(path, headers=headers).status_code == 404
            taken[name].append(time.process_time() - start)
    forbidden, absent = (statistics.median(taken[name]) for name in ("forbidden", "absent"))
    assert forbidden / absent == pytest.approx(1.0, abs=0.35)


@pytest.mark.parametrize("path", ["/v1/incidents/{}", "/v1/changes/{}", "/v1/sessions/{}"])
def test_what_is_not_there_says_the_same_to_everybody(world: Any, path: str) -> None:
    method = "DELETE" if "sessions" in path else "GET"
    answers = [
        world.client.request(method, path.format("nobody"), headers=world.headers(who))
        for who in ("li", "wang")
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert answers[0].json() == answers[1].json()
