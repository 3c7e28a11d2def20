"""`twinward trace contacts`: questions about persons; each needs an activation."""

from __future__ import annotations

import argparse

from twinward.app import compose
from twinward.cli.framework.output import emit_json, emit_text
from twinward.cli.framework.session import add_person, as_time, open_for
from twinward.service.tracing.case_file import make_file


def add_arguments(questions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    contacts = questions.add_parser("contacts", help="who shared place and time with a case")
    contacts.add_argument("--subject", required=True, metavar="S")
    add_window(contacts)
    contacts.add_argument("--radius-m", type=float, default=50.0, metavar="R")
    contacts.add_argument(
        "--minutes", type=float, default=15.0, metavar="M", help="most difference in time of a pair"
    )
    contacts.add_argument("--min-duration-min", type=float, default=15.0, metavar="D")
    contacts.add_argument("--min-probability", type=float, default=0.0, metavar="P")
    contacts.add_argument(
        "--limit", type=int, default=None, metavar="N", help="most contacts to list"
    )
    contacts.add_argument(
        "--raw-pairs", action="store_true", help="only the exact counts, without the list"
    )
    contacts.add_argument(
        "--second-order", action="store_true", help="contacts of likely infected contacts instead"
    )
    contacts.add_argument(
        "--min-transmission", type=float, default=0.05, metavar="P", help="for --second-order"
    )
    contacts.add_argument(
        "--cap", type=int, default=50, metavar="N", help="most first contacts that are followed"
    )
    contacts.set_defaults(answer=answer_contacts)
    backward = questions.add_parser(
        "backward", help="where and from whom a case may have been infected"
    )
    backward.add_argument("--subject", required=True, metavar="S")
    backward.add_argument(
        "--onset",
        required=True,
        type=as_time,
        metavar="T",
        help="first symptoms, or first positive",
    )
    backward.add_argument(
        "--known", default="", metavar="S,S", help="other known cases, listed first"
    )
    backward.add_argument("--limit", type=int, default=50, metavar="N")
    backward.set_defaults(answer=answer_backward)
    companions = questions.add_parser("companions", help="who shared several places with a person")
    companions.add_argument("--subject", required=True, metavar="S")
    add_window(companions)
    companions.add_argument("--radius-m", type=float, default=50.0, metavar="R")
    companions.add_argument("--min-places", type=int, default=2, metavar="N")
    companions.add_argument(
        "--min-minutes", type=float, default=15.0, metavar="M", help="least overlap of two stays"
    )
    companions.add_argument("--limit", type=int, default=None, metavar="N")
    companions.set_defaults(answer=answer_companions)
    file = questions.add_parser(
        "file", help="one person, one file: places, contacts, tests, isolation, tasks"
    )
    file.add_argument("--subject", required=True, metavar="S")
    add_window(file)
    file.set_defaults(answer=answer_file)
    for sub in (contacts, backward, companions, file):
        add_person(sub)


def add_window(parser: argparse.ArgumentParser) -> None:
    """`--from` inclusive, `--to` exclusive; default the fourteen days before the newest data."""
    parser.add_argument("--from", dest="start", type=as_time, metavar="T")
    parser.add_argument("--to", dest="end", type=as_time, metavar="T")


def answer_contacts(options: argparse.Namespace) -> int:
    if options.second_order:
        return answer_second_order(options)
    with open_for(options) as (platform, caller):
        result = compose.make_tracing(platform, caller).contacts(
            subject=options.subject,
            start=options.start,
            end=options.end,
            radius_m=options.radius_m,
            minutes=options.minutes,
            min_duration_min=options.min_duration_min,
            min_probability=options.min_probability,
            limit=0 if options.raw_pairs else options.limit,
        )
    if options.json:
        emit_json(result)
        return 0
    lines = [
        f"{result['counts']['subjects']} others near, {result['counts']['raw_pairs']} pairs of "
        f"fixes"
    ]
    for contact in result["contacts"][:50]:
        lines.append(
            f"{contact['subject']:>20}  {contact['minutes']:>8} min  p "
            f"{contact['probability']:.2f}  "
            f"infected {contact['transmission']:.3f}  {contact['setting']:<9}  "
            f"{contact['first_at']}"
        )
    emit_text("\n".join(lines))
    return 0


def answer_companions(options: argparse.Namespace) -> int:
    with open_for(options) as (platform, caller):
        result = compose.make_tracing(platform, caller).companions(
            subject=options.subject,
            start=options.start,
            end=options.end,
            radius_m=options.radius_m,
            min_places=options.min_places,
            min_minutes=options.min_minutes,
            limit=options.limit,
        )
    if options.json:
        emit_json(result)
        return 0
    lines = [f"{result['counts']['companions']} companions among {result['counts']['met']} met"]
    for row in result["companions"][:50]:
        lines.append(
            f"{row['subject']:>20}  {row['places']} places  {row['days']} days  {row['minutes']} "
            f"min"
        )
    emit_text("\n".join(lines))
    return 0


def answer_file(options: argparse.Namespace) -> int:
    with open_for(options) as (platform, caller):
        tracing = compose.make_tracing(platform, caller)
        result = make_file(platform, tracing, options.subject, options.start, options.end)
    if options.json:
        emit_json(result)
        return 0
    lines = [
        f"{row['start']}  to  {row['end']}  {row['setting']:<9}  {row['place'] or ''}"
        for row in result["timeline"]
    ]
    parts = ", ".join(
        f"{len(result[name])} {name}"
        for name in ("contacts", "cases", "tests", "isolation", "tasks")
    )
    emit_text("\n".join([parts, *lines]))
    return 0


def answer_second_order(options: argparse.Namespace) -> int:
    with open_for(options) as (platform, caller):
        result = compose.make_tracing(platform, caller).second_order(
            options.min_transmission,
            options.cap,
            subject=options.subject,
            start=options.start,
            end=options.end,
            radius_m=options.radius_m,
            minutes=options.minutes,
            min_duration_min=options.min_duration_min,
            limit=options.limit,
        )
    if options.json:
        emit_json(result)
        return 0
    lines = [f"{result['followed']} contacts followed, {result['left_out']} left out by the cap"]
    for row in result["contacts"][:50]:
        lines.append(
            f"{row['subject']:>20}  through {row['through']:<20} infected {row['transmission']:.4f}"
        )
    emit_text("\n".join(lines))
    return 0


def answer_backward(options: argparse.Namespace) -> int:
    known = frozenset(name for name in options.known.split(",") if name)
    with open_for(options) as (platform, caller):
        result = compose.make_tracing(platform, caller).backward(
            options.subject, options.onset, known, options.limit
        )
    if options.json:
        emit_json(result)
        return 0
    lines = [
        f"{row['share']:.2f}  {row['setting']:<9}  {row['lon']}, {row['lat']}"
        for row in result["places"][:10]
    ]
    for contact in result["sources"][:20]:
        lines.append(
            f"{contact['subject']:>20}  infected by it {contact['transmission']:.3f}  "
            f"{contact['setting']}"
        )
    emit_text("\n".join(lines))
    return 0
