"""Audits what is installed against the hashed locks: same versions, nothing beside them, no
licence that binds ours.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^ ;\\]+)")
COPYLEFT = re.compile(r"\b(?:AGPL|Affero|GPL(?!.*exception))", re.IGNORECASE)
LESSER = re.compile(r"\b(?:LGPL|Lesser)", re.IGNORECASE)
OURS = {"twinward", "pip", "setuptools", "wheel"}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def read_locks() -> tuple[dict[str, str], list[str]]:
    """Name -> version of every locked package, and those without a hash."""
    locked: dict[str, str] = {}
    unhashed = []
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        blocks = re.split(r"\n(?=[A-Za-z0-9])", path.read_text("utf-8"))
        for block in blocks:
            if found := PINNED.match(block.strip()):
                locked[canonical(found[1])] = found[2]
                if "--hash=sha256:" not in block:
                    unhashed.append(f"{path.name}: {found[1]}")
    return locked, unhashed


def main() -> int:
    locked, problems = read_locks()
    problems = [f"without a hash: {one}" for one in problems]
    for one in metadata.distributions():
        name = canonical(one.metadata["Name"])
        if name in OURS:
            continue
        if locked.get(name) != one.version:
            problems.append(
                f"{name} {one.version} is installed, the locks have "
                f"{locked.get(name, 'none of it')}"
            )
        words = " ".join(
            [
                one.metadata.get("License-Expression") or "",
                *(one.metadata.get_all("Classifier") or []),
            ]
        )
        if COPYLEFT.search(words) and not LESSER.search(words):
            problems.append(f"{name}: its licence would bind ours")
    for problem in problems:
        print(problem)
    if shutil.which("pip-audit"):  # known weaknesses, where its database can be reached
        subprocess.run(["pip-audit", "--skip-editable"], cwd=ROOT, check=False)
    print(f"{len(locked)} locked packages, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
