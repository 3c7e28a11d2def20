"""The script of a drill as data: what is played on whom and when, and what must be reached."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

Hours = Annotated[float, msgspec.Meta(ge=0, le=24 * 120)]
Span = Annotated[float, msgspec.Meta(gt=0, le=24 * 120)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=60, pattern=r"^[\w-]+$")]
AREA = "an area code, or #n: the n-th area at the level of incidents, by code, counted round"


class Inject(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"
):
    """One thing that happens `at_h` hours after the start, or after the inject that `after`
    names.
    """

    name: Name
    at_h: Hours = 0.0
    after: str | None = None


class Outbreak(Inject, frozen=True, kw_only=True, tag="outbreak"):
    """A tree of infections whose truth is known. `r`: persons whom one infects; `found_share`:
    who is reported.
    """

    area: str = "#1"
    cases: Annotated[int, msgspec.Meta(ge=1, le=20_000)] = 40
    r: Annotated[float, msgspec.Meta(gt=0, le=20)] = 2.0
    generation_d: Annotated[float, msgspec.Meta(gt=0, le=60)] = 4.0
    report_delay_d: Annotated[float, msgspec.Meta(ge=0, le=30)] = 2.0
    found_share: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.8


class Flood(Inject, frozen=True, kw_only=True, tag="flood"):
    """Water in the leaf areas of an area, as a gauge in each reports it every `every_h`."""

    area: str = "#1"
    gauges: Annotated[int, msgspec.Meta(ge=1, le=200)] = 3
    peak_m: Annotated[float, msgspec.Meta(gt=0, le=20)] = 0.8
    rise_h: Span = 3.0
    hold_h: Hours = 6.0
    fall_h: Span = 8.0
    every_h: Annotated[float, msgspec.Meta(ge=0.1, le=24)] = 0.5


class HazardCourse(Flood, frozen=True, kw_only=True, tag="hazard_course"):
    """Another measured figure of the script's hazard that rises, stays and falls as a flood's
    depth does: burned area, exposure grade, ground motion. `peak_m` is not used.
    """

    figure: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    unit: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    peak: Annotated[float, msgspec.Meta(gt=0, le=1e9)]


class HospitalLost(Inject, frozen=True, kw_only=True, tag="hospital_lost"):
    """A hospital with so many beds has none from now on, or for `for_h` hours."""

    area: str = "#1"
    beds: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 200
    for_h: Span | None = None


class NetworkCut(Inject, frozen=True, kw_only=True, tag="network_cut"):
    """A feed or a department is silent for `for_h` hours; what a feed would have said comes
    afterwards.
    """

    for_h: Span
    feed: Literal["cases", "gauges"] | None = None
    department: str | None = None


class SensorFault(Inject, frozen=True, kw_only=True, tag="sensor_fault"):
    """The first gauge of a flood says the same all the time, nothing, or three times what is
    true.
    """

    of: str
    for_h: Span
    fault: Literal["stuck", "silent", "spike"] = "stuck"


class SupplyShortage(Inject, frozen=True, kw_only=True, tag="supply_shortage"):
    """Of `stock` units of a resource only a share is left."""

    resource: str
    area: str = "#1"
    stock: Annotated[float, msgspec.Meta(gt=0, le=1e9)] = 10_000
    left: Share = 0.1


class Rumour(Inject, frozen=True, kw_only=True, tag="rumour"):
    """False reports of suspected cases: nobody is ill."""

    area: str = "#1"
    reports: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 5


class Duplicates(Inject, frozen=True, kw_only=True, tag="duplicates"):
    """A share of an outbreak's reports comes once more by another way, from now on."""

    of: str
    share: Share = 0.5


class StaffAbsence(Inject, frozen=True, kw_only=True, tag="staff_absence"):
    """A department works with a share of its people for `for_h` hours."""

    department: str
    for_h: Span
    present: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.4


AnyInject = (
    Outbreak
    | Flood
    | HazardCourse
    | HospitalLost
    | NetworkCut
    | SensorFault
    | SupplyShortage
    | Rumour
    | Duplicates
    | StaffAbsence
)


class Targets(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the drill must reach; a target left out is not judged."""

    trigger_h: Hours | None = None
    orders_h: Hours | None = None
    receipt_h: Hours | None = None
    late_share: Share | None = None
    contacts_recall: Share | None = None
    contacts_precision: Share | None = None
    answer_h: Hours | None = None
    regret_share: Annotated[float, msgspec.Meta(ge=0, le=10)] | None = None


class DrillScript(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole drill. `plans`: those it is meant to exercise; `step_h`: how often departments
    look at their orders.
    """

    name: Name
    title: str
    hazard: str
    hours: Annotated[float, msgspec.Meta(gt=0, le=24 * 120)]
    start: datetime
    schema_version: Literal[1] = 1
    step_h: Annotated[float, msgspec.Meta(ge=0.1, le=24)] = 6.0
    disease: str = "sars-cov-2-ancestral"
    plans: tuple[str, ...] = ()
    targets: Targets = Targets()
    inject: tuple[AnyInject, ...] = ()

    def of_kind(self, kind: type[object]) -> list[Any]:
        return [one for one in self.inject if isinstance(one, kind)]

    def hour_of(self, inject: Inject) -> float:
        """Hours from the start at which an inject happens, its predecessors counted."""
        by_name = {one.name: one for one in self.inject}
        hour, one = inject.at_h, inject
        while one.after is not None:
            one = by_name[one.after]
            hour += one.at_h
        return hour


def script_schema() -> dict[str, object]:
    """JSON Schema of a drill's script."""
    return msgspec.json.schema(DrillScript)


class DrillPerson(msgspec.Struct, frozen=True, kw_only=True):
    """One truly infected person of a drill; hours from its start. `infector` is a pseudonym, empty
    for the first.

    `reported_h` is when a report comes if nobody finds the person before; None: never. `contacts`
    are all met while infectious, whether they fell ill or not.
    """

    subject: str
    case: str
    area: str
    inject: str
    infector: str
    infected_h: float
    onset_h: float
    reported_h: float | None
    contacts: tuple[str, ...] = ()


class DrillStart(msgspec.Struct, frozen=True, kw_only=True):
    """When and where an inject could first be known by somebody, were nothing lost on the way."""

    inject: str
    kind: str
    area: str
    hour: float
    about: str = ""  # the kind of resource, the department or the feed


class DrillTruth(msgspec.Struct, frozen=True, kw_only=True):
    """What really happened in a drill, known because it was made: the score's measure."""

    start: datetime
    hours: float
    persons: tuple[DrillPerson, ...]
    areas: dict[str, str]  # pseudonym -> area, of persons and their contacts
    starts: tuple[DrillStart, ...]
    rumours: tuple[str, ...] = ()  # cases that are none
