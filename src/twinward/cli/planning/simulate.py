"""`twinward simulate`: an outbreak run forward on a city base or a plain number of residents."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from twinward.cli.framework.output import emit_json, emit_text, say
from twinward.cli.framework.output_paths import check_file, check_folder
from twinward.cli.main import add_common
from twinward.core.errors import InputError

if TYPE_CHECKING:
    from twinward.service.planning.simulation import ContactsReport, LiveFork, SimulationRequest
    from twinward.service.planning.simulation_summary import SimulationSummary

MOST_OF_A_PLACE = 0.05  # of the residents infected on day 0: above it, it is said


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser)
    parser.add_argument(
        "--residents", help="a plain city of so many residents, in place of the workspace's city"
    )
    parser.add_argument(
        "--disease",
        help="name of a bundled disease, or a TOML file; default: sars-cov-2-ancestral, --live: "
        "what the hazard names",
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="PATH=VALUE", help="e.g. transmission.r0=2.5"
    )
    parser.add_argument(
        "--infected", default="100", help="infected on day 0, drawn at random (default 100)"
    )
    parser.add_argument("--measures", type=Path, help="TOML file of measures")
    parser.add_argument("--days", default="180")
    parser.add_argument("--seed", default="1")
    parser.add_argument(
        "--replicates",
        default="1",
        help="runs with seeds S, S+1, … in one city; with --threads T, T at a time",
    )
    parser.add_argument("--threads", default="1", help="never changes the result")
    parser.add_argument(
        "--mixing", default="settings", help="settings, or uniform: one pool, for theory"
    )
    parser.add_argument("--level", help="area level of the outcome tables")
    parser.add_argument(
        "--contacts", type=Path, help="folder of contact matrices by setting to fit the contacts to"
    )
    parser.add_argument(
        "--contacts-report",
        type=Path,
        metavar="DIR",
        help="print contacts by setting and age beside DIR's, and stop",
    )
    add_live(parser)
    parser.add_argument("--cluster", metavar="ADDRESS", help="run replicates on a Dask cluster")
    parser.add_argument(
        "--tree", type=Path, metavar="FILE", help="write who infected whom, where, when, as Parquet"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="write series, tables and plots")
    parser.add_argument("--profile", action="store_true", help="seconds by step of the day")
    parser.add_argument(
        "--explain", action="store_true", help="print the steps of a day in their order, and stop"
    )
    parser.add_argument(
        "--schema", choices=["disease", "measures"], help="print the JSON Schema, and stop"
    )


def add_live(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--live",
        action="store_true",
        help="start where the workspace's twins stand, not from --infected",
    )
    parser.add_argument(
        "--at", help="with --live: as of this instant (RFC 3339 with zone); default now"
    )
    parser.add_argument(
        "--hazard", help="with --live: whose reports, when several hazards have incidents"
    )
    parser.add_argument(
        "--found-share",
        type=float,
        default=0.5,
        help="with --live: share of infections that reports find",
    )
    parser.add_argument(
        "--token-file", type=Path, help="with --live: act as the bearer of this token"
    )


def crowded(infected: int, residents: int, *, live: bool) -> list[str]:
    """A word where the first infected are no spark but a large part of a village."""
    if live or infected <= MOST_OF_A_PLACE * residents:
        return []
    share = f"{infected:,} of {residents:,} residents ({infected / residents:.0%})"
    return [f"{share} are infected on day 0; say --infected for fewer"]


def run(options: argparse.Namespace) -> int:
    from twinward.service.planning import simulation
    from twinward.service.planning.simulation_summary import summarise

    if options.schema:
        emit_json(simulation.schema(options.schema))
        return 0
    if options.explain:
        steps = simulation.explain()
        if options.json:
            emit_json({"steps": [{"name": name, "does": does} for name, does in steps]})
        else:
            emit_text(
                "\n".join(f"{n + 1:2}. {name}: {does}" for n, (name, does) in enumerate(steps))
            )
        return 0
    request = _request(options)
    if options.contacts_report is not None:
        report = simulation.compare_contacts(request, options.contacts_report)
        if options.json:
            emit_json(report)
        else:
            emit_text(readable_contacts(report))
        return 0
    check_file(options.tree, "tree")
    check_folder(options.out)
    with _live(options, request) as (request, live):
        answer = simulation.simulate(request, _progress(request.days, request.replicates), live)
    result = summarise(answer)
    for note in [
        *result["notes"],
        *crowded(request.infected, result["residents"], live=live is not None),
    ]:
        say(note)
    if options.profile:
        result["profile"] = answer.outcome.profile
        say(
            "\n".join(
                f"{name:>14} {seconds:9.3f} s" for name, seconds in answer.outcome.profile.items()
            )
        )
    if options.tree or options.out:
        result["files"] = simulation.write(answer, options.tree, options.out)
    if options.json:
        emit_json(result)
    else:
        emit_text(readable(result))
    return 0 if answer.outcome.finished else 130


@contextmanager
def _live(
    options: argparse.Namespace, request: SimulationRequest
) -> Iterator[tuple[SimulationRequest, LiveFork | None]]:
    """The request, of the hazard's disease unless one is named; what makes a base's live state,
    None without --live.
    """
    if not options.live:
        yield request, None
        return
    if options.residents is not None:
        raise InputError(
            "--live needs the workspace's city", "leave --residents out", code="live_needs_city"
        )
    from twinward.cli.framework.session import open_for
    from twinward.core.clock import parse_time
    from twinward.service.planning.live_state import fork_live, only_hazard, usual_disease

    at = parse_time(options.at) if options.at else None
    with open_for(options) as (platform, _):
        hazard = options.hazard or only_hazard(platform, at)
        if options.disease is None:
            request = msgspec.structs.replace(request, disease=usual_disease(hazard))
        yield (
            request,
            lambda base: fork_live(
                platform, base, request.disease, hazard, at, request.seed, options.found_share
            ),
        )


def _request(options: argparse.Namespace) -> SimulationRequest:
    from twinward.service.planning.simulation import SimulationRequest

    request = SimulationRequest(
        residents=None
        if options.residents is None
        else whole_number(options.residents, "residents"),
        city=options.workspace / "city",
        settings=tuple(options.set),
        measures=options.measures,
        mixing=options.mixing,
        level=options.level,
        contacts=options.contacts,
        cluster=options.cluster,
        keep_tree=options.tree is not None,
        infected=whole_number(options.infected, "infected"),
        days=whole_number(options.days, "days"),
        seed=whole_number(options.seed, "seed"),
        replicates=whole_number(options.replicates, "replicates"),
        threads=whole_number(options.threads, "threads"),
    )
    if options.disease is None:
        return request
    return msgspec.structs.replace(request, disease=options.disease)


def whole_number(text: str, name: str) -> int:
    """The whole number in `text` (underscores and commas allowed), or InputError `not_a_number`."""
    try:
        return int(text.replace(",", ""))
    except ValueError as error:
        raise InputError(
            f"--{name} {text!r} is not a whole number",
            f"write digits, for example --{name} 100",
            code="not_a_number",
        ) from error


def _progress(days: int, replicates: int) -> Callable[[int], None] | None:
    """A progress bar on standard error, where a person is looking."""
    if not sys.stderr.isatty():
        return None
    from rich.console import Console
    from rich.progress import Progress

    bar = Progress(console=Console(stderr=True), transient=True)
    task = bar.add_task(
        "replicates" if replicates > 1 else "days", total=replicates if replicates > 1 else days
    )
    bar.start()

    def advance(done: int) -> None:
        bar.update(task, completed=done + 1)
        if done + 1 >= (replicates if replicates > 1 else days):
            bar.stop()

    return advance


def readable(result: SimulationSummary) -> str:
    """A few lines for a person."""
    lines = [
        f"{result['disease']}, {result['residents']:,} residents, "
        f"{result['days']} days (simulated)",
        f"  infections     {result['infections']:>12,}   attack rate {result['attack_rate']:.1%}",
        f"  deaths         {result['deaths']:>12,}",
        f"  peak           {result['peak_new']:>12,}   on day {result['peak_day']}",
        f"  R0 realised    {result['r0_realised']:>12.2f}   generation time "
        f"{result['generation_time_d']:.2f} d",
        f"  time           {result['cpu_s']:>10.2f} s   CPU; {result['ns_per_infection']:,.0f} ns "
        f"an infection; "
        f"{result['agent_days_per_cpu_s'] / 1e6:,.0f} million agent-days a CPU second",
        f"  fingerprint    {result['sha256']}",
    ]
    if "replicates" in result:
        rates = sorted(result["over_replicates"]["attack_rate"])
        lines.insert(
            2, f"  {result['replicates']} replicates, attack rate {rates[0]:.1%} to {rates[-1]:.1%}"
        )
    return "\n".join(lines)


def readable_contacts(report: ContactsReport) -> str:
    """Contacts a day by setting and age band: wanted by the matrices, reached here, and how they
    compare.
    """
    lines = [
        "contacts a day of a resident" + (", fitted to the matrices" if report["fitted"] else "")
    ]
    for setting in report["settings"]:
        lines.append(
            f"{setting['setting']:<12} wanted {setting['wanted']:6.2f}  reached "
            f"{setting['reached']:6.2f}"
        )
        lines += [
            f"  {band['ages']:>8} {band['wanted']:13.3f} {band['reached']:15.3f} "
            f"{band['ratio']:8.3f}"
            for band in setting["bands"]
        ]
        single = setting["worst_year"]
        lines.append(
            f"  single years within 10 %: {setting['years_within_10_percent']} of "
            f"{setting['years']}; farthest "
            f"{single['ages']} at {single['ratio']:.3f}"
        )
    worst = report["worst"]
    lines.append(
        f"farthest band: {worst['setting']} {worst['ages']}, {worst['ratio']:.3f} of what is wanted"
    )
    return "\n".join(lines)
