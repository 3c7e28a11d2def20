"""Removes compiled kernels when the source of any kernel has changed since they were compiled.

The compiler looks at the file of a kernel alone; what that kernel calls, and the types it is given,
may stand in others. After an update in place an old one could fail, or answer as before.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES, STAMP = ROOT / "src" / "twinward", ROOT / ".venv" / ".kernels"


def digest_of_kernels(sources: Path) -> str:
    """Of every file that compiles something, by path and content."""
    digest = hashlib.sha256()
    for path in sorted(sources.rglob("*.py")):
        text = path.read_bytes()
        if b"numba" in text:
            digest.update(str(path.relative_to(sources)).encode() + b"\0" + text + b"\0")
    return digest.hexdigest()


def remove_stale(sources: Path, stamp: Path) -> int:
    """How many compiled files were removed; the stamp then names the kernels of now."""
    now = digest_of_kernels(sources)
    if stamp.exists() and stamp.read_text("ascii") == now:
        return 0
    stale = [one for kind in ("*.nbi", "*.nbc") for one in sources.rglob(kind)]
    for one in stale:
        one.unlink()
    stamp.write_text(now, "ascii")
    return len(stale)


if __name__ == "__main__":
    removed = remove_stale(SOURCES, STAMP)
    if removed:
        sys.stdout.write(f"{removed} compiled kernels of older sources removed\n")
