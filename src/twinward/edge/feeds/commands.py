"""Commands as they come in from outside: decoded one by one, persons split off to the vault,
checked at the border.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Container
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

import msgspec

from twinward.core.clock import require_reach
from twinward.core.errors import UNREADABLE, InputError, decoded, explain_decode_error
from twinward.core.messages import Command
from twinward.core.texts import require_name
from twinward.edge.feeds.identities import ADVICE, MESSAGE, OF_A_WORD, is_direct_identity
from twinward.security.privacy.names import one_line
from twinward.security.privacy.scrubbing import names_somebody, scrub
from twinward.security.privacy.vault import Arriving, Identity, Vault
from twinward.twins.city import messages as c
from twinward.twins.emergency import messages as m

# what may be asked from outside; everything else the loop asks by itself
OUTSIDE: tuple[type[Command], ...] = (
    m.ReportCase,
    m.ReportCount,
    m.ReportFigures,
    m.ReportIndicator,
    m.ReportAffectedPlace,
    m.ReportHazard,
    m.ReportPassage,
    m.ReportArrivals,
    m.ReportQuarantine,
    m.ConfirmOrder,
    m.AcknowledgeTask,
    m.CompleteTask,
    m.CommentTask,
    m.AssignTask,
    m.RedirectTask,
    m.SetDeadline,
    m.AssessTask,
    m.WithdrawCount,
    m.WithdrawOrder,
    m.OrderTask,
    m.NameContact,
    m.UpdateContact,
    m.FollowContact,
    m.SetStock,
    m.AdoptPlan,
    m.CloseIncident,
    m.ReopenIncident,
    m.WithdrawPlan,
    m.SetResponseLevel,
    m.ConfirmReports,
    m.WaiveObjective,
    m.CloseFalseAlarm,
    m.MergeIncident,
    m.TransferIncident,
    m.JudgeSignal,
    m.HandOverCase,
    m.AcceptHandOver,
    m.ReturnHandOver,
    m.RefuseHandOver,
    m.RequestSupply,
    m.CommitSupply,
    m.DeclineSupply,
    m.SendSupply,
    m.ReceiveSupply,
    m.WithdrawRequest,
    m.RequestTransfer,
    m.AcceptTransfer,
    m.DeclineTransfer,
    m.DepartTransfer,
    m.ArriveTransfer,
    m.CancelTransfer,
    m.WriteJournal,
    m.HandOverShift,
    m.TakeOverShift,
    m.AcknowledgeAlert,
    m.RegisterObject,
    m.RetireObject,
    m.RecordCheck,
    m.DismissDefect,
    m.SendParcel,
    m.AcceptClaim,
    m.RejectClaim,
    m.ReportManDown,
    m.EndManDown,
    c.SetThreshold,
    c.NoteReading,
)
BY_NAME = {kind.__name__: kind for kind in OUTSIDE}
DRILL_SOURCE = "drill:"  # what the sources of a drill begin with
FROM_A_DRILL = InputError(
    "this comes from a drill: it has not happened",
    "send it to the drill that it belongs to",
    code="from_a_drill",
)
# of what is said of a person; names of five parts with their titles stay below
MOST_LETTERS = {
    "name": 300,
    "document": 100,
    "phone": 100,
    "address": 1000,
    "issuer": 100,
    "born": 100,
}
FUTURE_TOLERANCE = timedelta(minutes=5)


# bytes that are no UTF-8, half a surrogate pair, lists in lists without end


def is_drill_source(source: str) -> bool:
    """Whether a source claims to be a drill's, in whatever letters, width or space."""
    seen = (c for c in unicodedata.normalize("NFKC", source) if unicodedata.category(c) != "Cf")
    plain = "".join("".join(seen).casefold().split())
    return plain.startswith(DRILL_SOURCE)


class Raw(msgspec.Struct, frozen=True):
    """The fields that tell how to read the rest; `drill` marks what comes out of a drill."""

    id: object = None
    type: object = None
    person: dict[str, object] | None = None
    drill: object = None


RAW = msgspec.json.Decoder(Raw)
DECODERS = {name: msgspec.json.Decoder(kind) for name, kind in BY_NAME.items()}


def decode_command(
    raw: bytes | msgspec.Raw,
    vault: Vault,
    areas: Container[str],
    now: datetime,
    arriving: Arriving | None = None,
) -> tuple[Command, Identity | None]:
    """One checked command, or InputError with a stable code and advice; and the person whom it
    named, if any. `arriving`: the persons of the same batch so far.

    The person is not in the vault yet: whoever may not report must not change what is known about
    anybody.
    """
    try:
        head = RAW.decode(raw)
    except UNREADABLE as error:
        raise InputError(
            f"not a command: {error}", "send an object with id and type as UTF-8", code="bad_item"
        ) from error
    if head.drill is not None:
        raise FROM_A_DRILL
    decoder = DECODERS.get(head.type) if isinstance(head.type, str) else None
    if decoder is None:
        raise InputError(
            f"{head.type!r} is not a command", f"known: {', '.join(BY_NAME)}", code="unknown_type"
        )
    try:
        body, person = (
            split_person(raw, vault, arriving) if head.person is not None else (raw, None)
        )
        command: Command = decoder.decode(body)
    except msgspec.ValidationError as error:
        said = explain_decode_error(str(error), decoded(raw))
        raise InputError(
            f"{head.type}: {said}", advice_for(str(error)), code=code_for(str(error))
        ) from error
    except UNREADABLE as error:
        raise InputError(
            f"{head.type}: a text of it is no UTF-8", "send UTF-8 as JSON has it", code="bad_text"
        ) from error
    check(command, areas, now)
    return command, person


