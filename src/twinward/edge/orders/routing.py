"""Who is told of what, through which outlet: `outlets.toml` of a workspace, read and applied."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from twinward.core.errors import InputError, explain_decode_error
from twinward.core.ids import derive_id
from twinward.core.messages import Event
from twinward.edge.orders.mail import MAILBOX
from twinward.edge.orders.outlet import Kind, OutletMessage
from twinward.edge.orders.sms import normal_number
from twinward.edge.orders.texts import alert_text, text_of
from twinward.twins.emergency import messages as m

ADVICE = "see docs/howto/send-orders-out.md"
KINDS: tuple[Kind, ...] = ("order", "late", "withdrawn", "level", "alert")
KEPT = timedelta(hours=24)  # how long after its deadline an order is still worth sending
URGENT = timedelta(hours=12)  # an order due sooner wakes people (ours)
# a host and no password before it: addresses are shown in lists
WEB_ADDRESS = re.compile(r"https?://[^\s/@?#]+([/?#]\S*)?")
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]


class OutletSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One outlet. `drill`: it may be used in an exercise; every other one is fenced off there."""

    name: Name
    kind: Literal["webhook", "sms", "email", "cap"]
    per_minute: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 60
    drill: bool = False
    secret_file: str = ""  # webhook
    spool: str = ""  # sms: folder of the gateway
    prefixes: tuple[str, ...] = ()  # sms: numbers that may be written to
    host: str = ""  # email
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 25
    sender: str = ""  # email, cap
    folder: str = ""  # cap: where the board of alerts is written, for any server to serve
    title: str = ""  # cap: of the board
    quiet: tuple[str, ...] = ()  # addresses that asked not to be written to

    def is_quiet(self, address: str) -> bool:
        """However it is spelt: somebody who opted out did not opt out of a spelling."""
        return self.plain(address) in {self.plain(one) for one in self.quiet}

    def plain(self, address: str) -> str:
        """An address as it is compared: a number by its digits, a mailbox without case."""
        if self.kind == "sms":
            return normal_number(address) or address
        return address.strip().lower() if self.kind == "email" else address


