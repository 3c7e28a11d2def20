"""Supplies between two sides: one requests, the other commits or declines and sends, the first
receives.

Who acts says for which side: `area` is the requester's in a request, a receipt and a withdrawal,
the supplier's in a commitment, a refusal and a sending. A unit that is given must be the request's.
"""

from __future__ import annotations

from datetime import datetime

from twinward.core.messages import Command, Fact, Instant
from twinward.twins.emergency.resources.messages import Lot, Positive
from twinward.twins.emergency.vocabulary import AreaCode, Text, Word


class RequestSupply(Command, frozen=True, kw_only=True):
    """Asks `from_area` (absent: whoever can) for a quantity of a kind, for a holder in one's own
    area or for itself.
    """

    request: Word
    kind: Word
    quantity: Positive
    unit: Word
    area: AreaCode
    holder: Word | None = None
    from_area: AreaCode | None = None
    from_holder: Word | None = None
    needed_by: Instant | None = None
    incident: Word | None = None
    purpose: Text = ""


class SupplyRequested(Fact, frozen=True, kw_only=True):
    request: str
    kind: str
    quantity: float
    unit: str
    area: str
    holder: str | None
    from_area: str | None
    from_holder: str | None
    needed_by: datetime | None
    purpose: str


class CommitSupply(Command, frozen=True, kw_only=True):
    """Promises all or part of what was asked, out of what is free: it is then kept for the
    requester.
    """

    request: Word
    area: AreaCode
    holder: Word | None = None
    quantity: Positive
    unit: Word | None = None


class SupplyCommitted(Fact, frozen=True, kw_only=True):
    request: str
    kind: str
    area: str
    holder: str | None
    quantity: float


class DeclineSupply(Command, frozen=True, kw_only=True):
    request: Word
    area: AreaCode
    because: Text


class SupplyDeclined(Fact, frozen=True, kw_only=True):
    request: str
    because: str


class SendSupply(Command, frozen=True, kw_only=True):
    """What was promised leaves: all of it, or what the quantity says. The first to expire goes
    first.
    """

    request: Word
    area: AreaCode
    quantity: Positive | None = None
    unit: Word | None = None
    vehicle: Word | None = None


class SupplySent(Fact, frozen=True, kw_only=True):
    """`lots` are the dated parts of what was sent; `released` of the promise stays with the
    supplier.
    """

    request: str
    kind: str
    area: str
    holder: str | None
    quantity: float
    released: float
    lots: tuple[Lot, ...]
    vehicle: str | None
    due_at: datetime | None = None  # not known where the stock states no lead time


class ReceiveSupply(Command, frozen=True, kw_only=True):
    """What arrived: all that was sent, or what the quantity says; the difference is lost and
    stays on record.
    """

    request: Word
    area: AreaCode
    quantity: Positive | None = None
    unit: Word | None = None
    note: Text = ""


class SupplyReceived(Fact, frozen=True, kw_only=True):
    request: str
    kind: str
    unit: str
    area: str
    holder: str | None
    quantity: float
    lost: float
    lots: tuple[Lot, ...]
    note: str


class WithdrawRequest(Command, frozen=True, kw_only=True):
    """The requester no longer needs it; what was promised and not sent is free again."""

    request: Word
    area: AreaCode
    because: Text = ""


class RequestWithdrawn(Fact, frozen=True, kw_only=True):
    request: str
    because: str
