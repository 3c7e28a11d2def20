"""The contacts of a confirmed case, for the loop: under the activation in force, on record, each with a home area."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from twinward.core.ports import MovementLake
from twinward.decision.tracing.settings import Settings, setting_of_stays
from twinward.loop.tracing import FoundContact
from twinward.security.identity import Caller
from twinward.service.tracing import Tracing

TRACER = Caller(name="loop", role="administrator")
PROBABILITY_MIN = 0.5  # more likely together than not; a coarser rule flags people who only passed by
CONTACTS_MAX = 200  # a case's most probable contacts; more than a community can call in a day


def find_case_contacts(tracing: Tracing, subject: str, area: str) -> list[FoundContact]:
    """Who was with the subject, likeliest first. RefusedError in peacetime, AbsentError when nothing is known."""
    answer = tracing.contacts(subject=subject, min_probability=PROBABILITY_MIN, limit=CONTACTS_MAX)
    contacts = answer["contacts"]
    homes = tracing.lake.ask(lambda lake: list_homes(lake, tracing, [c["subject"] for c in contacts]))
    return [
        FoundContact(
            subject=contact["subject"],
            area=home or area,
            setting=contact["setting"],
            probability=round(float(contact["probability"]), 4),
        )
        for contact, home in zip(contacts, homes, strict=True)
    ]


def list_homes(lake: MovementLake, tracing: Tracing, subjects: Sequence[str]) -> list[str | None]:
    """The lowest area in which each subject spends the nights, or None where the lake does not tell."""
    if tracing.areas is None:
        return [None] * len(subjects)
    span = lake.span_us()
    return [home_of(lake, tracing, subject, span, tracing.settings) for subject in subjects]


def home_of(
    lake: MovementLake, tracing: Tracing, subject: str, span: tuple[int, int], settings: Settings
) -> str | None:
    number = lake.find_subject(subject)
    if number is None or tracing.areas is None:
        return None
    stays: Any = lake.subject_visits(number, span[0], span[1] + 1)
    home = np.flatnonzero(setting_of_stays(stays, settings) == "household")
    if not len(home):
        return None
    row = int(tracing.areas.locate(stays.lon[home[:1]], stays.lat[home[:1]])[0])
    return tracing.areas.codes[row] if row >= 0 else None
