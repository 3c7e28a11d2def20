"""Serving a public tree, as verbs use it."""

from __future__ import annotations

from twinward.edge.orders.static_server import make_server, write_nginx

__all__ = ["make_server", "write_nginx"]
