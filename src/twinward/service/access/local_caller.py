"""The person at the machine: the owner of a workspace's folder acts as local-admin."""

from __future__ import annotations

import os
from pathlib import Path

from twinward.core.errors import UnknownCallerError
from twinward.service.platform import Caller, Platform, local_admin


def local_caller(platform: Platform, mark: Path) -> Caller:
    """local-admin for who owns the workspace's mark. UnknownCallerError for anybody else,
    and where the workspace is managed.
    """
    if platform.managed:
        raise UnknownCallerError(
            "this workspace needs a login", "name your token with --token-file"
        )
    if mark.stat().st_uid != os.getuid():
        raise UnknownCallerError(
            "this workspace was made by another user of this machine",
            "name your token with --token-file",
        )
    return local_admin()
