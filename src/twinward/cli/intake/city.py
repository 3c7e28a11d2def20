"""`twinward city build|describe`: a city base from real data, and how well it keeps the figures
it was made from.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from twinward.cli.framework.output import emit_json, emit_text, say
from twinward.cli.main import add_common
from twinward.core.errors import InputError
from twinward.service.city.build import build_city, describe_city, write_city_page

QUESTIONS_SHOWN = 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    build = verbs.add_parser(
        "build", help="build the city of a city file, or the bundled reference city"
    )
    build.add_argument(
        "--config", type=Path, help="the city file; default: the reference city, all of Shanghai"
    )
    build.add_argument(
        "--seed", type=int, default=0, help="the same seed and sources give the same bytes"
    )
    build.add_argument("--threads", type=int, default=0, help="default: one a core")
    build.add_argument(
        "--accept-losses", action="store_true", help="build also when most residents are left out"
    )
    add_common(build)
    describe = verbs.add_parser(
        "describe", help="the city of a workspace and its fidelity to its inputs"
    )
    describe.add_argument(
        "--html", type=Path, help="write the fidelity report as one HTML page with figures"
    )
    add_common(describe)


def run(options: argparse.Namespace) -> int:
    return run_build(options) if options.action == "build" else run_describe(options)


@contextmanager
def progress_bar() -> Iterator[Any]:
    """A progress bar on standard error; nothing where that is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description:>12}"), BarColumn(), TimeElapsedColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("city", total=1.0)
        yield lambda stage, share: bar.update(task, description=stage, completed=share)


def run_build(options: argparse.Namespace) -> int:
    if not 0 <= options.threads <= 256:
        raise InputError(
            f"--threads {options.threads} is no number of threads",
            "write 1 to 256",
            code="bad_threads",
        )
    with progress_bar() as progress:
        report = build_city(
            options.config,
            options.workspace,
            options.seed,
            options.threads,
            progress,
            options.accept_losses,
        )
    if options.json:
        emit_json(report)
    else:
        emit_text(summary(report))
    rejected = sum(source["rejected"] for source in report["sources"])
    if rejected:
        say(
            f"{rejected:,} {'row was' if rejected == 1 else 'rows were'} rejected; each with its "
            f"reason in {options.workspace / 'city-rejected'}"
        )
    if not options.json:
        say(f"next: {next_step(options.workspace)}")
    return 0


def next_step(workspace: Path) -> str:
    """What a person types now: a workspace is needed to serve the city."""
    if (workspace / "workspace.json").exists():
        return f"twinward serve --workspace {workspace}"
    return f"twinward init {workspace}, then twinward serve --workspace {workspace}"


def run_describe(options: argparse.Namespace) -> int:
    if options.html:
        say(f"wrote {write_city_page(options.workspace, options.html)}")
    description = describe_city(options.workspace)
    if options.json:
        emit_json(description)
    else:
        emit_text(
            "\n".join(
                [
                    summary(description),
                    fidelity_text(description["fidelity"]),
                    codes_text(description["leaf_areas"]),
                ]
            )
        )
    return 0


def summary(report: dict[str, Any]) -> str:
    areas = ", ".join(f"{number:,} of level {level}" for level, number in report["areas"].items())
    lines = [
        f"{report['name']}: {report['residents']:,} residents in {report['households']:,} "
        f"households",
        f"areas: {areas}; {report['places']:,} places ({report['places_published']:,} published), "
        f"{report['road_nodes']:,} road nodes, "
        f"{report['road_edges']:,} edges, {report['buildings']:,} buildings",
    ]
    lines += [
        f"  {source['name']}: {source['read']:,} read = {source['kept']:,} kept + "
        f"{source['rejected']:,} rejected"
        + "".join(f"; {count} x {what}" for what, count in source["notes"].items())
        for source in report["sources"]
    ]
    lines += [f"  note: {note}" for note in report["synthetic"]]
    lines += [f"  question: {text}" for text in report.get("questions", [])[:QUESTIONS_SHOWN]]
    out = report.get("people_left_out") or {}
    if out.get("residents"):
        why = "; ".join(f"{count:,} {reason}" for reason, count in out["why"].items())
        mark = "LEFT OUT" if out["stands_out"] else "left out"
        lines.insert(
            1, f"{mark}: {out['residents']:,} of {out['of']:,} people in the sources: {why}"
        )
    lines.append(
        f"{report['seconds']:.1f} s, peak memory {report['peak_rss_mb']:.0f} MB, "
        f"{report['bytes_per_resident']} bytes a resident, sha256 {report['sha256']}"
    )
    return "\n".join(lines)


def fidelity_text(fidelity: dict[str, Any]) -> str:
    homes, work, commute = fidelity["households"], fidelity["workplaces"], fidelity["commutes"]
    lines = [
        f"ages: largest difference of a single year {fidelity['ages']['largest_difference']}",
        f"households: mean {homes['mean']} (input {homes['input_mean']}), "
        f"largest difference of a share {homes['largest_difference']}",
        f"workplaces: {work['workplaces']:,}, mean {work['mean']}, largest {work['largest']:,}",
        f"commutes: mean {commute['mean_km']} km (target {commute['target_mean_km']} km), "
        f"median {commute['median_km']} km",
    ]
    lines += [
        f"{stage['kind']}: {stage['sites']:,} sites, {stage['taken']:,} of {stage['places']:,} "
        f"places taken, "
        f"{stage['over_room']} over their room"
        for stage in [*fidelity["schools"], fidelity["care_homes"]]
    ]
    return "\n".join([*lines, f"pupils without a place: {fidelity['schools_unplaced']}"])


def codes_text(leaves: dict[str, Any]) -> str:
    """The first codes of the lowest areas, which reports name."""
    more = f" and {leaves['count'] - len(leaves['codes']):,} more"
    told = ", ".join(leaves["codes"]) + (more if leaves["count"] > len(leaves["codes"]) else "")
    return f"codes of the lowest areas (level {leaves['level']}): {told}"
