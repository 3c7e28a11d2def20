"""schemathesis over the whole API with the rules on: no 5xx, and no answer that the document
does not name.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from helpers.schema_values import Values, draw_request

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis

ROLES = ("li", "wang", "zhao", "chen", "sun", "ma", "wu", "xu", "root", "hu")
MANY = int(os.environ.get("TWINWARD_TEST_FUZZ", "20"))  # of each operation, as schemathesis draws
CALLS = int(os.environ.get("TWINWARD_TEST_FUZZ_CALLS", "50000"))  # as `schema_values` draws them
SEED = int(os.environ.get("TWINWARD_TEST_FUZZ_SEED", "1"))
BINARY = ["application/x-protobuf", "application/zip"]
WAYS = ("get", "post", "put", "patch", "delete")


def fuzz(world: Any, examples: int) -> int:
    """Asks every operation `examples` times as each of some roles; how many answers were seen."""
    world.report_cases(per_leaf=1)
    world.open_activation()
    schemathesis.serializer.alias(BINARY, "application/octet-stream")
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


class Sender:
    """Asks the application itself, without a connection; one session for each role, opened anew
    where it has ended.
    """

    def __init__(self, world: Any) -> None:
        self.world, self.app = world, world.client.app
        self.loop = asyncio.new_event_loop()
        # a thread of its own: that of the test may have a loop already, of a browser
        self.thread = ThreadPoolExecutor(1)
        transport = httpx.ASGITransport(
            self.app, raise_app_exceptions=False, client=("127.0.0.1", 50_000)
        )
        self.client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")
        self.tokens: dict[str, dict[str, str]] = {}

    def ask(self, who: str, method: str, **told: Any) -> httpx.Response:
        if who not in self.tokens:
            self.tokens[who] = self.world.headers(who)
        headers = {**told.pop("headers", {}), **self.tokens[who]}
        asked = self.client.request(method, headers=headers, **told)
        answer: httpx.Response = self.thread.submit(self.loop.run_until_complete, asked).result()
        if answer.status_code == 401:
            del self.tokens[who]
        return answer

    def close(self) -> None:
        for last in (self.client.aclose(), self.loop.shutdown_default_executor()):
            self.thread.submit(self.loop.run_until_complete, last).result()
        self.thread.shutdown()
        self.loop.close()


def learn(sender: Sender, values: Values, document: dict[str, Any]) -> None:
    """What stands in the lists, so that requests are about things that are there."""
    for path, ways in document["paths"].items():
        if "get" in ways and "{" not in path:
            answer = sender.ask("li", "GET", url=path)
            if answer.headers.get("content-type") == "application/json":
                values.learn(answer.json())


def fuzz_quickly(world: Any, calls: int, seed: int) -> Counter[str]:
    """Asks every operation in turn as one role after another; how often each status came."""
    world.report_cases(per_leaf=1)
    world.open_activation()
    document = world.client.app.openapi()
    chance, seen = random.Random(seed), Counter[str]()
    sender, values = Sender(world), Values(document, chance)
    wrong: dict[tuple[str, str, str], Any] = {}  # answers that no request may get
    operations = [
        (path, way, ways[way])
        for path, ways in document["paths"].items()
        for way in WAYS
        if way in ways
    ]
    try:
        learn(sender, values, document)
        for number in range(calls):
            path, way, operation = operations[number % len(operations)]
            who = ROLES[(number // len(operations) + number) % len(ROLES)]
            told = draw_request(values, path, operation)
            answer = sender.ask(who, way.upper(), **told)
            seen[f"{answer.status_code}"] += 1
            if answer.status_code == 503:
                seen[f"503 {path} {answer.json()['code']}"] += 1
            documented = set(operation["responses"]) | {"200", "201", "404", "405"}
            status = str(answer.status_code)
            if status not in documented or (status >= "500" and status != "503"):
                where = (seed, number, who, told, answer.text[:500])
                wrong.setdefault((way, path, status), where)
    finally:
        sender.close()
    assert not wrong, "\n".join(f"{what}: {where}" for what, where in wrong.items())
    return seen


def test_no_request_of_the_documents_own_schemas_breaks_the_api(world: Any) -> None:
    seen = fuzz_quickly(world, 400, SEED)
    assert seen["200"] + seen["201"] > 40 and seen["400"] + seen["422"] > 20


@pytest.mark.slow
def test_no_request_of_fifty_thousand_breaks_the_api(world: Any) -> None:
    """TWINWARD_TEST_FUZZ_CALLS and TWINWARD_TEST_FUZZ_SEED cut it into pieces."""
    before = time.process_time()
    seen = fuzz_quickly(world, CALLS, SEED)
    told = f"{CALLS} calls of {len(ROLES)} roles, seed {SEED}: {dict(seen.most_common())}"
    sys.stdout.write(f"{told}, {time.process_time() - before:.0f} s of CPU\n")
    assert not world.platform.reconciler.list_differences(fresh=True)
