"""What requests for supplies and transfers of patients share: two sides, each of whom acts in
its turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol

import msgspec

from twinward.core.errors import AbsentError, ConflictError, RefusedError
from twinward.core.messages import Draft, Event, Fact
from twinward.core.ports import R, Rows, Table, Transaction
from twinward.twins.emergency.incidents.rows import INCIDENTS

if TYPE_CHECKING:
    pass


class Dealing(msgspec.Struct, Generic[R], frozen=True, kw_only=True):
    """A kind of dealing between two sides: its table, the word for one of it, and where they are
    listed.
    """

    table: Table[R]
    word: str
    listed: str

    def require_new(self, rows: Rows, name: str, incident: str | None) -> None:
        """ConflictError when it exists, AbsentError for an incident that does not."""
        if rows.find(self.table, name) is not None:
            raise ConflictError(f"{self.word} {name} exists", "nothing was changed", code="exists")
        if incident is not None and rows.find(INCIDENTS, incident) is None:
            raise AbsentError(
                f"there is no incident {incident}", "list them with `twinward incident list`"
            )

    def get(self, rows: Rows, name: str, statuses: tuple[str, ...]) -> R:
        """The row, if it is in one of the `statuses`."""
        found = rows.find(self.table, name)
        if found is None:
            raise AbsentError(f"there is no {self.word} {name}", f"see `{self.listed}`")
        status = str(getattr(found, "status", None))
        if status not in statuses:
            raise ConflictError(
                f"{self.word} {name} is {status}, not {' or '.join(statuses)}",
                "nothing was changed",
                code="out_of_order",
            )
        return found

    def require_side(self, name: str, side: str, own: str | None, area: str) -> None:
        """RefusedError unless the step is that of `area`; None: of anybody."""
        if own is not None and own != area:
            raise RefusedError(
                f"the {side} of {self.word} {name} is {own}, not {area}",
                f"only {own} can do this",
                code="wrong_side",
            )

    def change(self, tx: Transaction, name: str, event: Event, **fields: object) -> None:
        row = tx.get(self.table, name)
        changed = msgspec.structs.replace(row, changed_at=event.occurred_at, **fields)
        tx.put(self.table, changed, event.occurred_at)

    def put_new(self, tx: Transaction, kind: type[R], fact: Fact, name: str, event: Event) -> None:
        """The row as it was asked for: what the fact says under the same names."""
        fields = {
            field: getattr(fact, field) for field in kind.__struct_fields__ if hasattr(fact, field)
        }
        fields |= {
            "id": name,
            "status": "requested",
            "requested_at": event.occurred_at,
            "incident": event.incident,
        }
        tx.put(self.table, kind(**fields), event.occurred_at)


class OfIncident(Protocol):
    """What one side asked the other for, a command or its row."""

    @property
    def incident(self) -> str | None: ...


def about(row: OfIncident, fact: Fact, area: str) -> list[Draft]:
    """The fact as one of the row's incident."""
    return [Draft(fact=fact, area=area, incident=row.incident)]


def same_fields(command: object, fact: type[Fact]) -> dict[str, Any]:
    """What a command says that the fact says as well."""
    return {name: getattr(command, name) for name in fact.__struct_fields__}
