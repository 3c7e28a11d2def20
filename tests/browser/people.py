"""Persons, stocks and movement for the stage: a small cluster case by case, hospitals, requests,
one person's way.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from browser.stage import Stage
from twinward.service.intake.observations import checks_of, submit
from twinward.service.platform import local_admin

# infector, infectee, setting, probability (None: somebody stated it)
LINKS = (
    ("k1", "k2", "household", None),
    ("k1", "k3", "work", 0.82),
    ("k1", "k4", "work", 0.61),
    ("k3", "k5", "household", None),
    ("k3", "k6", "community", 0.44),
    ("k4", "k7", "school", 0.71),
    ("k7", "k8", "school", 0.66),
    ("k7", "k9", "school", 0.58),
    ("k6", "k10", "household", None),
    ("k10", "k11", "work", 0.39),
    ("k8", "k12", "household", None),
)
DAY_OF = {
    "k1": 0,
    "k2": 3,
    "k3": 3,
    "k4": 4,
    "k5": 6,
    "k6": 7,
    "k7": 7,
    "k8": 10,
    "k9": 11,
    "k10": 10,
    "k11": 13,
    "k12": 13,
}


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """Where they live and what stands there: communities, points of a way, holders of stocks."""

    home: str
    second: str  # of k6 and k10
    third: str  # of k11
    way: dict[str, tuple[float, float]]
    holders: tuple[tuple[str, str, float, float], ...]  # area, name, lon, lat; a depot is one

    def area_of(self, case: str) -> str:
        return {"k6": self.second, "k10": self.second, "k11": self.third}.get(case, self.home)


MADE_UP = Ground(
    home="010101",
    second="010201",
    third="010202",
    way={"home": (10.081, 50.052), "work": (10.141, 50.083), "market": (10.112, 50.061)},
    holders=(
        ("01", "General Hospital", 10.08, 50.06),
        ("05", "Market Clinic", 10.26, 50.16),
        ("07", "City Depot", 10.07, 50.25),
        ("09", "Lake Hospital", 10.42, 50.24),
    ),
)
STOCKS = (("beds", "beds", 420, 371), ("icu_beds", "beds", 38, 33), ("masks", "pieces", 52_000, 0))
FIX_MIN = 15


def play_people(stage: Stage, ground: Ground = MADE_UP) -> None:
    """A cluster of twelve cases with contacts in the first district, its first case's way,
    stocks and requests.
    """
    for case, day in DAY_OF.items():
        onset = (stage.clock.now() - timedelta(days=16 - day)).date().isoformat()
        stage.post(
            {
                "type": "ReportCase",
                "case": case,
                "subject": f"person-{case}",
                "hazard": "epidemic",
                "area": ground.area_of(case),
                "status": "confirmed",
                "found_in": "control" if day else "community",
                "onset": onset,
                "synthetic": True,
                "source": "clinic",
            }
        )
    for infector, infectee, setting, probability in LINKS:
        name_contact(
            stage, ground, f"{infector}-{infectee}", infector, f"person-{infectee}", setting,
            probability,
        )  # fmt: skip
    for number in range(1, 7):
        name_contact(
            stage, ground, f"k1-other{number}", "k1", f"person-o{number}", "community",
            0.9 - number / 8,
        )  # fmt: skip
    report_way(stage, ground)
    fill_stocks(stage, ground)


def name_contact(
    stage: Stage,
    ground: Ground,
    name: str,
    case: str,
    subject: str,
    setting: str,
    probability: float | None,
) -> None:
    stage.post(
        {
            "type": "NameContact",
            "contact": name,
            "case": case,
            "subject": subject,
            "area": ground.home,
            "setting": setting,
            "probability": probability,
            "synthetic": True,
        }
    )


def report_way(stage: Stage, ground: Ground) -> None:
    """Two weeks of one person: at home, at work, now and then at a market, a fix every quarter
    of an hour.
    """
    now = stage.clock.now()
    items: list[dict[str, Any]] = []
    for step in range(4 * 24 * 4):
        at = now - timedelta(days=4) + timedelta(minutes=FIX_MIN * step)
        here = "work" if 8 <= at.hour < 16 else "market" if at.hour == 17 and at.day % 2 else "home"
        lon, lat = ground.way[here]
        items += [
            {
                "source_id": f"{who}-{step}",
                "type": "position",
                "occurred_at": at.isoformat(),
                "subject": f"person-{who}",
                "lon": lon + shift,
                "lat": lat,
                "error_m": 15.0,
            }
            for who, shift in (("k1", 0.0), ("o1", 0.00004 if here != "home" else 0.03))
        ]
    body = msgspec.json.encode({"source": "phones", "items": items})
    account = submit(stage.platform, local_admin(), checks_of(stage.platform), body).result()
    assert account.stored == len(items), account.rejected[:2]
    stage.platform.intake.open().drain()  # type: ignore[attr-defined]


def fill_stocks(stage: Stage, ground: Ground) -> None:
    giver, depot_name = next(one[:2] for one in ground.holders if "Depot" in one[1])
    for number, (area, holder, lon, lat) in enumerate(ground.holders):
        depot = holder == depot_name
        part = 1 if depot else number + 1
        for kind, unit, quantity, taken in STOCKS:
            if depot and kind != "masks":
                continue
            stage.post(
                {
                    "type": "SetStock",
                    "kind": kind,
                    "area": area,
                    "holder": holder,
                    "unit": unit,
                    "lon": lon,
                    "lat": lat,
                    "quantity": quantity // part,
                    "in_use": taken // part,
                }
            )
    soon = (stage.clock.now() + timedelta(hours=20)).isoformat()
    hospitals = [one[:2] for one in ground.holders if one[1] != depot_name]
    for number, (to, holder) in enumerate(hospitals):
        told = {"request": f"masks-{to}", "area": giver}
        wanted = 4_000 + 2_000 * number
        steps = [
            {
                "type": "RequestSupply",
                "request": f"masks-{to}",
                "kind": "masks",
                "quantity": wanted,
                "area": to,
                "unit": "pieces",
                "holder": holder,
                "from_area": giver,
                "from_holder": depot_name,
                "needed_by": soon,
                "purpose": "ward supplies for three days",
            },
            {"type": "CommitSupply", "holder": depot_name, "quantity": wanted, **told},
            {"type": "SendSupply", "vehicle": "van 3", **told},
        ]
        stage.post(*steps[: 3 - number])
    (area, hospital), (to_area, to_hospital) = hospitals[0], hospitals[-1]
    stage.post(
        {
            "type": "RequestTransfer",
            "transfer": "move-1",
            "subject": "person-k3",
            "area": area,
            "hospital": hospital,
            "to_area": to_area,
            "to_hospital": to_hospital,
            "bed": "icu_beds",
            "bed_now": "beds",
        },
        {"type": "AcceptTransfer", "transfer": "move-1", "area": to_area},
        {"type": "DepartTransfer", "transfer": "move-1", "area": area, "vehicle": "ambulance 2"},
    )