def split_person(
    raw: bytes | msgspec.Raw, vault: Vault, arriving: Arriving | None = None
) -> tuple[bytes, Identity]:
    """What names a person stays at the border; the message goes on with the pseudonym.

    Of whom only a name is known, the area of the report tells them from others of that name.
    """
    item = msgspec.json.decode(raw)
    person = tidy(msgspec.convert(item.pop("person"), Identity))
    require_person(person)
    if vault.facts(person).only_a_name and isinstance(item.get("area"), str):
        person = msgspec.structs.replace(person, reported_in=item["area"])
    item["subject"] = vault.pseudonym(person, arriving)
    return msgspec.json.encode(item), person


def tidy(person: Identity) -> Identity:
    """The words as they were meant: what was copied along costs nobody their report."""
    told = {name: getattr(person, name) for name in Identity.__struct_fields__}
    return Identity(**{name: text and one_line(text) for name, text in told.items()})


def require_person(person: Identity) -> None:
    """InputError unless each word about a person is one line of a length that such words have: they
    are compared with those of everybody else.
    """
    for field, most in MOST_LETTERS.items():
        text = getattr(person, field)
        if text is not None:
            require_name(f"person.{field}", text, most)


# words that are shown to everybody as they are: they are held like a subject
NAMING = (
    "id",
    "subject",
    "case",
    "contact",
    "source",
    "place",
    "name",
    "report",
    "handover",
    "transfer",
    "request",
    "holder",
    "hospital",
    "to_hospital",
    "from_holder",
    "sensor",
    "vehicle",
    "assignee",
    "object",
    "parcel",
    "responder",
    "goods",
    "device",
    "edge",
)


@cache
def naming_fields(kind: type[Command]) -> tuple[str, ...]:
    """Those of the fields that are shown to everybody that a kind of command has."""
    return tuple(field for field in NAMING if field in kind.__struct_fields__)


def require_no_identity(command: Command) -> None:
    """InputError where an id, a source or a name of a thing is what a person is called by."""
    for field in naming_fields(type(command)):
        value = getattr(command, field)
        if isinstance(value, str) and (is_direct_identity(value) or names_somebody(value)):
            raise InputError(
                MESSAGE if field == "subject" else f"{field}: {OF_A_WORD}",
                ADVICE,
                code="direct_identity",
            )
    subject = getattr(command, "subject", None) or ""
    if any(letter.isspace() for letter in subject):
        raise InputError("a subject is a pseudonym, not a name", ADVICE, code="direct_identity")


def check(command: Command, areas: Container[str], now: datetime) -> None:
    for field in ("area", "from_area", "to_area"):
        area = getattr(command, field, None)
        if area is not None and area not in areas:
            raise InputError(
                f"there is no area {area!r}", "see `twinward city describe`", code="unknown_area"
            )
    for field in command.__struct_fields__:
        value = getattr(command, field)
        if isinstance(value, datetime):
            require_reach(value)
        elif isinstance(value, date):
            require_reach(datetime.combine(value, time(), UTC))
    if command.occurred_at is not None and command.occurred_at > now + FUTURE_TOLERANCE:
        raise InputError(
            f"{command.occurred_at.isoformat()} has not come yet",
            "check the sender's clock",
            code="time_in_future",
        )
    require_no_identity(command)
    note = getattr(command, "note", None) or ""
    if scrub(note) != note:
        raise InputError(MESSAGE.replace("subject", "note"), ADVICE, code="direct_identity")
    lon, lat = getattr(command, "lon", None), getattr(command, "lat", None)
    if (lon is None) != (lat is None):
        raise InputError("a point needs lon and lat", "give both or neither", code="half_a_point")


def code_for(complaint: str) -> str:
    """The stable code of a validation complaint."""
    if "timezone" in complaint:
        return "time_without_zone"
    if "`$.lon`" in complaint or "`$.lat`" in complaint:
        return "bad_coordinates"
    if "missing required field" in complaint:
        return "missing_field"
    if "unknown field" in complaint:
        return "unknown_field"
    return "bad_field"


def advice_for(complaint: str) -> str:
    return {
        "time_without_zone": "write RFC 3339 with a zone, for example 2022-04-13T08:00:00+08:00",
        "bad_coordinates": "lon is -180 to 180, lat -90 to 90, WGS 84; perhaps they are swapped",
        "unknown_field": "leave it out, or see /openapi.json for the fields",
    }.get(code_for(complaint), "see /openapi.json for the fields")


def schema_of_commands() -> dict[str, object]:
    """JSON Schema of every command that may be asked from outside, with `person` in place of
    `subject`.
    """
    _, components = msgspec.json.schema_components(
        OUTSIDE, ref_template="#/components/schemas/{name}"
    )
    return components
