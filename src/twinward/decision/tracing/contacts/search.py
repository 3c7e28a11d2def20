"""Who shared place and time with a case: exact counts, then each other's episodes, weighed and
ranked.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.clock import format_time
from twinward.core.ports import Fixes, Visits
from twinward.core.stopping import check_stopped, too_much_work
from twinward.decision.tracing.contacts import likelihood
from twinward.decision.tracing.contacts.calibration import calibrate
from twinward.decision.tracing.contacts.episode_summary import (
    crowding,
    observation_quality,
    spacing_us,
    stay_overlaps,
    stay_places,
    summarise,
    together_by_place,
)
from twinward.decision.tracing.contacts.evidence import Ranked, TracedContact, write_contacts
from twinward.decision.tracing.contacts.venue_kinds import MOVING, VenueRules, setting_of_stays
from twinward.decision.tracing.kernels import pairs
from twinward.decision.tracing.scoped_lake import (
    ScopedLake,
    boxes_around,
    check_limit,
    check_radius,
)

MOST_PAIRS = 5_000_000_000  # of fixes near in time that one question compares
JOIN_US = 90 * 60_000_000  # fixes of one episode are at most this far apart
EPISODE = (
    "subject",
    "stay",
    "first_us",
    "last_us",
    "pairs",
    "fixes",
    "nearest_m",
    "east",
    "north",
    "var",
    "gap",
    "at",
)


class ContactQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """`start`, `end` bound the case's fixes; others count within `minutes` of one of these, also
    outside the window.
    """

    subject: str
    start: datetime
    end: datetime
    radius_m: float = 50.0
    minutes: float = 15.0
    min_duration_min: float = 15.0
    min_probability: float = 0.0
    limit: int | None = None


class ContactAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Contacts, most likely infected first, and the exact counts before any threshold."""

    subject: str
    window: tuple[str, str]
    contacts: list[TracedContact]
    counts: dict[str, int]
    activation: str


def list_contacts(
    lake: ScopedLake, question: ContactQuestion, settings: VenueRules
) -> ContactAnswer:
    """Contacts of one case. Refused or absent where the scope does not open what is asked."""
    check_radius(question.radius_m, question.minutes)
    check_limit(question.limit)
    from_us_, to_us_ = lake.window(question.start, question.end)
    who = lake.subject(question.subject)
    case = lake.subject_fixes(who, from_us_, to_us_)
    lake.require_own_data(len(case), question.subject)
    stays = lake.subject_visits(who, from_us_, to_us_)
    within_us = round(question.minutes * 60_000_000)
    raw, distinct, found = meet(lake, who, case, stays, question.radius_m, within_us)
    count, contacts = weigh(lake, question, stays, case, found, settings)
    return ContactAnswer(
        subject=question.subject,
        window=(format_time(question.start), format_time(question.end)),
        contacts=contacts,
        counts={"subjects": distinct, "raw_pairs": raw, "contacts": count, "case_fixes": len(case)},
        activation=lake.scope.activation,
    )


def meet(
    lake: ScopedLake, who: int, case: Fixes, stays: Visits, radius_m: float, within_us: int
) -> tuple[int, int, dict[str, NDArray[Any]]]:
    """(raw pairs, distinct others, episodes as columns of EPISODE) of one case's fixes.

    The counts are of all fixes. An episode is evidence, and a fix that cannot have been reached (a
    jump out of a tunnel, a tower far away) is none of where anybody was.
    """
    windows = np.stack([case.time_us - within_us, case.time_us + within_us], axis=1)
    others = lake.fixes_in(boxes_around(case.lon, case.lat, radius_m), windows)
    rows = np.flatnonzero(others.subject != who)
    require_affordable(case.time_us, others.time_us[rows], within_us)
    rows = rows[np.lexsort((others.time_us[rows], others.subject[rows]))]
    limits = (float(radius_m), within_us, JOIN_US)
    mine, theirs = case_columns(case, stays), other_columns(others, rows)
    raw, distinct, table = pairs.find_episodes(mine, theirs, *limits)
    if case.flag.any() or others.flag[rows].any():
        case = take_fixes(case, np.flatnonzero(case.flag == 0))
        rows = rows[others.flag[rows] == 0]
        mine, theirs = case_columns(case, stays), other_columns(others, rows)
        _, _, table = pairs.find_episodes(mine, theirs, *limits)
    return int(raw), int(distinct), {name: table[:, i] for i, name in enumerate(EPISODE)}


def require_affordable(
    mine_us: NDArray[np.int64], theirs_us: NDArray[np.int64], within_us: int
) -> None:
    """InputError `too_much_work` where too many pairs are near in time to be compared."""
    check_stopped()
    first = np.searchsorted(mine_us, theirs_us - within_us)
    pairs_in_time = float(np.searchsorted(mine_us, theirs_us + within_us, "right").sum())
    pairs_in_time -= float(first.sum())
    if pairs_in_time > MOST_PAIRS:
        raise too_much_work(
            "pairs of fixes near in time",
            pairs_in_time,
            MOST_PAIRS,
            "ask for a smaller radius, fewer minutes or a shorter window",
        )


