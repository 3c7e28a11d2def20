"""`twinward pass declare`: sign a statement with one's own key; the city seals it with `issue`."""

from __future__ import annotations

import argparse
from pathlib import Path

from twinward.cli.framework.output import emit_fields, emit_json, write_file
from twinward.cli.framework.session import as_time
from twinward.cli.main import add_common
from twinward.core.clock import SystemClock
from twinward.service.passes import declarations

NAMES = ("declare",)


def add_verbs(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = acts.add_parser("declare", help="sign a statement; `issue --signed FILE` seals it")
    add_common(verb, workspace=False)
    verb.add_argument("--text", required=True, help="what one declares")
    verb.add_argument("--key", type=Path, required=True, help="one's own key; made when absent")
    verb.add_argument("--at", type=as_time)
    verb.add_argument("--out", type=Path, required=True)


def run(options: argparse.Namespace) -> int:
    signed = declarations.declare(options.text, options.key, options.at or SystemClock().now())
    write_file(options.out, signed.encode() + b"\n")
    shown = {"file": str(options.out), "key": str(options.key)}
    if options.json:
        emit_json(shown)
    else:
        emit_fields(shown)
    return 0
