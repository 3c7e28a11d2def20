"""How often an alarm was right, with the doubt of few judgements."""

from __future__ import annotations

import math

import msgspec

Z_90 = 1.6448536269514722  # standard normal quantile of .95


class HitRate(msgspec.Struct, frozen=True, kw_only=True):
    """Judged signals. share, low, high: confirmed among the judged with the Wilson interval at
    90 %; None before the first judgement.
    """

    confirmed: int
    dismissed: int
    waiting: int
    share: float | None
    low: float | None
    high: float | None


def rate_hits(*, confirmed: int, dismissed: int, waiting: int = 0) -> HitRate:
    """The share of confirmed among judged signals (Wilson 1927, JASA 22:209-212)."""
    n = confirmed + dismissed
    share = low = high = None
    if n:
        p, z2 = confirmed / n, Z_90**2
        middle = (p + z2 / (2 * n)) / (1 + z2 / n)
        half = Z_90 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
        share = round(p, 3)
        low, high = round(max(middle - half, 0.0), 3), round(min(middle + half, 1.0), 3)
    return HitRate(
        confirmed=confirmed, dismissed=dismissed, waiting=waiting, share=share, low=low, high=high
    )
