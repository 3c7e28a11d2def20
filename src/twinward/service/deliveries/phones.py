"""A courier whose own telephone signs: the key is made there and never leaves it, so that parcels
are handed over where there is no network, as at a cabinet.
"""

from __future__ import annotations

from twinward.core.errors import ConflictError, RefusedError
from twinward.service.deliveries.depot_ledgers import is_kept_here
from twinward.service.deliveries.hands import CourierRound, find_courier, get_round
from twinward.service.deliveries.holders import BY_HAND, put_holder
from twinward.service.platform import Caller, Platform


def take_key(platform: Platform, caller: Caller, key: str) -> CourierRound:
    """From now on this telephone signs for the courier, instead of the depot; what is in hand stays
    in hand. One telephone at a time: who has lost it asks the depot, which knows them, and not
    whoever has their password.
    """
    row = find_courier(platform, caller)
    if row.key == key:
        return get_round(platform, caller)  # asked once more: the answer was lost on its way
    if row.kind not in BY_HAND:
        raise RefusedError(
            f"{row.id} is a {row.kind}", "it keeps its own ledger", code="not_a_courier"
        )
    if not is_kept_here(platform, row):
        raise ConflictError(
            f"another telephone signs for {row.id}",
            "ask the depot to take the ledger back: `twinward delivery holder take-back`",
            code="signed_elsewhere",
        )
    # the account may sign through the depot's ledger already: it gives itself no power here
    put_holder(platform, caller, row.id, row.kind, row.area, key)
    return get_round(platform, caller)
