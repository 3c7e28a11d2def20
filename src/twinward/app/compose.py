"""The one place where parts are chosen and joined."""

from __future__ import annotations

import logging
import resource
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from twinward.app.workspace_clock import WorkspaceClock
from twinward.citybase.columns import open_city, read_manifest
from twinward.core.clock import EARLIEST, Clock, SetClock, SystemClock
from twinward.core.errors import (
    AbsentError,
    BusyError,
    ConflictError,
    InputError,
    RefusedError,
    TwinwardError,
)
from twinward.core.messages import Event, Fact
from twinward.core.ports import Store
from twinward.edge.feeds.threshold_monitor import ThresholdMonitor
from twinward.library.loading import load_library
from twinward.loop.case_tracing import CaseTracing
from twinward.loop.context import ReferenceData
from twinward.loop.engine import Loop
from twinward.security.authorization.policy import Policy
from twinward.security.identity.accounts import Accounts
from twinward.security.identity.people import Identities, local_admin
from twinward.security.identity.sessions import Sessions
from twinward.security.privacy.keys import Keyring
from twinward.security.privacy.masking import ScrubFilter
from twinward.security.privacy.phones import dialling_of
from twinward.security.privacy.vault import Vault
from twinward.service.access.accounts import add_account
from twinward.service.access.misuse_check import check_misuse
from twinward.service.access.retention import run_retention
from twinward.service.operations.daily_jobs import Housekeeping
from twinward.service.operations.reconciliation import Reconciler
from twinward.service.platform import Caller, Platform
from twinward.settings import Settings, load_settings
from twinward.standards.fhir.audit_events import AuditEvents
from twinward.storage.database.databases import Postgres, Sqlite, choose_database, require_log
from twinward.storage.log import audit
from twinward.storage.log.chain import ChainCheck
from twinward.storage.log.drill_isolation import require_own_files
from twinward.storage.log.store import SqlStore, open_store
from twinward.storage.maintenance import backup, doctor, migrate, refresh
from twinward.storage.observations.intake_handle import IntakeHandle
from twinward.twins.city import messages as city_messages
from twinward.twins.city import twin as city
from twinward.twins.city.areas import AreaTree
from twinward.twins.emergency import messages as emergency_messages
from twinward.twins.emergency import twin as emergency
from twinward.twins.emergency.reports.rows import CASES
from twinward.twins.twin import Twins, join

if TYPE_CHECKING:
    from uvicorn import Server

    from twinward.service.tracing.provider import TracingProvider
    from twinward.service.tracing.questions import Tracing
    from twinward.storage.lake.lake import Lake

MOST_FILES, RESERVED_FILES = 65_536, 256
BEHAVIOUR = join([city.BEHAVIOUR, emergency.BEHAVIOUR])
FACTS = tuple(
    kind
    for module in (city_messages, emergency_messages)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, Fact) and kind is not Fact
)
Reported = (
    emergency_messages.CaseReported
    | emergency_messages.CaseReclassified
    | emergency_messages.CaseAmended
)
Named = emergency_messages.NameContact
MARK = "workspace.json"


class WorkspaceMark(msgspec.Struct, frozen=True, kw_only=True):
    """What a workspace is: `kind` keeps a demonstration from writing into real data; `drill` is
    a drill's id.
    """

    schema_version: int = 1
    kind: str = "ordinary"
    managed: bool = False
    drill: str = ""


def init_workspace(
    workspace: Path, *, managed: bool = False, kind: str = "ordinary", drill: str = ""
) -> WorkspaceMark:
    """Make an empty workspace (no city); refuses a folder that is one already."""
    if (workspace / MARK).exists():
        raise ConflictError(
            f"{workspace} is a workspace already", "use it, or name another folder", code="exists"
        )
    workspace.mkdir(parents=True, exist_ok=True)
    workspace.chmod(0o700)  # whatever lies inside is its owner's alone
    mark = WorkspaceMark(managed=managed, kind=kind, drill=drill)
    (workspace / MARK).write_bytes(msgspec.json.encode(mark))
    return mark


def add_first_administrator(workspace: Path) -> str:
    """The one-time secret of a managed workspace's first administrator; there is no password
    before it is used.
    """
    platform = open_platform(workspace)
    try:
        return add_account(platform, local_admin(), "admin", "administrator")
    finally:
        platform.close()


