"""The one place where parts are chosen and joined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, datetime, tzinfo
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import msgspec

from twinward.app.workspace import count_residents, open_areas, open_zone, read_mark
from twinward.app.workspace_clock import WorkspaceClock
from twinward.core.clock import EARLIEST, Clock, SetClock, SystemClock
from twinward.core.errors import (
    RefusedError,
    TwinwardError,
)
from twinward.core.messages import Command, Event, Fact
from twinward.core.ports import Store
from twinward.edge.feeds.threshold_monitor import ThresholdMonitor
from twinward.library.hazards.chains import ChainRegister
from twinward.library.loading import Library, load_library
from twinward.library.supervision.module_files import ModuleRegister
from twinward.loop.case_tracing import CaseTracing
from twinward.loop.context import ReferenceData
from twinward.loop.engine import Loop
from twinward.loop.hazard_forecasts import HazardForecasting
from twinward.security.authorization.policy import Policy
from twinward.security.identity.accounts import Accounts
from twinward.security.identity.people import Identities, local_admin
from twinward.security.identity.sessions import Sessions
from twinward.security.privacy.keys import Keyring
from twinward.security.privacy.phones import dialling_of
from twinward.security.privacy.vault import Vault
from twinward.service.devices.alarm_watch import DeviceAlarmWatch
from twinward.service.devices.speaking import EdgeVoices
from twinward.service.operations.chain_watch import ChainWatch
from twinward.service.operations.reconciliation import Reconciler
from twinward.service.platform import Caller, Platform
from twinward.service.supervision.monitor import SupervisionMonitor
from twinward.service.supervision.watches import Watches
from twinward.settings import Settings, load_settings
from twinward.standards.fhir.audit_events import AuditEvents
from twinward.storage.database.databases import Postgres, Sqlite, choose_database, require_log
from twinward.storage.log import audit
from twinward.storage.log.chain import ChainCheck
from twinward.storage.log.drill_isolation import require_own_files
from twinward.storage.log.store import SqlStore, open_store
from twinward.storage.observations.intake_handle import IntakeHandle
from twinward.twins.city import messages as city_messages
from twinward.twins.city import twin as city
from twinward.twins.emergency import messages as emergency_messages
from twinward.twins.emergency import twin as emergency
from twinward.twins.emergency.reports.rows import CASES
from twinward.twins.twin import Twins, join

if TYPE_CHECKING:
    import pyarrow as pa

    from twinward.service.tracing.provider import TracingProvider
    from twinward.service.tracing.questions import Tracing
    from twinward.storage.lake.lake import Lake

BEHAVIOUR = join([city.BEHAVIOUR, emergency.BEHAVIOUR])
SUPERVISION_MEMORY, ALARM_MEMORY = "supervision.db", "alarms.db"  # what rules remember


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


def open_reference(workspace: Path, settings: Settings) -> ReferenceData:
    """What the loop judges by: areas, library, residents, zone and the chains of hazards."""
    areas = open_areas(workspace)
    modules = ModuleRegister(workspace / "modules")
    residents = cache(lambda: count_residents(workspace, areas))
    return ReferenceData(
        areas=areas,
        read_library=library_reader(workspace / "plans", modules),
        residents=lambda area: residents()[area],
        zone=open_zone(workspace, settings),
        chains=ChainRegister(workspace / "risks").list_rules,
        modules=modules.list_modules,
    )


def open_platform(workspace: Path, clock: Clock | None = None) -> Platform:
    """Everything a use case needs, on the workspace's own settings; the loop is not yet started."""
    mark = read_mark(workspace)
    standing = SetClock(EARLIEST) if clock is None and mark.kind == "demo" else None
    clock = clock or standing or WorkspaceClock(workspace)
    settings = load_settings(workspace / "settings.toml")
    if mark.drill:
        require_fenced(workspace, settings)
    keyring = Keyring(workspace / "keys" / "subjects.keys")
    reference = open_reference(workspace, settings)
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

    edge_of = EdgeVoices(workspace).edge_of
    supervision = SupervisionMonitor(
        store, twins.ask, reference.modules, workspace / SUPERVISION_MEMORY, clock, edge_of
    )
    alarm_watch = DeviceAlarmWatch(
        *(store, twins.ask, reference.modules, reference.areas.root),
        *(workspace / ALARM_MEMORY, clock, edge_of),
    )

    @cache
    def desk() -> TracingProvider:
        from twinward.service.tracing.provider import TracingProvider

        return TracingProvider(platform, open_lake(workspace))

    def contacts_of(fact: Reported, event: Event) -> Sequence[Named]:
        loop = msgspec.structs.replace(local_admin(), name="loop")
        onset, zone = onset_of(store, fact), reference.zone
        return find_contacts(workspace, lambda: desk().of(loop), fact, event, onset, zone)

    tracer = CaseTracing(store, twins, contacts_of)
    forecaster = HazardForecasting(
        store, twins, lambda fact, event: forecast_report(platform, fact, event)
    )
    intake = IntakeHandle(
        workspace / "observations",
        clock,
        lambda rows, at: keep_movement(workspace, rows, at),
        Watches(watch, supervision, alarm_watch),
    )
    platform = Platform(
        workspace=workspace,
        settings=settings,
        clock=clock,
        store=store,
        intake=intake,
        reconciler=Reconciler(store, intake),
        watch=watch,
        supervision=supervision,
        loop=Loop(store, twins, reference, tracer, forecaster),
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
        chain=ChainWatch(
            lambda first, head: audit.verify_chain(store.database, first, bound_to=head)
        ),
        export_log=lambda path, fhir: export_log(workspace, path, fhir=fhir),
        expire_lake=lambda at: expire_lake(platform, at),
        policy=Policy(reference.areas, managed=mark.managed),
        managed=mark.managed,
        drill=mark.drill,
    )
    platform.alarms.append(supervision.find_trouble)
    platform.alarms.append(alarm_watch.find_trouble)
    if isinstance(clock, WorkspaceClock):
        platform.alarms.append(clock.find_trouble)
    return platform


