"""`twinward serve`: the API and the loop on one workspace, until interrupted."""

from __future__ import annotations

import argparse

from twinward import app
from twinward.cli.main import add_common
from twinward.cli.output import say
from twinward.cli.server_note import noted


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8420)


def run(options: argparse.Namespace) -> int:
    platform = app.open_platform(options.workspace)
    try:
        platform.intake.open()  # what a crash left undrained is looked at before anything new comes
        platform.reconciler.start()
        platform.loop.start(now=platform.clock.now)
        say(f"twinward: http://{options.host}:{options.port}/docs (stop with Ctrl-C)")
        with noted(options.workspace, options.host, options.port):
            app.make_server(platform, options.host, options.port).run()
    finally:
        platform.close()
    return 0