def read_mark(workspace: Path) -> WorkspaceMark:
    path = workspace / MARK
    if not path.exists():
        raise AbsentError(
            f"{workspace} is no workspace", "make one with `twinward init DIR`", code="no_workspace"
        )
    try:
        mark = msgspec.json.decode(path.read_bytes(), type=WorkspaceMark)
    except msgspec.DecodeError as error:
        raise InputError(
            f"{path.name} cannot be read: {error}", "restore it from a backup", code="broken"
        ) from error
    if (mark.kind == "drill") != bool(mark.drill):
        raise InputError(
            f"{path.name} says that it is a drill and does not", "restore it", code="broken"
        )
    return mark


def open_areas(workspace: Path) -> AreaTree:
    """The city's area tree; a workspace without a city has only the root `city`."""
    folder = workspace / "city"
    if not (folder / "city.json").exists():
        return AreaTree("city", [])
    manifest = read_manifest(folder)
    roots = [area.code for area in manifest.areas if area.parent is None]
    return AreaTree(roots[0] if len(roots) == 1 else "city", manifest.areas)


def open_zone(workspace: Path, settings: Settings) -> tzinfo:
    """The zone by which the city counts its days: its own, or where there is no city the one of
    the settings.
    """
    folder = workspace / "city"
    name = read_manifest(folder).timezone if (folder / "city.json").exists() else settings.timezone
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InputError(
            f"there is no time zone {name!r}",
            "name one as Asia/Shanghai, in city.toml or settings.toml",
            code="bad_timezone",
        ) from error


def count_residents(workspace: Path, areas: AreaTree) -> Counter[str]:
    """How many live in each area, from one look at the city; nobody without a city of residents."""
    residents: Counter[str] = Counter()
    if not (workspace / "city" / "leaf_start.npy").exists():
        return residents
    city = open_city(workspace / "city")
    for code, first, end in zip(
        city.leaf_codes, city.leaf_start[:-1], city.leaf_start[1:], strict=True
    ):
        for area in areas.path(code):
            residents[area] += int(end) - int(first)
    return residents


def open_platform(workspace: Path, clock: Clock | None = None) -> Platform:
    """Everything a use case needs, on the workspace's own settings; the loop is not yet started."""
    mark = read_mark(workspace)
    standing = SetClock(EARLIEST) if clock is None and mark.kind == "demo" else None
    clock = clock or standing or WorkspaceClock(workspace)
    settings = load_settings(workspace / "settings.toml")
    if mark.drill:
        require_fenced(workspace, settings)
    keyring = Keyring(workspace / "keys" / "subjects.keys")
    areas = open_areas(workspace)
    residents = cache(lambda: count_residents(workspace, areas))
    reference = ReferenceData(
        areas=areas,
        library=load_library(extra_plans=workspace / "plans"),
        residents=lambda area: residents()[area],
        zone=open_zone(workspace, settings),
    )
    place = settings.storage.url or workspace
    require_log(place)
    store = open_store(
        place, BEHAVIOUR.tables, FACTS, clock, keyring, workspace / "sealed", mark.drill
    )
    if standing is not None:
        standing.at = end_of_log(store) or SystemClock().now()
    identities = Identities(workspace / "keys", managed=mark.managed)
    accounts = Accounts(workspace / "keys")
    twins = Twins(BEHAVIOUR, reference.zone)
    watch = ThresholdMonitor(store, twins.ask, reference.areas.root)

    @cache
    def desk() -> TracingProvider:
        from twinward.service.tracing.provider import TracingProvider

        return TracingProvider(platform, open_lake(workspace))

    tracer = CaseTracing(
        store,
        twins,
        lambda fact, event: find_contacts(
            workspace,
            lambda: desk().of(msgspec.structs.replace(local_admin(), name="loop")),
            fact,
            event,
            onset_of(store, fact),
            reference.zone,
        ),
    )
    intake = IntakeHandle(
        workspace / "observations",
        clock,
        lambda rows, at: open_lake(workspace).append([rows], at),
        watch,
    )
    platform = Platform(
        workspace=workspace,
        settings=settings,
        clock=clock,
        store=store,
        intake=intake,
        reconciler=Reconciler(store, intake),
        watch=watch,
        loop=Loop(store, twins, reference, tracer),
        reference=reference,
        vault=Vault(
            workspace / "vault",
            vault_key(settings),
            dialling_of(str(reference.zone), settings.country_code),
        ),
        keyring=keyring,
        identities=identities,
        accounts=accounts,
        sessions=Sessions(accounts, identities),
        tracing=lambda caller: desk().of(caller),
        verify=lambda: verify_log(workspace),
        export_log=lambda path, fhir: export_log(workspace, path, fhir=fhir),
        expire_lake=lambda at: expire_lake(platform, at),
        policy=Policy(reference.areas, managed=mark.managed),
        managed=mark.managed,
        drill=mark.drill,
    )
    if isinstance(clock, WorkspaceClock):
        platform.alarms.append(clock.find_trouble)
    return platform


