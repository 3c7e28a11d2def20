"""Opens the workspace of a verb, says who asks, and lets the loop answer what the verb brought."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from twinward.app import compose
from twinward.app.workspace import MARK
from twinward.cli.framework.output import ZONE
from twinward.cli.main import add_common
from twinward.core.clock import parse_time
from twinward.core.errors import InputError, RefusedError
from twinward.service.access import accounts
from twinward.service.access.authorization import require_verb
from twinward.service.access.local_caller import local_caller
from twinward.service.city.context import zone_of
from twinward.service.platform import Caller, Platform


def add_person(parser: argparse.ArgumentParser) -> None:
    """`--workspace`, `--json` and `--token-file`."""
    add_common(parser)
    parser.add_argument(
        "--token-file", type=Path, help="act as the bearer of this token instead of local-admin"
    )


def as_time(text: str) -> datetime:
    """An argument that is a time with zone."""
    try:
        return parse_time(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


@contextmanager
def open_for(options: argparse.Namespace) -> Iterator[tuple[Platform, Caller]]:
    """The platform and the caller; what was asked is answered by the loop before the workspace
    is closed.
    """
    platform = compose.open_platform(options.workspace)
    try:
        caller = caller_of(platform, getattr(options, "token_file", None))
        require_verb(platform, caller, getattr(options, "words", ""))
        ZONE.set(ZoneInfo(zone_of(platform)))
        yield platform, caller
        if os.access(platform.workspace, os.W_OK):  # else nothing was brought that follows
            platform.watch.settle()
            platform.loop.catch_up()
    finally:
        platform.close()


def caller_of(platform: Platform, token_file: Path | None) -> Caller:
    if token_file is not None:
        try:
            access, _, refresh = token_file.read_text("ascii").strip().partition("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(
                f"{token_file}: {error}", "name a file that holds a token", code="bad_token"
            ) from error
        try:
            return platform.identities.read(access, platform.clock.now())
        except RefusedError:
            if not refresh:
                raise
        tokens = accounts.refresh(platform, refresh)
        write_tokens(token_file, tokens)
        return platform.identities.read(tokens.access, platform.clock.now())
    return local_caller(platform, platform.workspace / MARK)


def write_tokens(path: Path, tokens: accounts.Tokens) -> None:
    """The access token and the refresh token, readable by their owner alone, in place at once."""
    fresh = path.with_name(path.name + ".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(f"{tokens.access}\n{tokens.refresh}\n")
    os.replace(fresh, path)
