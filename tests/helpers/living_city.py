"""A desk whose city has residents: a plain base written as columns, so that the live state can
be simulated.
"""

from __future__ import annotations

from pathlib import Path

from helpers.cities import Desk
from twinward.citybase.columns import COLUMNS, CityManifest, write_columns, write_manifest
from twinward.citybase.people.plain_city import plain_base
from twinward.citybase.schema import SCHEMA_VERSION

RESIDENTS = 12_000
HERE, THERE = "900000", "900001"


def settle(desk: Desk) -> Desk:
    """The same desk on a city of 12,000 residents in three areas."""
    base = plain_base(RESIDENTS, 1)
    folder: Path = desk.workspace / "city"
    write_columns(base, folder)
    write_manifest(
        CityManifest(
            schema_version=SCHEMA_VERSION,
            name="plain",
            timezone="UTC",
            sha256=base.sha256,
            lengths={name: len(getattr(base, name)) for name in COLUMNS},
            leaf_codes=base.leaf_codes,
            areas=base.areas,
            report={},
            fidelity={},
        ),
        folder,
    )
    desk.reopen()
    return desk


def report_days(desk: Desk, *counts: int, area: str = HERE) -> None:
    """New cases of an area on successive days, up to today; each reported on its day."""
    for count in counts:
        desk.pass_time(days=1)
        day = desk.clock.now().date().isoformat()
        desk.post(
            "ReportCount", hazard="epidemic", area=area, day=day, status="confirmed", count=count
        )
