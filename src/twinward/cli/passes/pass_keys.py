"""`twinward pass keys init|rotate|compromise|renew|show|trust`: the key ceremony."""

from __future__ import annotations

import argparse
from pathlib import Path

from twinward.cli.framework.output import emit_fields, emit_json, say, write_file
from twinward.cli.framework.session import as_time
from twinward.cli.main import add_common
from twinward.core.clock import SystemClock
from twinward.core.errors import InputError
from twinward.service.passes import keys

NAMES = ("keys",)
HELP = {
    "init": "make the root (its private key goes to --root, to be taken offline) and a signer",
    "rotate": "a new signer; the one before retires in two days, what it signed stays good",
    "compromise": "a signer is in wrong hands: nothing it signed is believed any more",
    "renew": "sign the same trust list afresh",
    "show": "signers, their windows and states",
    "trust": "write the signed trust list to --out, for verifiers",
}


def add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--keys", type=Path, help="the folder of keys; default: WORKSPACE/passes")


def add_verbs(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = acts.add_parser("keys", help="the key ceremony: root, signers, trust list")
    add_common(verb)
    add_folder(verb)
    steps = verb.add_subparsers(dest="step", metavar="|".join(HELP))
    for name, text in HELP.items():
        sub = steps.add_parser(name, help=text)
        add_common(sub)
        add_folder(sub)
        sub.add_argument("--at", type=as_time, help="the time of the ceremony; default: now")
        if name in ("init", "rotate", "compromise", "renew"):
            sub.add_argument(
                "--root", type=Path, help="the root's private key; default: KEYS/offline-root.pem"
            )
            sub.add_argument("--days", type=int, default=31, help="how long the new signer signs")
        if name == "init":
            sub.add_argument("--issuer", default="", help="who issues: a city's name or address")
        if name == "compromise":
            sub.add_argument("kid", help="the signer in wrong hands")
        if name == "trust":
            sub.add_argument("--out", type=Path, required=True)


def folder_of(options: argparse.Namespace) -> Path:
    folder: Path | None = options.keys
    return folder if folder is not None else options.workspace / keys.FOLDER


def run(options: argparse.Namespace) -> int:
    folder = folder_of(options)
    if options.step in (None, "show"):
        shown = keys.describe_keys(folder)
    elif options.step == "trust":
        write_file(options.out, keys.export_trust(folder))
        shown = keys.describe_keys(folder) | {"file": str(options.out)}
    else:
        at = options.at or SystemClock().now()
        root = options.root or folder / "offline-root.pem"
        if options.step == "init" and options.days < 1:
            raise InputError("a signer signs for a day or more", "give --days", code="bad_days")
        shown = keys.run_ceremony(
            folder,
            options.step,
            root=root,
            at=at,
            issuer=getattr(options, "issuer", ""),
            kid=getattr(options, "kid", ""),
            days=options.days,
        )
        if root.parent == folder:
            say("twinward: the root's private key lies beside the signers; take it offline")
    if options.json:
        emit_json(shown)
    else:
        emit_fields(shown)
    return 0
