"""`twinward drill …`: practise on fenced data: check a script, start, play, list, show, score."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from twinward.app import compose
from twinward.app.workspace import MARK, read_mark
from twinward.cli.drills.drill_workspace import drills_home, find_drill, find_script, make_drill
from twinward.cli.framework.output import announce, emit_json, emit_text, local
from twinward.cli.framework.parser import add_schema
from twinward.cli.framework.session import add_person, as_time, open_for
from twinward.core.errors import InputError
from twinward.service.drills.drills import (
    FOLDER,
    SCORE,
    SCRIPT,
    DrillScore,
    check_script,
    list_drills,
    read_about,
    read_part,
    score_drill,
    script_schema,
    trend,
)
from twinward.service.plans import plan_library


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    checking = acts.add_parser("validate", help="every fault of a script, with its line")
    checking.add_argument("file", nargs="+", help="a TOML file, or the name of a bundled script")
    add_schema(checking, script_schema, "script")
    checking.set_defaults(answer=_validate)
    starting = acts.add_parser("start", help="make the fenced workspace of a drill")
    playing = acts.add_parser("run", help="make a drill, or take one that was started, and play it")
    for making, answer in ((starting, _start), (playing, _run)):
        add_making(making)
        making.set_defaults(answer=answer)
    add_playing(playing)
    listing = acts.add_parser("list", help="the drills there are, and how their figures went")
    listing.add_argument(
        "--home", type=Path, help="where drills are kept: $TWINWARD_DRILLS or ./.twinward-drills"
    )
    listing.set_defaults(answer=_list)
    showing = acts.add_parser("show", help="one drill: what it is and what is in its script")
    scoring = acts.add_parser("score", help="the score of a drill that was played")
    for sub, answer in ((showing, _show), (scoring, _score)):
        sub.add_argument("id", help="id or folder of the drill")
        sub.set_defaults(answer=answer)
    add_scoring(scoring)
    recording = acts.add_parser("record", help="put into the real log that this drill took place")
    recording.add_argument("id", help="id or folder of the drill")
    recording.add_argument(
        "--by", required=True, metavar="NAME", help="who answers for the statement"
    )
    recording.set_defaults(answer=_record)
    add_person(recording)
    for leaf in (checking, starting, playing, listing, showing, scoring):
        leaf.add_argument(
            "--json",
            action="store_true",
            help="one JSON object as the last line of standard output",
        )


def add_making(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("script", help="a TOML file, or the name of a bundled script")
    parser.add_argument(
        "--from", dest="source", type=Path, metavar="WORKSPACE", help="whose city, plans and state"
    )
    parser.add_argument(
        "--into", type=Path, metavar="DIR", help="a new folder; default: one among the drills"
    )
    parser.add_argument(
        "--city", type=Path, help="folder with a city.toml, or a workspace that has a city"
    )
    parser.add_argument(
        "--at", type=as_time, help="the state as of this instant (with --from); default: now"
    )
    parser.add_argument(
        "--empty", action="store_true", help="with --from: its city and plans, but no state"
    )
    parser.add_argument(
        "--database", default="", metavar="URL", help="an empty PostgreSQL database for the drill"
    )
    parser.add_argument(
        "--token-file", type=Path, help="who reads the state of a managed workspace"
    )
    parser.add_argument("--seed", type=int, default=1)


def add_playing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--responders", choices=("seeded", "none"), default="seeded", help="who answers orders"
    )
    parser.add_argument(
        "--people",
        type=words_of,
        default=(),
        metavar="DEPARTMENT,…",
        help="departments that people play",
    )
    parser.add_argument(
        "--serve", action="store_true", help="serve the console meanwhile, so that people take part"
    )
    parser.add_argument("--port", type=int, default=8420)
    parser.add_argument(
        "--speed",
        type=float,
        default=0.0,
        help="hours of the drill a second; 0: as fast as it goes",
    )
    add_scoring(parser)


def add_scoring(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--html", type=Path, help="write the score as a page here")
    parser.add_argument("--pdf", type=Path, help="write the score as a PDF here")
    parser.add_argument(
        "--no-hindsight", action="store_true", help="do not run the plans that were not taken"
    )


def run(options: argparse.Namespace) -> int:
    return int(options.answer(options) or 0)


def _validate(options: argparse.Namespace) -> int:
    library = plan_library.library_of(None)
    shown, bad = [], False
    for name in options.file:
        path = find_script(name)
        script, faults = check_script(path.read_text("utf-8", errors="replace"), path.name, library)
        bad = bad or bool(faults)
        shown.append(
            {
                "file": str(path),
                "ok": not faults,
                "faults": faults,
                "script": script.name if script else None,
            }
        )
        if not options.json:
            emit_text("\n".join(fault.text for fault in faults) or f"{path.name}: no fault")
    if options.json:
        emit_json({"files": shown, "ok": not bad})
    return 2 if bad else 0


def _start(options: argparse.Namespace) -> int:
    folder = make_drill(options)
    mark = read_mark(folder)
    if options.json:
        emit_json(
            {
                "drill": mark.drill,
                "folder": str(folder),
                "script": options.script,
                "seed": options.seed,
            }
        )
    else:
        emit_text(
            f"{folder} is the drill {mark.drill}; next: twinward drill run {options.script} "
            f"--into {folder}"
        )
    return 0


def words_of(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.split(",") if word)


def _run(options: argparse.Namespace) -> int:
    from twinward.cli.drills.drill_run import play_drill

    if options.speed < 0:
        raise InputError(f"a speed of {options.speed:g}", "give 0 or more", code="bad_speed")
    if options.serve and options.speed == 0:
        raise InputError(
            "people cannot act as fast as it goes", "give --speed, e.g. 0.01", code="bad_speed"
        )
    for department in options.people:
        plan_library.library_of(None).require_department(department)
    started = options.into is not None and (options.into / MARK).exists()
    folder = find_drill(str(options.into)) if started else make_drill(options)
    play_drill(folder, options)
    return show_score(folder, options)


def _list(options: argparse.Namespace) -> int:
    rows = list_drills(options.home or drills_home())
    if options.json:
        emit_json({"drills": rows, "trend": trend(rows)})
        return 0
    for row in rows:
        reached = f"{row.reached} of {row.judged} targets" if row.played_at else "not played"
        emit_text(f"{row.drill}  {local(row.made_at)}  {reached:<16}  {row.title}")
    if not rows:
        emit_text("no drill; make one: twinward drill run second-outbreak")
    return 0


def _show(options: argparse.Namespace) -> int:
    folder = find_drill(options.id)
    announce(folder)
    about = read_about(folder)
    text = (folder / FOLDER / SCRIPT).read_text("utf-8")
    if options.json:
        emit_json(msgspec.structs.asdict(about) | {"text": text})
    else:
        made = f"{about.city}, seed {about.seed}, made {local(about.made_at)}"
        emit_text(f"{about.drill}: {about.title}\n{made}\n\n{text}")
    return 0


def _record(options: argparse.Namespace) -> int:
    from twinward.service.drills.drill_entry import record_drill

    folder = find_drill(options.id)
    score = read_part(folder, SCORE, DrillScore)
    if score is None:
        raise InputError(
            f"{options.id} has no score", "score it: twinward drill score ID", code="not_played"
        )
    with open_for(options) as (platform, caller):
        event = record_drill(platform, caller, read_about(folder), score, options.by)
    if options.json:
        emit_json({"recorded": score.drill, "plans": score.plans, "event": event, "by": options.by})
    else:
        emit_text(f"{score.drill} is on record: {', '.join(score.plans) or 'no plan'} drilled")
    return 0


def _score(options: argparse.Namespace) -> int:
    return show_score(find_drill(options.id), options)


def show_score(folder: Path, options: argparse.Namespace) -> int:
    from twinward.cli.incidents.incident_report import show, write
    from twinward.service.assessment.situation_report import render_html, render_pdf
    from twinward.service.console.basemap import Basemap
    from twinward.service.drills.decision_regret import compare_decisions
    from twinward.service.drills.score_page import write_score

    announce(folder)
    platform = compose.open_platform(folder)
    try:
        score = score_drill(platform, None if options.no_hindsight else compare_decisions)
        document = write_score(Basemap(platform), score, list_drills(folder.resolve().parent))
    finally:
        platform.close()
    if options.html is not None:
        write(options.html, lambda: render_html(document).encode())
    if options.pdf is not None:
        write(options.pdf, lambda: render_pdf(document))
    if options.json:
        emit_json(score)
    else:
        show(document)
    return 0
