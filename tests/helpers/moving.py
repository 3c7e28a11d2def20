"""A workspace whose lake holds three days of 300 residents with known truth; the clock stands at
their end.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from reference.movement import START_US
from twinward.app import compose
from twinward.app.workspace import init_workspace
from twinward.citybase.people.plain_city import plain_base
from twinward.core.clock import SetClock
from twinward.rehearsal.movement import Sampling, live_days, observe
from twinward.service.platform import Platform

NOW = datetime(2022, 4, 4, tzinfo=UTC)


def make_moving_city(workspace: Path) -> tuple[Platform, Any]:
    """(the open platform, the truth its movement was made from)."""
    init_workspace(workspace)
    platform = compose.open_platform(workspace, SetClock(NOW))
    truth = live_days(plain_base(300, 5), 300, 3, 5)
    columns = observe(truth, 3, Sampling(sigma_m=8.0), START_US, 5)
    subject = pa.array([f"s{who}" for who in columns["subject"]])
    compose.open_lake(platform.workspace).append([pa.table(columns | {"subject": subject})], NOW)
    return platform, truth
