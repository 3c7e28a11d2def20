"""Every setting, typed, with its default; read from `settings.toml` of a workspace."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from twinward.core.errors import InputError


class LakeSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The observation lake. `retention_days` counts from `recorded_at`."""

    retention_days: Annotated[
        int,
        Meta(ge=1, le=3650, description="Days that fixes, visits and readings live in the lake."),
    ] = 30


class StorageSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the event log and the tables live: empty is SQLite in the workspace, else a
    PostgreSQL URL.
    """

    url: Annotated[str, Meta(description="A PostgreSQL URL; empty is SQLite in the workspace.")] = (
        ""
    )


class RetentionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days that records about persons, and sessions, live; counted from when they were recorded."""

    persons: Annotated[
        int, Meta(ge=1, le=3650, description="Days that records about persons live.")
    ] = 30
    sessions: Annotated[
        int, Meta(ge=1, le=3650, description="Days that records of sessions live.")
    ] = 90


class SecuritySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`vault_key_file` may lie on another disk; with both TLS files `serve` speaks HTTPS only."""

    vault_key_file: Annotated[
        str, Meta(description="File of the vault's key; empty is beside the vault.")
    ] = ""
    tls_certificate: Annotated[str, Meta(description="Certificate file in PEM form.")] = ""
    tls_key: Annotated[str, Meta(description="File of the certificate's key.")] = ""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings of one workspace."""

    storage: StorageSettings = StorageSettings()
    lake: LakeSettings = LakeSettings()
    retention: RetentionSettings = RetentionSettings()
    security: SecuritySettings = SecuritySettings()
    k_anonymity: Annotated[
        int, Meta(ge=2, le=1000, description="Counts below this are hidden in what is published.")
    ] = 5
    timezone: Annotated[
        str, Meta(description="The zone of the days where the workspace has no city.")
    ] = "UTC"
    country_code: Annotated[
        str, Meta(description="Of telephone numbers; empty is that of the country of the zone.")
    ] = ""


def load_settings(path: Path) -> Settings:
    """Settings of `path`, or the defaults when there is no such file; InputError names a bad
    key.
    """
    if not path.exists():
        return Settings()
    try:
        found = msgspec.convert(tomllib.loads(path.read_text("utf-8")), Settings)
        ZoneInfo(found.timezone)
        return found
    except ZoneInfoNotFoundError as error:
        raise InputError(
            f"{path.name}: timezone names no zone: {error}",
            "name one like Asia/Shanghai",
            code="bad_settings",
        ) from error
    except (tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
        raise InputError(
            f"{path.name}: {error}",
            "mend the file or remove it for the defaults",
            code="bad_settings",
        ) from error
