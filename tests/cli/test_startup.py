"""A verb that lists loads nothing that it does not use: the heavy libraries stay on the disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from twinward.cli.main import main

HEAVY = ("numpy", "scipy", "numba", "pyarrow", "duckdb", "sqlalchemy", "pydantic", "fastapi")
LISTS = ("incident list", "task list", "account list", "plan list", "warning list", "supply list")
ASK = """
import sys
from twinward.cli.main import main

verb, heavy = sys.argv[1].split(), sys.argv[2].split()
code = main([*verb, "--workspace", sys.argv[3], "--json"])
print(code, *(name for name in heavy if name in sys.modules), file=sys.stderr)
"""


def test_verbs_that_list_load_no_heavy_library(tmp_path: Path) -> None:
    workspace = tmp_path / "w"
    assert main(["init", str(workspace)]) == 0
    for verb in LISTS:
        asked = [sys.executable, "-c", ASK, verb, " ".join(HEAVY), str(workspace)]
        done = subprocess.run(asked, capture_output=True, text=True, check=True)
        assert done.stderr.splitlines()[-1] == "0", f"{verb}: {done.stderr}"
