"""Why the first plan is first, in a paragraph that a mayor can read, in English and in Chinese."""

from __future__ import annotations

from twinward.decision.planning.comparison import Comparison, PlanResult, PriceFlip
from twinward.decision.planning.fitting.forecast import UNFITTED

NAMES = {
    "r0": ("the reproduction number", "基本再生数"),
    "transmission": ("transmission in the weeks to come", "今后数周的传播水平"),
    "young_orders": ("what the newest orders achieve", "最新命令的效果"),
    "infected_now": ("how many are infected today", "当前感染人数"),
    "compliance": ("how well people comply", "民众配合程度"),
    "severity": ("how severe the disease is", "疾病严重程度"),
    "work_day": ("what a lost working day costs", "停工一天的成本"),
}
PRICES = {
    "death": ("a death averted", "避免一例死亡"),
    "restricted_day": ("a day of liberty", "一人日的自由"),
    "school_day": ("a pupil's day at school", "一人日的上学"),
    "work_day": ("a working day", "一个工作日"),
}
BREAKS = {
    "capacity": ("beds run out", "床位不足"),
    "authority": ("nobody is authorised", "无授权"),
    "law": ("longer than its plan allows", "超出预案期限"),
}
BY = {
    "cost": ("cost", "总成本"),
    "infections": ("infections", "感染人数"),
    "deaths": ("deaths", "死亡人数"),
    "restricted_days": ("days of restriction", "受限人日"),
}


def is_unfitted(sheet: Comparison) -> bool:
    """Whether the runs start from a live state and nothing of it says how it spreads."""
    return sheet.live and sheet.fit is None


def explain_ranking(sheet: Comparison) -> dict[str, str]:
    """{"en": …, "zh": …}; numbers are the sheet's own."""
    return {"en": " ".join(english(sheet)), "zh": "".join(chinese(sheet))}


def english(sheet: Comparison) -> list[str]:
    if sheet.refused:
        return [sheet.refused]
    ranked = [one for one in sheet.plans if one.role == "ranked"]
    said = (
        [first_en(sheet, ranked), odds_en(sheet), second_en(sheet, ranked)]
        if ranked
        else ["No plan is put first: none of those compared keeps within what there is."]
    )
    said += [marked_en(sheet), baseline_en(sheet)]
    if ranked:
        said += [turning_en(sheet), prices_en(sheet)]
    if is_unfitted(sheet):
        said.insert(0, UNFITTED["en"])
    return [one for one in [*said, sheet.fit.says["en"] if sheet.fit else ""] if one]


def first_en(sheet: Comparison, ranked: list[PlanResult]) -> str:
    first, f = ranked[0], ranked[0].figures
    beds = (
        "Hospital beds suffice in every run."
        if first.over_beds == 0
        else f"Hospital beds run out in {first.over_beds:.0%} of the runs."
    )
    needs = f" It waits for {' and '.join(first.needs)}." if first.needs else ""
    return (
        f"Over the next {sheet.days} days {first.title} comes first by {BY[sheet.ranked_by][0]}: "
        f"about {f['infections'].mean:,.0f} infections and {f['deaths'].mean:,.0f} deaths "
        f"(and {f['deaths_to_come'].mean:,.0f} still to come among those infected), at a cost of "
        f"{money(f['cost'].mean)} {sheet.currency} in all (response, illness, and what people give "
        f"up). {beds}{needs}"
    )


def odds_en(sheet: Comparison) -> str:
    titles = {one.id: one.title for one in sheet.plans}
    if sheet.tied:
        others = ", ".join(titles[name] for name in sheet.tied)
        return f"Nobody can tell it apart from {others}: in too many of the runs these do as well."
    if sheet.probability_right is None:
        return "How sure that is was not tried: that takes several runs of several plans."
    over = "the doubtful inputs and chance" if sheet.odds_over != "dice alone" else "chance alone"
    return (
        f"The odds that it is the best of these are about {sheet.probability_right:.0%}, over "
        f"{over} ({sheet.replicates} runs)."
    )


