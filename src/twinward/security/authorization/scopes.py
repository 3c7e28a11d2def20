"""Makes scopes out of the activations in force: the only way to ask about persons."""

from __future__ import annotations

from datetime import datetime

from twinward.core.errors import RefusedError
from twinward.core.ports import Rows
from twinward.core.scope import Scope
from twinward.security.authorization.jurisdictions import EVERYWHERE, Jurisdiction
from twinward.security.authorization.policy import Policy
from twinward.twins.emergency.access.rows import ACTIVATIONS, Activation


def issue_scope(
    rows: Rows,
    purpose: str,
    holder: str,
    now: datetime,
    policy: Policy,
    activation: str | None = None,
    *,
    mine: Jurisdiction = EVERYWHERE,
    area: str | None = None,
) -> Scope:
    """The scope that the fitting open activation gives to `holder`; `policy` knows the area tree.

    Of several that fit, one that opens `area` where it is asked for, then the one that opens most
    of `mine`, the longest window, the newest: a narrower activation takes nothing away from a wider
    one. RefusedError `peacetime` when none is open, `purpose_not_open` when none names the purpose.
    """
    found = rows.list_rows(ACTIVATIONS)
    in_force = [row for row in found if row.is_open(now) and activation in (None, row.id)]
    if not in_force:
        raise RefusedError(
            "in peacetime nobody can be looked up",
            "a duty officer opens an activation with `twinward activation open`",
            code="peacetime",
        )
    fitting = [row for row in in_force if purpose in row.purposes]
    if not fitting:
        opened = sorted({word for row in in_force for word in row.purposes})
        raise RefusedError(
            f"no activation in force opens {purpose!r}",
            f"open now: {', '.join(opened)}",
            code="purpose_not_open",
        )

    def reach(row: Activation) -> tuple[bool, int, float, datetime]:
        opens = area is not None and policy.subtree(row.areas).covers(area)
        days = (row.data_to - row.data_from).total_seconds()
        return opens, policy.count_shared(mine, policy.subtree(row.areas)), days, row.opened_at

    row = max(fitting, key=reach) if len(fitting) > 1 else fitting[0]
    return Scope(
        activation=row.id,
        holder=holder,
        purposes=frozenset(row.purposes),
        areas=row.areas,
        data_from=row.data_from,
        data_to=row.data_to,
        ranges=policy.subtree(row.areas).ranges or (),
    )
