"""Supervision modules: the schema that a module's file keeps to, and the bundled ones."""

from __future__ import annotations

from typing import Any

import msgspec

from reference_pages.markdown import code, head, table
from twinward.library.supervision.module import Module
from twinward.library.supervision.module_files import bundled_modules

ABOUT = """
A module is one TOML file: what is supervised, what is heard and checked of it, what of that is a
defect, and whose task the defect becomes. `twinward module validate FILE` holds a file against the
schema below and against what a schema cannot say: every name stands for something of the module,
every defect has a duty, every duty a department. A rule needs no `id`: it has its event's.
"""


def make_page() -> str:
    modules = sorted(bundled_modules().values(), key=lambda one: (one.termination or 99, one.id))
    rows = [
        (
            str(one.termination or ""),
            code(one.id),
            one.title,
            ", ".join(each.kind for each in one.objects),
            ", ".join(each.id for each in one.events) or "-",
            ", ".join(each.id for each in one.checks),
        )
        for one in modules
    ]
    heads = ("No.", "Module", "Title", "Objects", "Events", "Checks")
    schema = msgspec.json.format(msgspec.json.encode(schema_of()), indent=2).decode()
    return (
        head("Supervision modules", ABOUT)
        + "\n## Bundled\n\n"
        + table(heads, rows)
        + f"\n\n## Schema\n\n```json\n{schema}\n```\n"
    )


def schema_of() -> dict[str, Any]:
    """JSON Schema of a module's file."""
    schema = msgspec.json.schema(Module)
    rule = schema["$defs"]["DeviceRule"]
    rule["required"] = [name for name in rule.get("required", ()) if name != "id"]
    return schema
