"""The keepers' use cases as routes ask for them: activations by who has logged in, the log
verified and exported, tables published, what is past its life deleted.
"""

from __future__ import annotations

import os
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec

from twinward.core.errors import AbsentError
from twinward.security.detection.anomalies import Anomaly
from twinward.security.privacy.retention import Ended
from twinward.service.access import activations, retention
from twinward.service.access.accounts import note
from twinward.service.access.answers import ActivationLine
from twinward.service.access.misuse_check import check_misuse
from twinward.service.access.publication import DataSheet, Publication, last_week, publish
from twinward.service.platform import Caller, Platform


class ChainState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the log is whole; `first_bad` is the first entry that does not fit."""

    entries: int
    ok: bool
    first_bad: int | None
    head: str


class MisuseFound(msgspec.Struct, frozen=True, kw_only=True):
    """What the last day's deeds give cause to ask about."""

    checked: int
    entries: int
    anomalies: tuple[Anomaly, ...]


class RetentionKind(msgspec.Struct, frozen=True, kw_only=True):
    """What a datum is for and how long it lives; `days` names a setting, or `kept`."""

    id: str
    what: str
    purpose: str
    days: str
    ends_by: str


class ReceiptsChecked(msgspec.Struct, frozen=True, kw_only=True):
    receipts: int
    ok: bool
    wrong: list[str]


class RetentionRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run: what ended, for which activations something was kept, and the receipt of it."""

    receipt: str
    digest: str
    judged_by: datetime
    run_at: datetime
    ended: tuple[Ended, ...]
    activations: tuple[str, ...]
    previous: str


def get_activation(platform: Platform, activation: str) -> ActivationLine:
    for found in activations.list_activations(platform):
        if found.id == activation:
            return found
    raise AbsentError(f"there is no activation {activation}", "list them first")


def open_activation(
    platform: Platform,
    caller: Caller,
    *,
    hazard: str,
    areas: tuple[str, ...],
    purposes: tuple[str, ...],
    days: int,
    basis: str,
    data_from: datetime | None,
    data_to: datetime | None,
) -> ActivationLine:
    """Opened by who has logged in, whatever else may be said."""
    name = activations.open_activation(
        platform,
        caller,
        hazard=hazard,
        areas=list(areas),
        purposes=list(purposes),
        days=days,
        by=caller.name,
        basis=basis,
        data_from=data_from,
        data_to=data_to,
    )
    return get_activation(platform, name)


def renew_activation(
    platform: Platform, caller: Caller, activation: str, days: int, basis: str
) -> ActivationLine:
    """The same purposes, areas and beginning of data; another activation, whose end is its own."""
    known = get_activation(platform, activation)
    return open_activation(
        platform,
        caller,
        hazard=known.hazard,
        areas=tuple(known.areas),
        purposes=tuple(known.purposes),
        days=days,
        basis=basis,
        data_from=known.data_from,
        data_to=platform.clock.now() + timedelta(days=days),
    )


def publish_window(
    platform: Platform,
    caller: Caller,
    *,
    table: str,
    level: str,
    since: datetime | None,
    until: datetime | None,
) -> Publication:
    first, last = last_week(platform)
    end = until or last
    return publish(
        platform,
        caller,
        table,
        level,
        since or (first if until is None else end - timedelta(7)),
        end,
    )


def list_publications(platform: Platform, caller: Caller) -> list[DataSheet]:
    """Of every release its sheet, the newest window first."""
    platform.policy.require(caller, "publish", area=platform.reference.areas.root)
    paths = (platform.workspace / "published").glob("pub-*.json")
    sheets = [msgspec.json.decode(path.read_bytes(), type=Publication).sheet for path in paths]
    return sorted(sheets, key=lambda sheet: (sheet.until, sheet.title), reverse=True)


def verify_log(platform: Platform, caller: Caller) -> ChainState:
    platform.policy.require(caller, "see_audit")
    found = platform.chain.walk(platform.clock.now())
    said = "whole" if found.ok else f"not whole from entry {found.first_bad}"
    note(platform, caller, "audit_verified", said)
    return ChainState(
        entries=found.entries, ok=found.ok, first_bad=found.first_bad, head=found.head
    )


def check_last_day(platform: Platform, caller: Caller) -> MisuseFound:
    found = check_misuse(platform, caller, lambda: platform.chain.walk(platform.clock.now()))
    return msgspec.convert(found, MisuseFound)


def export_log(platform: Platform, caller: Caller, form: Literal["fhir", "log"]) -> Path:
    """A file beside the log that only its owner reads; who asked deletes it when it was sent."""
    platform.policy.require(caller, "see_audit")
    note(platform, caller, "audit_exported", form)
    handle, name = tempfile.mkstemp(prefix="audit-", suffix=".ndjson", dir=platform.workspace)
    os.close(handle)
    try:
        platform.export_log(Path(name), form == "fhir")
    except BaseException:
        os.unlink(name)
        raise
    return Path(name)


def list_kinds() -> list[RetentionKind]:
    kinds = retention.load_kinds().values()
    return [RetentionKind(**msgspec.structs.asdict(kind)) for kind in kinds]


def check_receipts(platform: Platform, caller: Caller) -> ReceiptsChecked:
    return msgspec.convert(retention.verify_receipts(platform, caller), ReceiptsChecked)


def run_retention(platform: Platform, caller: Caller, *, confirmed: bool) -> RetentionRun:
    found: dict[str, object] = retention.run_retention(
        platform, caller, platform.expire_lake, confirmed=confirmed
    )
    return msgspec.convert(found, RetentionRun)
