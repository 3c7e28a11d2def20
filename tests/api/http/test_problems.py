"""Errors are problem documents (RFC 9457) on every route, and the API's page asks no other host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from helpers.cities import Desk
from twinward.api.http import static_console
from twinward.api.main import make_api


@pytest.fixture
def client(desk: Desk) -> Iterator[TestClient]:
    with TestClient(make_api(desk.platform), "http://127.0.0.1") as found:
        yield found


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/incidents/none", 404, "not_found"),
        ("/v1/cases", 403, "peacetime"),
        ("/v1/tasks?department=circus", 400, "unknown_department"),
        ("/v1/tasks?limit=-1", 400, "bad_query"),
        ("/v1/nowhere", 404, "no_route"),
    ],
)
def test_an_error_is_a_problem_document_with_its_code_and_advice(
    client: TestClient, path: str, status: int, code: str
) -> None:
    told = client.get(path)
    assert told.status_code == status
    assert told.headers["content-type"] == "application/problem+json"
    body = told.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"] == f"urn:twinward:error:{code}"
    assert body["title"] and body["detail"] and body["advice"]
    assert body["message"] == body["detail"]  # for clients of version 0.1


def test_every_error_answer_of_the_document_is_a_problem(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        for operation in methods.values():
            for status, told in operation["responses"].items():
                if status >= "400" and path.startswith("/v1"):
                    assert set(told["content"]) == {"application/problem+json"}, (path, status)
    assert "Problem" in document["components"]["schemas"]


def test_the_page_of_the_api_comes_whole_from_this_machine(client: TestClient) -> None:
    if not (static_console.DIST / "index.html").exists():
        pytest.skip("the console is not built; `make console` builds it")
    page = client.get("/docs")
    assert page.status_code == 200 and "SwaggerUIBundle" in client.get("/api-docs/start.js").text
    source = Path(static_console.DIST / "api-docs" / "index.html").read_text("utf-8")
    for name in re.findall(r'(?:src|href)="([^"]+)"', source):
        assert name.startswith("/"), name
        assert client.get(name).status_code == 200, name
    assert "default-src 'self'" in page.headers["content-security-policy"]


def test_an_error_does_not_tell_where_the_workspace_lies(client: TestClient, desk: Desk) -> None:
    desk.case()
    told = [client.get("/v1/map/movement"), client.get("/v1/scene")]
    assert told[0].status_code == 503
    for answer in told:
        assert str(desk.workspace) not in answer.text
    assert "city/age_sex.npy" in told[0].json()["detail"]
