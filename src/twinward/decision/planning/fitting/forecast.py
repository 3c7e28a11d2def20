"""The fit in words and figures, and the forecast of reports under what is in force."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from twinward.core.errors import InputError
from twinward.decision.planning.comparison import (
    FitArea,
    FitDay,
    FitResult,
    ForecastDay,
    ReportForecast,
)
from twinward.decision.planning.doubts import PerturbedInputs
from twinward.decision.planning.figures import Run
from twinward.decision.planning.fitting.fit import (
    LEAST_KNOWN_D,
    LEAST_REPORTS,
    OFF,
    PAST_D,
    WEEK_D,
    Fit,
)
from twinward.decision.planning.fitting.prospect import Prospect
from twinward.decision.simulation.epidemic.report_table import Floats
from twinward.decision.surveillance.forecasting.score import LEVELS

# Weight of the simulator beside the reports' own forecast. Equal parts, as for any two forecasts of
# which too few of the same incident were scored to weigh them (Bates and Granger 1969, Operational
# Research Quarterly 20:451).
SIMULATED = 0.5
UNFITTED = {
    "en": "These runs are not fitted to this outbreak, for too little was reported: it takes "
    f"counts of {LEAST_KNOWN_D} days and {LEAST_REPORTS} cases. Transmission is what the "
    "literature gives the disease: the figures tell plans apart and are no forecast "
    "of what will come here.",
    "zh": f"报告数据不足（至少需{LEAST_KNOWN_D}天、{LEAST_REPORTS}例），模型未按本次疫情拟合，"
    "传播力取自文献：数字仅供预案之间比较，不是对本次疫情的预测。",
}


def forecast_reports(
    prospect: Prospect,
    worlds: Sequence[PerturbedInputs],
    runs: Sequence[Run],
    today: date,
    days: int,
) -> ReportForecast:
    """Quantiles of the reports on each coming day, from tomorrow.

    Two forecasts are joined: that of the reports alone, by the renewal filter, and that of the
    simulator, which knows the newest orders. Every run has its own future and draw of the doubts;
    by SIMULATED of how much its reports differ from what that future holds (log), all futures are
    moved once, and all of them together are the forecast.
    """
    fit = prospect.fit
    ahead = days - 1
    table = fit.paths.counts[:, fit.lag : fit.lag + ahead]
    pairs = zip(worlds, runs, strict=True)
    moved = np.exp([SIMULATED * shift(prospect, world, run, ahead) for world, run in pairs])
    quantiles = np.quantile((table * moved[:, None, :]).reshape(-1, ahead), LEVELS, axis=0).T
    return ReportForecast(
        of="as-now",
        what="new infections reported in the city",
        futures=len(fit.paths.counts),
        runs=len(runs),
        quantiles=[
            ForecastDay(
                date=today + timedelta(days=k + 1),
                values={
                    f"{level:g}": round(float(x), 1) for level, x in zip(LEVELS, row, strict=True)
                },
            )
            for k, row in enumerate(quantiles)
        ],
    )


def shift(prospect: Prospect, world: PerturbedInputs, run: Run, ahead: int) -> Floats:
    """float64[ahead] log of the simulated reports over those of the run's future, less what the
    run of the middle future is off by itself.
    """
    paths, lag = prospect.fit.paths.expected, prospect.fit.lag
    part = paths[:, lag : lag + ahead]
    wanted = np.median(part, axis=0) if world.future < 0 else part[world.future]
    found = np.log((run.days["new_reports"][1 : ahead + 1] + 1.0) / (wanted + 1.0))
    known = prospect.bias[: len(found)]
    return np.asarray(found - np.pad(known, (0, len(found) - len(known)), mode="edge"))


def say_fit(prospect: Prospect, today: date | None) -> FitResult:
    """The fit as it stands on the sheet."""
    fit = prospect.fit
    day = today or date(1970, 1, 1)
    heads = np.maximum(prospect.heads, 1.0)
    infected = np.nansum(fit.reports.counts, axis=1) / prospect.found_share / heads
    return FitResult(
        days=[
            FitDay(
                date=day - timedelta(days=one.ago), reported=one.reported, simulated=one.simulated
            )
            for one in fit.past
        ],
        ratio_7d=round(fit.ratio(WEEK_D), 3),
        ratio_14d=round(fit.ratio(PAST_D), 3),
        held=fit.held,
        r=round(fit.r, 3),
        delay_d=fit.delay,
        found_share=prospect.found_share,
        left_by_measures=round(float(np.exp(fit.effect)), 3),
        areas=[
            FitArea(area=code, r=round(float(r), 3), immune_share=round(float(share), 5))
            for code, r, share in zip(fit.areas, area_r(fit), infected, strict=True)
        ],
        says=say(fit, prospect.found_share),
    )


def require_held(prospect: Prospect) -> None:
    """InputError where the simulator misses its own past: it says nothing of what may come."""
    if not prospect.fit.held:
        raise InputError(miss_en(prospect.fit), ADVICE["en"], code="fit_misses")


def area_r(fit: Fit) -> Floats:
    """float64[areas] R of the last week: the city's, moved as the area's transmission differs."""
    return np.asarray(fit.r * fit.left[:, 1] / fit.city_left())


def say(fit: Fit, found_share: float) -> dict[str, str]:
    """How near the simulator comes to the last two weeks."""
    week, both = fit.ratio(WEEK_D), fit.ratio(PAST_D)
    if fit.held:
        leak = say_reached(fit.reached)
        return {
            "en": f"Fitted to the reports of {fit.reports.days_known} days: in the last two weeks "
            f"the simulator makes {both:.2f} times what was reported, in the last week "
            f"{week:.2f} times. {leak['en']}That reports find {found_share:.0%} of the infections "
            "is assumed and doubted.",
            "zh": f"模型按{fit.reports.days_known}天的报告数据拟合："
            f"近两周模拟值为报告值的{both:.2f}倍，"
            f"近一周为{week:.2f}倍。{leak['zh']}报告发现{found_share:.0%}的感染者属假设，已计入不确定性。",
        }
    return {
        "en": f"{miss_en(fit)}. {ADVICE['en'][0].upper()}{ADVICE['en'][1:]}.",
        "zh": f"模型与报告不符：近两周模拟值为报告值的{both:.2f}倍，近一周为{week:.2f}倍；"
        f"偏差超过{OFF:g}倍，不作预测，不对预案排序。{ADVICE['zh']}。",
    }


ADVICE = {
    "en": "check the reports and what is stated as in force, or give another disease or share that "
    "reports find",
    "zh": "请核对报告与登记的在行措施，或更换病种、调整报告发现感染者的比例",
}


def miss_en(fit: Fit) -> str:
    return (
        f"The simulator misses the reports: it makes {fit.ratio(PAST_D):.2f} times what was "
        f"reported in the last two weeks, {fit.ratio(WEEK_D):.2f} times in the last week; more "
        f"than {OFF:g} times off, it forecasts nothing and ranks no plans"
    )


def say_reached(share: float) -> dict[str, str]:
    """How much of what measures are said to do the reports leave room for; nothing where all."""
    if share >= 1.0:
        return {"en": "", "zh": ""}
    return {
        "en": f"The reports leave room for about {share:.0%} of what the measures in force are "
        "said to do; every plan is taken to achieve that share. ",
        "zh": f"报告表明在行措施约达到设定效果的{share:.0%}，各预案均按此折算。",
    }
