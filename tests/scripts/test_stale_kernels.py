"""Kernels compiled from older sources are not used after an update in place."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from stale_kernels import remove_stale  # noqa: E402


def test_compiled_kernels_go_when_a_kernel_changed_and_stay_when_none_did(tmp_path: Path) -> None:
    sources, stamp = tmp_path / "src", tmp_path / "stamp"
    cache = sources / "room" / "__pycache__"
    cache.mkdir(parents=True)
    (sources / "room" / "kernels.py").write_text("from numba import njit\n")
    (sources / "room" / "plain.py").write_text("x = 1\n")
    remove_stale(sources, stamp)
    compiled = cache / "kernels.nbi"
    compiled.write_bytes(b"old")
    (sources / "room" / "plain.py").write_text("x = 2\n")
    assert remove_stale(sources, stamp) == 0 and compiled.exists()
    (sources / "room" / "kernels.py").write_text("from numba import njit  # another\n")
    assert remove_stale(sources, stamp) == 1 and not compiled.exists()
