"""`twinward plan compare|search|adopt`: plans laid beside each other, searched for, and put in
force by a person.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twinward.cli.framework.output import emit_json, emit_text, say
from twinward.cli.framework.progress import progress_bar
from twinward.cli.framework.session import add_person, open_for
from twinward.cli.planning.plan_compare_hazard import add_forcing, is_physical_hazard, run_hazard
from twinward.core.clock import parse_time
from twinward.core.errors import InputError
from twinward.service.planning.comparison_store import CompareRequest

if TYPE_CHECKING:
    from twinward.cli.framework.parser import Verbs
    from twinward.service.planning.comparison import Ready

ACTS = ("compare", "search", "adopt")


def add_acts(acts: Verbs) -> None:
    """The three acts, on the subparsers of `plan`."""
    comparing = acts.add_parser(
        "compare", help="several plans on the same random numbers, laid beside each other"
    )
    comparing.add_argument(
        "plans", nargs="*", metavar="PLAN", help="none, as-now, a plan's id, or a file of measures"
    )
    comparing.add_argument(
        "--generate", type=int, default=0, metavar="N", help="and N generated plans"
    )
    add_making(comparing)
    add_question(comparing, replicates=20)
    add_forcing(comparing)
    comparing.add_argument(
        "--no-doubts", action="store_true", help="leave out what doubtful inputs would change"
    )
    comparing.add_argument(
        "--out", type=Path, metavar="DIR", help="write the sheet as JSON and HTML with fan charts"
    )
    searching = acts.add_parser(
        "search", help="a better plan among the generated ones; hopeless ones stop early"
    )
    searching.add_argument(
        "--trials", type=int, default=40, metavar="N", help="plans to try (default 40)"
    )
    add_question(searching, replicates=16)
    adopting = acts.add_parser(
        "adopt", help="put a plan in force for an incident, by a named person"
    )
    adopting.add_argument("plan", metavar="PLAN", help="the plan's id")
    adopting.add_argument("--incident", required=True, metavar="ID")
    adopting.add_argument("--by", required=True, metavar="NAME", help="who adopts it")
    adopting.add_argument("--reason", default="", help="why")
    adopting.add_argument("--sheet", default="", metavar="ID", help="the comparison that was read")
    adopting.add_argument(
        "--replace", default="", metavar="PLAN", help="the plan in force that gives way"
    )
    adopting.add_argument(
        "--now", action="store_true", help="start at once; else, without --sheet, by its triggers"
    )
    add_person(adopting)


def add_making(parser: argparse.ArgumentParser) -> None:
    """What generated plans are made from."""
    parser.add_argument(
        "--base", default="", metavar="PLAN", help="vary this plan; default: plans made of blocks"
    )
    parser.add_argument(
        "--vary",
        action="append",
        default=[],
        metavar="NAME=V,V",
        help="with --base: start_day=0,7  areas=affected,city  KIND=on,off  KIND.FIELD=V,V; "
        "default: all the usual",
    )


def add_question(parser: argparse.ArgumentParser, *, replicates: int) -> None:
    """Where the outbreak stands, and how long and how often it is run."""
    add_person(parser)
    parser.add_argument(
        "--at", default="now", help="fork the live twins as of this instant (RFC 3339 with zone)"
    )
    parser.add_argument("--days", type=int, default=28)
    parser.add_argument(
        "--replicates",
        type=int,
        default=replicates,
        help="runs of each plan, the same seeds for all",
    )
    parser.add_argument(
        "--residents",
        type=int,
        help="a plain city of so many residents, in place of the live state",
    )
    parser.add_argument(
        "--infected", type=int, default=100, help="with --residents: infected on day 0"
    )
    parser.add_argument("--incident", help="plans for this incident's areas")
    parser.add_argument("--hazard", help="whose reports, when several hazards have incidents")
    parser.add_argument(
        "--areas", default="", help="area codes with commas: where generated plans hold"
    )
    parser.add_argument(
        "--disease",
        help="name of a bundled disease, or a TOML file; default: what the hazard names",
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="PATH=VALUE", help="e.g. transmission.r0=2.5"
    )
    parser.add_argument(
        "--found-share", type=float, default=0.5, help="share of infections that reports find"
    )
    parser.add_argument(
        "--rank-by", default="cost", help="cost, infections, deaths or restricted_days"
    )
    parser.add_argument("--level", help="area level of the burden by area")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--resume",
        type=Path,
        metavar="FILE",
        help="keep what is done there, and go on from there; "
        "default: in the workspace, until all is done",
    )
    parser.add_argument(
        "--workers",
        type=int,
        default=0,
        help="processes (default: one a core); never changes results",
    )


def run_act(options: argparse.Namespace) -> int:
    return {"compare": run_compare, "search": run_search, "adopt": run_adopt}[options.act](options)


def request_of(options: argparse.Namespace, plans: tuple[str, ...], count: int) -> CompareRequest:
    return CompareRequest(
        plans=plans,
        generate=count,
        base=getattr(options, "base", ""),
        vary=tuple(getattr(options, "vary", ())),
        areas=tuple(code for code in options.areas.split(",") if code),
        at=None if options.at == "now" else parse_time(options.at),
        days=options.days,
        replicates=options.replicates,
        seed=options.seed,
        disease=options.disease,
        settings=tuple(options.set),
        incident=options.incident,
        hazard=options.hazard,
        residents=options.residents,
        infected=options.infected,
        ranked_by=options.rank_by,
        level=options.level,
        found_share=options.found_share,
        workers=options.workers,
        doubts=not getattr(options, "no_doubts", False),
    )


def ready_of(options: argparse.Namespace, request: CompareRequest) -> Ready:
    """Everything read and checked; the workspace is shut before anything runs, so that processes
    can part.
    """
    from twinward.service.planning.comparison import get_ready

    if options.residents is not None:
        return get_ready(None, request, files=True)
    with open_for(options) as (platform, _):
        return get_ready(platform, request, files=True)


def kept_in(options: argparse.Namespace) -> Path | None:
    """The workspace that keeps what is not finished; a plain city has none."""
    return options.workspace if options.residents is None else None


def run_compare(options: argparse.Namespace) -> int:
    from twinward.service.planning.comparison import run_ready
    from twinward.service.planning.comparison_store import keep_comparison, summary

    if is_physical_hazard(options.hazard):
        return run_hazard(options)
    if options.out is not None and not options.out.resolve().parent.is_dir():
        raise InputError(
            f"--out {options.out}: there is no such folder", "make it first", code="no_folder"
        )
    if options.out is not None and options.out.exists() and not options.out.is_dir():
        raise InputError(f"--out {options.out} is a file", "name a folder", code="no_folder")
    ready = ready_of(options, request_of(options, tuple(options.plans), options.generate))
    with progress_bar("compare") as move:
        sheet = run_ready(
            ready,
            lambda done, of, stage: move(stage, done / max(of, 1)),
            workspace=kept_in(options),
            file=options.resume,
        )
    if options.residents is None:
        keep_comparison(options.workspace, sheet)
    result = summary(sheet)
    if options.out is not None:
        from twinward.service.planning.comparison_store import write_report

        result["files"] = write_report(sheet, options.out)
    if options.json:
        emit_json(result)
    else:
        emit_text(readable(result))
    return 0


def run_search(options: argparse.Namespace) -> int:
    from twinward.service.planning.comparison import search_ready

    ready = ready_of(options, request_of(options, (), 1))
    with progress_bar("search") as move:
        found = search_ready(
            ready,
            options.trials,
            lambda done, of, stage: move(stage, done / max(of, 1)),
            workspace=kept_in(options),
            file=options.resume,
        )
    if options.json:
        emit_json(found)
    else:
        best = found.best
        emit_text(
            f"{best.id}  {best.title}\n{options.rank_by}: {best.value:,.0f} over "
            f"{best.replicates} replicates"
        )
        emit_text(
            f"{found.finished} tried to the end, {found.stopped} stopped early, {found.runs} runs"
        )
    return 0


def run_adopt(options: argparse.Namespace) -> int:
    from twinward.service.incidents.plan_adoption import AdoptRequest, adopt

    names = ("plan", "incident", "by", "reason", "sheet", "replace", "now")
    with open_for(options) as (platform, caller):
        done = adopt(
            platform, caller, AdoptRequest(**{name: getattr(options, name) for name in names})
        )
    if options.json:
        emit_json(done)
    elif done.change is not None:
        emit_text(
            f"plan {done.plan} waits for a second person: twinward change confirm {done.change}"
        )
    else:
        emit_text(
            f"plan {done.plan} {done.version} is in force for {done.incident}, {done.authority}"
        )
        for clause in done.waits_for:
            emit_text(f"  {clause}")
    return 0


def readable(sheet: dict[str, Any]) -> str:
    """The ranking first, then the figures, then why; of a refused sheet only why."""
    if sheet["refused"]:
        return "\n\n".join(sheet["why"][language] for language in ("en", "zh"))
    lines = [
        f"{'':>3} {'plan':<26} {'odds':>8} {'infections':>12} {'deaths':>8} {'beds':>8} "
        f"{'ICU':>6} {'cost, m':>10}"
    ]
    for plan in sheet["plans"]:
        f = {name: spread["mean"] for name, spread in plan["figures"].items()}
        mark = "*" if plan["pareto"] else " "
        odds = plan["probability_best"]
        stated = "-" if odds is None else f"{odds:.0%}"
        shown = stated if plan["role"] == "ranked" else plan["role"]
        lines.append(
            f"{plan['place']:>2}{mark} {plan['id'][:26]:<26} {shown:>8} "
            f"{f['infections']:>12,.0f} {f['deaths']:>8,.0f} {f['bed_peak']:>8,.0f} "
            f"{f['icu_peak']:>6,.0f} "
            f"{f['cost'] / 1e6:>9,.1f}"
        )
    say(f"sheet {sheet['sheet']}; * not beaten in everything by another (Pareto); simulated")
    return "\n".join([*lines, "", sheet["why"]["en"], "", sheet["why"]["zh"]])
