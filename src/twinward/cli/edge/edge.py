"""`twinward edge run|status|resync|admit|judge|apply`: hands over to the agent's own process, which
loads nothing of the centre.
"""

from __future__ import annotations

import argparse
import os
import sys

VERBS = {
    "run": "sense, keep, evaluate, act and send on, until interrupted",
    "status": "backlog, disk, loss and late devices, whether the agent runs or not",
    "resync": "send once more what was acknowledged in a window",
    "admit": "let an unknown device speak, with what it said meanwhile",
    "judge": "what the rules say of readings in a file, with the same evaluator",
    "apply": "run the signed rules of a file, carried here without a network",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="what", metavar="VERB", required=True)
    for name, text in VERBS.items():
        verb = verbs.add_parser(name, help=text, description=text)
        verb.add_argument("--config", required=True, help="the edge's edge.toml")
        verb.add_argument("--json", action="store_true", help="one JSON object on standard output")
        if name == "resync":
            verb.add_argument("--from", dest="from", required=True, help="RFC 3339 with zone")
            verb.add_argument("--to", dest="to", required=True, help="RFC 3339 with zone")
        if name == "judge":
            verb.add_argument("file", help="items of POST /v1/observations, one a line")
        if name == "apply":
            verb.add_argument("file", help="what `twinward bundle export` has written")
        if name == "admit":
            verb.add_argument("device", help="the id that it speaks under")
            verb.add_argument("--profile", required=True, help="which kind of device it is")
            verb.add_argument("--area", required=True, help="code of the area where it stands")
            verb.add_argument("--place", default="", help="id of the place where it stands")


def run(options: argparse.Namespace) -> int:
    """This process becomes the agent's."""
    given = vars(options)
    command = [sys.executable, "-m", "twinward.edge.agent", options.what]
    command += [given[name] for name in ("device", "file") if name in given]
    for name in ("config", "from", "to", "profile", "area", "place"):
        if given.get(name):
            command += [f"--{name}", given[name]]
    if options.json:
        command.append("--json")
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, command)