def library_reader(own: Path, modules: ModuleRegister | None = None) -> Callable[[], Library]:
    """What reads the library, once; it knows the words of the workspace's modules. A workspace's
    own plans are read now, so that a fault in them is told before anything is done; the bundled
    ones have been checked, and can wait.
    """
    once = Lock()

    @cache
    def load() -> Library:
        library = load_library(extra_plans=own)
        if modules is None:
            return library
        return msgspec.structs.replace(library, module_words=modules.list_words)

    def read() -> Library:
        with once:  # threads of the server and of the loop ask at the same time
            return load()

    if own.is_dir() and any(own.glob("*.toml")):
        read()
    return read


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


def forecast_report(
    platform: Platform, fact: emergency_messages.HazardReported, event: Event
) -> Sequence[Command]:
    """What a report of a physical hazard calls for; models are loaded with the first one."""
    from twinward.service.hazards.live import forecast_report as forecast

    return forecast(platform, fact, event)


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


def expire_lake(platform: Platform, at: datetime) -> int:
    """Deletes movement that is past its life; how many fixes."""
    from twinward.service.intake.movement_import import expire

    return expire(platform, open_lake(platform.workspace), at)


def open_lake(workspace: Path) -> Lake:
    """The workspace's observation lake; one instance stays warm as long as it lives."""
    from twinward.storage.lake.lake import Lake

    return Lake(workspace / "lake")


def keep_movement(workspace: Path, rows: pa.Table, at: datetime) -> None:
    """What the inbox hands on, bit by bit: small pieces are merged as they come."""
    lake = open_lake(workspace)
    lake.append([rows], at)
    lake.tidy()


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


def open_database(workspace: Path) -> Sqlite | Postgres:
    """Where the workspace's log is kept; a log that was never written is made, so that there is
    one to read.
    """
    open_platform(workspace).close()
    return choose_database(load_settings(workspace / "settings.toml").storage.url or workspace)
