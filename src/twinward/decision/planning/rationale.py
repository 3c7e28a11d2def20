"""Why the first plan is first, in a paragraph that a mayor can read, in English and in Chinese."""

from __future__ import annotations

from twinward.decision.planning.comparison import PlanResult, SensitivityResult

NAMES = {
    "r0": ("the reproduction number", "基本再生数"),
    "infected_now": ("how many are infected today", "当前感染人数"),
    "compliance": ("how well people comply", "民众配合程度"),
    "severity": ("how severe the disease is", "疾病严重程度"),
    "work_day": ("what a lost working day costs", "停工一天的成本"),
}


def explain_ranking(
    plans: list[PlanResult],
    tried: list[SensitivityResult],
    ranked_by: str,
    currency: str,
    days: int,
) -> dict[str, str]:
    """{"en": …, "zh": …}; numbers are the sheet's own."""
    return {
        "en": english(plans, tried, ranked_by, currency, days),
        "zh": chinese(plans, tried, ranked_by, currency, days),
    }


def english(
    plans: list[PlanResult],
    tried: list[SensitivityResult],
    ranked_by: str,
    currency: str,
    days: int,
) -> str:
    first = plans[0]
    f = first.figures
    said = [
        f"Over the next {days} days {first.title} comes first by {ranked_by.replace('_', ' ')}: "
        f"about "
        f"{f['infections'].mean:,.0f} infections and {f['deaths'].mean:,.0f} deaths "
        f"(and {f['deaths_to_come'].mean:,.0f} still to come among those infected), at a cost of "
        f"{money(f['cost'].mean)} {currency} in all (response, illness, and what people give up)."
    ]
    if len(plans) > 1:
        second = plans[1]
        gap = second.against_first
        said.append(
            f"Against the second, {second.title}, it has {more(-gap['infections'].mean)} "
            f"infections, "
            f"{more(-gap['deaths'].mean)} deaths, {more(-gap['school_days'].mean)} pupils' days "
            f"out of school and "
            f"{more(-gap['work_days'].mean)} lost working days, and costs "
            f"{money(abs(gap['cost'].mean))} {currency} "
            f"{'less' if gap['cost'].mean >= 0 else 'more'}."
        )
    beds = (
        "Hospital beds suffice in every run."
        if first.over_beds == 0
        else (f"Hospital beds run out in {first.over_beds:.0%} of the runs.")
    )
    said.append(
        f"{beds} The chance that this ranking names the right first plan is "
        f"{first.probability_best:.0%}."
    )
    turning = [
        f"{NAMES[t.input][0]} were {t.factor:g} times as assumed (then {t.first})"
        for t in tried
        if t.changes_first
    ]
    said.append(
        "Another plan would be first if " + "; or if ".join(turning) + "."
        if turning
        else "None of the doubtful inputs that were tried puts another plan first."
        if tried
        else "How it depends on doubtful inputs was not tried."
    )
    return " ".join(said)


def chinese(
    plans: list[PlanResult],
    tried: list[SensitivityResult],
    ranked_by: str,
    currency: str,
    days: int,
) -> str:
    first = plans[0]
    f = first.figures
    by = {
        "cost": "总成本",
        "infections": "感染人数",
        "deaths": "死亡人数",
        "restricted_days": "受限人日",
    }[ranked_by]
    said = [
        f"今后{days}天，按{by}排序，“{first.title}”居首：预计感染约{f['infections'].mean:,.0f}人，死亡约{f['deaths'].mean:,.0f}人（期后预计还有{f['deaths_to_come'].mean:,.0f}人），"
        f"总成本约{money_zh(f['cost'].mean)}{currency}（含处置、疾病与社会代价）。"
    ]
    if len(plans) > 1:
        gap = plans[1].against_first
        said.append(
            f"与第二名“{plans[1].title}”相比，感染{more_zh(-gap['infections'].mean)}人，死亡{more_zh(-gap['deaths'].mean)}人，"
            f"停课{more_zh(-gap['school_days'].mean)}人日，停工{more_zh(-gap['work_days'].mean)}人日，"
            f"成本{'少' if gap['cost'].mean >= 0 else '多'}"
            f"{money_zh(abs(gap['cost'].mean))}{currency}。"
        )
    said.append(
        "各次模拟中床位均够用。"
        if first.over_beds == 0
        else f"{first.over_beds:.0%}的模拟中床位不足。"
    )
    said.append(f"该方案确为最优的概率为{first.probability_best:.0%}。")
    turning = [
        f"{NAMES[t.input][1]}为假设的{t.factor:g}倍时，首选变为{t.first}"
        for t in tried
        if t.changes_first
    ]
    if tried:
        said.append("；".join(turning) + "。" if turning else "所试的各项不确定因素均不改变首选。")
    return "".join(said)


def money(value: float) -> str:
    for size, word in ((1e9, " billion"), (1e6, " million"), (1e3, " thousand")):
        if abs(value) >= size:
            return f"{value / size:,.1f}{word}"
    return f"{value:,.0f}"


def money_zh(value: float) -> str:
    for size, word in ((1e8, "亿"), (1e4, "万")):
        if abs(value) >= size:
            return f"{value / size:,.1f}{word}"
    return f"{value:,.0f}"


def more(value: float) -> str:
    return (
        "as many" if abs(value) < 0.5 else f"{abs(value):,.0f} {'more' if value > 0 else 'fewer'}"
    )


def more_zh(value: float) -> str:
    return "相同，差0" if abs(value) < 0.5 else f"{'多' if value > 0 else '少'}{abs(value):,.0f}"
