"""Settings of a workspace, from their types."""

from __future__ import annotations

from typing import Any

import msgspec

from reference_pages.markdown import code, head, table
from twinward.settings import Settings

ABOUT = """
`settings.toml` in a workspace. The file may be absent and every key may be left out; an unknown key
or a value of another kind is refused with `bad_settings`.
"""
KINDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
}


def rows_of(schema: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    found = []
    for name, field in schema["properties"].items():
        if "$ref" in field or "allOf" in field:
            continue
        default = msgspec.json.encode(field.get("default")).decode()
        kind = KINDS.get(field.get("type", ""), field.get("type", ""))
        low, high = field.get("minimum"), field.get("maximum")
        if low is not None or high is not None:
            kind += f", {low if low is not None else ''} to {high if high is not None else ''}"
        found.append((code(name), kind, code(default), field.get("description", "")))
    return found


def make_page() -> str:
    (reference,), parts = msgspec.json.schema_components([Settings], ref_template="{name}")
    own = parts[reference["$ref"]]
    names = ("key", "kind", "default", "meaning")
    text = [head("Settings", ABOUT), "## Top of the file\n", table(names, rows_of(own)) + "\n"]
    for name, kind in Settings.__annotations__.items():
        inner = getattr(Settings, "__struct_defaults__", ())[
            list(Settings.__struct_fields__).index(name)
        ]
        if not isinstance(inner, msgspec.Struct):
            continue
        schema = parts[type(inner).__name__]
        about = " ".join((type(inner).__doc__ or "").split())
        text += [f"## [{name}]\n", about + "\n", table(names, rows_of(schema)) + "\n"]
        assert kind
    return "\n".join(text)
