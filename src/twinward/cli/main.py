"""`twinward VERB …`: finds the verb's module, runs it, turns errors into exit codes."""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import sys
import traceback
from pathlib import Path

from twinward import __version__
from twinward.cli.framework.output import announce, emit_json, say
from twinward.cli.framework.parser import Parser
from twinward.cli.framework.reader import LANGUAGES, reading, take_language
from twinward.core.errors import InputError, TwinwardError
from twinward.core.language import FIRST, READER

NAME_TOO_LONG = InputError(
    "the name of a file is longer than the system takes", "shorten it", code="name_too_long"
)
# group -> verb -> (module, what it is for); only the module of the verb asked for is imported
GROUPS: dict[str, dict[str, tuple[str, str]]] = {
    "start": {
        "init": ("twinward.cli.workspace.init", "make an empty workspace"),
        "demo": (
            "twinward.cli.workspace.demo",
            "play an outbreak through the whole loop, live in the terminal",
        ),
        "serve": ("twinward.cli.workspace.serve", "serve the API of a workspace"),
        "city": ("twinward.cli.intake.city", "build a city base from real data, describe it"),
        "scene": ("twinward.cli.intake.scene", "build the city in three dimensions as 3D Tiles"),
    },
    "report and import": {
        "case": ("twinward.cli.intake.case", "report cases from files"),
        "layer": (
            "twinward.cli.intake.layer",
            "layers of the city and of society: their latest, their age, their faults",
        ),
        "transit": (
            "twinward.cli.intake.transit",
            "feeds of public transport: vehicles, delays, announcements, timetables",
        ),
        "ingest": ("twinward.cli.intake.ingest", "take in observations from files"),
        "intake": (
            "twinward.cli.intake.documents",
            "what documents, mails, pictures and posts claim; accepted or rejected",
        ),
        "lake": ("twinward.cli.intake.lake", "fill, query and keep the observation lake"),
        "device": (
            "twinward.cli.edge.device",
            "devices in the field: added, claimed, replaced, revoked, ordered; edges that are late",
        ),
        "bundle": (
            "twinward.cli.edge.bundle",
            "rules for the edges: kept by version, rolled out in stages, rolled back",
        ),
        "edge": ("twinward.cli.edge.edge", "the box at the gate: senses and acts on its own"),
        "module": (
            "twinward.cli.edge.module",
            "supervision as data: objects, checks, defects, what was not heard from",
        ),
        "field": (
            "twinward.cli.edge.field",
            "responders: Cursor on Target, the thin link's messages, who is down",
        ),
        "outlet": ("twinward.cli.edge.outlet", "orders on their way out, and what became of each"),
    },
    "command": {
        "incident": (
            "twinward.cli.incidents.incident",
            "incidents, what keeps them open, their timeline",
        ),
        "task": ("twinward.cli.incidents.task", "orders of departments and their answers"),
        "as-of": ("twinward.cli.incidents.as_of", "any view as it was at an instant"),
        "plan": (
            "twinward.cli.planning.plan",
            "response plans: checked, varied, compared, adopted by a person",
        ),
        "library": (
            "twinward.cli.planning.library",
            "questions to what is known, answered with their reasoning; work manuals",
        ),
    },
    "trace": {
        "trace": ("twinward.cli.tracing.trace", "contacts, visits, dwell, flows, chains"),
        "person": (
            "twinward.cli.tracing.person",
            "cases and contacts by pseudonym, under an activation",
        ),
    },
    "foresee": {
        "simulate": (
            "twinward.cli.planning.simulate",
            "run an outbreak forward on a city base or a plain number of residents",
        ),
        "calibrate": (
            "twinward.cli.planning.calibrate",
            "fit the outbreak model to a series of counts and forecast",
        ),
        "surveil": (
            "twinward.cli.surveillance.surveil",
            "R, alarms, clusters, nowcasts and forecasts of counts, spread between cities",
        ),
        "movement": (
            "twinward.cli.surveillance.movement",
            "what passes the gates, measures in force, arrivals and their quarantine: five screens",
        ),
        "hazard": (
            "twinward.cli.hazards.hazard",
            "run a hazard model on a city, or on a case without one",
        ),
        "risk": (
            "twinward.cli.hazards.risk",
            "chains between hazards: listed, added, simulated, fired",
        ),
        "warning": (
            "twinward.cli.hazards.warning",
            "graded warnings: issued, confirmed, acknowledged, extended, cancelled, scored",
        ),
        "alert": (
            "twinward.cli.edge.alert",
            "alerts for the public: drafted, approved by two, updated, cancelled, as CAP",
        ),
        "model": (
            "twinward.cli.hazards.model",
            "hazard models: their cards, and what their verification reaches",
        ),
    },
    "supply": {
        "supply": (
            "twinward.cli.logistics.supply",
            "stocks, requests between areas, patients between hospitals",
        ),
        "allocate": (
            "twinward.cli.logistics.allocate",
            "where to open facilities, how to route deliveries",
        ),
    },
    "deliver": {
        "delivery": (
            "twinward.cli.logistics.delivery",
            "parcels without contact: sent, handed over on a code, signed for",
        ),
    },
    "practise": {
        "drill": (
            "twinward.cli.drills.drill",
            "practise on fenced data: scripts, injects, a score",
        ),
    },
    "guard": {
        "account": ("twinward.cli.access.account", "who may come in, as what, and where"),
        "login": ("twinward.cli.access.login", "open a session and write its tokens to a file"),
        "logout": ("twinward.cli.access.logout", "shut a session, at once"),
        "activation": ("twinward.cli.access.activation", "what an emergency opens, and until when"),
        "change": (
            "twinward.cli.access.change",
            "two persons for what changes a person's life; appeals",
        ),
        "vault": (
            "twinward.cli.access.vault",
            "names behind pseudonyms, broken glass, key rotation",
        ),
        "pass": (
            "twinward.cli.passes.passes",
            "signed passes: keys, issue, verify offline, revoke, lists, print",
        ),
        "publish": (
            "twinward.cli.access.publish",
            "counts by area with small ones hidden, and their data sheet",
        ),
        "audit": (
            "twinward.cli.access.audit",
            "whether the log is whole; a copy of it that can be verified anywhere",
        ),
    },
    "keep": {
        "doctor": ("twinward.cli.workspace.doctor", "look a workspace over and say what to do"),
        "backup": ("twinward.cli.workspace.backup", "copy a workspace while it runs"),
        "restore": ("twinward.cli.workspace.restore", "make a workspace from a backup"),
        "migrate": ("twinward.cli.workspace.migrate", "upgrade the log of an earlier release"),
        "retention": (
            "twinward.cli.workspace.retention",
            "delete what is past its life, with a receipt",
        ),
    },
}
VERBS = {verb: entry for verbs in GROUPS.values() for verb, entry in verbs.items()}


