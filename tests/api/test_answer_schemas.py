"""Every route names the form of its answer, every list is a page, and answers keep to their form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator

from helpers.cities import COMMUNITY, Desk
from twinward.api.http.pages import cut_page, read_cursor, read_page, write_cursor
from twinward.core.errors import InputError
from twinward.service.access.activations import open_activation

PREFIX = "#/components/schemas/"
# one answer with rows beside other things, of one screen; not lists to page through
SCREENS = {"/v1/my-tasks"}


@pytest.fixture
def document(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def schemas_of(operation: dict[str, Any]) -> list[dict[str, Any]]:
    """The schemas of what is answered when all goes well."""
    return [
        content.get("schema", {})
        for status, response in operation["responses"].items()
        if status.startswith("2")
        for content in (response.get("content") or {"none": {}}).values()
    ]


def references(part: Any) -> set[str]:
    if isinstance(part, dict):
        own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
        return own.union(*(references(value) for value in part.values()))
    return set().union(*(references(value) for value in part)) if isinstance(part, list) else set()


def test_every_route_has_the_schema_of_its_answer(document: dict[str, Any]) -> None:
    missing = [
        f"{method} {path}"
        for method, path, operation in operations(document)
        if not all(schemas_of(operation))
    ]
    assert not missing


def test_every_name_in_the_document_is_described_in_it(document: dict[str, Any]) -> None:
    known = {PREFIX + name for name in document["components"]["schemas"]}
    assert not references(document) - known


def test_every_list_is_a_page_with_a_cursor(document: dict[str, Any]) -> None:
    known = document["components"]["schemas"]
    unpaged = []
    for method, path, operation in operations(document):
        for schema in schemas_of(operation):
            whole = known.get(schema.get("$ref", "").removeprefix(PREFIX), schema)
            names = whole.get("properties", {})
            asked = {one["name"] for one in operation.get("parameters", [])}
            if method == "get" and "items" in names and path not in SCREENS:
                paged = "next" in names and ("cursor" in asked or path == "/v1/events")
                unpaged += [] if paged else [path]
    assert not unpaged


ASKED = (
    "/health",
    "/v1/incidents",
    "/v1/incidents?details=true",
    "/v1/incidents/{incident}?timeline=true",
    "/v1/incidents/{incident}/room",
    "/v1/tasks",
    "/v1/overview",
    "/v1/totals?hazard=epidemic&source=test",
    "/v1/sources",
    "/v1/activations",
    "/v1/status",
    "/v1/cases",
    "/v1/cases/c-1",
    "/v1/contacts",
    "/v1/handovers",
    "/v1/changes",
    "/v1/notices",
    "/v1/doubles",
    "/v1/sessions",
    "/v1/events",
    "/v1/sensors",
    "/v1/supplies/stocks",
    "/v1/supplies/requests",
    "/v1/transfers",
    "/v1/plans",
    "/v1/plans/epidemic-ii-suppress",
    "/v1/plan-blocks",
    "/v1/library/search?q=masks",
    "/v1/library/manuals/investigation.md",
    "/v1/me",
    "/v1/my-tasks",
    "/v1/trust",
    "/v1/areas",
    "/v1/screen",
    "/v1/public",
)


def strict(part: Any, whole: bool = True) -> Any:
    """The schema, closed against fields that it does not name."""
    if isinstance(part, list):
        return [strict(value) for value in part]
    if not isinstance(part, dict):
        return part
    closed = {name: strict(value, name != "allOf") for name, value in part.items()}
    if whole and "properties" in closed:
        closed.setdefault("additionalProperties", False)
    return closed


def test_answers_keep_to_their_schemas(
    desk: Desk, client: TestClient, document: dict[str, Any]
) -> None:
    open_activation(
        desk.platform,
        desk.me,
        hazard="epidemic",
        areas=["all"],
        purposes=["trace", "care", "vault"],
        days=7,
        by="duty officer",
        basis="law on infectious diseases",
    )
    desk.case()
    desk.post("NameContact", contact="k-1", case="c-1", subject="p-2", area=COMMUNITY)
    desk.post("SetStock", area=COMMUNITY, kind="test_kits", quantity=100, unit="tests")
    incident = desk.incident()["id"]
    components = strict(document["components"])
    wrong = []
    for asked in ASKED:
        answered = client.get(asked.replace("{incident}", incident))
        path = asked.partition("?")[0]
        for name, value in (
            ("c-1", "{case}"),
            ("epidemic-ii-suppress", "{plan}"),
            ("investigation.md", "{name}"),
        ):
            path = path.replace(name, value)
        assert answered.status_code == 200, (asked, answered.text)
        (schema, *_) = schemas_of(document["paths"][path]["get"])
        checker = Draft202012Validator(strict(schema) | {"components": components})
        assert not checker.is_valid(answered.json() | {"unheard": "1"})
        wrong += [
            f"{asked}: {error.json_path} {error.message[:200]}"
            for error in checker.iter_errors(answered.json())
        ]
    assert not wrong, "\n".join(wrong)


def test_a_list_is_read_page_by_page_to_its_end(desk: Desk, client: TestClient) -> None:
    desk.case()
    whole = client.get("/v1/tasks").json()
    assert whole["next"] is None
    ids, cursor = [], ""
    while True:
        page = client.get(f"/v1/tasks?limit=2{cursor}").json()
        ids += [task["id"] for task in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert ids == [task["id"] for task in whole["items"]]
    assert len(ids) > 2
    old = client.get("/v1/tasks?limit=2&offset=2").json()["items"]
    assert [task["id"] for task in old] == ids[2:4]


def test_a_page_knows_whether_another_follows() -> None:
    first = cut_page("abcde", 2, None)
    assert (first.items, first.total) == ("ab", 5)
    last = cut_page("abcde", 2, write_cursor(4))
    assert (last.items, last.next) == ("e", None)
    full = read_page(lambda most, start: "abcd"[start : start + most], 2, write_cursor(2))
    assert (full.items, full.next) == ("cd", None)


@pytest.mark.parametrize("cursor", ["", "x", "b-1", "ö", "bzEuNQ", "bzk5OTk5OTk5OTk5OTk5"])
def test_a_cursor_that_no_page_gave_is_refused(cursor: str) -> None:
    with pytest.raises(InputError) as refused:
        read_cursor(cursor)
    assert refused.value.code == "bad_cursor"