class Recipient(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who is told. `area`: their own and what lies below it; empty: everywhere.

    `quiet_from`, `quiet_to`: local hours in which only what is urgent comes.
    """

    outlet: Name
    address: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    department: str = ""
    area: str = ""
    language: Literal["en", "zh"] = "en"
    kinds: tuple[Kind, ...] = KINDS
    quiet_from: time | None = None
    quiet_to: time | None = None

    def wants(self, kind: Kind, department: str, area: str) -> bool:
        return (
            kind in self.kinds
            and self.department in ("", department)
            and (not self.area or area == self.area or area.startswith(self.area))
        )


class Routing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    outlets: tuple[OutletSpec, ...] = ()
    recipients: tuple[Recipient, ...] = ()


def load_routing(path: Path) -> Routing:
    """The routing of a workspace; nothing where there is no file."""
    if not path.exists():
        return Routing()
    try:
        raw = tomllib.loads(path.read_bytes().decode("utf-8"))
        routing = msgspec.convert(raw, Routing)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path.name}: {error}", ADVICE, code="bad_outlets") from error
    except msgspec.ValidationError as error:
        said = explain_decode_error(str(error), raw)
        raise InputError(f"{path.name}: {said}", ADVICE, code="bad_outlets") from error
    check(routing, path.name)
    return routing


def check(routing: Routing, name: str) -> None:
    names = [outlet.name for outlet in routing.outlets]
    needs = {"webhook": "secret_file", "sms": "spool", "email": "host", "cap": "folder"}
    for outlet in routing.outlets:
        missing = [f for f in (needs[outlet.kind],) if not getattr(outlet, f)]
        if outlet.kind in ("email", "cap") and not outlet.sender:
            missing.append("sender")
        if missing or names.count(outlet.name) > 1:
            said = f"needs {', '.join(missing)}" if missing else "stands twice"
            raise InputError(f"{name}: outlet {outlet.name} {said}", ADVICE, code="bad_outlets")
    kinds = {outlet.name: outlet.kind for outlet in routing.outlets}
    for recipient in routing.recipients:
        if recipient.outlet in kinds and not is_address(kinds[recipient.outlet], recipient.address):
            raise InputError(
                f"{name}: recipient address {recipient.address!r} is none of an outlet of the kind "
                f"{kinds[recipient.outlet]}",
                "give a telephone number (sms), one mailbox (email), an address that begins with "
                "https:// or http:// (webhook)",
                code="bad_outlets",
            )
        if recipient.outlet not in names:
            raise InputError(
                f"{name}: {recipient.address} is reached through {recipient.outlet!r}, which is "
                f"no outlet",
                ADVICE,
                code="bad_outlets",
            )


def is_address(kind: str, address: str) -> bool:
    """Whether messages of an outlet can go there; whether anybody hears them is known later."""
    if kind == "sms":
        return normal_number(address) is not None
    if kind == "email":
        return MAILBOX.fullmatch(address.strip()) is not None
    return kind != "webhook" or WEB_ADDRESS.fullmatch(address) is not None


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What an event says to those who must act."""

    kind: Kind
    about: str
    department: str
    area: str
    title: str
    due_at: datetime | None = None
    more: str = ""
    texts: tuple[m.AlertText, ...] = ()  # of an alert: what it says in each language
    drill: bool = False
    ends: tuple[str, ...] = ()  # what is not told any more once this is

    @property
    def urgent(self) -> bool:
        return self.kind != "order" or self.due_at is None

    def text_in(self, language: str) -> m.AlertText | None:
        """What an alert says to one who reads this language; else in English; else as it is."""
        wanted = (language, "en", "")
        found = (t for w in wanted for t in self.texts if t.language.startswith(w))
        return next(found, None)


def read_event(event: Event) -> Heard | None:
    """What is worth telling, or None."""
    fact = event.fact
    if isinstance(fact, m.OrderIssued):
        return Heard(
            kind="order",
            about=fact.task,
            department=fact.department,
            area=fact.area,
            title=fact.title,
            due_at=fact.due_at,
        )
    if isinstance(fact, m.TaskEscalated):
        return Heard(
            kind="late",
            about=fact.task,
            department=fact.department,
            area=fact.to_area,
            title="",
            due_at=fact.due_at,
            more=f"{fact.late_h:.0f}",
        )
    if isinstance(fact, m.ResponseLevelSet):
        return Heard(
            kind="level",
            about=fact.incident,
            department="",
            area=event.area,
            title=fact.level,
            more=fact.because,
        )
    if isinstance(fact, m.PublicAlertSent):
        return read_alert(fact, event)
    return None


def read_alert(fact: m.PublicAlertSent, event: Event) -> Heard:
    return Heard(
        kind="alert",
        about=fact.alert,
        department="",
        area=event.area,
        title=fact.texts[0].headline,
        due_at=fact.expires_at,
        more=fact.step,
        texts=fact.texts,
        drill=fact.status != "actual",
        ends=fact.ends,
    )


def messages_of(
    heard: Heard, event: Event, routing: Routing, area_name: str, zone: tzinfo
) -> Iterator[OutletMessage]:
    """One message for each recipient who wants it, with a key that no second run makes anew; who
    stands twice is told once.
    """
    specs = {spec.name: spec for spec in routing.outlets}
    told: set[tuple[str, str]] = set()
    for recipient in routing.recipients:
        if not recipient.wants(heard.kind, heard.department, heard.area):
            continue
        spec = specs.get(recipient.outlet)
        reached = recipient.outlet, spec.plain(recipient.address) if spec else recipient.address
        if reached in told:
            continue
        told.add(reached)
        subject, text = said_to(recipient, heard, area_name, zone)
        yield OutletMessage(
            key=derive_id("msg", event.id, recipient.outlet, recipient.address),
            outlet=recipient.outlet,
            address=recipient.address,
            kind=heard.kind,
            about=heard.about,
            subject=subject,
            text=text,
            language=recipient.language,
            created_at=event.occurred_at,
            expires_at=last_use(heard, event.occurred_at),
            not_before=wake_time(recipient, heard, event.occurred_at, zone),
            drill=heard.drill,
        )


def said_to(recipient: Recipient, heard: Heard, area_name: str, zone: tzinfo) -> tuple[str, str]:
    """Subject and text in the recipient's language."""
    due = heard.due_at.astimezone(zone) if heard.due_at else None
    told = heard.text_in(recipient.language)
    if told is not None:
        return alert_text(
            heard.more, recipient.language, told, area=area_name, until=due, drill=heard.drill
        )
    return text_of(
        heard.kind,
        recipient.language,
        title=heard.title,
        area=area_name,
        department=heard.department,
        due=due,
        about=heard.about,
        more=heard.more,
    )


def last_use(heard: Heard, at: datetime) -> datetime:
    """When it is too late to tell: an alert dies with its own end."""
    if heard.kind == "alert" and heard.due_at is not None:
        return heard.due_at
    return (heard.due_at or at) + KEPT


def wake_time(recipient: Recipient, heard: Heard, at: datetime, zone: tzinfo) -> datetime:
    """`at`, or the end of the recipient's quiet hours where it can wait."""
    start, end = recipient.quiet_from, recipient.quiet_to
    soon = heard.due_at is not None and heard.due_at - at < URGENT
    if start is None or end is None or heard.urgent or soon:
        return at
    local = at.astimezone(zone)
    now = local.timetz().replace(tzinfo=None)
    quiet = start <= now < end if start <= end else now >= start or now < end
    if not quiet:
        return at
    day = local.date() + timedelta(days=1 if now >= end else 0)
    return datetime.combine(day, end, tzinfo=zone)