def take_fixes(fixes: Fixes, rows: NDArray[np.int64]) -> Fixes:
    """Some rows of fixes."""
    return Fixes(**{name: getattr(fixes, name)[rows] for name in Fixes.__struct_fields__})


def other_columns(others: Fixes, rows: NDArray[np.int64]) -> tuple[NDArray[Any], ...]:
    """What the kernel takes of others, in the order of `rows`."""
    return (
        others.subject[rows],
        others.time_us[rows],
        np.radians(others.lon[rows]),
        np.radians(others.lat[rows]),
        likelihood.variance_m2(others.error_m[rows]),
    )


def case_columns(case: Fixes, stays: Visits) -> tuple[NDArray[Any], ...]:
    """What the kernel takes of a case: its fixes, and as anchors the means of its stays (NaN on
    the move).
    """
    lon, lat, variance = (
        np.radians(case.lon),
        np.radians(case.lat),
        likelihood.variance_m2(case.error_m),
    )
    stay = stay_of(case.time_us, stays)
    still = stay >= 0
    anchors = np.full((3, len(case)), np.nan)
    if still.any():
        at = stay[still]
        anchors[0, still], anchors[1, still] = np.radians(stays.lon[at]), np.radians(stays.lat[at])
        anchors[2, still] = variance[still] / np.maximum(stays.fixes[at], 1)
    return case.time_us, lon, lat, variance, stay, anchors[0], anchors[1], anchors[2]


def stay_of(time_us: NDArray[np.int64], stays: Visits) -> NDArray[np.int64]:
    """The row of the stay in which each instant lies, MOVING between stays."""
    at = np.searchsorted(stays.start_us, time_us, "right") - 1
    inside = (at >= 0) & (len(stays) > 0)
    inside[inside] &= time_us[inside] <= stays.end_us[at[inside]]
    return np.where(inside, at, MOVING)


def weigh(
    lake: ScopedLake,
    question: ContactQuestion,
    stays: Visits,
    case: Fixes,
    found: dict[str, NDArray[Any]],
    settings: VenueRules,
) -> tuple[int, list[TracedContact]]:
    """Episodes to contacts: duration, setting, crowding, probabilities; thresholds and ranking."""
    if not len(found["subject"]):
        return 0, []
    setting = setting_of_stays(stays, settings)
    stay = found["stay"].astype(np.int64)
    overlap_us = stay_overlaps(lake, stays, found, question.radius_m)
    seen_us = found["last_us"] - found["first_us"] + spacing_us(case)
    minutes = np.maximum(seen_us, overlap_us) / 60_000_000
    kind = np.where(stay >= 0, setting[stay] if len(setting) else "transport", "transport").astype(
        str
    )
    crowd = crowding(found)
    place = np.where(
        stay >= 0, stay_places(stays, question.radius_m)[stay] if len(stays) else 0, MOVING
    )
    together = together_by_place(found, place, kind, question.radius_m)
    together *= likelihood.same_time_probability(
        found["gap"] / found["fixes"], round(question.minutes * 6e7), overlap_us
    )
    infected = likelihood.transmission_probability(together, minutes, kind, crowd)
    columns = found | {
        "minutes": minutes,
        "setting": kind,
        "crowd": crowd,
        "p": together,
        "infected": infected,
        "place": place,
    }
    return rank(lake, question, columns, case, stays)


def rank(
    lake: ScopedLake,
    question: ContactQuestion,
    columns: dict[str, NDArray[Any]],
    case: Fixes,
    stays: Visits,
) -> tuple[int, list[TracedContact]]:
    """How many are over the thresholds, and each of them: the likeliest infected first, then the
    longest.
    """
    subject = columns["subject"].astype(np.int64)
    who, group = np.unique(subject, return_inverse=True)
    infected = -np.expm1(np.bincount(group, np.log1p(-np.minimum(columns["infected"], 1 - 1e-12))))
    seen = summarise(subject, group, columns)
    together = calibrate(seen, observation_quality(case, question.radius_m))
    correction = together / np.maximum(seen.together, 1e-12)
    infected = np.minimum(infected * correction, together)
    # what makes the whole less likely makes each meeting so: none is likelier than all of them
    columns = columns | {"p": columns["p"] * np.minimum(correction, 1.0)[group]}
    chosen = np.flatnonzero(
        (seen.minutes >= question.min_duration_min) & (together >= question.min_probability)
    )
    chosen = chosen[np.lexsort((who[chosen], -seen.minutes[chosen], -infected[chosen]))]
    shown = chosen[: question.limit]
    figures = (seen.minutes[shown], seen.nearest_m[shown], together[shown], infected[shown])
    ranked = Ranked(who[shown], *figures, *rows_of(group, shown))
    return len(chosen), write_contacts(lake, ranked, columns, case, stays)


def rows_of(
    group: NDArray[np.int64], shown: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(rows of the groups shown, one group after the other and each in the order of its rows;
    where each begins).
    """
    order = np.argsort(group, kind="stable")
    count = np.bincount(group)
    first = np.cumsum(count) - count
    sizes = count[shown]
    begins = np.cumsum(sizes) - sizes
    return order[np.repeat(first[shown] - begins, sizes) + np.arange(sizes.sum())], begins
