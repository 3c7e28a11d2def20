"""What every detector answers: expected counts, thresholds, alarms."""

from __future__ import annotations

import msgspec

from twinward.decision.surveillance.arrays import Floats, Ints


class Thresholds(msgspec.Struct, frozen=True, kw_only=True):
    """Of each judged place in the series: what was expected, and above what it is an alarm."""

    places: Ints
    expected: Floats
    threshold: Floats
    alarm: Ints  # 0 or 1
    wanted: int  # steps of history the detector needs before it can judge
