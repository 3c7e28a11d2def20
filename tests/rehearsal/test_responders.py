"""Responders: seeded departments, prompt, late, wrong or silent, and all they send is labelled
synthetic.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from twinward.rehearsal.responders import Responders

ORDERED = datetime(2022, 3, 1, 8, tzinfo=UTC)


def task(**more: Any) -> dict[str, Any]:
    told = {
        "id": "t-1",
        "key": "beds",
        "department": "health",
        "area": "310101",
        "status": "ordered",
        "escalations": 0,
    }
    return (
        told
        | {"ordered_at": ORDERED.isoformat(), "deadline_h": 24.0, "contact": None, "turn": 0}
        | more
    )


def sent(responders: Responders, hours: float, **more: Any) -> list[dict[str, Any]]:
    return list(responders.answer(task(**more), ORDERED + timedelta(hours=hours)))


def with_trait(trait: str) -> Responders:
    """Responders with a seed that gives health in 310101 this trait."""
    return next(
        r
        for r in (Responders(seed, "epidemic") for seed in range(5000))
        if r.trait("health", "310101") == trait
    )


def test_a_prompt_department_accepts_then_finishes_and_says_the_same_each_time() -> None:
    prompt = with_trait("prompt")
    assert sent(prompt, 0) == []
    (accepted,) = sent(prompt, 200)
    assert accepted["type"] == "AcknowledgeTask"
    (done,) = sent(prompt, 200, status="acknowledged")
    assert (done["type"], done["result"]) == ("CompleteTask", "done (synthetic)")
    assert sent(Responders(prompt.seed, "epidemic"), 200) == [accepted]


def test_a_silent_department_answers_only_after_its_lateness_went_up() -> None:
    silent = with_trait("silent")
    assert sent(silent, 500) == []
    assert sent(silent, 500, escalations=1)


@pytest.mark.parametrize("named", ["health", "health@310101"])
def test_a_department_named_as_silent_never_answers(named: str) -> None:
    mute = Responders(1, "epidemic", frozenset({named}))
    assert sent(mute, 5000, escalations=9) == []
    assert (sent(mute, 5000, area="310104") == []) == (named == "health")


def test_a_wrong_department_is_tried_and_the_failure_comes_first() -> None:
    wrong = with_trait("wrong")
    first, second = sent(wrong, 500, status="acknowledged")
    assert first["department"] != "health"
    assert (second["department"], second["succeeded"]) == ("health", False)
    assert [item["type"] for item in sent(wrong, 500, status="acknowledged", escalations=1)] == [
        "CompleteTask"
    ]


def test_an_investigation_names_synthetic_contacts_who_are_cared_for_in_order() -> None:
    prompt = with_trait("prompt")
    found = sent(prompt, 500, status="acknowledged", key="investigate")
    people = [item for item in found if item["type"] in ("ReportCase", "NameContact")]
    assert len(people) >= 2
    assert all(item["synthetic"] for item in people)
    contact = people[1]["contact"]
    steps = [
        item["step"]
        for item in sent(prompt, 500, status="acknowledged", contact=contact)
        if "step" in item
    ]
    assert steps[:2] == ["located", "isolated"]
    assert steps[2] in ("tested_negative", "tested_positive")
