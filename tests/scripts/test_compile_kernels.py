"""What setup compiles is what the first questions need: after it, neither ingest nor tracing
waits for the compiler.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "compile_kernels.py"
# the same verbs over other data, with every compilation told; what is loaded from the cache is none
AGAIN = f"""
import sys
from pathlib import Path
from numba.core import event
sys.path.insert(0, {str(SCRIPT.parent)!r})
import compile_kernels
compile_kernels.PERSONS = 500
with event.install_recorder("numba:compile") as told:
    compile_kernels.main()
names = {{str(one.data["dispatcher"].py_func.__qualname__) for _, one in told.buffer if one.is_start}}
print(",".join(sorted(names)))
"""


@pytest.mark.slow
def test_after_setup_no_question_waits_for_the_compiler(tmp_path: Path) -> None:
    env = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    subprocess.run([sys.executable, str(SCRIPT)], env=env, check=True, timeout=600)
    done = subprocess.run(
        [sys.executable, "-c", AGAIN],
        env=env,
        check=True,
        timeout=600,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == ""
