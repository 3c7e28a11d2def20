"""`twinward trace chain`: the likeliest transmission tree of a line list or of an incident, with
probabilities.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from twinward.cli.framework.output import emit_json, emit_text, say
from twinward.cli.framework.output_paths import check_file
from twinward.cli.framework.session import add_person, open_for
from twinward.core.errors import InputError

if TYPE_CHECKING:
    from twinward.cli.framework.parser import Verbs
    from twinward.service.tracing.line_list_chain import ChainReport

CASES_SHOWN = 20  # of the candidates on a screen


def add_arguments(questions: Verbs) -> None:
    text = (
        "the likeliest transmission tree of a line list, or of an incident of the workspace, "
        "with probabilities"
    )
    parser = questions.add_parser("chain", help=text, description=text)
    parser.add_argument(
        "--linelist", type=Path, metavar="FILE", help="CSV, one row a case; no workspace is needed"
    )
    parser.add_argument(
        "--incident", metavar="ID", help="the cases of an incident instead; needs an activation"
    )
    parser.add_argument(
        "--map",
        metavar="WORD=COLUMN,…",
        help="id=…,onset=… and any of confirmed, age, household, place (a+b for several), x, y "
        "(metres), imported, "
        "infector",
    )
    parser.add_argument(
        "--contacts", type=Path, metavar="FILE", help="CSV of stated contacts, source to infectee"
    )
    parser.add_argument(
        "--contacts-map", default=None, metavar="from=…,to=…", help="default: columns from and to"
    )
    parser.add_argument(
        "--genetic", type=Path, metavar="FILE", help="CSV of genetic distances between cases"
    )
    parser.add_argument("--genetic-map", default=None, metavar="from=…,to=…,distance=…")
    parser.add_argument(
        "--disease", help="its serial interval; without it the interval is estimated from the list"
    )
    parser.add_argument(
        "--date-order", metavar="dmy|mdy|ymd", help="how to read dates like 03/04/2020"
    )
    parser.add_argument(
        "--skip-unknown",
        action="store_true",
        help="leave out stated infectors who are not in the list",
    )
    parser.add_argument(
        "--figure",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help=".svg or .png; repeatable",
    )
    parser.add_argument("--seed", type=int, default=0)
    add_person(parser)
    parser.set_defaults(answer=answer)


def parse_map(option: str, text: str) -> dict[str, str]:
    """`a=x,b=y` as a dictionary; InputError for anything else, so that a typing error is not
    taken for a column.
    """
    out: dict[str, str] = {}
    for part in text.split(","):
        word, equals, column = part.strip().partition("=")
        if not (word and equals and column):
            raise InputError(
                f"{option}: {part!r} is not WORD=COLUMN", "separate pairs by commas", code="bad_map"
            )
        if word in out:
            raise InputError(
                f"{option} names {word} twice",
                "join place columns with +, as place=a+b",
                code="bad_map",
            )
        out[word] = column
    return out


def as_json(report: ChainReport) -> dict[str, object]:
    """The answer under the names that others rely on, with what lies behind it."""
    answer = report.answer
    interval = answer.serial_interval
    return {
        "cases": answer.cases,
        "links": answer.links,
        "candidates": answer.candidates,
        "generations": answer.generations,
        "r_by_generation": answer.r_by_generation,
        "k": round(answer.k, 4),
        "k_interval": [round(bound, 4) for bound in answer.k_interval],
        "counted": answer.counted,
        "top20_share": round(answer.top20_share, 4),
        "tree": {"k": round(answer.tree_k, 4), "top20_share": round(answer.tree_top20_share, 4)},
        "super_spreading": answer.super_spreading,
        "unlinked": answer.unlinked,
        "stated": answer.stated_links,
        "inferred": len(answer.links) - answer.stated_links,
        "contacts": {
            "stated_share": round(answer.contact_cover, 4),
            "turned_share": round(answer.contacts_turned, 4),
        },
        "serial_interval": {
            "disease": interval.disease,
            "mean_d": round(interval.mean_d, 2),
            "sd_d": round(interval.sd_d, 2),
            "source": interval.source,
        },
        "notes": answer.notes,
        "seconds": report.seconds,
        "setup_s": report.setup_s,
    }


def _describe(report: ChainReport) -> str:
    answer = report.answer
    interval = answer.serial_interval
    lines = [
        f"{answer.cases} cases, {len(answer.links)} links ({answer.stated_links} stated), "
        f"{answer.generations} generations, {len(answer.unlinked)} unlinked",
        f"over-dispersion k {answer.k:.2f} ({answer.k_interval[0]:.2f} to "
        f"{answer.k_interval[1]:.2f}); the top fifth "
        f"of cases caused {100 * answer.top20_share:.0f} % of transmissions",
        _describe_counted(report),
        f"serial interval {interval.mean_d:.1f} days, sd {interval.sd_d:.1f} (start: "
        f"{interval.source})",
        "generation  cases      R  (95 %)",
    ]
    lines += [
        f"{row.generation:10d} {row.cases:6d} {row.r:6.2f}  ({row.low:.2f} to {row.high:.2f})"
        for row in answer.r_by_generation
    ]
    lines += [
        f"super-spreading: {event.case} infected about {event.infectees:.0f} ({event.setting})"
        for event in answer.super_spreading
    ]
    lines += _describe_candidates(report)
    return "\n".join(lines + [f"note: {note}" for note in answer.notes])


def _describe_candidates(report: ChainReport) -> list[str]:
    """The first three candidates of every case; of a long list, of its first cases."""
    rows = report.answer.candidates
    lines = [f"{'case':>12}  likeliest infectors, and nobody of the list"]
    for row in rows[:CASES_SHOWN]:
        named = [f"{one.infector} {one.probability:.2f}" for one in row.candidates[:3]]
        lines.append(f"{row.infectee:>12}  {', '.join([*named, f'nobody {row.outside:.2f}'])}")
    if len(rows) > CASES_SHOWN:
        lines.append(f"{'':>12}  and {len(rows) - CASES_SHOWN} more cases; --json has all of them")
    return lines


def _describe_counted(report: ChainReport) -> str:
    counted = report.answer.counted
    text = f"k counts {counted.infectees:.0f} infectees of {counted.cases} cases ({counted.rule})"
    if counted.left_out:
        text += (
            f"; {counted.left_out} cases that no statement names are not counted, with them k "
            f"is {counted.k_of_all:.2f}"
        )
    if counted.recent:
        text += f"; {counted.recent} of the cases are so late that they may still infect"
    return text


def answer(options: argparse.Namespace) -> int:
    for figure in options.figure:
        check_file(figure, "figure")
    if (options.incident is None) == (options.linelist is None):
        raise InputError(
            "a chain is of a line list or of an incident",
            "give --linelist or --incident",
            code="bad_map",
        )
    if options.incident is not None:
        return answer_incident(options)
    if options.map is None:
        raise InputError(
            "--linelist needs --map",
            "for example --map id=case,onset=first_symptoms",
            code="bad_map",
        )
    from twinward.service.tracing.line_list_chain import ChainRequest, trace_chain

    request = ChainRequest(
        linelist=options.linelist,
        columns=parse_map("--map", options.map),
        contacts=options.contacts,
        contacts_columns=parse_map("--contacts-map", options.contacts_map)
        if options.contacts_map
        else None,
        genetic=options.genetic,
        genetic_columns=parse_map("--genetic-map", options.genetic_map)
        if options.genetic_map
        else None,
        disease=options.disease,
        date_order=options.date_order,
        skip_unknown=options.skip_unknown,
        seed=options.seed,
    )
    report = trace_chain(request, options.figure)
    return show(options, report, as_json(report))


def answer_incident(options: argparse.Namespace) -> int:
    """The cases that the activation opens, as one tree; the look is on record."""
    from twinward.service.tracing.incident_chain import trace_incident
    from twinward.service.tracing.line_list_chain import ChainReport, draw_figures

    with open_for(options) as (platform, caller):
        found = trace_incident(platform, caller, options.incident, options.disease, options.seed)
    draw_figures(found, options.figure)
    report = ChainReport(answer=found, seconds=round(found.query_ms / 1e3, 4), setup_s=0.0)
    names = ("incident", "people", "left_out", "activation", "query_ms")
    return show(options, report, as_json(report) | {name: getattr(found, name) for name in names})


def show(options: argparse.Namespace, report: ChainReport, body: dict[str, object]) -> int:
    for note in report.answer.notes:
        say(f"note: {note}")
    if options.json:
        emit_json(body)
    else:
        emit_text(_describe(report))
    return 0
