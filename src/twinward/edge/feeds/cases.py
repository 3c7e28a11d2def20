"""Case reports from files: a row as the command that would be posted, the person in it by name
until the border.
"""

from __future__ import annotations

from typing import Any

import msgspec

from twinward.core.errors import InputError
from twinward.core.ids import derive_id
from twinward.security.privacy.vault import Identity, Vault
from twinward.twins.emergency import messages as m

PERSON = Identity.__struct_fields__
FIELDS = (
    *(name for name in m.ReportCase.__struct_fields__ if name not in ("source", "synthetic")),
    *PERSON,
)


def case_command(values: dict[str, Any], source: str, vault: Vault) -> dict[str, Any]:
    """One row as a ReportCase. The same person, illness and status again is the same command.

    The person goes on as `person`: whoever decodes the command splits it off, and keeps it once its
    sender is allowed.
    """
    told = {name: value for name, value in values.items() if name not in PERSON}
    person = {name: str(values[name]).strip() for name in PERSON if values.get(name)}
    if person:
        if "subject" in told:
            raise InputError(
                "a row names a person and a subject", "give one of them", code="two_persons"
            )
        told["subject"] = vault.pseudonym(msgspec.convert(person, Identity))
    if "subject" not in told:
        raise InputError(
            "a row without a person",
            "give a subject (pseudonym), or document, phone or name",
            code="no_identity",
        )
    told.setdefault("case", derive_id("case", told.get("hazard", ""), told["subject"]))
    told.setdefault(
        "id", derive_id("report", source, *(f"{name}={told[name]}" for name in sorted(told)))
    )
    if person:
        told["person"] = person
        del told["subject"]
    return told | {"type": "ReportCase", "source": source}
