"""`twinward login NAME` and `twinward logout`: a session whose tokens wait in a file of one's
own.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path

from twinward.app import compose
from twinward.cli.framework.output import emit_json, emit_text
from twinward.cli.framework.session import write_tokens
from twinward.cli.main import add_common
from twinward.core.errors import InputError
from twinward.service.access import accounts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name")
    parser.add_argument(
        "--token-file", type=Path, required=True, help="where the tokens are written, mode 0600"
    )
    parser.add_argument(
        "--password-file", type=Path, help="read the password here instead of asking"
    )
    parser.add_argument(
        "--secret-file", type=Path, help="the one-time secret: sets the first password, no session"
    )
    parser.add_argument("--code", help="the six digits of the second factor")
    parser.add_argument(
        "--first", action="store_true", help="set the first password with the one-time secret"
    )
    add_common(parser)


def run(options: argparse.Namespace) -> int:
    platform = compose.open_platform(options.workspace)
    try:
        if options.first or options.secret_file:
            secret = ask_for("one-time secret", options.secret_file)
            uri = accounts.set_first_password(
                platform, options.name, secret, ask_for("new password", options.password_file)
            )
            if options.json:
                emit_json({"name": options.name, "authenticator": uri}, named=True)
            else:
                emit_text(
                    "the password is set; log in now"
                    + (f". For the authenticator app:\n{uri}" if uri else "")
                )
            return 0
        password = ask_for("password", options.password_file)
        code = options.code
        if code is None and options.password_file is None:
            code = (
                ask_for("code of the second factor (empty if there is none)", None, empty=True)
                or None
            )
        tokens = accounts.login(platform, options.name, password, code, "command line")
        write_tokens(options.token_file, tokens)
    finally:
        platform.close()
    shown = {"name": options.name, "session": tokens.session, "token_file": str(options.token_file)}
    emit_json(shown) if options.json else emit_text(
        f"{options.name} is logged in; use --token-file {options.token_file}"
    )
    return 0


def ask_for(what: str, path: Path | None, *, empty: bool = False) -> str:
    """A secret out of a file or from the terminal, never from the arguments, which every process
    can read.
    """
    if path is not None:
        try:
            return path.read_text("utf-8").strip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(
                f"{path}: {error}", "name a file that holds it", code="bad_file"
            ) from error
    if not sys.stdin.isatty():
        raise InputError(f"the {what} is needed", "name a file that holds it", code="no_terminal")
    answer = getpass.getpass(f"{what}: ")
    if not answer and not empty:
        raise InputError(f"the {what} is empty", "try again", code="no_secret")
    return answer
