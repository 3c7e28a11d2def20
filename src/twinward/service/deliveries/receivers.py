"""What a receiver does alone, without a login: reads the code with the ticket that was given with
the parcel, and asks for another code within limits. The ticket ends when the parcel does.
"""

from __future__ import annotations

from twinward.core.errors import AbsentError, ConflictError, RefusedError
from twinward.service.deliveries.parcels import MOST_ROUNDS, ParcelCode, command_id, show_to
from twinward.service.deliveries.secrets import is_ticket
from twinward.service.platform import Caller, Platform, ask
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.deliveries.rows import OPEN, PARCELS, Parcel

BECAUSE = "the receiver asked for another code"


def find_own(platform: Platform, parcel: str, ticket: str) -> Parcel:
    """The parcel of a ticket. Another ticket and a parcel that is not there answer alike; what was
    handed over or is late says so.
    """
    with platform.store.read() as rows:
        row = rows.find(PARCELS, parcel)
    if row is None or not is_ticket(platform, row, ticket):
        raise AbsentError(
            "there is no parcel with this number and ticket", "look at both once more"
        )
    if row.status in OPEN and platform.clock.now() >= row.expires_at:
        raise RefusedError(
            f"the time of parcel {row.id} is over",
            "it goes back to the depot; ask for it there",
            code="parcel_expired",
        )
    return row


def read_own_code(platform: Platform, caller: Caller, parcel: str, ticket: str) -> ParcelCode:
    """The code that is valid now; each reading is on record."""
    return show_to(platform, caller, find_own(platform, parcel, ticket), "receiver")


def renew_own_code(platform: Platform, caller: Caller, parcel: str, ticket: str) -> ParcelCode:
    """Another code, the old one void: as long as the parcel has had fewer than `MOST_ROUNDS`, and
    never with more time.
    """
    row = find_own(platform, parcel, ticket)
    if row.status not in OPEN:
        raise ConflictError(
            f"parcel {row.id} is {row.status}", "send a new one", code="parcel_ended"
        )
    if row.round >= MOST_ROUNDS:
        raise RefusedError(
            f"parcel {row.id} has had {row.round} codes", "ask the depot", code="too_many_codes"
        )
    name = command_id(platform, row.id, "renew", caller)
    ask(platform, caller, m.RenewCode(id=name, parcel=row.id, because=BECAUSE))
    return show_to(platform, caller, find_own(platform, parcel, ticket), "receiver")
