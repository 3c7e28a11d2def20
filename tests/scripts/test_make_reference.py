"""The generated reference says what the code says, and its parts read code as it is written."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parents[2]
REFERENCE = HOME / "docs" / "reference"
sys.path.insert(0, str(HOME / "scripts"))

from reference_pages import cli, errors, http, python, settings  # noqa: E402


@pytest.mark.parametrize(
    "page", ["cli", "commands", "errors", "http", "indicators", "python", "settings"]
)
def test_every_page_exists(page: str) -> None:
    assert (REFERENCE / f"{page}.md").read_text("utf-8").startswith("# ")


def test_all_pages_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, HOME / "scripts" / "make_reference.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def raised(text: str) -> list[tuple[str, str, str]]:
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    return [(r.code, r.message, r.advice) for call in calls for r in errors.of_call(call)]


def test_an_error_is_read_as_it_is_raised() -> None:
    text = 'InputError(f"{n} days, {row.name!r}", "give " f"{LOW}", code="bad_days")'
    assert raised(text) == [("bad_days", "{n} days, {name}", "give {LOW}")]
    assert raised('AbsentError(f"no {x}")') == [("not_found", "no {x}", "")]
    assert raised('_need(ok, "a b", "c", "no_days")') == [("no_days", "a b", "c")]
    both = raised('StorageError("gone", code="cut" if torn else "lost")')
    assert [code for code, _, _ in both] == ["cut", "lost"]
    assert raised('print("a b", code="x")') == []


def test_a_row_of_checks_is_read_too() -> None:
    row = ast.parse('(days > 0, f"{days} days", "give more", "no_days")', mode="eval").body
    assert isinstance(row, ast.Tuple)
    assert [r.code for r in errors.of_row(row.elts)] == ["no_days"]


def test_every_code_that_stands_in_the_source_is_on_the_page() -> None:
    page = errors.make_page()
    for one in errors.list_raised():
        assert f"\n## {one.code}\n" in page


def test_every_leaf_verb_is_on_the_page() -> None:
    page = cli.make_page()
    for words in ("simulate", "trace contacts", "plan compare", "incident list", "city build"):
        assert f"\n### twinward {words}\n" in page
    assert "/root" not in page and "/home" not in page


def test_every_operation_is_on_the_page() -> None:
    page = http.make_page()
    for path, methods in http.read_document()["paths"].items():
        for method in methods:
            assert f"\n### {method.upper()} {path}\n" in page


def test_every_setting_has_a_default_and_a_meaning() -> None:
    for line in settings.make_page().splitlines():
        if line.startswith("| `"):
            assert all(cell.strip() for cell in line.strip("|").split("|")), line


def test_every_face_is_on_the_page() -> None:
    page = python.make_page()
    for name in ("tw.simulate", "tw.tracing.chain", "tw.logistics.p_median", "tw.open_platform"):
        assert f"### {name}\n" in page
