"""schemathesis over the whole API with the rules on: no 5xx, and no answer that the document
does not name.
"""

from __future__ import annotations

import os
import sys
import warnings
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis

ROLES = ("li", "wang", "zhao", "chen", "sun", "ma", "wu", "xu", "root", "hu")
MANY = int(os.environ.get("TWINWARD_TEST_FUZZ", "400"))  # of each operation: 50,000 in all


def fuzz(world: Any, examples: int) -> int:
    """Asks every operation `examples` times as each of some roles; how many answers were seen."""
    world.report_cases(per_leaf=1)
    world.open_activation()
    schema = schemathesis.openapi.from_dict(world.client.app.openapi())
    operations = [result.ok() for result in schema.get_all_operations()]
    return sum(fuzz_one(world, one, examples) for one in operations)


def fuzz_one(world: Any, operation: Any, examples: int) -> int:
    documented = set(operation.definition.raw["responses"])
    seen: list[int] = []

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def try_one(case: Any) -> None:
        who = ROLES[len(seen) % len(ROLES)]
        arguments = case.as_transport_kwargs(
            base_url="http://127.0.0.1", headers=world.headers(who)
        )
        (arguments.get("params") or {}).pop(
            "follow", None
        )  # it would keep the stream of events open
        if isinstance(arguments.get("data"), bytes | str):  # what is no form is sent as it is
            arguments["content"] = arguments.pop("data")
        cookies = arguments.pop("cookies", None)
        assert not cookies
        answer = world.client.request(**arguments)
        seen.append(answer.status_code)
        assert answer.status_code < 500 or answer.status_code == 503, (operation.label, answer.text)
        assert str(answer.status_code) in documented | {"200", "201"}, (
            operation.label,
            answer.status_code,
        )

    try_one()
    return len(seen)


def test_no_generated_request_breaks_the_api(world: Any) -> None:
    assert fuzz(world, examples=2) > 40


@pytest.mark.slow
def test_no_generated_request_of_many_breaks_the_api(world: Any) -> None:
    asked = fuzz(world, examples=MANY)
    sys.stdout.write(f"{asked} requests of {len(ROLES)} roles, no 5xx\n")
    assert asked > 10 * MANY
