"""`twinward pass verify`: is a token good, offline, by a trust file and status lists."""

from __future__ import annotations

import argparse
from pathlib import Path

from twinward.cli.framework.input_files import read_file
from twinward.cli.framework.output import emit_fields, emit_json
from twinward.cli.framework.session import as_time
from twinward.cli.main import add_common
from twinward.core.clock import SystemClock
from twinward.core.errors import InputError
from twinward.service.passes import verification

NAMES = ("verify",)
SIGNS = {
    "ok": "✓ OK",
    "not_ok": "✗ NOT OK",
    "ask_a_person": "? ASK",
    "cannot_tell": "… CANNOT TELL",
}


def add_verbs(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = acts.add_parser("verify", help="the answer to a token: ok, not ok, ask, cannot tell")
    add_common(verb, workspace=False)
    verb.add_argument("--token", required=True, help="a file with the token, or - for input")
    verb.add_argument(
        "--trust",
        type=Path,
        required=True,
        help="a signed trust list; or JWK, JWK set, PEM keys, certificates, a map of kid to key",
    )
    verb.add_argument(
        "--list", type=Path, action="append", default=[], help="a status list; may be given again"
    )
    verb.add_argument("--at", type=as_time, help="the time of the gate; default: now")
    verb.add_argument(
        "--as",
        dest="form",
        choices=verification.FORMS,
        help="the kind of token; default: as it looks",
    )
    verb.add_argument("--issuer", help="whose the keys of a plain file are; others are refused")
    verb.add_argument("--place", default="gate", help="whose policy it is; a name")
    verb.add_argument(
        "--green-days", type=float, default=7.0, help="how old a list may be before it degrades"
    )
    verb.add_argument(
        "--needs-list", action="store_true", help="no answer without the token's status list"
    )
    verb.add_argument(
        "--memory",
        type=Path,
        help="a gate's file: older lists and a clock set back are refused; keeps counts, no token",
    )
    verb.add_argument("--audience", help="SD-JWT: for whom the holder must have bound it")
    verb.add_argument("--nonce", help="SD-JWT: the question that the holder must have bound")


def verify_asked(options: argparse.Namespace) -> verification.Verification:
    """The answer of a gate with a memory, or of a verifier without."""
    given = (
        read_file(options.token),
        read_file(options.trust),
        [read_file(path) for path in options.list],
    )
    at = options.at or SystemClock().now()
    policy = verification.make_policy(
        options.place, options.green_days, needs_list=options.needs_list
    )
    if options.memory is not None:
        if options.form not in (None, "pass"):
            raise InputError("a gate with a memory reads our own passes", "leave out --memory")
        return verification.verify_at_gate(options.memory, *given, at=at, policy=policy)
    return verification.verify_token(
        *given,
        at=at,
        form=options.form,
        policy=policy,
        issuer=options.issuer,
        binding=verification.make_binding(options.audience, options.nonce),
    )


def run(options: argparse.Namespace) -> int:
    if not 0 < options.green_days <= 60:
        raise InputError("--green-days must be above 0 and at most 60", code="bad_policy")
    found = verify_asked(options)
    shown = verification.describe(found)
    if options.json:
        emit_json(shown)
    else:
        emit_fields({"": SIGNS[found.verdict.answer]} | shown)
    return 0
