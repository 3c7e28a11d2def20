"""The rows of faults and their tables."""

from __future__ import annotations

from datetime import datetime

import msgspec

from twinward.core.ports import Table


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One event or thing that a reader of the log set aside. `status` is open or mended."""

    id: str
    area: str
    reader: str
    about: str
    code: str
    at: datetime
    status: str = "open"


FAULTS: Table[Fault] = Table(
    name="faults", row=Fault, columns=("reader", "status"), indexes=(("status",),)
)

TABLES = (FAULTS,)


def fault_id(reader: str, about: str) -> str:
    return f"{reader}:{about}"
