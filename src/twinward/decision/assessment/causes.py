"""Why it spreads: settings, arrivals and areas that hold more of the recent infections than is
usual.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import msgspec

from twinward.decision.assessment.proportions import SURE, growth_differs, probability_above
from twinward.decision.assessment.situation import Figure, Situation, figure, recent_cases
from twinward.library.texts import say, say_name

RECENT_D = 10
LEAST_CASES = 6
CLUSTERING = (
    2.0  # cases come in clusters: counts tell as much as half as many independent ones would (ours)
)

# Shares of infections by setting while nothing special happens: assumptions of ours, to be held
# against, not measured truth; the order (homes first, then work and school) follows the contact
# surveys that the simulator's defaults name.
USUAL = {
    "household": 0.38,
    "work": 0.17,
    "school": 0.12,
    "community": 0.18,
    "transport": 0.05,
    "care_home": 0.03,
    "hospital": 0.04,
    "import": 0.03,
}
USUAL_STRENGTH = 6.0  # cases that the assumption is worth
BEYOND = 0.15  # a share this much above the usual is special

# words of feeds and of contacts' settings -> ours
SETTINGS = {
    "household": "household",
    "home": "household",
    "family": "household",
    "work": "work",
    "workplace": "work",
    "office": "work",
    "factory": "work",
    "team": "work",
    "site": "work",
    "school": "school",
    "class": "school",
    "kindergarten": "school",
    "university": "school",
    "care_home": "care_home",
    "care": "care_home",
    "nursing": "care_home",
    "hospital": "hospital",
    "clinic": "hospital",
    "ward": "hospital",
    "transport": "transport",
    "bus": "transport",
    "metro": "transport",
    "train": "transport",
    "station": "transport",
    "airport": "import",
    "port": "import",
    "border": "import",
    "import": "import",
    "imported": "import",
    "flight": "import",
    "travel": "import",
    "venue": "community",
    "shop": "community",
    "market": "community",
    "mall": "community",
    "restaurant": "community",
    "community": "community",
    "neighbourhood": "community",
    "random": "community",
}


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """One possible cause. `probability`: that it is real; `share`: of the trouble it explains;
    `score` their product.

    `kind` is setting, area, department, contacts, testing, beds, supplies, reports or sensors; or
    of the course itself: growth, level, capacity, unmet, late, missed, missing. `about` which. No
    probability is above 0.99: counts of reports carry no more.
    """

    kind: str
    about: str
    says: str
    probability: float
    share: float
    score: float
    figures: tuple[Figure, ...]


def cause(
    kind: str, about: str, says: str, probability: float, share: float, *figures: Figure
) -> Cause:
    share, probability = min(max(share, 0.0), 1.0), min(max(probability, 1 - SURE), SURE)
    return Cause(
        kind=kind,
        about=about,
        says=says,
        probability=round(probability, 2),
        share=round(share, 4),
        score=round(probability * share, 4),
        figures=figures,
    )


def setting_of(word: str | None) -> str | None:
    """Our word for a setting from a place's id or a contact's setting: the part before the first
    `:`, `-` or `/`.
    """
    if not word:
        return None
    head = word.lower()
    for end in (":", "/", " "):
        head = head.partition(end)[0]
    return (
        SETTINGS.get(head)
        or SETTINGS.get(head.partition("-")[0])
        or SETTINGS.get(head.rstrip("0123456789_-"))
    )


def find_settings(picture: Situation) -> list[Cause]:
    """Each setting's share of the recent cases with a known setting, against the usual one."""
    known = [case for case in recent_cases(picture, RECENT_D) if case.setting]
    if len(known) < LEAST_CASES:
        return []
    found = []
    for name, hits in Counter(case.setting for case in known).items():
        assert name is not None
        usual = USUAL.get(name, 0.05)
        above = probability_above(
            hits, len(known), min(usual + BEYOND, 0.95), usual, USUAL_STRENGTH
        )
        share = (hits + usual * USUAL_STRENGTH) / (len(known) + USUAL_STRENGTH) - usual
        says = say("cause.setting", hits=hits, of=len(known), setting=say_name(name), usual=usual)
        told = figure(
            f"share of {name}",
            hits / len(known),
            "share",
            says,
            [case.seq for case in known if case.setting == name],
        )
        found.append(cause("setting", name, told.says, above, share / (1 - usual), told))
    return found


def find_areas(picture: Situation) -> list[Cause]:
    """The area whose growth is beyond that of all others together, and how many of all recent
    cases it explains.
    """
    recent, before = recent_cases(picture, RECENT_D), recent_cases(picture, RECENT_D, RECENT_D)
    now, then = Counter(case.area for case in recent), Counter(case.area for case in before)
    counted, counted_then = Counter[str](), Counter[str]()
    for row in picture.counts:
        age_d = (picture.today - row.day) // timedelta(days=1)
        if (
            row.found_in != "reclassified"
            and 0 <= age_d < 2 * RECENT_D
            and row.status in ("confirmed", "asymptomatic")
        ):
            (counted if age_d < RECENT_D else counted_then)[row.area] += row.count
    for area in counted.keys() | counted_then.keys():  # who is counted is not added to who is known
        now[area] = max(now[area], counted[area])
        then[area] = max(then[area], counted_then[area])
    total, total_before = sum(now.values()), sum(then.values())
    grown = {area: max(now[area] - then[area], 0) for area in now}
    growth = sum(grown.values())
    if len(now) < 3 or growth < LEAST_CASES:
        return []
    found = []
    for area in sorted(now, key=lambda one: -grown[one])[:3]:
        counts = (now[area], then[area], total - now[area], total_before - then[area])
        here, before_here, there, before_there = (count / CLUSTERING for count in counts)
        sure = growth_differs(here, before_here, there, before_there)
        expected = _expected_share(picture, area, list(now))
        share = grown[area] / total * max(grown[area] / growth - expected, 0.0) / (1 - expected)
        name = picture.name(area)
        says = say("cause.growth_share", here=grown[area], of=growth, days=RECENT_D, area=name)
        told = figure(
            "growth",
            grown[area] / growth,
            "share",
            says,
            [case.seq for case in recent if case.area == area],
        )
        drives = say("cause.area", area=name, says=says)
        found.append(cause("area", area, drives, sure, share, told))
    return found


def _expected_share(picture: Situation, area: str, areas: list[str]) -> float:
    """An area's share of the residents of the areas that have cases; an equal share where
    residents are unknown.
    """
    living = sum(picture.residents.get(one, 0) for one in areas)
    if living and picture.residents.get(area):
        return min(picture.residents[area] / living, 0.95)
    return 1 / len(areas)
