"""The import table of ARCHITECTURE.md holds: data go round, imports do not."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "twinward"

# What a package may import besides `core` and itself. A `*` stands for one room: the words that all
# may read of a twin are its rooms' `messages` and `rows`.
WORDS = {
    "twins.city.messages",
    "twins.emergency.messages",
    "twins.emergency.vocabulary",
    "twins.emergency.*.messages",
}
ROWS = {"twins.city.rows", "twins.city.*.rows", "twins.emergency.*.rows"}
ALLOWED: dict[str, set[str]] = {
    "core": set(),
    "citybase": set(),
    "storage": set(),
    "library": {"edge.rules"},
    "standards": WORDS | ROWS,
    "security": WORDS | {"twins.emergency.access.rows"},
    "twins": set(),
    "twins.twin": set(),
    "twins.city": {"twins.twin", "citybase"},
    "twins.emergency": {"twins.twin", "library"},
    "twins.coupling": WORDS,
    "twins.snapshot": {"twins.twin", "twins.city", "twins.emergency", "twins.coupling"},
    "edge.rules": set(),
    "edge.profiles": {"edge.rules"},
    "edge.mqtt": set(),
    "edge.agent": {"edge.rules", "edge.profiles", "edge.mqtt", "security.passes"},
    "edge": WORDS | ROWS | {"security.privacy", "standards", "edge.rules"},
    "decision": WORDS | ROWS | {"twins.snapshot", "citybase", "library"},
    "loop": {"twins", "library"},
    "report": {"decision", "library", "security.privacy"},
    "rehearsal": WORDS | {"citybase", "decision.simulation", "library"},
    "service": WORDS
    | ROWS
    | {"loop", "decision", "library", "security", "report", "edge", "standards", "citybase"}
    | {"twins.snapshot"},
    "api": {"service", "standards"},
    "cli": {"service", "app", "rehearsal", "settings"},
    # what a researcher imports; nothing imports it but the package's root, lazily
    "faces": {"service", "app", "decision", "library", "citybase", "report"},
    "settings": set(),
}
SIBLINGS_OF_DECISION = {"planning", "assessment", "evaluation"}
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
    """Whether a module is the package or lies in it; `*` in the package stands for one room."""
    parts, asked = name.split("."), package.split(".")
    return len(parts) >= len(asked) and all(
        one in ("*", part) for part, one in zip(parts, asked, strict=False)
    )


def home_of(module: str) -> str | None:
    return max((package for package in ALLOWED if within(module, package)), key=len, default=None)


@pytest.mark.parametrize(
    ("module", "path"), modules(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_module_imports_only_what_its_package_may(module: str, path: Path) -> None:
    if within(module, "app") or module in {"__init__", "__main__", ""}:
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


def test_no_module_imports_itself_round_a_circle() -> None:
    """Also not for its types alone, or inside a function: two such modules are one, or three."""
    paths = {name: path for name, path in modules() if path.name != "__init__.py"}
    graph: dict[str, set[str]] = {}
    for name, path in paths.items():
        targets = {target.removeprefix("twinward.") for target in imports_of(path)}
        targets |= {target.rpartition(".")[0] for target in targets}
        graph[name] = (targets & paths.keys()) - {name}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


@pytest.mark.parametrize(
    ("module", "path"), modules(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_kernels_are_plain(module: str, path: Path) -> None:
    parts = module.split(".")
    if "kernels" not in parts:
        return
    for name in imports_of(path):
        plain = name.split(".")[0] in KERNEL_LIBRARIES
        kernel = "kernels" in name.split(".")
        assert plain or kernel, f"{module} is a kernel and must not import {name}"


def test_core_stays_small() -> None:
    assert len([p for p in (SOURCE / "core").glob("*.py") if p.name != "__init__.py"]) <= 15


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


def test_the_page_names_every_package_of_the_table() -> None:
    page = (SOURCE.parents[1] / "ARCHITECTURE.md").read_text("utf-8")
    table = page[page.index("## Who may import whom") : page.index("## Where does it go?")]
    for package in set(ALLOWED) - {"settings", "twins", "twins.twin", "twins.snapshot", "decision"}:
        assert f"`{package}`" in table, f"ARCHITECTURE.md does not say what {package} may import"


def test_no_test_asks_for_the_loop_of_its_thread() -> None:
    """A browser of another test of the process may hold it: `helpers.loops.run_apart`."""
    tests = SOURCE.parents[1] / "tests"
    found = [
        path.name
        for path in tests.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "asyncio.run"
    ]
    assert not found
