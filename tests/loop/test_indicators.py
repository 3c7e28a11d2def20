"""The loop counts by the figures that a hazard names, whichever they are."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from twinward.library.hazards.hazard import Hazard
from twinward.library.loading import Library, load_library
from twinward.loop.context import ReferenceData
from twinward.loop.indicators import indicator_value
from twinward.loop.policies.schedule import amounts_of
from twinward.twins.city.areas import AreaTree


def reference(**named: Any) -> ReferenceData:
    hazard = Hazard(
        id="locusts",
        title="Locusts",
        source="a test",
        incident_level=0,
        opens=(),
        levels=(),
        **named,
    )
    library = Library(hazards={"locusts": hazard}, plans={}, departments={})
    areas = AreaTree("city", [])
    return ReferenceData(areas=areas, read_library=lambda: library, residents=lambda area: 50_000)


SWARM: Any = SimpleNamespace(hazard="locusts/desert", area="city", figures={"fields_7d": 25.0})


def test_a_figure_for_each_100_000_residents_is_of_the_figure_that_the_hazard_names() -> None:
    named = reference(per_100k={"fields_per_100k_7d": "fields_7d"})
    assert indicator_value("fields_per_100k_7d", SWARM, None, named) == 50.0  # type: ignore[arg-type]
    assert indicator_value("fields_per_100k_7d", SWARM, None, reference()) is None  # type: ignore[arg-type]


def test_tasks_need_things_by_the_figure_that_the_hazard_names() -> None:
    task: Any = SimpleNamespace(
        needs={},
        needs_per_resident={},
        needs_per_case={"sprayers": 2.0},
        amounts=lambda residents, cases: {"sprayers": 2.0 * cases},
    )
    assert amounts_of(task, SWARM, "city", reference(needs_by="fields_7d")) == {"sprayers": 50.0}
    assert amounts_of(task, SWARM, "city", reference()) == {"sprayers": 0.0}


def test_the_epidemic_names_its_own() -> None:
    epidemic = load_library().hazards["epidemic"]
    assert epidemic.needs_by == "new_7d"
    assert set(epidemic.per_100k.values()) == {"confirmed_7d", "new_7d"}
