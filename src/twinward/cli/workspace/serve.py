"""`twinward serve`: the API and the loop on one workspace, until interrupted."""

from __future__ import annotations

import argparse
import signal
import socket
import sys
import threading

from twinward.app import compose
from twinward.app.maintenance import make_housekeeping
from twinward.app.memory import MemoryKeeper, bound_heaps
from twinward.app.outlets import OrdersOut
from twinward.app.server import make_server, ready_types
from twinward.cli.framework.output import say
from twinward.cli.framework.server_discovery import noted
from twinward.cli.main import add_common
from twinward.core.errors import InputError
from twinward.service.operations.preparing import Preparing

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8420)


def require_free(host: str, port: int) -> None:
    """InputError where nobody could listen, before anything is opened for it."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, proto) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(
                (address[0], port, *address[2:])
            )  # the look-up wraps a port that is too large
    except (OSError, OverflowError, UnicodeError) as error:
        raise InputError(
            f"nothing can be served at {host}:{port} ({error})",
            "name another --host or --port, or stop what is there",
            code="port_in_use",
        ) from error


def run(options: argparse.Namespace) -> int:
    require_free(options.host, options.port)
    bound_heaps()
    memory = MemoryKeeper()
    platform = compose.open_platform(options.workspace)
    try:
        ready_types()
        platform.intake.open()  # what a crash left undrained is looked at before anything new comes
        platform.reconciler.start()
        platform.loop.start(now=platform.clock.now)
        housekeeping = make_housekeeping(platform)
        housekeeping.start()
        preparing = Preparing(platform)
        preparing.start()
        orders_out = OrdersOut(platform)
        orders_out.start()
        memory.start()
        threading.Thread(target=compose.warm_tracing, args=(platform,), daemon=True).start()
        scheme = "https" if platform.settings.security.tls_certificate else "http"
        say(f"twinward: {scheme}://{options.host}:{options.port}/ (API at /docs; stop with Ctrl-C)")
        if scheme == "http" and options.host not in LOOPBACK:
            say(
                "twinward: without TLS anybody on the way can read this; set "
                "security.tls_certificate and tls_key"
            )
        signal.signal(
            signal.SIGTERM, lambda *_: sys.exit(0)
        )  # what the server raises again when it has shut down
        try:
            with noted(options.workspace, scheme, options.host, options.port):
                make_server(platform, options.host, options.port).run()
        finally:
            preparing.stop()
            memory.stop()
            orders_out.stop()
            housekeeping.stop()
    finally:
        platform.close()
    return 0
