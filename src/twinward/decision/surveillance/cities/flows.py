"""Flows of people between cities by day, from a table of from, to, day, people."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import numpy as np
from scipy.sparse.csgraph import dijkstra

from twinward.core.errors import InputError
from twinward.decision.surveillance.arrays import Floats
from twinward.decision.surveillance.tables import read_rows, to_count, to_day

MOST_LEAVE = 0.5  # of a city's people in a day
MOST_CITIES = 3_000
MOST_CELLS = 60_000_000


class CityFlows(msgspec.Struct, frozen=True, kw_only=True):
    """people: float64[days, cities, cities] from row to column, 0 on the diagonal."""

    cities: list[str]
    population: Floats
    people: Floats
    notes: tuple[str, ...] = ()

    def leave(self) -> Floats:
        """float64[days, cities] share of each city's people that leaves in a day."""
        total = self.people.sum(axis=2)
        return np.asarray(np.minimum(total / np.maximum(self.population, 1.0), MOST_LEAVE))

    def shares(self) -> Floats:
        """float64[days, cities, cities] of those who leave, to each city; rows of 0 stay 0."""
        total = self.people.sum(axis=2, keepdims=True)
        return np.asarray(
            np.divide(self.people, total, where=total > 0, out=np.zeros(self.people.shape))
        )


def read_flows(flows: Path, population: Path) -> CityFlows:
    """Cities are those of the population; people who go elsewhere are counted and left out."""
    sizes = read_populations(population)
    cities = list(sizes)
    if len(cities) > MOST_CITIES:
        raise InputError(
            f"{len(cities):,} cities are too many",
            f"give at most {MOST_CITIES:,}",
            code="too_many_places",
        )
    number = {city: k for k, city in enumerate(cities)}
    entries: dict[tuple[int, int, int], float] = {}
    days: dict[str, int] = {}
    unknown: dict[str, None] = {}
    lost = 0.0
    for line, row in read_rows(flows, ("from", "to", "people"), ("day",)):
        people = to_count(row["people"], flows.name, line, "people")
        if math.isnan(people):
            continue
        for end in (row["from"], row["to"]):
            if end not in number:
                unknown[end] = None
        if row["from"] not in number or row["to"] not in number:
            lost += people
            continue
        if row["from"] == row["to"]:
            continue
        day = days.setdefault(_day_text(row.get("day", "0"), flows.name, line), len(days))
        place = (day, number[row["from"]], number[row["to"]])
        entries[place] = entries.get(place, 0.0) + people
    if len(days) * len(cities) ** 2 > MOST_CELLS:
        raise InputError(
            f"flows of {len(days)} days between {len(cities)} cities are too many",
            "give fewer days, such as a week that repeats",
            code="too_many_flows",
        )
    rank_of = {days[day]: rank for rank, day in enumerate(sorted(days, key=_in_order))}
    people_by_day = np.zeros((max(1, len(days)), len(cities), len(cities)))
    for (place_of_day, start, goal), people in entries.items():
        people_by_day[rank_of[place_of_day], start, goal] = people
    found = CityFlows(
        cities=cities, population=np.array(list(sizes.values())), people=people_by_day
    )
    return msgspec.structs.replace(found, notes=_notes(found, list(unknown), lost))


def read_populations(path: Path) -> dict[str, float]:
    """Residents by city; the column is `city` or `area`."""
    rows = read_rows(path, ("population",), ("city", "area"))
    name = "city" if "city" in rows[0][1] else "area"
    if name not in rows[0][1]:
        raise InputError(
            f"{path.name} has no column city",
            "the first line must be: city,population",
            code="missing_column",
        )
    found: dict[str, float] = {}
    for line, row in rows:
        size = to_count(row["population"], path.name, line, "population")
        if math.isnan(size) or size < 1:
            raise InputError(
                f"{path.name} line {line}: the population of {row[name]} must be 1 or more",
                "correct the row or leave the city out",
                code="bad_population",
            )
        found[row[name]] = size
    return found


def effective_distance(people: Floats) -> Floats:
    """float64[cities, cities] shortest path with 1 - ln P (Brockmann and Helbing 2013).

    P is the row-normalised flow; inf where nobody goes, not even in several steps
    """
    total = people.sum(axis=1, keepdims=True)
    share = np.divide(people, total, where=total > 0, out=np.zeros(people.shape))
    length = np.where(share > 0, 1 - np.log(np.maximum(share, 1e-300)), 0.0)
    return np.asarray(dijkstra(length, directed=True))


def _notes(found: CityFlows, unknown: list[str], lost: float) -> tuple[str, ...]:
    notes = []
    if unknown:
        named = ", ".join(unknown[:3])
        notes.append(
            f"{len(unknown)} cities have no population ({named}): {lost:,.0f} people left out"
        )
    total = found.people.sum(axis=2)
    crowded = (total > MOST_LEAVE * found.population).any(axis=0)
    if crowded.any():
        city = found.cities[int(np.argmax(crowded))]
        notes.append(f"more than half of {city} leaves in a day: taken as half")
    alone = (found.people.sum(axis=(0, 1)) == 0) & (found.people.sum(axis=(0, 2)) == 0)
    if alone.any():
        city = found.cities[int(np.argmax(alone))]
        notes.append(f"{int(alone.sum())} cities have no flow, the first is {city}: isolated")
    return tuple(notes)


def _day_text(text: str, file: str, line: int) -> str:
    if not text.lstrip("-").isdigit():
        to_day(text, file, line)
    return text


def _in_order(day: str) -> tuple[int, str]:
    return (int(day), "") if day.lstrip("-").isdigit() else (0, day)
