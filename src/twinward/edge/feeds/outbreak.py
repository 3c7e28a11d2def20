"""A recorded outbreak as a feed: each row of its files becomes one command, on the morning it was
published.

A row that cannot be read is passed on as it stands, so that the platform rejects it with a reason
and counts it.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from twinward.core.errors import InputError
from twinward.core.ids import derive_id

RECLASSIFIED = "reclassified"  # found among those who were counted before


class Column(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a value comes from and what its words mean."""

    column: str | None = None
    constant: str | None = None
    format: str = "%Y-%m-%d"
    map: dict[str, str] = {}
    aliases: dict[str, str] = {}
    suffixes: tuple[str, ...] = ()


class Join(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A second file with the place's point and the name of a lower area."""

    file: str
    on: tuple[str, ...]
    lon: str
    lat: str
    area: str | None = None


class SourceConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file of the outbreak."""

    name: str
    file: str
    kind: Literal["counts", "figures", "places", "stocks", "occupancy"]
    day: Column
    area: Column
    status: Column | None = None
    found_in: Column | None = None
    count: Column | None = None
    place: Column | None = None
    title: str = ""  # the source as people know it
    title_zh: str = ""
    means: dict[str, str] = {}  # column of a bulletin -> our word for what it counts
    what: str = "stock"
    unit: str = "1"
    join: Join | None = None
    missing_means_zero: bool = False
    encoding: str = "utf-8-sig"
    separator: str = ","


class About(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    hazard: str
    timezone: str
    published_at: str = "08:00"


class OutbreakConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`outbreak.toml`: sources, columns, the meaning of each."""

    outbreak: About
    sources: tuple[SourceConfig, ...]


class OutbreakAreas(Protocol):
    """What the feed needs of the city's areas."""

    root: str
    by_code: dict[str, Any]

    def path(self, code: str) -> list[str]: ...


class OutbreakItem(msgspec.Struct, frozen=True, kw_only=True):
    """One row as a command, with its source and the instant it was published."""

    source: str
    published_at: datetime
    command: dict[str, Any]


def read_config(path: Path) -> OutbreakConfig:
    """The validated config, or InputError that names what is wrong in it."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), OutbreakConfig)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise InputError(
            f"{path.name}: {error}", "see docs/howto/replay-an-outbreak.md", code="bad_outbreak"
        ) from error


class SourceNames:
    """Finds areas by name, also without the suffixes that a source leaves out."""

    def __init__(self, areas: OutbreakAreas) -> None:
        self.areas = areas
        self.by_name: dict[str, list[str]] = {}
        for code, area in areas.by_code.items():
            self.by_name.setdefault(area.name, []).append(code)

    def find(self, name: str, spec: Column, under: str | None = None) -> str:
        """The code of the highest area with that name (under `under`), or the name itself when
        there is none.
        """
        wanted = spec.aliases.get(name, name)
        if wanted == "":
            return self.areas.root
        if wanted in self.areas.by_code:
            return wanted
        spellings = [wanted, *(wanted + suffix for suffix in spec.suffixes)]
        for spelling in spellings:
            found = [
                code
                for code in self.by_name.get(spelling, [])
                if under is None or under in self.areas.path(code)
            ]
            if found:
                return min(found, key=lambda code: (len(self.areas.path(code)), code))
        return wanted


class OutbreakFeed:
    """All rows of a recorded outbreak, by the morning on which each was published."""

    def __init__(self, folder: Path, config: OutbreakConfig, areas: OutbreakAreas) -> None:
        self.folder = folder
        self.about = config.outbreak
        self.sources = config.sources
        self.names = SourceNames(areas)
        try:
            self.zone = ZoneInfo(self.about.timezone)
            self.hour = time.fromisoformat(self.about.published_at)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise InputError(
                f"outbreak.toml: {error}", "write a zone like Asia/Shanghai, a time like 08:00"
            ) from error

    def titles(self) -> dict[str, dict[str, str]]:
        """Each source as people know it, by language."""
        return {
            one.name: {"en": one.title} | ({"zh": one.title_zh} if one.title_zh else {})
            for one in self.sources
            if one.title
        }

    def list_items(self) -> list[OutbreakItem]:
        """Every row of every source, in the order of publication."""
        items = [item for source in self.sources for item in self.items_of(source)]
        return sorted(items, key=lambda item: item.published_at)

    def items_of(self, source: SourceConfig) -> list[OutbreakItem]:
        rows = self.read_rows(source.file, source)
        self.require_columns(source, rows)
        make = {
            "counts": self.count_command,
            "figures": self.figures_command,
            "places": self.place_command,
            "stocks": self.stock_command,
            "occupancy": self.occupancy_command,
        }[source.kind]
        joined = self.read_join(source)
        last = self.moment(date(1970, 1, 1))
        items = []
        for row in rows:
            day = parse_day(row.get(source.day.column or "", ""), source.day.format)
            last = self.moment(day) if day else last
            command = {"id": derive_id("row", source.name, *row.values())} | make(
                source, row, day, joined
            )
            items.append(OutbreakItem(source=source.name, published_at=last, command=command))
        return items + (self.implied_zeros(source, items) if source.missing_means_zero else [])

    def moment(self, day: date) -> datetime:
        return datetime.combine(day + timedelta(days=1), self.hour, self.zone)

    def read_rows(self, file: str, source: SourceConfig) -> list[dict[str, str]]:
        path = self.folder / file
        try:
            with path.open(encoding=source.encoding, newline="") as handle:
                return [
                    {str(k): (v or "") for k, v in row.items()}
                    for row in csv.DictReader(handle, delimiter=source.separator)
                ]
        except (OSError, UnicodeDecodeError, csv.Error, LookupError) as error:
            raise InputError(
                f"{file}: {error}", "check the file and its encoding", code="unreadable"
            ) from error

    def require_columns(self, source: SourceConfig, rows: list[dict[str, str]]) -> None:
        have = set(rows[0]) if rows else set()
        specs = (
            source.day,
            source.area,
            source.status,
            source.found_in,
            source.count,
            source.place,
        )
        missing = [
            spec.column for spec in specs if spec and spec.column and spec.column not in have
        ]
        if rows and missing:
            raise InputError(
                f"{source.file}: no column {missing[0]!r}",
                f"it has {', '.join(sorted(have))}",
                code="missing_column",
            )

    def read_join(self, source: SourceConfig) -> dict[tuple[str, ...], dict[str, str]]:
        if source.join is None:
            return {}
        rows = self.read_rows(source.join.file, source)
        return {tuple(row[name] for name in source.join.on): row for row in rows}

    def area_of(self, source: SourceConfig, row: dict[str, str]) -> str:
        name = row[source.area.column] if source.area.column else source.area.constant or ""
        return self.names.find(name, source.area)

    def count_command(
        self, source: SourceConfig, row: dict[str, str], day: date | None, _: object
    ) -> dict[str, object]:
        return {
            "type": "ReportCount",
            "hazard": self.about.hazard,
            "area": self.area_of(source, row),
            "day": day.isoformat() if day else row.get(source.day.column or ""),
            "status": word_of(source.status, row, "confirmed"),
            "found_in": word_of(source.found_in, row, "unknown"),
            "count": number(row.get((source.count or Column()).column or "", "")),
            "source": source.name,
        }

    def figures_command(
        self, source: SourceConfig, row: dict[str, str], day: date | None, _: object
    ) -> dict[str, object]:
        figures = {
            source.means.get(name, name): number(text)
            for name, text in row.items()
            if name != source.day.column and text.strip()
        }
        return {
            "type": "ReportFigures",
            "hazard": self.about.hazard,
            "area": self.area_of(source, row),
            "day": day.isoformat() if day else row.get(source.day.column or ""),
            "figures": figures,
            "source": source.name,
        }

    def occupancy_command(
        self, source: SourceConfig, row: dict[str, str], day: date | None, _: object
    ) -> dict[str, object]:
        """How many there are of those who take up something: a figure, and no stock of it."""
        return {
            "type": "ReportFigures",
            "hazard": self.about.hazard,
            "area": self.area_of(source, row),
            "day": day.isoformat() if day else row.get(source.day.column or ""),
            "figures": {source.what: number(row.get((source.count or Column()).column or "", ""))},
            "source": source.name,
        }

    def stock_command(
        self, source: SourceConfig, row: dict[str, str], day: date | None, _: object
    ) -> dict[str, object]:
        return {
            "type": "SetStock",
            "kind": source.what,
            "area": self.area_of(source, row),
            "quantity": number(row.get((source.count or Column()).column or "", "")),
            "unit": source.unit,
        }

    def place_command(
        self,
        source: SourceConfig,
        row: dict[str, str],
        day: date | None,
        joined: dict[tuple[str, ...], dict[str, str]],
    ) -> dict[str, object]:
        name = row.get((source.place or Column()).column or "", "")
        area = self.area_of(source, row)
        command: dict[str, Any] = {
            "type": "ReportAffectedPlace",
            "hazard": self.about.hazard,
            "place": derive_id("place", area, name),
            "name": name,
            "day": day.isoformat() if day else row.get(source.day.column or ""),
            "source": source.name,
        }
        found = (
            joined.get(tuple(row.get(key, "") for key in source.join.on)) if source.join else None
        )
        if found is not None and source.join is not None:
            lon, lat = number(found[source.join.lon]), number(found[source.join.lat])
            if isinstance(lon, float) and isinstance(lat, float):
                command |= {"lon": lon, "lat": lat}
            lower = self.names.find(found.get(source.join.area or "", ""), Column(), under=area)
            area = lower if lower in self.names.areas.by_code else area
        return command | {"area": area}

    def implied_zeros(
        self, source: SourceConfig, items: Iterable[OutbreakItem]
    ) -> list[OutbreakItem]:
        """Zero counts for areas that were named before and of which a day's bulletin tells nobody
        new; a source of their own. Persons counted before under another status are not new.
        """
        by_day: dict[datetime, dict[str, str]] = {}
        again: dict[datetime, dict[str, str]] = {}
        for item in items:
            old = item.command["found_in"] == RECLASSIFIED
            told = again if old else by_day
            told.setdefault(item.published_at, {})[item.command["area"]] = item.command["day"]
        known: set[str] = set()
        zeros = []
        name = f"{source.name}/implied-zero"
        for moment in sorted({*by_day, *again}):
            named = by_day.get(moment, {})
            day = next(iter((named or again[moment]).values()))
            for area in sorted(known - named.keys()):
                command = {
                    "id": derive_id("zero", source.name, area, day),
                    "type": "ReportCount",
                    "hazard": self.about.hazard,
                    "area": area,
                    "day": day,
                    "status": "confirmed",
                    "found_in": "community",
                    "count": 0,
                    "source": name,
                }
                zeros.append(OutbreakItem(source=name, published_at=moment, command=command))
            known |= named.keys()
        return zeros


def parse_day(text: str, pattern: str) -> date | None:
    try:
        return datetime.strptime(text.strip(), pattern).date()  # noqa: DTZ007 (a day has no zone)
    except ValueError:
        return None


def word_of(spec: Column | None, row: dict[str, str], default: str) -> str:
    if spec is None:
        return default
    text = row.get(spec.column or "", spec.constant or "")
    return spec.map.get(text, text)


def number(text: str) -> float | int | str:
    """A number, or the text itself, which the platform will reject with a reason."""
    try:
        value = float(text)
    except ValueError:
        return text
    return int(value) if value.is_integer() and "." not in text else value
