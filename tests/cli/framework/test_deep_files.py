"""A file that is nested without end, or is no text, is bad input to every verb that reads files."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinward.app.workspace import init_workspace
from twinward.cli.main import main

DEEP = 50_000
TOML = "a = " + "[" * DEEP + "]" * DEEP
JSON = '{"type": ' + "[" * DEEP + "]" * DEEP + "}"
TOML_VERBS = (
    "plan validate {file}",
    "simulate --residents 1000 --days 5 --seed 1 --disease {file} --out {out}",
    "simulate --residents 1000 --days 5 --seed 1 --measures {file} --out {out}",
    "city build --config {file} --workspace {workspace}",
    "incident list --workspace {settings}",
)
JSON_VERBS = (
    "trace visited --areas {file} --days 1 --all --workspace {workspace}",
    "trace flows --areas {file} --workspace {workspace}",
    "trace dwell --areas {file} --over-h 2 --workspace {workspace}",
    "case report {file} --workspace {workspace}",
)


def run(verb: str, tmp_path: Path, name: str, content: bytes) -> int:
    workspace = tmp_path / "ws"
    init_workspace(workspace)
    settings = tmp_path / "settings-ws"
    init_workspace(settings)
    file = tmp_path / name
    file.write_bytes(content)
    (settings / "settings.toml").write_bytes(content)
    places = {"file": file, "out": tmp_path / "out", "workspace": workspace, "settings": settings}
    return main(verb.format(**places).split())


@pytest.mark.parametrize("verb", TOML_VERBS)
@pytest.mark.parametrize("content", [TOML.encode(), b"\xff\xfe = 1"], ids=["deep", "no text"])
def test_toml_of_any_depth_is_bad_input(
    verb: str, content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(verb, tmp_path, "x.toml", content) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("verb", JSON_VERBS)
@pytest.mark.parametrize(
    "content", [JSON.encode(), b"\xff\xfe{}", b"[1]"], ids=["deep", "no text", "a list"]
)
def test_json_of_any_depth_is_bad_input(
    verb: str, content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(verb, tmp_path, "x.json", content) == 2
    assert "Traceback" not in capsys.readouterr().err
