"""What every way out has in common: a message with an idempotency key, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol

import msgspec

# queued -> sent (handed on) -> delivered (the other side has it); or one of the ends
State = Literal[
    "queued", "sent", "delivered", "failed", "refused", "expired", "superseded", "fenced"
]
Kind = Literal["order", "late", "withdrawn", "level", "alert"]


class OutletMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one recipient. `key` is made of event, recipient and outlet: whoever gets it
    twice can see that.
    """

    key: str
    outlet: str
    address: str
    kind: Kind
    about: str  # the task, the incident, or the alert
    subject: str
    text: str
    language: str
    created_at: datetime
    expires_at: datetime
    not_before: datetime
    drill: bool = False  # an exercise or a test: never through a channel that is real


class OutletReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """What an outlet says. `again`: it may work later."""

    state: State
    says: str = ""
    again: bool = False


class Outlet(Protocol):
    """A channel. `send` never raises for what the other side does."""

    def send(self, message: OutletMessage) -> OutletReceipt: ...

    def look_up(self, key: str) -> OutletReceipt | None:
        """What is known since of a message that was handed on; None: nothing yet."""
