"""Who asks over HTTP: the bearer of a token, or on an unmanaged workspace the local administrator."""

from __future__ import annotations

from fastapi import Request

from twinward.core.errors import RefusedError
from twinward.service.platform import Caller, Platform, local_admin


def caller_of(platform: Platform, request: Request) -> Caller:
    """The caller; RefusedError `bad_token` when a managed workspace is asked without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return platform.identities.read(token, platform.clock.now())
    if platform.managed:
        raise RefusedError("this workspace needs a login", "send a token: Authorization: Bearer …", code="bad_token")
    return local_admin()
