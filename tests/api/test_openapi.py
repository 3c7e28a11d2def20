"""The description of the API is a valid OpenAPI 3.1 document: its structure by the rules of the
specification, each schema by JSON Schema 2020-12, each reference to something that is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
REFERENCE = {"required": ["$ref"], "properties": {"$ref": {"type": "string"}}}
SCHEMA = {"type": ["object", "boolean"]}


def of(name: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/{name}"}


def map_of(one: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": one}


# The objects of the OpenAPI Specification 3.1.1 (OpenAPI Initiative 2024), sections 4.8.1 to 4.8.30,
# as far as this document uses them: their fixed fields, which are required, and no others but x-.
RULES: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **of("document"),
    "$defs": {
        "document": {
            "type": "object",
            "required": ["openapi", "info", "paths"],
            "properties": {
                "openapi": {"pattern": r"^3\.1\.\d+$"},
                "info": of("info"),
                "jsonSchemaDialect": {"type": "string"},
                "servers": {"type": "array"},
                "paths": of("paths"),
                "components": of("components"),
                "security": {"type": "array"},
                "tags": {"type": "array", "items": of("tag")},
            },
            "patternProperties": {"^x-": True},
            "additionalProperties": False,
        },
        "info": {
            "type": "object",
            "required": ["title", "version"],
            "properties": {
                name: {"type": "string"}
                for name in ("title", "version", "summary", "description", "termsOfService")
            }
            | {"contact": {"type": "object"}, "license": {"type": "object"}},
            "patternProperties": {"^x-": True},
            "additionalProperties": False,
        },
        "tag": {"type": "object", "required": ["name"]},
        "paths": {
            "type": "object",
            "patternProperties": {"^/": of("item"), "^x-": True},
            "additionalProperties": False,
        },
        "item": {
            "type": "object",
            "properties": {
                **dict.fromkeys(METHODS, of("operation")),
                "summary": {"type": "string"},
                "description": {"type": "string"},
                "parameters": {"type": "array", "items": of("parameter")},
            },
            "patternProperties": {"^x-": True},
            "additionalProperties": False,
        },
        "operation": {
            "type": "object",
            "required": ["responses"],
            "properties": {
                "tags": {"type": "array", "items": {"type": "string"}},
                "summary": {"type": "string"},
                "description": {"type": "string"},
                "operationId": {"type": "string"},
                "parameters": {"type": "array", "items": of("parameter"), "uniqueItems": True},
                "requestBody": of("body"),
                "responses": of("responses"),
                "deprecated": {"type": "boolean"},
                "security": {"type": "array"},
            },
            "patternProperties": {"^x-": True},
            "additionalProperties": False,
        },
        "parameter": {
            "if": REFERENCE,
            "else": {
                "type": "object",
                "required": ["name", "in"],
                "oneOf": [{"required": ["schema"]}, {"required": ["content"]}],
                "properties": {
                    "name": {"type": "string"},
                    "in": {"enum": ["query", "header", "path", "cookie"]},
                    "required": {"type": "boolean"},
                    "schema": SCHEMA,
                    "description": {"type": "string"},
                    "deprecated": {"type": "boolean"},
                    "style": {"type": "string"},
                    "explode": {"type": "boolean"},
                    "example": True,
                    "examples": {"type": "object"},
                    "content": map_of(of("media")),
                },
                "if": {"properties": {"in": {"const": "path"}}},
                "then": {"required": ["required"], "properties": {"required": {"const": True}}},
                "patternProperties": {"^x-": True},
                "additionalProperties": False,
            },
        },
        "body": {
            "if": REFERENCE,
            "else": {
                "type": "object",
                "required": ["content"],
                "properties": {
                    "content": map_of(of("media")),
                    "description": {"type": "string"},
                    "required": {"type": "boolean"},
                },
                "patternProperties": {"^x-": True},
                "additionalProperties": False,
            },
        },
        "media": {
            "type": "object",
            "properties": {
                "schema": SCHEMA,
                "example": True,
                "examples": {"type": "object"},
                "encoding": {"type": "object"},
            },
            "patternProperties": {"^x-": True},
            "additionalProperties": False,
        },
        "responses": {
            "type": "object",
            "minProperties": 1,
            "patternProperties": {r"^(default|[1-5](\d\d|XX))$": of("response"), "^x-": True},
            "additionalProperties": False,
        },
        "response": {
            "if": REFERENCE,
            "else": {
                "type": "object",
                "required": ["description"],
                "properties": {
                    "description": {"type": "string"},
                    "headers": {"type": "object"},
                    "content": map_of(of("media")),
                    "links": {"type": "object"},
                },
                "patternProperties": {"^x-": True},
                "additionalProperties": False,
            },
        },
        "components": {
            "type": "object",
            "properties": {"schemas": map_of(SCHEMA)}
            | {name: {"type": "object"} for name in ("responses", "parameters", "securitySchemes")},
            "propertyNames": {"pattern": "^[a-zA-Z]+$"},
            "patternProperties": {"^x-": True},
            "additionalProperties": False,
        },
    },
}


KEPT = ("/health", "/v1/cases", "/v1/cases/{case}", "/v1/trace/flows")
WRITTEN: list[dict[str, Any]] = []  # the document is the same for all: written once


@pytest.fixture
def document(request: pytest.FixtureRequest) -> dict[str, Any]:
    if not WRITTEN:
        client: TestClient = request.getfixturevalue("client")
        WRITTEN.append(client.get("/openapi.json").json())
    return WRITTEN[0]


def cut(document: dict[str, Any]) -> dict[str, Any]:
    """A copy with a few of the paths and the schemas that they need."""
    paths = {path: document["paths"][path] for path in KEPT}
    schemas, open_ = {}, list(references(paths))
    while open_:
        name = open_.pop().rpartition("/")[2]
        if name not in schemas:
            schemas[name] = document["components"]["schemas"][name]
            open_ += references(schemas[name])
    components = {**document["components"], "schemas": schemas}
    return deepcopy({**document, "paths": paths, "components": components})


def schemas(part: Any, way: str = "") -> Iterator[tuple[str, Any]]:
    """Every schema of parameters and contents, and every component, with the way to it."""
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "schema":
                yield f"{way}/{name}", value
            elif name == "schemas":
                yield from ((f"{way}/{name}/{one}", schema) for one, schema in value.items())
            else:
                yield from schemas(value, f"{way}/{name}")
    elif isinstance(part, list):
        for number, value in enumerate(part):
            yield from schemas(value, f"{way}/{number}")


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def faults_of(document: dict[str, Any]) -> list[str]:
    """What is wrong with the document, each with its place."""
    found = [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
        for error in Draft202012Validator(RULES).iter_errors(document)
    ]
    for way, schema in schemas(document):
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            found.append(f"{way}: {error.message[:200]}")
    for ref in set(references(document)):
        at: Any = document
        for step in ref.removeprefix("#/").split("/"):
            at = at.get(step) if isinstance(at, dict) else None
        if at is None:
            found.append(f"{ref} is not there")
    names = [
        operation.get("operationId")
        for item in document["paths"].values()
        for method, operation in item.items()
        if method in METHODS
    ]
    found += [f"two operations are called {name}" for name in names if names.count(name) > 1]
    for path, item in document["paths"].items():
        for method in METHODS:
            told = {
                one["name"]
                for one in item.get(method, {}).get("parameters", [])
                if one.get("in") == "path"
            }
            named = {part.strip("{}") for part in path.split("/") if part.startswith("{")}
            if method in item and told != named:
                found.append(f"{method} {path}: {told} are not {named}")
    return found


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    assert len(document["paths"]) > 60
    assert faults_of(document) == []


@pytest.mark.parametrize(
    ("way", "value"),
    [
        (("openapi",), "3.0.3"),
        (("info", "title"), None),
        (("paths", "/health", "get", "responses"), {}),
        (("paths", "/health", "get", "responses", "200", "description"), None),
        (("paths", "/health", "get", "responses", "600"), {"description": "x"}),
        (("paths", "/health", "got"), {}),
        (("paths", "/health", "get", "operationId"), "get_cases_v1_cases_get"),
        (("paths", "/v1/cases/{case}", "get", "parameters"), []),
        (("components", "schemas", "FlowAnswer", "properties", "window", "items"), [1, 2]),
        (("components", "schemas", "Problem"), {"type": "text"}),
        (("components", "schemas", "Problem"), None),
    ],
)
def test_every_kind_of_fault_is_found(
    document: dict[str, Any], way: tuple[str, ...], value: Any
) -> None:
    broken = cut(document)
    assert faults_of(broken) == []
    *steps, last = way
    at: Any = broken
    for step in steps:
        at = at[step]
    if value is None:
        del at[last]
    else:
        at[last] = value
    assert faults_of(broken)
