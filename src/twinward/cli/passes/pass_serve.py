"""`twinward pass serve|nginx`: serve a public tree without the core."""

from __future__ import annotations

import argparse
from pathlib import Path

from twinward.cli.framework.output import emit_json, say, write_file
from twinward.cli.main import add_common
from twinward.core.errors import InputError
from twinward.service.passes import serving

NAMES = ("serve", "nginx")


def add_verbs(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    serve = acts.add_parser("serve", help="serve a public tree, for demonstrations and drills")
    serve.add_argument("folder", type=Path)
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8600)
    nginx = acts.add_parser("nginx", help="write the configuration with which nginx serves a tree")
    nginx.add_argument("folder", type=Path)
    nginx.add_argument("--listen", default="127.0.0.1:8600")
    nginx.add_argument("--state", type=Path, default=Path("."), help="its pid and error log")
    nginx.add_argument("--out", type=Path, required=True)
    for sub in (serve, nginx):
        add_common(sub, workspace=False)


def run(options: argparse.Namespace) -> int:
    if not (options.folder / "manifest.json").is_file():
        raise InputError(
            f"{options.folder} is no public tree", "write one with `twinward pass publish`"
        )
    if options.act == "nginx":
        text = serving.write_nginx(options.folder, options.state, options.listen)
        write_file(options.out, text.encode())
        if options.json:
            emit_json({"file": str(options.out), "listen": options.listen})
        return 0
    server = serving.make_server(options.folder, options.host, options.port)
    host, port = server.server_address[:2]
    say(f"twinward: the public tree is at http://{host!s}:{port}/ (stop with Ctrl-C)")
    with server:
        server.serve_forever()
    return 0
