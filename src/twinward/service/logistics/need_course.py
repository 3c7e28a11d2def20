"""How needs arise in this emergency: by its disease's own course, its orders and its hospitals."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from twinward.decision.simulation.epidemic import load_disease
from twinward.decision.simulation.epidemic.course import by_year
from twinward.library.plans.plan import SAME_AS
from twinward.library.supplies.catalogue import Supplies, SupplyFigure
from twinward.service.planning.live_state import FOUND_SHARE, usual_disease

OWN = "supplies.toml"
SAMPLE = 100_000  # residents whose ages stand for all


def hospital_beds(city: Path) -> dict[str, int]:
    """Beds by area of the hospitals of which a source says how many; none where nobody does."""
    path = city / "places.parquet"
    return dict(_read_beds(path, path.stat().st_mtime_ns)) if path.is_file() else {}


@lru_cache(maxsize=4)
def _read_beds(path: Path, changed_ns: int) -> dict[str, int]:
    """Read once for each state of the file: a forecast of needs asks at every look."""
    import pyarrow.parquet as pq

    names = ["kind", "area", "capacity", "stated"]
    with pq.ParquetFile(path) as file:  # `read_table` would load pandas for it
        if "stated" not in file.schema_arrow.names:
            return {}
        columns = file.read(columns=names).select(names)
    found: dict[str, int] = {}
    for kind, area, beds, stated in zip(*(one.to_pylist() for one in columns), strict=True):
        if kind == "hospital" and stated:
            found[area] = found.get(area, 0) + beds
    return found


def ages_of(workspace: Path) -> object:
    """float64[101] residents by year of age of an even sample of the city; None without a city."""
    folder = workspace / "city"
    if not (folder / "age_sex.npy").is_file():
        return None
    column = np.load(folder / "age_sex.npy", mmap_mode="r")
    sample = np.asarray(column[:: max(1, len(column) // SAMPLE)]) & 127
    return np.bincount(np.minimum(sample, 100), minlength=101).astype(float)


def words_of(measures: tuple[str, ...]) -> tuple[str, ...]:
    """The measures in every word that orders and the simulator have for them."""
    other = {word for word, same in SAME_AS.items() if same in measures}
    return tuple(sorted({*measures, *other, *(SAME_AS[m] for m in measures if m in SAME_AS)}))


def of_disease(supplies: Supplies, workspace: Path, hazard: str | None, ages: Any) -> Supplies:
    """The same with admissions and stays of the hazard's disease, where the workspace has no file
    of its own. ages: float64[101] residents by year of age, None where unknown.
    """
    if hazard is None or not hazard.startswith("epidemic") or (workspace / OWN).is_file():
        return supplies
    disease = load_disease(usual_disease(hazard))
    heads = np.ones(101) if ages is None or not np.sum(ages) else np.asarray(ages, float)
    chain = disease.severity
    admitted = by_year(disease, chain.symptomatic) * by_year(disease, chain.hospital_given_symptoms)
    icu = admitted * by_year(disease, chain.icu_given_hospital)
    source = f"diseases/{disease.name}.toml by the ages of the city; reports find {FOUND_SHARE:.0%}"
    course = disease.course

    def share(by_age: Any) -> SupplyFigure:
        value = float((by_age * heads).sum() / heads.sum()) / FOUND_SHARE
        return SupplyFigure(value=min(value, 1.0), source=source)

    own = {
        "hospital_share": share(admitted),
        "icu_share": share(icu),
        "hospital_stay_d": SupplyFigure(
            value=course.hospital_stay_d.value, source=course.hospital_stay_d.source
        ),
        "icu_stay_d": SupplyFigure(value=course.icu_stay_d.value, source=course.icu_stay_d.source),
    }
    return msgspec.structs.replace(supplies, course=msgspec.structs.replace(supplies.course, **own))
