"""`python -m twinward.edge.agent run|status|resync|admit|judge|apply`: what `twinward edge` hands
over to, so that the box at the gate loads nothing of the centre.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec

from twinward.core.clock import SystemClock
from twinward.core.errors import InputError, TwinwardError
from twinward.edge.agent.config import EdgeConfig, load_config


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="twinward edge", description=__doc__)
    add_arguments(parser)
    options = parser.parse_args(argv)
    try:
        answer = VERBS[options.what](load_config(options.config), options)
    except TwinwardError as error:
        said = {"code": error.code, "message": error.message, "advice": error.advice}
        if options.json:
            sys.stdout.write(msgspec.json.encode({"error": said}).decode() + "\n")
        sys.stderr.write(f"twinward: {error} [{error.code}]\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 0
    if answer is not None:
        show(answer, as_json=options.json)
    return 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="what", metavar="VERB", required=True)
    helps = {
        "run": "sense, keep, evaluate, act and send on, until interrupted",
        "status": "backlog, disk, loss and late devices, whether the agent runs or not",
        "resync": "send once more what was acknowledged in a window",
        "admit": "let an unknown device speak, with what it said meanwhile",
        "judge": "what the rules say of readings in a file, with the same evaluator",
        "apply": "run the signed rules of a file, carried here without a network",
    }
    for name, text in helps.items():
        verb = verbs.add_parser(name, help=text, description=text)
        verb.add_argument("--config", type=Path, required=True, help="the edge's edge.toml")
        verb.add_argument("--json", action="store_true", help="one JSON object on standard output")
        if name == "resync":
            verb.add_argument("--from", dest="start", required=True, help="RFC 3339 with zone")
            verb.add_argument("--to", dest="end", required=True, help="RFC 3339 with zone")
        if name == "judge":
            verb.add_argument("file", type=Path, help="items of POST /v1/observations, one a line")
        if name == "apply":
            verb.add_argument("file", type=Path, help="what `twinward bundle export` has written")
        if name == "admit":
            verb.add_argument("device", help="the id that it speaks under")
            verb.add_argument("--profile", required=True, help="which kind of device it is")
            verb.add_argument("--area", required=True, help="code of the area where it stands")
            verb.add_argument("--place", default="", help="id of the place where it stands")


def run(config: EdgeConfig, options: argparse.Namespace) -> None:
    from twinward.edge.agent.agent import Agent

    agent = Agent(config, SystemClock())
    host, port = config.address
    sys.stderr.write(f"twinward edge {config.edge.id}: http://{host}:{port}/v1/readings\n")
    agent.run()


def status(config: EdgeConfig, options: argparse.Namespace) -> object:
    from twinward.edge.agent.status import find_status

    return find_status(config)


def resync(config: EdgeConfig, options: argparse.Namespace) -> object:
    from twinward.edge.agent.agent import resync as send_again

    return {"waiting_again": send_again(config, options.start, options.end)}


def admit(config: EdgeConfig, options: argparse.Namespace) -> object:
    from twinward.edge.agent.agent import admit as let_speak

    waiting = let_speak(config, options.device, options.profile, options.area, options.place)
    return {"device": options.device, "profile": options.profile, "waiting": waiting}


def judge(config: EdgeConfig, options: argparse.Namespace) -> object:
    from twinward.edge.agent.judging import judge_file

    return {"signals": judge_file(config, options.file)}


def apply(config: EdgeConfig, options: argparse.Namespace) -> object:
    from twinward.edge.agent.bundles import apply_order

    try:
        raw = options.file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{options.file} cannot be read", "name a file", code="no_file") from error
    version, count = apply_order(config, raw)
    return {"rules_version": version, "rules": count}


VERBS = {
    "run": run,
    "status": status,
    "resync": resync,
    "admit": admit,
    "judge": judge,
    "apply": apply,
}


def show(answer: object, *, as_json: bool) -> None:
    told = msgspec.to_builtins(answer)
    if as_json:
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
        return
    for one in told.pop("signals", ()):
        sys.stdout.write(
            f"{one['at']}  {one['what']:<9} {one['severity']:<8} {one['rule']}  {one['device']}\n"
        )
    for name, value in told.items():
        sys.stdout.write(f"{name:16} {in_words(name, value)}\n")


def in_words(name: str, value: object) -> str:
    """One line of the answer as a person reads it; `--json` has the same as data."""
    match name, value:
        case "devices", list():
            late = [f"{one['device']} ({one['state']})" for one in value if one["state"] != "good"]
            return f"{len(value)}; not good: {', '.join(late[:20]) or 'none'}"
        case "losses", list():
            spans = (
                f"{one['count']} {one['lane']} ({one['reason']}, {one['first_at']} to "
                f"{one['last_at']})"
                for one in value
            )
            return "; ".join(spans) or "none"
        case "broker", dict():
            return value["says"] or f"connected, {value['under_way']} under way"
        case "says", "":
            return "the centre is reached, or nothing was to be sent"
        case _, dict():
            return ", ".join(f"{key} {count}" for key, count in value.items()) or "none"
        case _, None:
            return "none" if name == "broker" else "not known yet"
        case _:
            return str(value)


if __name__ == "__main__":
    sys.exit(main())
