"""The import table of ARCHITECTURE.md holds: data go round, imports do not."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "twinward"

# package -> what of ours it may import besides `core` and itself
ALLOWED: dict[str, set[str]] = {
    "core": set(),
    "population": set(),
    "storage": set(),
    "library": set(),
    "security": {"twins.emergency.messages"},
    "twins": set(),
    "twins.twin": set(),
    "twins.city": {"twins.twin", "population"},
    "twins.emergency": {"twins.twin", "library"},
    "twins.coupling": {"twins.city.messages", "twins.emergency.messages"},
    "twins.snapshot": {"twins.twin", "twins.city", "twins.emergency", "twins.coupling"},
    "edge": {"twins.city.messages", "twins.emergency.messages", "security"},
    "decision": {
        "twins.city.messages",
        "twins.emergency.messages",
        "twins.snapshot",
        "population",
        "library",
    },
    "loop": {"twins", "decision", "library"},
    "report": {"decision", "security.masking"},
    "rehearsal": {
        "population",
        "twins.city.messages",
        "twins.emergency.messages",
        "decision.simulation",
        "library",
    },
    "service": {
        "loop",
        "decision",
        "library",
        "security",
        "report",
        "edge",
        "population",
        "twins.city.messages",
        "twins.emergency.messages",
        "twins.snapshot",
        "twins.twin",
    },
    "api": {"service"},
    "cli": {"service", "app", "rehearsal", "settings"},
    "settings": set(),
}
SIBLINGS_OF_DECISION = {"planning", "functions"}
KERNEL_LIBRARIES = {"math", "numpy", "numba", "typing", "__future__"}


def modules() -> list[tuple[str, Path]]:
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        name = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        found.append((name.removesuffix(".__init__"), path))
    return found


def imports_of(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import; write the whole name"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def home_of(module: str) -> str | None:
    return max((package for package in ALLOWED if within(module, package)), key=len, default=None)


@pytest.mark.parametrize(
    ("module", "path"), modules(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_module_imports_only_what_its_package_may(module: str, path: Path) -> None:
    if module in {"app", "__init__", "__main__", ""}:
        return
    home = home_of(module)
    assert home is not None, f"{module} belongs to no package of the import table"
    for name in imports_of(path):
        if not name.startswith("twinward"):
            continue
        target = name.removeprefix("twinward").lstrip(".")
        if target in {"", "__version__"}:
            continue
        allowed = any(within(target, package) for package in ALLOWED[home] | {"core", home})
        assert allowed, f"{module} ({home}) must not import {target}"
        if home == "decision" and within(target, "decision"):
            mine, other = module.split(".")[1:2], target.split(".")[1:2]
            assert mine == other or (mine and mine[0] in SIBLINGS_OF_DECISION), (
                f"{module} imports its sibling {target}"
            )


@pytest.mark.parametrize(
    ("module", "path"), modules(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_kernels_are_plain(module: str, path: Path) -> None:
    parts = module.split(".")
    if "kernels" not in parts:
        return
    for name in imports_of(path):
        plain = name.split(".")[0] in KERNEL_LIBRARIES
        kernel = "kernels" in name.split(".") or within(name, "twinward.core.chance")
        assert plain or kernel, f"{module} is a kernel and must not import {name}"


def test_core_has_at_most_nine_modules() -> None:
    assert len([p for p in (SOURCE / "core").glob("*.py") if p.name != "__init__.py"]) <= 9


def test_only_security_makes_a_scope() -> None:
    for module, path in modules():
        if within(module, "security") or within(module, "core"):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                called = (
                    node.func.attr
                    if isinstance(node.func, ast.Attribute)
                    else getattr(node.func, "id", "")
                )
                assert called != "Scope", f"{module}:{node.lineno} makes a Scope; only security may"