def second_en(sheet: Comparison, ranked: list[PlanResult]) -> str:
    if len(ranked) < 2:
        return ""
    gap = ranked[1].against_first
    return (
        f"Against the second, {ranked[1].title}, it has {more(-gap['infections'].mean)} "
        f"infections, {more(-gap['deaths'].mean)} deaths, {more(-gap['school_days'].mean)} pupils' "
        f"days out of school and {more(-gap['work_days'].mean)} lost working days, and costs "
        f"{money(abs(gap['cost'].mean))} {sheet.currency} "
        f"{'less' if gap['cost'].mean >= 0 else 'more'}."
    )


def marked_en(sheet: Comparison) -> str:
    marked = [one for one in sheet.plans if one.role == "marked"]
    if not marked:
        return ""
    each = "; ".join(f"{one.title} ({', '.join(breaks(one, 0))})" for one in marked)
    return f"Not ranked, for what they break: {each}."


def breaks(one: PlanResult, language: int) -> list[str]:
    return [BREAKS[name][language] if name in BREAKS else name for name in one.breaks]


def baseline_en(sheet: Comparison) -> str:
    base = next((one for one in sheet.plans if one.role == "baseline"), None)
    if base is None:
        return ""
    f = base.figures
    beds = f", and beds run out in {base.over_beds:.0%} of the runs" if base.over_beds else ""
    return (
        f"Without any measure, the baseline beside them, {f['infections'].mean:,.0f} would be "
        f"infected and {f['deaths'].mean + f['deaths_to_come'].mean:,.0f} die in the end{beds}."
    )


def turning_en(sheet: Comparison) -> str:
    if not sheet.sensitivity:
        return "How it depends on doubtful inputs was not tried: that takes five runs of two plans."
    turning = [
        f"{NAMES[t.input][0]} were {t.factor:.2g} times as assumed (then {t.first})"
        for t in sheet.sensitivity
        if t.changes_first
    ]
    if turning:
        return "Another plan would be first if " + "; or if ".join(turning) + "."
    return "On the same runs none of the doubtful inputs puts another plan first."


def prices_en(sheet: Comparison) -> str:
    if not sheet.flips:
        return ""
    prices = ", ".join(
        f"{flip.now:,.0f} {sheet.currency} for {PRICES[flip.price][0]}" for flip in sheet.flips
    )
    flip = nearest(sheet.flips)
    turn = (
        f"the order turns to {flip.then_first} at {flip.at:,.0f} for {PRICES[flip.price][0]}"
        if flip is not None and flip.at is not None
        else "no other value of one of them changes the first"
    )
    return f"The cost takes {prices}: values to be decided, not facts; {turn}."


def nearest(found: list[PriceFlip]) -> PriceFlip | None:
    """The price that has to move least, as a ratio."""
    turning = [flip for flip in found if flip.at and flip.now]
    return min(turning, key=lambda f: max((f.at or 1) / f.now, f.now / (f.at or 1)), default=None)


# 中文 --------------------------------------------------------------------------------


def chinese(sheet: Comparison) -> list[str]:
    if sheet.refused:
        return [sheet.fit.says["zh"] if sheet.fit else sheet.refused]
    ranked = [one for one in sheet.plans if one.role == "ranked"]
    said = (
        [first_zh(sheet, ranked), odds_zh(sheet), second_zh(sheet, ranked)]
        if ranked
        else ["没有首选：所比较的预案均超出现有能力、授权或期限。"]
    )
    said += [marked_zh(sheet), baseline_zh(sheet)]
    if ranked:
        said += [turning_zh(sheet), prices_zh(sheet)]
    if is_unfitted(sheet):
        said.insert(0, UNFITTED["zh"])
    return [one for one in [*said, sheet.fit.says["zh"] if sheet.fit else ""] if one]


