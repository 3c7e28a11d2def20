"""`twinward edge run` on a clock that a test moves: the seconds in a file are added to it."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path

from twinward.core.clock import SystemClock
from twinward.edge.agent.agent import Agent
from twinward.edge.agent.config import load_config


class JumpingClock(SystemClock):
    def __init__(self, file: Path) -> None:
        self.file = file

    def now(self) -> datetime:
        try:
            jump = float(self.file.read_text())
        except (OSError, ValueError):
            jump = 0.0
        return super().now() + timedelta(seconds=jump)


if __name__ == "__main__":
    config = Path(sys.argv[1])
    Agent(load_config(config), JumpingClock(config.with_name("jump.txt"))).run()
