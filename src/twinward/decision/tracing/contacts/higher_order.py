"""Beyond the first contacts: contacts of contacts (with threshold and cap), and where the case
was infected.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from twinward.core.clock import format_time, parse_time
from twinward.core.errors import AbsentError, InputError
from twinward.core.stopping import check_stopped
from twinward.decision.tracing.contacts.evidence import TracedContact
from twinward.decision.tracing.contacts.search import ContactQuestion, list_contacts
from twinward.decision.tracing.contacts.venue_kinds import VenueRules
from twinward.decision.tracing.scoped_lake import ScopedLake, check_limit

MOST_SEEDS = 200


class SecondContact(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody met by a likely infected contact, after that contact met the case."""

    subject: str
    through: str
    minutes: float
    transmission: float
    setting: str
    first_at: str


class SecondAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`followed` first contacts passed the threshold; `left_out` did too, but for the cap."""

    subject: str
    followed: int
    left_out: int
    contacts: list[SecondContact]
    activation: str


def list_second_order(
    lake: ScopedLake,
    question: ContactQuestion,
    settings: VenueRules,
    *,
    min_transmission: float = 0.05,
    latent_days: float = 1.0,
    cap: int = 50,
) -> SecondAnswer:
    """Contacts of the first contacts who were infected with at least `min_transmission`, once they
    could infect.

    Without a threshold the second order of a city is nearly the whole city: both threshold and cap
    are part of the answer. A chain's probability is the product of its two links.
    """
    if not 0 < min_transmission <= 1 or not 1 <= cap <= MOST_SEEDS or latent_days < 0:
        raise InputError(
            "the second order needs a threshold and a cap",
            f"min_transmission in (0, 1], cap 1 to {MOST_SEEDS}, latent days 0 or more",
            code="bad_second_order",
        )
    check_limit(question.limit)
    first = list_contacts(lake, msgspec.structs.replace(question, limit=None), settings).contacts
    likely = [contact for contact in first if contact.transmission >= min_transmission]
    known = {question.subject, *(contact.subject for contact in first)}
    best: dict[str, SecondContact] = {}
    for contact in likely[:cap]:
        check_stopped()
        for other in contacts_after(lake, question, contact, settings, latent_days):
            chance = round(contact.transmission * other.transmission, 6)
            if other.subject in known or (
                other.subject in best and best[other.subject].transmission >= chance
            ):
                continue
            best[other.subject] = SecondContact(
                subject=other.subject,
                through=contact.subject,
                minutes=other.minutes,
                transmission=chance,
                setting=other.setting,
                first_at=other.first_at,
            )
    ranked = sorted(best.values(), key=lambda found: (-found.transmission, found.subject))
    return SecondAnswer(
        subject=question.subject,
        followed=min(len(likely), cap),
        left_out=max(len(likely) - cap, 0),
        contacts=ranked[: question.limit],
        activation=lake.scope.activation,
    )


def contacts_after(
    lake: ScopedLake,
    question: ContactQuestion,
    contact: TracedContact,
    settings: VenueRules,
    latent_days: float,
) -> list[TracedContact]:
    """Whom a first contact met from `latent_days` after meeting the case."""
    start = parse_time(contact.first_at) + timedelta(days=latent_days)
    if start >= question.end:
        return []
    asked = msgspec.structs.replace(question, subject=contact.subject, start=start, limit=None)
    try:
        return list_contacts(lake, asked, settings).contacts
    except AbsentError:
        return []


class BackwardPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where a case may have been infected, with its share of the whole hazard."""

    setting: str
    lon: float
    lat: float
    share: float


class BackwardAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """From whom and where a case may have been infected: `sources` ranked, `places` with their
    share of the hazard.
    """

    subject: str
    window: tuple[str, str]
    sources: list[TracedContact]
    places: list[BackwardPlace]
    activation: str


def trace_backward(
    lake: ScopedLake,
    subject: str,
    onset: datetime,
    settings: VenueRules,
    *,
    known_cases: frozenset[str] = frozenset(),
    incubation_days: tuple[float, float] = (1.0, 10.0),
    radius_m: float = 50.0,
    minutes: float = 15.0,
    limit: int = 50,
) -> BackwardAnswer:
    """Contacts in the days before onset in which infection must have happened; known cases come
    before all others.

    The default span holds 95 in 100 incubation periods of the ancestral strain (Lauer et al. 2020,
    Ann Intern Med 172:577: 2.2 to 11.5 days) and the shorter ones of later strains.
    """
    check_limit(limit)
    shortest, longest = incubation_days
    if not 0 <= shortest < longest:
        raise InputError(
            "the incubation period is empty",
            "give two numbers of days, the shorter first",
            code="bad_days",
        )
    start = max(onset - timedelta(days=longest), lake.scope.data_from)
    end = onset - timedelta(days=shortest)
    question = ContactQuestion(
        subject=subject, start=start, end=end, radius_m=radius_m, minutes=minutes
    )
    found = list_contacts(lake, question, settings).contacts
    found.sort(key=lambda contact: (contact.subject not in known_cases, -contact.transmission))
    hazard: dict[tuple[str, float, float], float] = {}
    for contact in found:
        total = sum(episode.minutes * episode.probability for episode in contact.episodes) or 1.0
        for episode in contact.episodes:
            key = (episode.setting, round(episode.lon, 3), round(episode.lat, 3))
            share = episode.minutes * episode.probability / total
            hazard[key] = hazard.get(key, 0.0) + contact.transmission * share
    whole = sum(hazard.values()) or 1.0
    places = [
        BackwardPlace(setting=setting, lon=lon, lat=lat, share=round(value / whole, 4))
        for (setting, lon, lat), value in sorted(hazard.items(), key=lambda item: -item[1])[:limit]
    ]
    return BackwardAnswer(
        subject=subject,
        window=(format_time(start), format_time(end)),
        sources=found[:limit],
        places=places,
        activation=lake.scope.activation,
    )
