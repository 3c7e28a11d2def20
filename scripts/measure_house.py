"""Measures the house: sizes, types, formatter, rooms, cycles, mirrored tests; one tree or several.

    python scripts/measure_house.py [NAME=FOLDER ...]      as a Markdown table
    python scripts/measure_house.py --write NAME=FOLDER    into docs/explanation/house-measured.md

FOLDER is a checkout (`git worktree add ../before 35e8d05`). Nothing is imported, only read with
`ast`, so that a tree of any age can be measured. The same way of counting for every column.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "explanation" / "house-measured.md"
MARK = re.compile(r"(<!-- table -->\n).*?(<!-- end -->)", re.DOTALL)
Tree = dict[str, ast.Module]


def read(folder: Path) -> tuple[dict[str, str], Tree]:
    """Text and syntax of every module, by dotted name."""
    texts, trees = {}, {}
    for path in sorted(folder.rglob("*.py")):
        name = ".".join(path.relative_to(folder).with_suffix("").parts)
        texts[name] = path.read_text("utf-8")
        trees[name] = ast.parse(texts[name])
    return texts, trees


def rank(values: list[int], share: float) -> float:
    """The value at a share of the ranks; 0.5 is the median."""
    ordered = sorted(values) or [0]
    if share == 0.5 and len(ordered) % 2 == 0:
        return (ordered[len(ordered) // 2 - 1] + ordered[len(ordered) // 2]) / 2
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def spread(values: list[int]) -> str:
    return f"{rank(values, 0.5):g} / {rank(values, 0.9):g} / {max(values, default=0)}"


def file_lines(texts: dict[str, str]) -> list[int]:
    """Lines of every file that are not blank; a room's empty `__init__` does not count."""
    counts = [sum(bool(line.strip()) for line in text.split("\n")) for text in texts.values()]
    return [count for count in counts if count > 2]


def function_lines(texts: dict[str, str], trees: Tree) -> list[int]:
    """Lines of every function without its docstring and blank lines."""
    found = []
    for name, tree in trees.items():
        lines = texts[name].split("\n")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first, last = node.lineno, node.end_lineno or node.lineno
                skip = set()
                if ast.get_docstring(node, clean=False) is not None:
                    doc = node.body[0]
                    skip = set(range(doc.lineno, (doc.end_lineno or doc.lineno) + 1))
                body = [n for n in range(first, last + 1) if n not in skip]
                found.append(sum(bool(lines[n - 1].strip()) for n in body))
    return found


def annotations(tree: ast.AST) -> list[ast.expr]:
    found: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns:
            found.append(node.returns)
        elif isinstance(node, ast.arg | ast.AnnAssign) and node.annotation:
            found.append(node.annotation)
    return found


def count_any(trees: Tree) -> tuple[int, int, int]:
    """(in kernels, as NDArray[Any] elsewhere, others): every `Any` in an annotation."""
    kernels = arrays = others = 0
    for name, tree in trees.items():
        for annotation in annotations(tree):
            inside = 0
            for node in ast.walk(annotation):
                if isinstance(node, ast.Subscript) and getattr(node.value, "id", "") == "NDArray":
                    inside += getattr(node.slice, "id", "") == "Any"
            every = sum(isinstance(n, ast.Name) and n.id == "Any" for n in ast.walk(annotation))
            if "kernels" in name.split("."):
                kernels += every
            else:
                arrays += inside
                others += every - inside
    return kernels, arrays, others


def typed_returns(trees: Tree) -> float:
    functions = [
        node
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return sum(node.returns is not None for node in functions) / max(len(functions), 1)


def imports(trees: Tree, package: str = "twinward") -> dict[str, set[str]]:
    """Module -> modules of ours that it imports anywhere, also inside functions."""
    found: dict[str, set[str]] = {}
    known = {name.removesuffix(".__init__"): name for name in trees}
    for name, tree in trees.items():
        targets = set()
        for node in ast.walk(tree):
            names: list[str] = []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module, *(f"{node.module}.{one.name}" for one in node.names)]
            elif isinstance(node, ast.Import):
                names = [one.name for one in node.names]
            for one in names:
                inner = one.removeprefix(f"{package}.")
                if one.startswith(f"{package}.") and inner in known:
                    targets.add(known[inner])
        found[name] = targets - {name}
    return found


