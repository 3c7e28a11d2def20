"""Orders on their way out: the dispatcher of a workspace, what became of each message, trying one
again.
"""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from twinward.core.errors import AbsentError, InputError, StorageError
from twinward.core.ids import derive_id
from twinward.edge.orders.cap import CapBoard
from twinward.edge.orders.dispatcher import Dispatcher
from twinward.edge.orders.ledger import Delivery, Ledger
from twinward.edge.orders.mail import Mail
from twinward.edge.orders.outlet import Outlet, OutletMessage, OutletReceipt
from twinward.edge.orders.routing import KEPT, OutletSpec, Routing, load_routing
from twinward.edge.orders.sms import SmsSpool
from twinward.edge.orders.webhook import Webhook
from twinward.service.city.context import zone_of
from twinward.service.operations.public_alerts import list_members
from twinward.service.passes.keys import FOLDER, open_store
from twinward.service.passes.publishing import sign_manifest
from twinward.service.platform import Platform

ROUTING, LEDGER = "outlets.toml", "orders.db"


def routing_of(platform: Platform) -> Routing:
    """Who is told of what; nothing where the workspace has no `outlets.toml`."""
    return load_routing(platform.workspace / ROUTING)


def check_routing(platform: Platform) -> Routing:
    """The same, and whether what `serve` will need of the entries is there."""
    routing = routing_of(platform)
    for spec in routing.outlets:
        if spec.kind == "webhook":
            open_outlet(spec, platform.workspace, platform)
    return routing


def open_outlet(spec: OutletSpec, workspace: Path, platform: Platform) -> Outlet:
    """The channel that an entry of `outlets.toml` describes; its files lie beside that."""
    if spec.kind == "sms":
        return SmsSpool(workspace / spec.spool, spec.prefixes)
    if spec.kind == "email":
        return Mail(spec.host, spec.port, spec.sender)
    if spec.kind == "cap":
        return open_board(spec, platform)
    try:
        secret = (workspace / spec.secret_file).read_bytes().strip()
    except OSError as error:
        raise InputError(
            f"outlet {spec.name}: {spec.secret_file} cannot be read ({error.strerror})",
            "write the shared secret into it",
            code="bad_outlets",
        ) from error
    if not secret:
        raise InputError(f"outlet {spec.name}: its secret is empty", code="bad_outlets")
    return Webhook(secret)


def open_board(spec: OutletSpec, platform: Platform) -> CapBoard:
    """The board of alerts, signed with the key that signs the public tree."""

    def sign(data: bytes) -> str:
        at = platform.clock.now().replace(microsecond=0)
        return sign_manifest(open_store(platform.workspace / FOLDER).signing(at), data)

    return CapBoard(
        platform.workspace / spec.folder,
        lambda: list_members(platform, spec.sender),
        sign,
        platform.clock.now,
        title=spec.title or "Alerts · 预警",
        sender=spec.sender,
        drill=spec.drill,
        zone=ZoneInfo(zone_of(platform)),
    )


def list_boards(platform: Platform) -> list[CapBoard]:
    """The boards of a workspace: they are renewed by the clock too."""
    specs = [spec for spec in routing_of(platform).outlets if spec.kind == "cap"]
    return [open_board(spec, platform) for spec in specs if spec.drill or not platform.drill]


def open_dispatcher(platform: Platform) -> Dispatcher | None:
    """What sends the orders of a workspace; None where nobody is to be told."""
    routing = routing_of(platform)
    if not routing.recipients:
        return None
    areas = platform.reference.areas
    return Dispatcher(
        platform.store,
        Ledger(platform.workspace / LEDGER),
        routing,
        {spec.name: open_outlet(spec, platform.workspace, platform) for spec in routing.outlets},
        platform.clock,
        drill=bool(platform.drill),
        name_of=lambda code: str(getattr(areas.by_code.get(code), "name", "") or code),
        zone=ZoneInfo(zone_of(platform)),
    )


def list_deliveries(platform: Platform, *, state: str | None, most: int) -> list[Delivery]:
    """What became of each message, the newest first."""
    ledger = open_ledger(platform)
    try:
        return ledger.list_deliveries(state=state, most=most)
    finally:
        ledger.close()


def try_again(platform: Platform, key: str) -> None:
    """A message that failed is queued once more."""
    ledger = open_ledger(platform)
    try:
        if not ledger.try_again(key, platform.clock.now()):
            raise AbsentError(
                f"no failed message has the key {key}", "see `twinward outlet deliveries`"
            )
    finally:
        ledger.close()


def send_test(platform: Platform, name: str, address: str) -> OutletReceipt:
    """A message that says it is a test, now, through one outlet."""
    spec = next((one for one in routing_of(platform).outlets if one.name == name), None)
    if spec is None:
        raise AbsentError(f"no outlet is named {name!r}", f"see {ROUTING}")
    if platform.drill and not spec.drill:
        return OutletReceipt(state="fenced", says="an exercise reaches no real channel")
    now = platform.clock.now()
    return open_outlet(spec, platform.workspace, platform).send(
        OutletMessage(
            key=derive_id("msg", "test", name, address, now.isoformat()),
            outlet=name,
            address=address,
            kind="order",
            about="test",
            subject="TEST 测试",
            text="This is a test of Twinward; nothing needs to be done. 这是测试,无需处理。",
            language="en",
            created_at=now,
            expires_at=now + KEPT,
            not_before=now,
        )
    )


def open_ledger(platform: Platform) -> Ledger:
    path = platform.workspace / LEDGER
    if not path.exists():
        raise AbsentError(
            "no message was made yet",
            f"write {ROUTING}, then run `twinward serve`",
            code="no_ledger",
        )
    try:
        return Ledger(path)
    except StorageError as error:
        raise InputError(f"{LEDGER} cannot be opened: {error.message}", error.advice) from error
