"""Routes of the HTTP API, from its own OpenAPI document."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from reference_pages.markdown import code, head, table
from twinward.api.main import make_api
from twinward.app import compose
from twinward.app.workspace import init_workspace

ABOUT = """
`twinward serve` answers on one port; `/openapi.json` is the machine's form of this page. Requests
carry `Authorization: Bearer TOKEN` where the workspace is managed. Errors have the codes of
[the error reference](errors.md).
"""
PREFIX = "#/components/schemas/"


def read_document() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        init_workspace(Path(folder) / "ws")
        platform = compose.open_platform(Path(folder) / "ws")
        try:
            return make_api(platform).openapi()
        finally:
            platform.close()


def name_type(schema: dict[str, Any] | None) -> str:
    """A schema in a few words; what has a name is linked by it."""
    if not schema:
        return ""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(PREFIX)
        return f"[{name}](#{name.lower()})"
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            parts = dict.fromkeys(name_type(part) for part in schema[word])
            return " or ".join(part for part in parts if part != "null") or "null"
    if "enum" in schema:
        return ", ".join(code(str(one)) for one in schema["enum"] if one is not None)
    if "const" in schema:
        return code(str(schema["const"]))
    if schema.get("type") == "array":
        inner = schema.get("items")
        return f"list of {name_type(inner)}" if isinstance(inner, dict) and inner else "list"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {name_type(schema['additionalProperties']) or 'anything'}"
    words = {"string": "text", "integer": "whole number", "boolean": "true or false"}
    form = {"date-time": "time with zone", "date": "day"}.get(str(schema.get("format")))
    kind = schema.get("type", "")
    kind = kind[0] if isinstance(kind, list) and kind else kind
    return form or words.get(str(kind), str(kind))


def first_schema(part: dict[str, Any]) -> str:
    contents = part.get("content", {})
    return "; ".join(
        f"{kind}: {name_type(one.get('schema')) or 'anything'}"
        if kind != "application/json"
        else name_type(one.get("schema")) or "object"
        for kind, one in contents.items()
    )


def describe_operation(method: str, path: str, one: dict[str, Any]) -> str:
    about = one.get("description") or one.get("summary") or ""
    lines = [f"### {method.upper()} {path}\n", " ".join(about.split()) + "\n"]
    rows = [
        (
            code(p["name"]),
            p["in"],
            name_type(p.get("schema")),
            "yes" if p.get("required") else "no",
            p.get("description", ""),
        )
        for p in one.get("parameters", [])
    ]
    if rows:
        lines.append(table(("parameter", "in", "form", "needed", "meaning"), rows) + "\n")
    if "requestBody" in one:
        lines.append(f"Body: {first_schema(one['requestBody']) or 'any'}\n")
    good = [
        f"{status} {first_schema(answer) or answer.get('description', '')}".strip()
        for status, answer in one.get("responses", {}).items()
        if status.startswith(("2", "3"))
    ]
    bad = [status for status in one.get("responses", {}) if status.startswith(("4", "5"))]
    lines.append(f"Answers: {'; '.join(good)}. Errors: {', '.join(bad) or 'none stated'}.\n")
    return "\n".join(lines)


def describe_schema(name: str, schema: dict[str, Any]) -> str:
    needed = set(schema.get("required", []))
    about = " ".join(schema.get("description", "").split())
    lines = [f"### {name}\n", *([about + "\n"] if about else [])]
    fields = schema.get("properties", {})
    if not fields:
        return "\n".join([*lines, name_type(schema) or "object", ""])
    rows = [
        (code(field), name_type(form) or "anything", "yes" if field in needed else "no")
        for field, form in fields.items()
    ]
    return "\n".join([*lines, table(("field", "form", "always there"), rows), ""])


def make_page() -> str:
    document = read_document()
    groups: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            tag = (one.get("tags") or ["other"])[0]
            groups.setdefault(tag, []).append(describe_operation(method, path, one))
    parts = [head("HTTP", ABOUT)]
    for tag, found in sorted(groups.items()):
        parts += [f"## {tag}\n", *found]
    parts.append("## Schemas\n")
    schemas = document.get("components", {}).get("schemas", {})
    parts += [describe_schema(name, schemas[name]) for name in sorted(schemas)]
    return "\n".join(parts)
