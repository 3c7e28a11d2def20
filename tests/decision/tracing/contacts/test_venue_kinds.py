"""Night and day are the city's, by its clock of each day, wherever on earth it lies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from reference.movement import open_scope
from twinward.core.clock import to_us
from twinward.core.ports import Visits
from twinward.decision.tracing.contacts.case_file import home_of
from twinward.decision.tracing.contacts.companions import list_companions
from twinward.decision.tracing.contacts.search import ContactQuestion, list_contacts
from twinward.decision.tracing.contacts.venue_kinds import NIGHT, VenueRules, hours_in
from twinward.decision.tracing.scoped_lake import ScopedLake
from twinward.service.tracing.city_areas import locate_by_nearest
from twinward.storage.lake.lake import Lake

MONDAY = datetime(2022, 4, 4, tzinfo=UTC)  # by the clock of whichever city
DAYS = 4


def week(zone: str, middle: float, lat: float) -> pa.Table:
    """Subject a works with `col` from 9 to 17:30 and is at home with `fam` from 18:30 to 8; the
    office is 3 km east of the home, and `middle` lies between the fixes of the home.
    """
    rows: list[tuple[str, int, float, float]] = []
    random = np.random.Generator(np.random.Philox(7))
    east = 1.0 / (111_195.0 * np.cos(np.radians(lat)))
    for minute in range(0, DAYS * 1440, 15):
        local = (MONDAY + timedelta(minutes=minute)).replace(tzinfo=ZoneInfo(zone))
        hour = local.hour + local.minute / 60
        if 9 <= hour < 17.5:
            who, x = ("a", "col"), middle + 3000 * east
        elif hour >= 18.5 or hour < 8:
            who, x = ("a", "fam"), middle
        else:
            continue
        for name in who:
            dx, dy = random.normal(0, 8, 2)
            lon = (x + dx * east + 180) % 360 - 180
            rows.append((name, to_us(local), lon, lat + dy / 111_195.0))
    subject, time_us, lon, lats = zip(*rows, strict=True)
    columns: dict[str, Any] = {"subject": pa.array(subject).dictionary_encode()}
    columns |= {"time_us": np.array(time_us), "lon": np.array(lon), "lat": np.array(lats)}
    return pa.table(columns)


def opened(root: Path, zone: str, middle: float, lat: float) -> tuple[ScopedLake, datetime]:
    lake = Lake(root)
    start = MONDAY.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    lake.append([week(zone, middle, lat)], start + timedelta(days=DAYS))
    scope = open_scope()
    return ScopedLake(lake.snapshot(), scope, None), start


def ask(root: Path, zone: str, middle: float, lat: float) -> dict[str, Any]:
    lake, start = opened(root, zone, middle, lat)
    question = ContactQuestion(
        subject="a", start=start, end=start + timedelta(days=DAYS), minutes=30.0
    )
    answer = list_contacts(lake, question, VenueRules(timezone=zone))
    for contact in answer.contacts:
        assert max(e.probability for e in contact.episodes) <= contact.probability + 1e-4
    return {contact.subject: contact for contact in answer.contacts}


CITIES = [
    ("Asia/Shanghai", 121.47, 31.23),
    ("Pacific/Fiji", 180.0, -16.8),
    ("Pacific/Fiji", -179.9999, -16.8),
    ("America/Sao_Paulo", -46.6, -23.5),
    ("Europe/Paris", 7.42, 43.73),
]


@pytest.mark.parametrize(("zone", "middle", "lat"), CITIES)
def test_home_is_where_the_night_is_spent(
    tmp_path: Path, zone: str, middle: float, lat: float
) -> None:
    contacts = ask(tmp_path, zone, middle, lat)
    assert list(contacts) == ["fam", "col"]
    assert contacts["fam"].setting == "household"
    assert contacts["col"].setting == "work"
    assert contacts["fam"].minutes > contacts["col"].minutes > 30 * 60


def test_across_the_meridian_of_180_degrees_nothing_is_different(tmp_path: Path) -> None:
    across = ask(tmp_path / "a", "Pacific/Fiji", 180.0, -16.8)
    beside = ask(tmp_path / "b", "Pacific/Fiji", 178.0, -16.8)
    for name, contact in across.items():
        assert contact.minutes == beside[name].minutes
        assert contact.probability == pytest.approx(beside[name].probability, abs=0.01)
        assert contact.places != [] and len(contact.places) == len(beside[name].places)


def test_the_home_on_the_meridian_lies_there_and_not_at_greenwich(tmp_path: Path) -> None:
    lake, start = opened(tmp_path, "Pacific/Fiji", 180.0, -16.8)
    zone = VenueRules(timezone="Pacific/Fiji")
    home = home_of(lake, "a", start, start + timedelta(days=DAYS), zone)
    assert home is not None
    assert abs(home[0]) > 179.999
    places = [
        SimpleNamespace(code=f"0{n}", lon=x, lat=-16.8, parent=None)
        for n, x in enumerate((179.4, -179.99))
    ]
    areas = locate_by_nearest(places)
    assert areas is not None
    assert areas.locate(np.array([home[0], 179.999]), np.array([-16.8, -16.8])).tolist() == [1, 1]


def test_a_jump_beside_somebody_is_counted_and_is_no_meeting(tmp_path: Path) -> None:
    """Out of a tunnel a phone says for once that it is 200 km away, at a stranger's home."""
    lake = Lake(tmp_path)
    minutes = np.arange(0, 600, 5)
    start = MONDAY + timedelta(hours=10)
    time_us = to_us(start) + minutes * 60_000_000
    there = np.where(minutes == 300, 123.6, 121.47)
    columns = {
        "subject": pa.array(["a"] * 120 + ["far"] * 120).dictionary_encode(),
        "time_us": np.concatenate([time_us, time_us]),
        "lon": np.concatenate([there, np.full(120, 123.6)]),
        "lat": np.full(240, 31.23),
    }
    lake.append([pa.table(columns)], start + timedelta(days=1))
    question = ContactQuestion(subject="a", start=start, end=start + timedelta(hours=11))
    answer = list_contacts(
        ScopedLake(lake.snapshot(), open_scope(), None),
        msgspec.structs.replace(question, min_duration_min=0.0),
        VenueRules(timezone="Asia/Shanghai"),
    )
    assert answer.counts["raw_pairs"] == 7
    assert answer.contacts == []


