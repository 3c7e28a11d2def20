"""The generated reference says what the code says, and the examples of the guides are the
package's own.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parents[2]


def test_the_reference_of_commands_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, HOME / "scripts" / "make_reference.py", "--check", "commands"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_example_of_a_feed_is_shown_in_the_guide() -> None:
    guide = (HOME / "docs" / "howto" / "feed-data.md").read_text("utf-8")
    for path in (HOME / "src" / "twinward" / "edge" / "feeds" / "examples").iterdir():
        assert path.name in guide
