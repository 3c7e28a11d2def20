"""`twinward logout --token-file FILE`: shut the session of that file, at once, everywhere."""

from __future__ import annotations

import argparse
from pathlib import Path

from twinward.cli.framework.output import emit_json, emit_text
from twinward.cli.framework.session import add_person, open_for
from twinward.core.errors import InputError
from twinward.service.access import accounts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_person(parser)


def run(options: argparse.Namespace) -> int:
    with open_for(options) as (platform, caller):
        if caller.session is None:
            raise InputError(
                "there is no session to shut", "name its --token-file", code="no_session"
            )
        accounts.logout(platform, caller, caller.session)
        Path(options.token_file).unlink(missing_ok=True)
    emit_json({"session": caller.session, "revoked": True}) if options.json else emit_text(
        "logged out"
    )
    return 0
