"""The code of the Python tutorials runs as it stands, one block after the other."""

from __future__ import annotations

import os
import re
from pathlib import Path

import matplotlib
import pytest

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("name", ["tutorial-python-outbreak.md", "tutorial-python-data.md"])
def test_every_block_of_the_tutorial_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from matplotlib import pyplot

    matplotlib.use("Agg")
    monkeypatch.chdir(tmp_path)
    page = (DOCS / name).read_text("utf-8")
    names: dict[str, object] = {"__name__": "__main__"}
    for number, block in enumerate(BLOCK.findall(page), start=1):
        exec(compile(block, f"{name}, block {number}", "exec"), names)
    pyplot.close("all")
    said = capsys.readouterr().out
    for quoted in re.findall(r"^> (.+)$", page, re.MULTILINE):
        assert quoted.rstrip("…").strip() in said, quoted
    assert os.listdir(tmp_path) == []
