"""The one sentence on top of the screen, in both languages, from numbers alone."""

from __future__ import annotations

import math
from datetime import date
from typing import Protocol

import msgspec

GENERATION_D = 4.7


class RLike(Protocol):
    """R with its interval."""

    @property
    def mean(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...


class Sentence(msgspec.Struct, frozen=True, kw_only=True):
    """The same sentence in English and Chinese."""

    en: str
    zh: str


def write_sentence(
    week: int | None,
    r: RLike | None,
    complete: date | None,
    ahead: tuple[float, float, float] | None,
) -> Sentence:
    """`Cases this week 1,240, next week 1,410 (90 %: 1,330 to 1,520), R 1.18 (1.05 to 1.31)…`

    ahead: 5 %, median and 95 % of next week's cases, to be said as surely as they are known
    """
    if complete is None:
        return Sentence(en="No cases have been reported.", zh="尚无病例报告。")
    if week is None:  # a week of which nobody has told is not a week without cases
        return Sentence(
            en=f"No report since {complete.isoformat()}: how many cases there are is not known.",
            zh=f"{complete.isoformat()} 之后没有报告：现有病例数不详。",
        )
    en, zh = [f"Cases this week {week:,}"], [f"本周病例 {week:,} 例"]
    if ahead is not None:
        low, middle, high = (_as_sure(value) for value in ahead)
        en.append(f"next week {middle:,.0f} (90 %: {low:,.0f} to {high:,.0f}, simulated)")
        zh.append(f"预计下周 {middle:,.0f} 例（90%：{low:,.0f} 至 {high:,.0f}，模拟值）")
    if r is None:
        en.append("too few to say whether they grow")
        zh.append("数据过少，无法判断增减")
    else:
        en.append(f"R {r.mean:.2f} ({r.low:.2f} to {r.high:.2f})")
        zh.append(f"R {r.mean:.2f}（{r.low:.2f} 至 {r.high:.2f}）")
        if pace := _pace(r):
            en.append(pace[0])
            zh.append(pace[1])
    return Sentence(
        en=f"{', '.join(en)}; complete to {complete.isoformat()}.",
        zh=f"{'，'.join(zh)}；数据完整至 {complete.isoformat()}。",
    )


def _as_sure(value: float) -> float:
    """To three figures: nobody forecasts the last person of a quarter of a million."""
    return float(f"{value:.3g}")


def _pace(r: RLike) -> tuple[str, str] | None:
    """Doubling or halving time over the interval of R, only where all of it is on one side of 1."""
    if r.low <= 1 <= r.high:
        return None
    soon, late = sorted(math.log(2) * GENERATION_D / abs(math.log(x)) for x in (r.low, r.high))
    span = f"{soon:.0f}" if f"{soon:.0f}" == f"{late:.0f}" else f"{soon:.0f} to {late:.0f}"
    if r.low > 1:
        return f"doubling in {span} days", f"约 {span.replace(' to ', ' 至 ')} 天翻倍"
    return f"halving in {span} days", f"约 {span.replace(' to ', ' 至 ')} 天减半"