def first_zh(sheet: Comparison, ranked: list[PlanResult]) -> str:
    first, f = ranked[0], ranked[0].figures
    beds = (
        "各次模拟中床位均够用。"
        if first.over_beds == 0
        else f"{first.over_beds:.0%}的模拟中床位不足。"
    )
    needs = f"尚待{'、'.join(first.needs)}。" if first.needs else ""
    return (
        f"今后{sheet.days}天，按{BY[sheet.ranked_by][1]}排序，“{first.title}”居首："
        f"预计感染约{f['infections'].mean:,.0f}人，死亡约{f['deaths'].mean:,.0f}人"
        f"（期后预计还有{f['deaths_to_come'].mean:,.0f}人），"
        f"总成本约{money_zh(f['cost'].mean)}{sheet.currency}（含处置、疾病与社会代价）。{beds}{needs}"
    )


def odds_zh(sheet: Comparison) -> str:
    titles = {one.id: one.title for one in sheet.plans}
    if sheet.tied:
        return f"与{'、'.join('“' + titles[name] + '”' for name in sheet.tied)}难分优劣。"
    if sheet.probability_right is None:
        return "把握程度未评估：需多次模拟并比较多个预案。"
    over = "计入不确定因素与随机性" if sheet.odds_over != "dice alone" else "仅计入随机性"
    return f"其为最优的概率约{sheet.probability_right:.0%}（{over}，{sheet.replicates}次模拟）。"


def second_zh(sheet: Comparison, ranked: list[PlanResult]) -> str:
    if len(ranked) < 2:
        return ""
    gap = ranked[1].against_first
    return (
        f"与第二名“{ranked[1].title}”相比，感染{more_zh(-gap['infections'].mean, '人')}，"
        f"死亡{more_zh(-gap['deaths'].mean, '人')}，"
        f"停课{more_zh(-gap['school_days'].mean, '人日')}，"
        f"停工{more_zh(-gap['work_days'].mean, '人日')}，"
        f"成本{'少' if gap['cost'].mean >= 0 else '多'}"
        f"{money_zh(abs(gap['cost'].mean))}{sheet.currency}。"
    )


def marked_zh(sheet: Comparison) -> str:
    marked = [one for one in sheet.plans if one.role == "marked"]
    if not marked:
        return ""
    return (
        "不参与排序："
        + "；".join(f"“{m.title}”（{'、'.join(breaks(m, 1))}）" for m in marked)
        + "。"
    )


def baseline_zh(sheet: Comparison) -> str:
    base = next((one for one in sheet.plans if one.role == "baseline"), None)
    if base is None:
        return ""
    f = base.figures
    beds = f"，{base.over_beds:.0%}的模拟中床位不足" if base.over_beds else ""
    return (
        f"作为对照，若不采取任何措施，将感染{f['infections'].mean:,.0f}人，"
        f"最终死亡{f['deaths'].mean + f['deaths_to_come'].mean:,.0f}人{beds}。"
    )


def turning_zh(sheet: Comparison) -> str:
    if not sheet.sensitivity:
        return "对不确定因素的依赖未评估：至少需五次模拟、两个预案。"
    turning = [
        f"{NAMES[t.input][1]}为假设的{t.factor:.2g}倍时，首选变为{t.first}"
        for t in sheet.sensitivity
        if t.changes_first
    ]
    return "；".join(turning) + "。" if turning else "在同样的模拟中，各项不确定因素均不改变首选。"


def prices_zh(sheet: Comparison) -> str:
    if not sheet.flips:
        return ""
    prices = "，".join(
        f"{PRICES[flip.price][1]}{flip.now:,.0f}{sheet.currency}" for flip in sheet.flips
    )
    flip = nearest(sheet.flips)
    turn = (
        f"若{PRICES[flip.price][1]}取{flip.at:,.0f}，首选变为{flip.then_first}"
        if flip is not None and flip.at is not None
        else "单独改变其中任何一项都不改变首选"
    )
    return f"成本按{prices}计，属价值判断；{turn}。"


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


def more_zh(value: float, unit: str) -> str:
    return "相同" if abs(value) < 0.5 else f"{'多' if value > 0 else '少'}{abs(value):,.0f}{unit}"