def default_workspace() -> Path:
    return Path(os.environ.get("TWINWARD_WORKSPACE") or ".twinward")


def build_parser(verb: str | None) -> argparse.ArgumentParser:
    parser = Parser(
        prog="twinward",
        description="A city's emergency-management digital twin.",
        epilog=describe_groups(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"twinward {__version__}")
    parser.add_argument(
        "--lang",
        choices=LANGUAGES,
        help="language of what is written, anywhere on the line; default: $TWINWARD_LANG or $LANG",
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, (module, help_text) in VERBS.items():
        if verb in VERBS and name != verb:
            continue  # a parser for each of the others would only cost time
        sub = verbs.add_parser(name, description=help_text)
        if name == verb:
            implementation = importlib.import_module(module)
            implementation.add_arguments(sub)
            sub.set_defaults(run=implementation.run)
    return parser


def describe_groups() -> str:
    """The verbs by what one wants to do."""
    parts = []
    for group, verbs in GROUPS.items():
        lines = [f"  {verb:<11} {text}" for verb, (_, text) in verbs.items()]
        parts.append("\n".join([f"{group}:", *lines]))
    return "\n\n".join([*parts, "twinward VERB --help says more of each"])


def add_common(parser: argparse.ArgumentParser, *, workspace: bool = True) -> None:
    """The options every leaf verb has: `--json` and, unless it needs none, `--workspace`."""
    parser.add_argument(
        "--json", action="store_true", help="one JSON object as the last line of standard output"
    )
    if workspace:
        parser.add_argument(
            "--workspace",
            type=Path,
            default=default_workspace(),
            help="default: $TWINWARD_WORKSPACE or ./.twinward",
        )


def words_of(parser: argparse.ArgumentParser, options: argparse.Namespace) -> str:
    """The whole verb that was asked for, as `rules.toml` names it: `trace contacts`, `as-of
    incident list`.
    """
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            word = getattr(options, action.dest, None)
            if word in action.choices:
                return f"{word} {words_of(action.choices[word], options)}".strip()
    return ""


def require_text(arguments: list[str]) -> None:
    """InputError where an argument holds bytes that are no text: it could not even be named."""
    for number, word in enumerate(arguments, 1):
        try:
            word.encode("utf-8")
        except UnicodeEncodeError as error:
            raise InputError(
                f"argument {number} is not text in UTF-8", "type it anew", code="bad_usage"
            ) from error


def run_verb(options: argparse.Namespace) -> int:
    """The verb's exit code; a file that is nested without end is bad input, whichever reader met
    it.
    """
    try:
        return int(options.run(options) or 0)
    except RecursionError as error:
        raise InputError(
            "a file is nested too deep",
            "no file of ours needs more than 100 levels",
            code="too_deep",
        ) from error


def answer_error(error: TwinwardError, arguments: list[str]) -> int:
    """An error as one line and, with `--json`, as an object; its exit code."""
    from twinward.service.access.authorization import scrub

    message, advice = error.message, error.advice
    if READER.get().language != FIRST:
        from twinward.service.languages import say_error  # only who reads another language

        message, advice = say_error(error.code, message, advice)
    message = scrub(message)
    if "--json" in arguments:
        emit_json({"error": {"code": error.code, "message": message, "advice": advice}})
    say(f"twinward: {message}{f'. {advice}' if advice else ''} [{error.code}]")
    return error.exit_code


def main(argv: list[str] | None = None) -> int:
    """Exit code 0 done, 2 the input is at fault, 1 we are."""
    given = sys.argv[1:] if argv is None else argv
    try:
        language, arguments = take_language(given)
    except InputError as error:
        return answer_error(error, given)
    with reading(language):
        return run(arguments)


def run(arguments: list[str]) -> int:
    """One verb, with its errors as exit codes."""
    verb = next((word for word in arguments if not word.startswith("-")), None)
    try:
        require_text(arguments)
        parser = build_parser(verb)
        options = parser.parse_args(arguments)
        options.words = words_of(parser, options)
        announce(getattr(options, "workspace", None))
        return run_verb(options)
    except TwinwardError as error:
        return answer_error(error, arguments)
    except KeyboardInterrupt:
        say("twinward: interrupted; what was finished is kept")
        return 130
    except BrokenPipeError:
        return 0
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return answer_error(NAME_TOO_LONG, arguments)
        return answer_fault(error, arguments)
    except Exception as error:
        return answer_fault(error, arguments)


def answer_fault(error: Exception, arguments: list[str]) -> int:
    """What is our fault: the lines that help us, and exit code 1."""
    traceback.print_exc()
    if "--json" in arguments:
        emit_json({"error": {"code": "internal", "message": str(error), "advice": "report this"}})
    say("twinward: this is our fault, not yours; please report the lines above [internal]")
    return 1


if __name__ == "__main__":
    sys.exit(main())