def test_companions_are_found_across_the_meridian(tmp_path: Path) -> None:
    found = []
    for number, middle in enumerate((180.0, 178.0)):
        lake, start = opened(tmp_path / str(number), "Pacific/Fiji", middle, -16.8)
        answer = list_companions(lake, "a", start, start + timedelta(days=DAYS), min_places=1)
        found.append({row.subject: row.minutes for row in answer.companions})
    assert found[0] == found[1]
    assert set(found[0]) == {"fam", "col"}


def test_the_night_in_which_clocks_change_has_its_own_length() -> None:
    zone = ZoneInfo("Europe/Berlin")

    def night(year: int, month: int, day: int) -> float:
        """Hours of the night of a stay from the afternoon before to the afternoon of a day."""
        end = datetime(year, month, day, 15, tzinfo=zone)
        start = datetime(year, month, day, 15, tzinfo=zone) - timedelta(days=1)
        one = np.array([0])
        stay = Visits(
            subject=one,
            start_us=np.array([to_us(start)]),
            end_us=np.array([to_us(end)]),
            lon=np.array([13.4]),
            lat=np.array([52.5]),
            fixes=one,
            error_m=one,
            place=one,
        )
        return float(hours_in(stay, NIGHT, VenueRules(timezone="Europe/Berlin"), weekdays=False)[0])

    assert [night(2026, 10, 24), night(2026, 10, 25), night(2026, 3, 29)] == [6.0, 7.0, 5.0]
