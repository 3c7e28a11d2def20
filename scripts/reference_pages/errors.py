"""Every error code that the code can raise, with the forms of its message and its advice."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from reference_pages.markdown import code, head, table
from twinward.core import errors

SOURCE = Path(errors.__file__).resolve().parents[1]
ABOUT = """
Codes are stable; words between `{…}` are filled in. On the command line an error is one line on
standard error, `twinward: MESSAGE. ADVICE [CODE]`, with exit code 2 when the input is at fault and
1 when we are; with `--json` it is an object with `code`, `message` and `advice`. Over HTTP it is a
problem document (RFC 9457) with the status named here. In Python it is an exception with `code`,
`message` and `advice`; an argument at fault is a `tw.ArgumentError`, which is a `ValueError`.
"""
CODE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
KINDS = {
    name: one
    for name, one in vars(errors).items()
    if isinstance(one, type) and issubclass(one, errors.TwinwardError)
}


class Raised(NamedTuple):
    code: str
    kind: str
    message: str
    advice: str


def text_of(node: ast.expr | None) -> str:
    """A message as it is written, with what is filled in as {name}."""
    if node is None:
        return ""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        parts = []
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                parts.append("{" + name_of(part.value) + "}")
            else:
                parts.append(text_of(part))
        return "".join(parts)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return text_of(node.left) + text_of(node.right)
    if isinstance(node, ast.IfExp):
        return f"{text_of(node.body)} / {text_of(node.orelse)}"
    return "{" + name_of(node) + "}"


def name_of(node: ast.expr) -> str:
    """The word that says best what is filled in."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript):
        return name_of(node.value)
    if isinstance(node, ast.Call):
        if node.args and isinstance(node.func, ast.Name):
            return name_of(node.args[0])
        return name_of(node.func)
    return "…"


def codes_in(node: ast.expr | None) -> list[str]:
    if isinstance(node, ast.IfExp):
        return codes_in(node.body) + codes_in(node.orelse)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value] if CODE.fullmatch(node.value) else []
    return []


def is_sentence(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value
    )


def of_call(node: ast.Call) -> Iterator[Raised]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    given = {word.arg: word.value for word in node.keywords}
    if "code" in given and (name.endswith("Error") or name in ("Fault", "Rejection", "Outcome")):
        message = node.args[0] if node.args else given.get("message")
        advice = node.args[1] if len(node.args) > 1 else given.get("advice")
        for found in codes_in(given["code"]):
            yield Raised(found, name, text_of(message), text_of(advice))
    elif name in KINDS and node.args and "code" not in given:
        advice = node.args[1] if len(node.args) > 1 else given.get("advice")
        yield Raised(KINDS[name].code, name, text_of(node.args[0]), text_of(advice))
    elif name.startswith(("_need", "need", "require", "_refuse")) and len(node.args) == 4:
        yield from of_row(node.args)


def of_row(row: list[ast.expr]) -> Iterator[Raised]:
    """(holds, message, advice, code): how checks are written where there are many."""
    if len(row) == 4 and not isinstance(row[0], ast.Starred) and is_sentence(row[1]):
        for found in codes_in(row[3]):
            yield Raised(found, "InputError", text_of(row[1]), text_of(row[2]))


@cache
def list_raised() -> list[Raised]:
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                found += of_call(node)
            elif isinstance(node, ast.Tuple):
                found += of_row(node.elts)
            elif isinstance(node, ast.ClassDef) and node.name.endswith("Error"):
                found += of_class(node)
    return found


def of_class(node: ast.ClassDef) -> Iterator[Raised]:
    for line in node.body:
        if isinstance(line, ast.Assign) and getattr(line.targets[0], "id", "") == "code":
            for found in codes_in(line.value):
                yield Raised(found, node.name, "", "")


def kinds_of(rows: list[Raised]) -> str:
    """The title and the HTTP status of every class that carries the code."""
    found = {KINDS.get(row.kind, errors.InputError) for row in rows}
    said = {f"{getattr(one, 'title', one.__name__)} (HTTP {one.status})" for one in found}
    return ", ".join(sorted(said))


def make_page() -> str:
    by_code: dict[str, list[Raised]] = {}
    for row in list_raised():
        by_code.setdefault(row.code, []).append(row)
    parts = [head("Errors", ABOUT), f"{len(by_code)} codes.\n"]
    for name, rows in sorted(by_code.items()):
        said = sorted({(row.message, row.advice) for row in rows if row.message})
        parts.append(f"## {name}\n\nKind: {kinds_of(rows)}.\n")
        if said:
            parts.append(
                table(("message", "what to do"), [(quote(m), quote(a)) for m, a in said]) + "\n"
            )
    return "\n".join(parts)


def quote(text: str) -> str:
    """A message as it stands: nothing in it is Markdown."""
    return text.replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")


__all__ = ["code", "list_raised", "make_page"]
