"""Commands of the twins, from the message types."""

from __future__ import annotations

from typing import Any

import msgspec

from twinward.core.messages import Command
from twinward.edge.feeds.commands import OUTSIDE
from twinward.security.authorization.rules import load_rules

HEAD = """# Commands

Made by `scripts/make_reference.py` from the message types; do not edit by hand.

Each command is one item of `POST /v1/commands` with its `type`. `id` makes it idempotent: the same id is done once.
`occurred_at` (RFC 3339 with zone) is when the thing happened; without it, it is the instant of receipt. In place of
`subject` an item may carry `person` with `name`, `document`, `phone`, `address`: they go to the identity vault at the
border, and the message goes on with the pseudonym. The action under each heading is what `security/roles.toml` grants.
"""
COMMON = ("id", "occurred_at")


def describe_type(kind: dict[str, Any]) -> str:
    """A JSON Schema fragment in a few words."""
    if "anyOf" in kind:
        return " or ".join(dict.fromkeys(describe_type(part) for part in kind["anyOf"]))
    if "enum" in kind:
        return ", ".join(f"`{word}`" for word in kind["enum"] if word is not None)
    if "$ref" in kind:
        return "object"
    if kind.get("type") == "array":
        return (
            f"list of {describe_type(kind['items'])}"
            if isinstance(kind.get("items"), dict)
            else "list"
        )
    if kind.get("type") == "object":
        inner = kind.get("additionalProperties")
        return (
            f"object of {describe_type(inner)}" if isinstance(inner, dict) and inner else "object"
        )
    words = {
        "string": "text",
        "integer": "whole number",
        "number": "number",
        "boolean": "true or false",
        "null": "null",
    }
    form = kind.get("format")
    said = {"date": "day", "date-time": "time with zone"}.get(
        str(form), words.get(str(kind.get("type")), "any")
    )
    low, high = kind.get("minimum"), kind.get("maximum")
    if low is not None or high is not None:
        said += f" {'' if low is None else f'from {low:g} '}{'' if high is None else f'to {high:g}'}".rstrip()
    return f"{said} (at most {kind['maxLength']} characters)" if "maxLength" in kind else said


def describe_command(kind: type[Command], action: str) -> str:
    _, components = msgspec.json.schema_components([kind], ref_template="{name}")
    schema = components[kind.__name__]
    own = (kind.__doc__ or "").strip()
    about = (
        ""
        if kind.__doc__ == Command.__doc__
        else "\n\n".join(" ".join(p.split()) for p in own.split("\n\n"))
    )
    lines = [f"## {kind.__name__}", "", f"Action: `{action}`", ""]
    lines += [about, ""] if about and not about.startswith(kind.__name__ + "(") else []
    lines += ["| field | form | needed |", "|---|---|---|"]
    for name, form in schema["properties"].items():
        if name not in (*COMMON, "type"):
            needed = (
                "yes"
                if name in schema["required"]
                else f"no, else `{msgspec.json.encode(form.get('default')).decode()}`"
            )
            lines.append(f"| `{name}` | {describe_type(form)} | {needed} |")
    return "\n".join(lines)


def make_page() -> str:
    rules = load_rules().commands
    return (
        HEAD
        + "\n"
        + "\n\n".join(describe_command(kind, rules[kind.__name__]) for kind in OUTSIDE)
        + "\n"
    )
