"""What serves the public tree: a configuration for nginx, and a small server for demonstrations."""

from __future__ import annotations

import re
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

NGINX = """# The public tree of passes: static bytes only, no upstream, no log of who asked.
worker_processes auto;
worker_rlimit_nofile 65536;
pid {state}/nginx.pid;
error_log {state}/error.log crit;
events {{ worker_connections 16384; multi_accept on; }}
http {{
  types {{
    text/html html; text/javascript js; application/json json;
    application/octet-stream cwt bin; text/plain jws;
  }}
  default_type text/plain;
  charset utf-8;
  access_log off;
  client_body_temp_path {state}/body; proxy_temp_path {state}/proxy;
  fastcgi_temp_path {state}/fastcgi; uwsgi_temp_path {state}/uwsgi; scgi_temp_path {state}/scgi;
  sendfile off; tcp_nopush off;  # ranges of some hundred bytes: one read, one write, no cork
  keepalive_timeout 30s; keepalive_requests 10000;
  open_file_cache max=200000 inactive=10m; open_file_cache_valid 30s; open_file_cache_errors on;
  gzip on; gzip_types text/javascript application/json; gzip_min_length 800;
  server_tokens off;
  server {{
    listen {listen} backlog=65535;
    root {root};
    index index.html;
    autoindex off;
    add_header X-Content-Type-Options nosniff;
    add_header Cache-Control "public, max-age=60";
    location /lists/ {{ add_header Cache-Control "public, max-age=60"; }}
    location /b/ {{ add_header Cache-Control "public, max-age=60"; }}
    location /p/ {{
      add_header Cache-Control "private, no-store";
      add_header Referrer-Policy no-referrer;
    }}
    location ~ \\.new$ {{ return 404; }}
  }}
}}
"""
RANGE = re.compile(r"bytes=(\d{1,15})-(\d{1,15})")
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".json": "application/json"}


def write_nginx(root: Path, state: Path, listen: str) -> str:
    """The configuration; give it to `nginx -c`. TLS belongs before it or into `listen`."""
    return NGINX.format(root=root.resolve(), state=state.resolve(), listen=listen)


class Handler(SimpleHTTPRequestHandler):
    """Files of one folder: no listing, no record of who asked."""

    protocol_version = "HTTP/1.1"
    extensions_map = {**TYPES, "": "application/octet-stream"}

    def do_GET(self) -> None:
        """A whole file, or the one range that was asked for: a slot of a batch."""
        found = RANGE.fullmatch(self.headers.get("Range", ""))
        path = Path(self.translate_path(self.path))
        if found is None or not path.is_file():
            super().do_GET()
            return
        size = path.stat().st_size
        first, last = int(found[1]), min(int(found[2]), size - 1)
        if not first <= last:
            self.send_error(416)
            return
        with path.open("rb") as file:
            file.seek(first)
            part = file.read(last - first + 1)
        self.send_response(206)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)

    def list_directory(self, path: object) -> None:
        self.send_error(404)

    def log_message(self, format: str, *words: object) -> None:
        """Nobody is noted down."""


def make_server(root: Path, host: str, port: int) -> ThreadingHTTPServer:
    """A server for demonstrations and drills; port 0 takes a free one."""
    return ThreadingHTTPServer((host, port), partial(Handler, directory=str(root)))