def end_of_log(store: Store) -> datetime | None:
    """When the last event was recorded: there a finished demonstration stands still."""
    with store.read() as reader:
        last = reader.last_seq()
        found = reader.events_after(last - 1, 1) if last else []
    return found[0].recorded_at if found else None


def require_fenced(workspace: Path, settings: Settings) -> None:
    """RefusedError unless everything that a drill writes or opens is its own."""
    require_own_files(workspace)
    if settings.security.vault_key_file:
        raise RefusedError(
            "a drill has no vault key of anybody else",
            "take security.vault_key_file out of its settings.toml",
            code="fence_broken",
        )


def onset_of(store: SqlStore, fact: Reported) -> date | None:
    """When the person of a case fell ill, as it is known now."""
    with store.read() as rows:
        case = rows.find(CASES, fact.case)
    return case.onset if case is not None else None


def find_contacts(
    workspace: Path,
    tracing: Callable[[], Tracing],
    fact: Reported,
    event: Event,
    onset: date | None,
    zone: tzinfo,
) -> Sequence[Named]:
    """A case's contacts from the lake; nothing where there is no lake."""
    if not (workspace / "lake").is_dir():
        return ()
    from twinward.service.tracing.automatic_tracing import find_contacts as find

    return find(tracing(), fact, event, onset, zone)


def vault_key(settings: Settings) -> Path | None:
    """Where the vault's key lies when not beside the vault."""
    return Path(settings.security.vault_key_file) if settings.security.vault_key_file else None


def make_server(platform: Platform, host: str, port: int) -> Server:
    """The API of an open platform as a server that is not yet running."""
    import uvicorn  # half a second to import: only who serves pays it

    from twinward.api.http.slow_connections import WatchedProtocol
    from twinward.api.main import make_api

    with suppress(BusyError):  # another process on this workspace takes in the observations
        platform.intake.open()
    security = platform.settings.security
    config = uvicorn.Config(
        make_api(platform),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        http=WatchedProtocol,
        ws="none",
        limit_concurrency=most_connections(),
        ssl_certfile=security.tls_certificate or None,
        ssl_keyfile=security.tls_key or None,
    )
    scrub_logs()
    return uvicorn.Server(config)


def most_connections() -> int:
    """How many connections may be open at once, so that files and the database can still be
    opened: as many as the system lets this process have, less a reserve.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, MOST_FILES), hard))
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(soft - RESERVED_FILES, 64)


def scrub_logs() -> None:
    """Every handler that a log can leave by gets the filter."""
    handlers = [
        h for name in ("", "uvicorn", "uvicorn.error") for h in logging.getLogger(name).handlers
    ]
    for handler in [*handlers, *([logging.lastResort] if logging.lastResort else [])]:
        if not any(isinstance(one, ScrubFilter) for one in handler.filters):
            handler.addFilter(ScrubFilter())


def expire_lake(platform: Platform, at: datetime) -> int:
    """Deletes movement that is past its life; how many fixes."""
    from twinward.service.intake.movement_import import expire

    return expire(platform, open_lake(platform.workspace), at)


def make_housekeeping(platform: Platform) -> Housekeeping:
    """What a server does every day by itself."""
    workspace = platform.workspace
    return Housekeeping(
        platform,
        [
            lambda platform, caller: run_retention(platform, caller, platform.expire_lake),
            lambda platform, caller: check_misuse(platform, caller, lambda: verify_log(workspace)),
        ],
    )


def scenarios_folder() -> Path:
    """Where the bundled scenarios lie: in the package, or beside it in a checkout."""
    inside = Path(__file__).parents[1] / "scenarios"
    return inside if inside.is_dir() else Path(__file__).parents[3] / "scenarios"


def city_of(workspace: Path) -> tuple[str, int]:
    """Name and residents of a workspace's city."""
    manifest = read_manifest(workspace / "city")
    return manifest.name, manifest.lengths.get("age_sex", 0)


