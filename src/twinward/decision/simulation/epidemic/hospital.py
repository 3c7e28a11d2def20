"""Hospital and intensive care: dated events of severe cases, and what happens when the beds are
full.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.decision.simulation.epidemic.course import by_year, delay_table, onset_to_hospital
from twinward.decision.simulation.epidemic.kernels.severe import (
    NOBODY_MORE,
    expect_patients,
    pass_day,
)
from twinward.decision.simulation.epidemic.kernels.tables import (
    AGENDA_D,
    HOSPITAL_FLOWS,
    Care,
    Patients,
    Records,
)
from twinward.library.hazards.diseases import Disease

FIRST_ROWS = 1024


def beds_of(
    disease: Disease, residents: int, beds: int | None, icu_beds: int | None
) -> tuple[int, int]:
    """Beds, and beds in intensive care: what the city has where known, else so many per head."""
    per_1000 = disease.capacity
    return (
        int(residents * (per_1000.hospital_beds_per_1000.value / 1000)) if beds is None else beds,
        int(residents * (per_1000.icu_beds_per_1000.value / 1000))
        if icu_beds is None
        else icu_beds,
    )


class Hospital:
    """Patients with their next event; rows of those who left are used again."""

    def __init__(
        self,
        disease: Disease,
        residents: int,
        apart: bool,
        beds: int | None = None,
        icu_beds: int | None = None,
    ) -> None:
        """`apart` False: patients go on meeting everybody, as theory has it. Beds: what the city
        has, where known.
        """
        course, severity = disease.course, disease.severity
        self.beds, self.icu_beds = beds_of(disease, residents, beds, icu_beds)
        stays = (
            course.hospital_stay_d,
            course.hospital_to_icu_d,
            course.icu_stay_d,
        )  # gammas of shape 4
        self.care = Care(
            delays=np.stack(
                [onset_to_hospital(disease), *(delay_table(m.value, m.value / 2, 1) for m in stays)]
            ),
            icu_chance=by_year(disease, severity.icu_given_hospital),
            die_ward=by_year(disease, severity.death_given_hospital),
            die_icu=by_year(disease, severity.death_given_icu),
            die_no_bed=float(severity.death_without_bed.value),
            die_no_icu=float(severity.death_without_icu.value),
            beds=self.beds,
            icu_beds=self.icu_beds,
            apart=apart,
        )
        self.patients = _make_patients(FIRST_ROWS)
        self.used = np.array(
            [0, NOBODY_MORE], np.int64
        )  # rows in use at any time so far, first row free again
        self.inside = np.zeros(2, np.int64)

    @property
    def in_ward(self) -> int:
        return int(self.inside[0])

    @property
    def in_icu(self) -> int:
        return int(self.inside[1])

    def expect(self, day: int, key: np.uint64, severe: NDArray[Any], rec: Records) -> None:
        """Draws the course of today's severe infections and waits for their day of admission."""
        if not len(severe):
            return
        needed = int(self.used[0]) + len(severe)
        if needed > len(self.patients.who):
            larger = _make_patients(2 * needed)
            for old, new in zip(self.patients, larger, strict=True):
                new[: len(old)] = old
            self.patients = larger
        expect_patients(day, key, severe, rec, self.care, self.patients, self.used)

    def pass_day(self, day: int, words: NDArray[Any]) -> dict[str, int]:
        """Deals with the events of `day`; returns its flows."""
        flows = np.zeros(len(HOSPITAL_FLOWS), np.int64)
        pass_day(day, self.patients, self.used, self.care, self.inside, flows, words)
        return dict(zip(HOSPITAL_FLOWS, flows.tolist(), strict=True))


def _make_patients(capacity: int) -> Patients:
    kinds = (
        np.uint32,
        np.uint8,
        np.uint8,
        np.uint8,
        np.uint8,
        np.uint8,
        np.bool_,
        np.float64,
        np.float64,
        np.int32,
    )
    ends = (np.full(AGENDA_D, NOBODY_MORE, np.int32) for _ in range(2))
    return Patients(*(np.empty(capacity, kind) for kind in kinds), *ends)
