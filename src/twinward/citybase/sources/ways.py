"""What the tags of a way or of a node on it say of traffic: who may drive, in which direction,
how fast, at all.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twinward.citybase.sources.ledger import SourceLedger
from twinward.core.geography import distance_m

if TYPE_CHECKING:
    from osmium.osm.types import Relation, TagList

# highway value -> (km/h where the way states no maxspeed, open to cars). Classes: OpenStreetMap
# wiki, "Key:highway". The last two are read from other tags; new ones go to the end, for cities on
# disk number them.
HIGHWAYS: dict[str, tuple[float, bool]] = {
    "motorway": (90, True),
    "motorway_link": (50, True),
    "trunk": (70, True),
    "trunk_link": (40, True),
    "primary": (50, True),
    "primary_link": (35, True),
    "secondary": (45, True),
    "secondary_link": (30, True),
    "tertiary": (40, True),
    "tertiary_link": (30, True),
    "unclassified": (30, True),
    "residential": (30, True),
    "living_street": (15, True),
    "service": (15, True),
    "road": (30, True),
    "track": (15, True),
    "pedestrian": (5, False),
    "footway": (5, False),
    "path": (5, False),
    "steps": (3, False),
    "cycleway": (15, False),
    "bridleway": (5, False),
    "corridor": (4, False),
    "busway": (40, False),
    "ferry": (10, True),
}
CLASSES = tuple(HIGHWAYS)
MOTOR_KEYS = ("motorcar", "motor_vehicle", "vehicle", "access")  # the first that is stated counts
CLOSED_VALUES = "no agricultural forestry military emergency bus psv tram use_sidepath"
CLOSED = frozenset(CLOSED_VALUES.split())
WITH_A_KEY = frozenset(["private", "permit", "residents", "employees", "staff", "key"])
BLOCKING_KINDS = (
    "bollard block jersey_barrier concrete_barrier cycle_barrier motorcycle_barrier "
    "turnstile full-height_turnstile stile kissing_gate horse_stile log debris planter "
    "wedge barrier_board guard_rail bus_trap sump_buster wall fence rope hampshire_gate"
)
BLOCKING = frozenset(BLOCKING_KINDS.split())
GATE_KINDS = "gate lift_gate swing_gate sliding_gate sliding_beam chain wicket_gate toll_booth yes"
GATES = frozenset(GATE_KINDS.split())
LORRY_TONNES = 7.5
SLOW_KMH = 10.0  # where cars may drive on a way made for people on foot


class Way(NamedTuple):
    """One way: its nodes in the direction of travel, class, speed, whether one-way, whether open
    to cars.
    """

    id: int
    refs: list[int]
    points: NDArray[Any]
    highway: int
    speed_kmh: float
    oneway: int
    cars: bool


class TurnRule(NamedTuple):
    """A turn that is forbidden at a node, or (`only`) the only one that is allowed."""

    start: frozenset[int]  # ways
    via: int
    end: frozenset[int]
    only: bool


TURN_KEYS = ("restriction:motorcar", "restriction:motor_vehicle", "restriction")
FREE_CARS = frozenset(["motorcar", "motor_vehicle"])


def read_turn(relation: Relation, tags: TagList, ledger: SourceLedger) -> TurnRule | None:
    """The turn of a relation of type restriction at one node; None for what is none for cars.

    OpenStreetMap wiki, "Relation:restriction". Those by way of another way, or by the hour, are
    only counted.
    """
    told = next((tags[key] for key in TURN_KEYS if key in tags), "")
    if not told.startswith(("no_", "only_")) or FREE_CARS & set(tags.get("except", "").split(";")):
        return None
    parts: dict[str, list[int]] = {"from": [], "via": [], "to": []}
    for member in relation.members:
        wanted = "n" if member.role == "via" else "w"
        if member.role in parts and member.type == wanted:
            parts[member.role].append(member.ref)
    if len(parts["via"]) != 1 or not parts["from"] or not parts["to"]:
        ledger.note("turn restrictions not kept (by way of another way, or not whole)")
        return None
    ledger.note("turn restrictions")
    start, end = frozenset(parts["from"]), frozenset(parts["to"])
    return TurnRule(start, parts["via"][0], end, told.startswith("only_"))


def closed_by(tags: TagList, keys: tuple[str, ...] = MOTOR_KEYS, *, with_keys: bool = False) -> str:
    """The tag that closes a way or a gate to a car, as `key=value`; "" when none does."""
    shut = CLOSED if with_keys else CLOSED | WITH_A_KEY
    for key in keys:
        if value := tags.get(key, ""):
            parts = [part.strip() for part in value.split(";")]
            return f"{key}={value}" if all(part in shut for part in parts) else ""
    return ""


def opened_by(tags: TagList) -> bool:
    """True where a tag says of itself that motors may drive here."""
    for key in MOTOR_KEYS[:3]:
        if value := tags.get(key, ""):
            return value in {
                "yes",
                "designated",
                "permissive",
                "destination",
                "delivery",
                "official",
            }
    return False


def blocks(tags: TagList, *, with_keys: bool = False) -> bool:
    """True for a node that no car passes: a bollard, a locked gate."""
    kind = tags.get("barrier", "")
    if kind in BLOCKING:
        return not opened_by(tags)
    if kind not in GATES:
        return False
    return bool(closed_by(tags, with_keys=with_keys)) or (
        tags.get("locked") == "yes" and not with_keys
    )


def read_direction(tags: TagList, highway: str) -> tuple[bool, bool, bool]:
    """(one-way, against the order of the nodes, changing by the hour)."""
    one = (
        tags.get("oneway:motorcar", tags.get("oneway:motor_vehicle", tags.get("oneway", "")))
        .strip()
        .lower()
    )
    if one in {"reversible", "alternating"}:
        return False, False, one == "reversible"
    for ahead, behind, back in (("forward", "backward", True), ("backward", "forward", False)):
        shut = any(tags.get(f"{key}:{ahead}", "") == "no" for key in MOTOR_KEYS)
        if shut and not any(tags.get(f"{key}:{behind}", "") == "no" for key in MOTOR_KEYS):
            return True, back, False
    back = one in {"-1", "reverse"}
    circle = tags.get("junction", "") in {"roundabout", "circular"}
    oneway = (
        back
        or one in {"yes", "true", "1"}
        or (one != "no" and (circle or highway in {"motorway", "motorway_link"}))
    )
    return oneway, back, False


def parse_speed(text: str) -> float:
    """Kilometres an hour of a maxspeed tag; 0 when it says none."""
    found = re.match(r"\s*(\d+(?:\.\d+)?)\s*(mph|knots)?", text)
    return (
        float(found[1]) * {"mph": 1.609344, "knots": 1.852, None: 1.0}[found[2]] if found else 0.0
    )


def parse_duration_s(text: str) -> float:
    """Seconds of a duration tag: `00:40`, `1:30:00`, `40`, `40 min`, `PT1H10M`; 0 when it says
    none.
    """
    plain = text.strip().lower()
    if re.fullmatch(r"\d+(?::\d{1,2}){1,2}", plain):
        parts = [int(part) for part in plain.split(":")] + [0]
        return float(parts[0] * 3600 + parts[1] * 60 + parts[2])
    iso = re.fullmatch(r"pt(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", plain)
    if iso:
        return float(
            sum(
                int(part or 0) * size
                for part, size in zip(iso.groups(), (3600, 60, 1), strict=True)
            )
        )
    minutes = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:min(?:utes?)?|m)?", plain)
    return float(minutes[1]) * 60 if minutes else 0.0


def ferry_speed(tags: TagList, points: NDArray[Any]) -> float:
    """Kilometres an hour of a ferry: its length over its duration, else its maxspeed or ten."""
    length_m = float(
        np.sum(distance_m(points[:-1, 0], points[:-1, 1], points[1:, 0], points[1:, 1]))
    )
    seconds = parse_duration_s(tags.get("duration", ""))
    return (
        length_m / seconds * 3.6
        if seconds > 0
        else parse_speed(tags.get("maxspeed", "")) or HIGHWAYS["ferry"][0]
    )


def note_lorries(tags: TagList, ledger: SourceLedger) -> None:
    """Counts what is open to cars and not to a lorry; such ways are kept."""
    weight = re.match(r"\s*(\d+(?:\.\d+)?)", tags.get("maxweight", ""))
    if tags.get("hgv", "") in {"no", "private"} or (weight and float(weight[1]) < LORRY_TONNES):
        ledger.note("ways kept that are closed to lorries (hgv, or maxweight below 7.5 t)")


def split_at_barriers(way: Way, blocked: set[int], fresh: int) -> tuple[list[Way], int]:
    """The way cut where no car passes: each side ends at a copy of the node, tied to it by a step
    on foot.

    `fresh` is the next free (negative) number for copies; returns the parts and the number after
    them.
    """
    cuts = [i for i, ref in enumerate(way.refs) if ref in blocked]
    if not cuts or not way.cars:
        return [way], fresh
    parts, foot = [], CLASSES.index("footway")
    edges = sorted({0, *cuts, len(way.refs) - 1})
    for a, b in pairwise(edges):
        refs, points = way.refs[a : b + 1], way.points[a : b + 1]
        for end, at in ((0, a), (len(refs) - 1, b)):
            if at in cuts:
                refs = [*refs[:end], fresh, *refs[end + 1 :]]
                step = way.points[[at, at]]
                parts.append(
                    Way(way.id, [fresh, way.refs[at]], step, foot, HIGHWAYS["footway"][0], 0, False)
                )
                fresh -= 1
        parts.append(way._replace(refs=refs, points=points))
    return parts, fresh
