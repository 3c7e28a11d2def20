"""Makes scopes out of the activations in force: the only way to ask about persons."""

from __future__ import annotations

from datetime import datetime

from twinward.core.errors import RefusedError
from twinward.core.ports import Rows
from twinward.core.scope import Scope
from twinward.security.authorization.policy import Policy
from twinward.twins.emergency.access.rows import ACTIVATIONS


def issue_scope(
    rows: Rows,
    purpose: str,
    holder: str,
    now: datetime,
    policy: Policy,
    activation: str | None = None,
) -> Scope:
    """The scope that the newest open activation with this purpose gives to `holder`; `policy` knows
    the area tree.

    RefusedError `peacetime` when none is open, `purpose_not_open` when none names the purpose.
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
    row = max(fitting, key=lambda row: row.opened_at)
    return Scope(
        activation=row.id,
        holder=holder,
        purposes=frozenset(row.purposes),
        areas=row.areas,
        data_from=row.data_from,
        data_to=row.data_to,
        ranges=policy.subtree(row.areas).ranges or (),
    )
