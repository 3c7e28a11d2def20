"""The published files of an outbreak read once more, by other means than the feed: what a reader of
the bulletins would have known at an instant.
"""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

ZONE = ZoneInfo("Asia/Shanghai")
OUT_AT_H = 8  # a day's figures come out on the next morning
CITY = "city"
IN_HOSPITAL = "本土在院治疗中"
AGAIN = "此前报告的本土无症状感染"  # persons who were counted before
OPEN_COUNTRY = ("风险人群筛查", "野生")  # found among people nobody was watching
# column of the city's bulletin -> what a screen calls it
BULLETIN = {
    "确诊病例": "confirmed_with_reclassified",
    "无症状感染者": "asymptomatic",
    "无症状转确诊": "reclassified",
    "死亡": "dead",
}


class DayCount(msgspec.Struct, kw_only=True):
    """What the bulletin of a day says of one district."""

    confirmed: int = 0
    asymptomatic: int = 0
    linked: int = 0
    reclassified: int = 0

    @property
    def new(self) -> int:
        return self.confirmed + self.asymptomatic


def add(counts: list[DayCount]) -> DayCount:
    return DayCount(
        confirmed=sum(one.confirmed for one in counts),
        asymptomatic=sum(one.asymptomatic for one in counts),
        linked=sum(one.linked for one in counts),
        reclassified=sum(one.reclassified for one in counts),
    )


class Published(msgspec.Struct, kw_only=True):
    """The files by day and district (`CITY`: counted for no district)."""

    counts: dict[date, dict[str, DayCount]]
    bulletins: dict[date, dict[str, float]]
    patients: dict[date, dict[str, int]]
    places: dict[tuple[str, str], date]  # (district, address) -> when it was first named

    def known(self, at: datetime) -> Known:
        """What had come out by an instant."""
        local = at.astimezone(ZONE)
        last = local.date() - timedelta(days=1 if local.hour >= OUT_AT_H else 2)
        return Known(
            counts={day: told for day, told in self.counts.items() if day <= last},
            bulletins={day: told for day, told in self.bulletins.items() if day <= last},
            patients={day: told for day, told in self.patients.items() if day <= last},
            places=Counter(where for (where, _), day in self.places.items() if day <= last),
        )


class Known(msgspec.Struct, frozen=True, kw_only=True):
    counts: dict[date, dict[str, DayCount]]
    bulletins: dict[date, dict[str, float]]
    patients: dict[date, dict[str, int]]
    places: Counter[str]

    @property
    def first(self) -> date:
        return min(self.counts)

    @property
    def last(self) -> date:
        return max(self.counts)

    @property
    def week(self) -> list[date]:
        return [self.last - timedelta(days=back) for back in range(7)]

    @property
    def missing(self) -> list[date]:
        days = [self.first + timedelta(days=n) for n in range((self.last - self.first).days)]
        return [day for day in days if day not in self.counts]

    def of(self, day: date, where: str | None = None) -> DayCount | None:
        """A day of one district or of all; None where no bulletin came out."""
        told = self.counts.get(day)
        if told is None:
            return None
        return add(list(told.values())) if where is None else told.get(where, DayCount())

    def new(self, days: list[date], where: str | None = None) -> int:
        return sum(one.new for day in days if (one := self.of(day, where)) is not None)

    def total(self, where: str | None = None) -> int:
        return self.new(list(self.counts), where)

    def patients_of(self, where: str) -> int | None:
        days = [day for day, told in self.patients.items() if where in told]
        return self.patients[max(days)][where] if days else None


def read_published(folder: Path, districts: dict[str, str]) -> Published:
    """`districts`: name -> code. Names are written with 区 and 新区 or without."""

    def code_of(name: str) -> str:
        spelled = (name, f"{name}区", f"{name}新区")
        return (
            CITY if name == "其他" else next(districts[one] for one in spelled if one in districts)
        )

    counts: dict[date, dict[str, DayCount]] = {}
    for row in rows_of(folder / "shanghai_district_data.csv"):
        told = counts.setdefault(day_of(row["date"]), {})
        one = told.setdefault(code_of(row["district"]), DayCount())
        number = int(row["count"])
        if row["source"] == AGAIN:
            one.reclassified += number
            continue
        one.confirmed += number if row["is_patient"] == "确诊病例" else 0
        one.asymptomatic += number if row["is_patient"] == "无症状感染者" else 0
        one.linked += number if row["source"] in OPEN_COUNTRY else 0
    bulletins = {
        day_of(row["时间"]): {
            name: float(row[column]) for column, name in BULLETIN.items() if row[column].strip()
        }
        for row in rows_of(folder / "shanghai_data.csv")
    }
    patients: dict[date, dict[str, int]] = {}
    for row in rows_of(folder / "shanghai_district_in_hospital_data.csv"):
        patients.setdefault(day_of(row["date"]), {})[code_of(row["district"])] = int(
            row["in_hospital"]
        )
    for row in rows_of(folder / "shanghai_data.csv"):
        if (row.get(IN_HOSPITAL) or "").strip():  # of the city as a whole, its own bulletin
            patients.setdefault(day_of(row["时间"]), {})[CITY] = int(float(row[IN_HOSPITAL]))
    places: dict[tuple[str, str], date] = {}
    if (folder / "address.csv").exists():
        for row in rows_of(folder / "address.csv"):
            name, day = (code_of(row["district"]), row["address"]), day_of(row["date"])
            places[name] = min(places.get(name, day), day)
    return Published(counts=counts, bulletins=bulletins, patients=patients, places=places)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def day_of(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