def city_timezone(workspace: Path) -> str:
    return read_manifest(workspace / "city").timezone


def write_demo_report(workspace: Path, result: dict[str, Any]) -> Path:
    """The one-page report of a demonstration."""

    from twinward.report.demonstration import render_demo_report

    path = workspace / "report.html"
    path.write_text(render_demo_report(result), encoding="utf-8")
    return path


def open_lake(workspace: Path) -> Lake:
    """The workspace's observation lake; one instance stays warm as long as it lives."""
    from twinward.storage.lake.lake import Lake

    return Lake(workspace / "lake")


def make_tracing(platform: Platform, caller: Caller) -> Tracing:
    """The questions about movement on behalf of a caller; all callers of one platform share its
    warm lake.
    """
    tracing: Tracing = platform.tracing(caller)
    return tracing


def warm_tracing(platform: Platform) -> None:
    """Open the lake and load the kernels beside everything else, so that the first case does not
    wait for it.
    """
    if (platform.workspace / "lake").is_dir():
        with suppress(TwinwardError):  # whoever asks is told
            make_tracing(platform, local_admin()).lake()


def verify_log(workspace: Path) -> ChainCheck:
    """The hash chain over the workspace's whole log."""
    return audit.verify_chain(open_database(workspace))


def export_log(workspace: Path, path: Path, *, fhir: bool = True) -> int:
    """Write the whole log, as FHIR AuditEvents or as it is stored; how many events."""
    return audit.export_chain(open_database(workspace), path, form=AuditEvents() if fhir else None)


def anchors_that_fail(workspace: Path, anchors: list[tuple[int, str]]) -> list[int]:
    """Places whose published hash the log no longer has: somebody has written the whole chain
    anew.
    """
    return audit.anchors_that_fail(open_database(workspace), anchors)


def verify_log_file(path: Path) -> ChainCheck:
    return audit.verify_file(path, AuditEvents())


def open_database(workspace: Path) -> Sqlite | Postgres:
    """Where the workspace's log is kept; a log that was never written is made, so that there is
    one to read.
    """
    open_platform(workspace).close()
    return choose_database(load_settings(workspace / "settings.toml").storage.url or workspace)


def check_workspace(workspace: Path, *, deep: bool) -> list[doctor.Finding]:
    """Every check of `twinward doctor`; a workspace that cannot be opened is a finding too."""
    try:
        platform = open_platform(workspace)
    except TwinwardError as error:
        return [doctor.fail("workspace", error.message, error.advice)]
    try:
        store = cast(SqlStore, platform.store)
        return doctor.check_workspace(workspace, store, platform.loop.twins.apply, deep=deep)
    finally:
        platform.close()


def backup_workspace(workspace: Path, target: Path) -> backup.Contents:
    """Copy the workspace while it runs; keys are left out."""
    return backup.backup(workspace, open_database(workspace), target)


def restore_workspace(source: Path, workspace: Path) -> backup.Contents:
    """Make a workspace from a backup; a log that was in PostgreSQL goes into the database its
    settings name.
    """
    contents = backup.read_contents(source)
    database = choose_database(load_settings(source / "settings.toml").storage.url or source)
    if isinstance(database, Postgres):
        backup.load_tables(source, database, BEHAVIOUR.tables, contents.drill)
    return backup.restore(source, workspace)


def migrate_workspace(workspace: Path, clock: Clock | None = None) -> tuple[int, int, int]:
    """Upgrade the workspace's log to this release; the schema versions before and after, and how
    many rows this release makes differently of the log.
    """
    read_mark(workspace)
    before, now = migrate.migrate(
        choose_database(load_settings(workspace / "settings.toml").storage.url or workspace)
    )
    platform = open_platform(workspace, clock)
    try:
        rows = refresh.refresh_rows(cast(SqlStore, platform.store), platform.loop.twins.apply)
    finally:
        platform.close()
    return before, now, rows
