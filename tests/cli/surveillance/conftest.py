"""A verb of surveillance, run once with --json."""

from __future__ import annotations

import json
from typing import Any

import pytest

from twinward.cli.main import main


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    def once(*words: str) -> tuple[int, Any]:
        code = main(["surveil", *words, "--json"])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return code, json.loads(said.out.strip().splitlines()[-1])

    return once
