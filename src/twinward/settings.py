"""Every setting, typed, with its default; read from `settings.toml` of a workspace."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from twinward.core.errors import InputError


class LakeSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The observation lake. `retention_days` counts from `recorded_at`."""

    retention_days: int = 30


class StorageSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the event log and the tables live: empty is SQLite in the workspace, else a
    PostgreSQL URL.
    """

    url: str = ""


class RetentionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days that records about persons, and sessions, live; counted from when they were recorded."""

    persons: int = 30
    sessions: int = 90


class SecuritySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`vault_key_file` may lie on another disk; with both TLS files `serve` speaks HTTPS only."""

    vault_key_file: str = ""
    tls_certificate: str = ""
    tls_key: str = ""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings of one workspace."""

    storage: StorageSettings = StorageSettings()
    lake: LakeSettings = LakeSettings()
    retention: RetentionSettings = RetentionSettings()
    security: SecuritySettings = SecuritySettings()
    k_anonymity: int = 5
    timezone: str = "UTC"
    country_code: str = ""  # of telephone numbers; empty: of the country of the zone


def load_settings(path: Path) -> Settings:
    """Settings of `path`, or the defaults when there is no such file; InputError names a bad
    key.
    """
    if not path.exists():
        return Settings()
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Settings)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path.name}: {error}",
            "mend the file or remove it for the defaults",
            code="bad_settings",
        ) from error