def in_cycles(graph: dict[str, set[str]]) -> int:
    """How many modules lie in a cycle of imports (a package's own `__init__` not counted)."""
    graph = {a: {b for b in bs if not b.endswith("__init__")} for a, bs in graph.items()}
    reach: dict[str, set[str]] = {}
    for start in graph:
        seen: set[str] = set()
        stack = list(graph[start])
        while stack:
            one = stack.pop()
            if one not in seen:
                seen.add(one)
                stack += graph.get(one, ())
        reach[start] = seen
    return sum(name in reach[name] for name in graph if not name.endswith("__init__"))


def rooms(trees: Tree) -> list[int]:
    """Modules of every folder that holds any, `__init__` apart."""
    folders = Counter(
        name.rpartition(".")[0] for name in trees if not name.endswith("__init__") and "." in name
    )
    return list(folders.values())


def mirrored(trees: Tree, tests: Path) -> tuple[float, float]:
    """Shares of modules with a test file of the same path, and of the same stem anywhere."""
    modules = [name for name in trees if not name.endswith("__init__") and "." in name]
    stems = {path.stem for path in tests.rglob("test_*.py")}
    same = [
        (tests / "/".join(name.split(".")[:-1]) / f"test_{name.split('.')[-1]}.py").is_file()
        for name in modules
    ]
    alike = [f"test_{name.split('.')[-1]}" in stems for name in modules]
    return sum(same) / max(len(same), 1), sum(alike) / max(len(alike), 1)


def twice_named(trees: Tree) -> int:
    """Names that stand for two or more public classes."""
    names = Counter(
        node.name
        for tree in trees.values()
        for node in tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    return sum(count > 1 for count in names.values())


def measure(root: Path) -> dict[str, str]:
    """The measures of one checkout, by name, in the order of the table."""
    source = root / "src" / "twinward"
    texts, trees = read(source)
    functions = function_lines(texts, trees)
    kernels, arrays, others = count_any(trees)
    lines = [line for text in texts.values() for line in text.split("\n") if line.strip()]
    folders = rooms(trees)
    path_share, stem_share = mirrored(trees, root / "tests")
    return {
        "files": f"{len(trees):,}",
        "lines that are not blank": f"{len(lines):,}",
        "lines of a file: median / p90 / most": spread(file_lines(texts)),
        "lines of a function: median / p90 / most": spread(functions),
        "functions over 30 / over 60 lines": (
            f"{sum(n > 30 for n in functions)} / {sum(n > 60 for n in functions)} "
            f"of {len(functions):,}"
        ),
        "returns with a type": f"{typed_returns(trees):.0%}",
        "`Any` in kernels / as `NDArray[Any]` / others": f"{kernels:,} / {arrays:,} / {others:,}",
        "`# fmt: skip`": str(sum("# fmt: skip" in line for line in lines)),
        "width of a line: p90 / most": f"{rank([len(x) for x in lines], 0.9):g} / "
        f"{max(len(x) for x in lines)}",
        "folders / modules of one: median, most": f"{len(folders)} / {rank(folders, 0.5):g}, "
        f"{max(folders)}",
        "folders of more than 15 modules": str(sum(n > 15 for n in folders)),
        "modules in a cycle of imports": str(in_cycles(imports(trees))),
        "class names that stand for two things": str(twice_named(trees)),
        "modules with a test of the same path / stem": f"{path_share:.0%} / {stem_share:.0%}",
    }


def make_table(trees: dict[str, Path]) -> str:
    columns = {name: measure(folder) for name, folder in trees.items()}
    first = next(iter(columns.values()))
    head = f"| measure | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}"
    rows = [f"| {name} | {' | '.join(c[name] for c in columns.values())} |" for name in first]
    return "\n".join([head, *rows]) + "\n"


def main(arguments: list[str]) -> int:
    named = [one.partition("=") for one in arguments if not one.startswith("-")]
    trees = {name: Path(folder or ".") for name, _, folder in named} or {"now": ROOT}
    table = make_table(trees)
    if "--write" in arguments:
        text = PAGE.read_text("utf-8")
        PAGE.write_text(MARK.sub(lambda found: found[1] + table + found[2], text), "utf-8")
    print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
