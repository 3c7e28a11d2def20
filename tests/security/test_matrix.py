"""Every route and verb x every role x inside or outside x peacetime or emergency, from OpenAPI
and the parsers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute

from twinward.core.errors import RefusedError
from twinward.security.authorization.policy import Policy
from twinward.security.authorization.roles import load_roles
from twinward.security.authorization.rules import LOCAL, load_rules
from twinward.service.access.authorization import require_verb

# what stands in for a path's parameters, by where it is: nothing of that name exists but the cases
INSIDE, OUTSIDE = "c-31-a-0", "c-310-a-0"
PERSONAL = ("/v1/cases", "/v1/cases/{case}", "/v1/contacts")
ANSWERED = {200, 201, 202, 400, 401, 403, 404, 409, 413, 422, 429, 503}


def routes_of(world: Any) -> list[tuple[str, str]]:
    """Every method and path of the OpenAPI document."""
    document = world.client.app.openapi()
    return [
        (method.upper(), path) for path, methods in document["paths"].items() for method in methods
    ]


def ask(world: Any, who: str, method: str, path: str, case: str) -> Any:
    operation = world.client.app.openapi()["paths"].get(path, {}).get(method.lower(), {})
    known = {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}
    for part in ("case", "incident", "change", "session", "sensor", "sensor:path"):
        path = path.replace("{" + part + "}", case)
    query = {
        "from": "2022-03-31T00:00:00Z",
        "to": "2022-04-02T00:00:00Z",
        "hazard": "epidemic",
        "source": "x",
    }
    query = {name: value for name, value in query.items() if name in known}
    body: dict[str, Any] = {"json": {"items": []}} if method == "POST" else {}
    return world.client.request(method, path, headers=world.headers(who), params=query, **body)


@pytest.fixture(params=["peacetime", "emergency"])
def times(request: pytest.FixtureRequest, world: Any) -> Any:
    world.report_cases(per_leaf=1)
    if request.param == "emergency":
        world.open_activation()
    world.peace = request.param == "peacetime"
    return world


def one_of_each_kind(pairs: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """One route for each action: the quick part of the matrix."""
    seen: set[str] = set()
    for method, path in pairs:
        action = load_rules().of_route(method, path)
        if action not in seen or path in PERSONAL:
            seen.add(action)
            yield method, path


def hold(world: Any, pairs: list[tuple[str, str]], people: Any) -> None:
    policy: Policy = world.platform.policy
    for method, path in pairs:
        rule = load_rules().of_route(method, path)
        for who, person in people.items():
            may = policy.decide(person, rule).allowed
            for case in (INSIDE, OUTSIDE):
                answer = ask(world, who, method, path, case)
                where = (method, path, who, case, answer.status_code, answer.text[:200])
                assert answer.status_code in ANSWERED and answer.status_code < 500, where
                assert (
                    answer.status_code == 403 and answer.json()["code"] == "role_not_allowed"
                ) == (not may), where
                if path in PERSONAL and may:
                    hold_personal(world, policy, who, person, path, case, answer)


def hold_personal(
    world: Any, policy: Policy, who: str, person: Any, path: str, case: str, answer: Any
) -> None:
    if world.peace or "trace" not in policy.roles.roles[person.role].purposes:
        assert answer.json()["code"] in ("peacetime", "purpose_not_open"), (path, who)
    elif path == "/v1/cases/{case}":
        mine = policy.jurisdiction(person).covers(case[2:-2])
        assert answer.status_code == (200 if mine else 404), (path, who, case)
    else:
        assert all(
            policy.jurisdiction(person).covers(item["area"]) for item in answer.json()["items"]
        )


def test_the_matrix_of_routes_one_of_each_kind(times: Any, people: Any) -> None:
    hold(times, list(one_of_each_kind(routes_of(times))), people)


@pytest.mark.slow
def test_the_matrix_of_all_routes(times: Any, people: Any) -> None:
    hold(times, routes_of(times), people)


def test_every_route_of_the_document_is_a_route_with_a_rule(world: Any) -> None:
    hidden = [
        r.path
        for r in world.client.app.routes
        if isinstance(r, APIRoute) and not r.include_in_schema
    ]
    assert set(hidden) <= {"/"}
    assert {f"{method} {path}" for method, path in routes_of(world)} <= set(load_rules().routes)
    assert len(routes_of(world)) >= 20


def test_no_route_answers_somebody_without_a_token_but_the_public_ones(world: Any) -> None:
    for method, path in routes_of(world):
        answer = world.client.request(
            method, path, json={"items": []} if method == "POST" else None
        )
        public = load_rules().of_route(method, path) == "read_public" or path.startswith(
            "/v1/sessions"
        )
        assert answer.status_code == 401 or public, (method, path, answer.status_code)


def test_every_verb_is_held_against_every_role(world: Any, people: Any) -> None:
    for verb in load_rules().verbs:
        action = load_rules().of_verb(verb)
        for person in people.values():
            may = action == LOCAL or action in load_roles().actions_of(person.role, managed=True)
            try:
                require_verb(world.platform, person, verb)
                done = True
            except RefusedError as error:
                assert error.code == "role_not_allowed"
                done = False
            assert done == may, (verb, person.role)


BOX_MAY = {"POST /v1/edges/sync", "POST /v1/observations", "POST /v1/field/cot"}
BOX_MAY |= {"POST /v1/field/frames", "POST /v1/transit/{source}/feed"}
BOX_MAY |= {"POST /v1/transit/{source}/timetable"}


def test_a_stolen_box_says_what_devices_say_and_does_nothing_else() -> None:
    """A box in the field needs no right over devices, rules, data or parcels."""
    actions = load_roles().actions_of("edge", managed=True)
    open_to_all = load_roles().actions_of("public", managed=True)
    may = {one for one, action in load_rules().routes.items() if action in actions - open_to_all}
    assert may == BOX_MAY
    more = load_roles().actions_of("cabinet", managed=True) - actions
    assert more == {"carry_parcel"}
