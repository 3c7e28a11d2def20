"""The Python faces, from their docstrings and signatures."""

from __future__ import annotations

import inspect
import re
from types import ModuleType
from typing import Any

import twinward as tw
from reference_pages.markdown import code, head, table
from twinward.faces import frames, workspace

ABOUT = """
`import twinward as tw` loads nothing; a face is loaded when it is first used. Every answer of a
face has `list_tables()`, `to_frame(table)` (pandas), `to_arrow(table)`, `to_polars(table)`,
`to_columns(table)`, `summary` and, where there is something to see, `plot()`, which returns
matplotlib axes. What cannot be used raises `tw.ArgumentError`, a `ValueError` with `argument`,
`code`, `message` and `advice`.
"""
FACES = ("simulation", "tracing", "surveillance", "logistics", "planning", "city")


def block(text: str | None) -> str:
    return inspect.cleandoc(text or "").strip()


def body(text: str | None) -> str:
    """A docstring as Markdown: indented parts stay as they are written."""
    cleaned = block(text)
    first, _, rest = cleaned.partition("\n\n")
    return f"{first}\n\n```text\n{rest}\n```" if rest else first


def signature(one: Any) -> str:
    try:
        text = str(inspect.signature(one))
    except (TypeError, ValueError):
        return "(…)"
    return re.sub(r"(: |-> )'([^']*)'", r"\1\2", text)


def describe_class(name: str, kind: type) -> str:
    lines = [f"### class {name}\n", body(kind.__doc__) + "\n"]
    fields = getattr(kind, "__struct_fields__", None)
    if fields is not None:
        types = {f: str(t) for f, t in _annotations(kind).items()}
        lines.append(
            table(("field", "type"), [(code(f), code(types.get(f, ""))) for f in fields]) + "\n"
        )
        return "\n".join(lines)
    for member, value in vars(kind).items():
        if member.startswith("_"):
            continue
        if isinstance(value, property) and value.__doc__:
            lines.append(f"* `{member}`: {' '.join(block(value.__doc__).split())}")
        elif inspect.isfunction(value) and value.__doc__:
            lines.append(
                f"* `{member}{signature(value)}`: {' '.join(block(value.__doc__).split())}"
            )
    return "\n".join(lines) + "\n"


def _annotations(kind: type) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in reversed(kind.__mro__):
        found.update(getattr(one, "__annotations__", {}))
    return found


def describe_function(prefix: str, name: str, one: Any) -> str:
    return f"### {prefix}{name}\n\n```python\n{name}{signature(one)}\n```\n\n{body(one.__doc__)}\n"


def describe_face(name: str, face: ModuleType) -> str:
    parts = [f"## tw.{name}\n", body(face.__doc__) + "\n"]
    elsewhere = []
    for offered in face.__all__:
        one = getattr(face, offered)
        if inspect.isclass(one):
            parts.append(describe_class(offered, one))
        elif callable(one):
            parts.append(describe_function(f"tw.{name}.", offered, one))
        else:
            elsewhere.append(f"* `{offered}`: {', '.join(map(str, one))}")
    return "\n".join([*parts, *elsewhere, ""])


def make_page() -> str:
    parts = [head("Python", ABOUT)]
    parts.append("## The root\n")
    parts.append(describe_function("tw.", "simulate", tw.simulate))
    parts.append(describe_function("tw.", "open_platform", workspace.open_platform))
    parts += [
        describe_class(k.__name__, k) for k in (workspace.Workspace, frames.Result, frames.Table)
    ]
    parts.append(describe_class("ArgumentError", tw.ArgumentError))
    parts += [describe_face(name, getattr(tw, name)) for name in FACES]
    return "\n".join(parts)
