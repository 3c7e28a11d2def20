"""A week of a city's hotels, clinics, stores, ports and gates, with troubles planted in it: what
devices of fifty edges send and what officers write down, drawn from a seed.

It knows how things behave, in health and in trouble, and the names of troubles; it reads no module:
neither bounds nor holding times. Ordinary life is in it too: meals at the door, defrosting, rush
hours, values of sensors at fault, lost beats, edges that are cut off and send their backlog.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

DAYS = 7
DAY_S = 86_400
EDGES = 50
Floats = NDArray[np.float64]
Rng = np.random.Generator
# seconds since the start, how many -> a value at each
Healthy = Callable[[Rng, Floats, int], Floats]


class Planted(msgspec.Struct, frozen=True):
    """One trouble of one object, from `start` to `end` (seconds); `expect`: the defect's name."""

    thing: str
    expect: str
    start: float
    end: float


class Sense(msgspec.Struct, frozen=True, kw_only=True):
    """One device of a kind of object: a type, every so many minutes, how it behaves."""

    type: str
    unit: str
    every_min: float
    healthy: Healthy
    trouble: str = ""  # the defect that the trouble is
    ill: Healthy | None = None
    hours: tuple[float, float] = (1.0, 20.0)  # how long the trouble lasts
    silent: str = ""  # the defect that its silence is
    lane: int = 1  # alarms go first


class Rota(msgspec.Struct, frozen=True, kw_only=True):
    """A form that comes round: good answers, and bad ones with the defect that each is."""

    check: str
    every_h: float
    good: dict[str, Any]
    bad: tuple[tuple[dict[str, Any], str], ...]
    missing: str


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    module: str
    kind: str
    count: int
    senses: tuple[Sense, ...] = ()
    rota: tuple[Rota, ...] = ()
    recheck: dict[str, tuple[str, dict[str, Any]]] = {}  # defect -> the check that ends it, passed


def hour_of(at: Floats) -> Floats:
    return (at / 3600.0) % 24.0


def rush(at: Floats) -> Floats:
    """Two peaks a day, 0 to 1."""
    hour = hour_of(at)
    return np.exp(-((hour - 8.5) ** 2) / 3.0) + np.exp(-((hour - 18.0) ** 2) / 4.0)


def near(level: float, spread: float) -> Healthy:
    return lambda rng, at, n: rng.normal(level, spread, n)


def freezer(rng: Rng, at: Floats, n: int) -> Floats:
    """Set between -24 and -20, defrosting twice a day for a quarter of an hour."""
    level = rng.uniform(-24.0, -20.0)
    phase = rng.uniform(0, DAY_S / 2)
    defrost = ((at + phase) % (DAY_S / 2)) < rng.uniform(600, 1100)
    return level + rng.normal(0, 0.4, n) + np.where(defrost, rng.uniform(4, 9), 0.0)


def warm_freezer(rng: Rng, at: Floats, n: int) -> Floats:
    """The compressor has stopped: three to nine degrees an hour, up to the room's."""
    rise = rng.uniform(3, 9) * (at - at[0]) / 3600.0 if n else at
    return np.minimum(-21.0 + rise, 8.0) + rng.normal(0, 0.4, n)


def daily(level: float, swing: float, noise: float) -> Healthy:
    return lambda rng, at, n: np.maximum(
        0.0, level + swing * rush(at) * rng.uniform(0.6, 1.2) + rng.normal(0, noise, n)
    )


def zero(rng: Rng, at: Floats, n: int) -> Floats:
    return np.zeros(n)


def door(rng: Rng, at: Floats, n: int) -> Floats:
    return np.zeros(n)  # beats of a shut door; openings are drawn apart


def age(rng: Rng, at: Floats, n: int) -> Floats:
    """Renewed every half an hour."""
    return (at / 60.0 + rng.uniform(0, 30)) % 30.0 + rng.uniform(0, 10)


def stale(rng: Rng, at: Floats, n: int) -> Floats:
    return (at - at[0]) / 60.0 + 20.0 if n else at


YES: dict[str, Any] = {}
DOOR = Sense(
    type="door",
    unit="",
    every_min=30,
    healthy=door,
    trouble="left-room",
    hours=(0.15, 3.0),
    silent="device-silent",
    lane=0,
)
INSPECTED = {
    "zones_apart": True,
    "waste_sealed": True,
    "staff_closed_loop": True,
    "chlorine_mg_l": 8.0,
}
COUNTED = {"guests": 40, "beds_free": 20, "staff": 9, "tests_missed": 0, "over_stay": 0}
GOODS = {"frozen": True, "traced": True, "surface_c": -19.0}
BULLETIN = {"on_time": True, "masked": True, "corrections_open": 0}
STOCK = {"cover_days": 40, "expired": 0, "ready": True}
PATROL = {"gates_manned": True, "supplies_delivered": True}
KINDS = (
    Kind(
        module="quarantine-hotels",
        kind="room",
        count=6000,
        senses=(DOOR,),
        recheck={"left-room": ("room-visit", {"guest_inside": True, "alone": True})},
    ),
    Kind(
        module="quarantine-hotels",
        kind="hotel",
        count=100,
        rota=(
            Rota(
                check="inspection",
                every_h=24,
                good=INSPECTED,
                bad=(
                    ({"zones_apart": False}, "zones-mixed"),
                    ({"waste_sealed": False}, "waste-unsealed"),
                    ({"chlorine_mg_l": 1.0}, "water-not-disinfected"),
                ),
                missing="not-inspected",
            ),
            Rota(
                check="census",
                every_h=24,
                good=COUNTED,
                bad=(({"tests_missed": 4}, "tests-missed"), ({"over_stay": 2}, "over-stay")),
                missing="no-census",
            ),
        ),
    ),
    Kind(
        module="medical-institutions",
        kind="hospital",
        count=400,
        senses=(
            Sense(
                type="waiting",
                unit="",
                every_min=30,
                healthy=daily(15, 35, 5),
                trouble="clinic-overrun",
                ill=daily(140, 60, 15),
                hours=(2, 8),
            ),
            Sense(
                type="negative_pressure",
                unit="Pa",
                every_min=10,
                healthy=near(-15, 1.5),
                trouble="pressure-lost",
                ill=near(0, 0.8),
                hours=(0.5, 10),
                silent="ward-silent",
                lane=0,
            ),
        ),
        rota=(
            Rota(
                check="fever-report",
                every_h=24,
                good={"fever": 12, "late_reports": 0},
                bad=(({"late_reports": 3}, "fever-late"),),
                missing="no-fever-report",
            ),
        ),
        recheck={"pressure-lost": ("ward-check", {"pressure_ok": True})},
    ),
    Kind(
        module="cold-chain",
        kind="freezer",
        count=1500,
        senses=(
            Sense(
                type="temperature",
                unit="C",
                every_min=10,
                healthy=freezer,
                trouble="chain-broken",
                ill=warm_freezer,
                hours=(3, 30),
                silent="logger-silent",
            ),
            Sense(
                type="door",
                unit="",
                every_min=30,
                healthy=door,
                trouble="door-open",
                hours=(0.5, 6),
            ),
        ),
        recheck={"chain-broken": ("goods", GOODS)},
    ),
    Kind(
        module="traffic-ports",
        kind="terminal",
        count=200,
        senses=(
            Sense(
                type="arrivals",
                unit="",
                every_min=30,
                healthy=daily(120, 700, 40),
                silent="port-silent",
            ),
            Sense(
                type="queue_min",
                unit="",
                every_min=15,
                healthy=daily(6, 18, 3),
                trouble="queue-long",
                ill=daily(75, 25, 6),
                hours=(1.5, 6),
            ),
        ),
        rota=(
            Rota(
                check="shift",
                every_h=12,
                good={"arrived": 900, "unscreened": 0, "not_handed_over": 0},
                bad=(
                    ({"unscreened": 7}, "unscreened"),
                    ({"not_handed_over": 2}, "not-handed-over"),
                ),
                missing="no-shift-report",
            ),
        ),
    ),
    Kind(
        module="special-institutions",
        kind="nursing-home",
        count=700,
        senses=(
            Sense(
                type="visits",
                unit="",
                every_min=60,
                healthy=zero,
                trouble="visited",
                ill=near(3, 0.1),
                hours=(1.5, 4),
                lane=0,
            ),
            Sense(
                type="co2",
                unit="ppm",
                every_min=30,
                healthy=daily(550, 350, 60),
                trouble="air-bad",
                ill=near(2300, 120),
                hours=(3, 12),
            ),
        ),
        rota=(
            Rota(
                check="health",
                every_h=24,
                good={"sick": 0, "staff_untested": 0},
                bad=(({"sick": 9}, "sick-cluster"), ({"staff_untested": 4}, "staff-untested")),
                missing="no-health-report",
            ),
        ),
        recheck={"visited": ("visits-closed", {"closed": True})},
    ),
    Kind(
        module="agencies-enterprises",
        kind="enterprise",
        count=1800,
        senses=(
            Sense(
                type="present_share",
                unit="%",
                every_min=60,
                healthy=daily(15, 60, 4),
                trouble="over-staffed",
                ill=near(135, 4),
                hours=(5, 12),
            ),
        ),
        rota=(
            Rota(
                check="filing",
                every_h=24,
                good={"present": 80, "without_certificate": 0},
                bad=(({"without_certificate": 5}, "no-certificate"),),
                missing="no-filing",
            ),
        ),
    ),
    Kind(
        module="communities",
        kind="gate",
        count=1700,
        senses=(
            Sense(
                type="entry",
                unit="",
                every_min=30,
                healthy=daily(10, 60, 8),
                silent="gate-silent",
            ),
            Sense(
                type="crowd",
                unit="",
                every_min=15,
                healthy=daily(3, 22, 3),
                trouble="gate-crowded",
                ill=near(110, 12),
                hours=(0.75, 4),
            ),
        ),
    ),
    Kind(
        module="communities",
        kind="compound",
        count=300,
        rota=(
            Rota(
                check="patrol",
                every_h=24,
                good=PATROL,
                bad=(
                    ({"gates_manned": False}, "gate-unmanned"),
                    ({"supplies_delivered": False}, "supplies-short"),
                ),
                missing="no-patrol",
            ),
            Rota(
                check="self-examination",
                every_h=24,
                good={"answered": 600, "feverish": 1},
                bad=(({"feverish": 14}, "fever-cluster"),),
                missing="no-count",
            ),
        ),
    ),
    Kind(
        module="venues",
        kind="venue",
        count=2200,
        senses=(
            Sense(
                type="fill",
                unit="%",
                every_min=60,
                healthy=daily(10, 35, 4),
                trouble="over-full",
                ill=near(110, 5),
                hours=(1.5, 6),
                silent="counter-silent",
            ),
        ),
    ),
    Kind(
        module="material-reserves",
        kind="store",
        count=350,
        senses=(
            Sense(
                type="humidity",
                unit="%",
                every_min=60,
                healthy=near(52, 5),
                trouble="store-damp",
                ill=near(93, 2),
                hours=(10, 40),
                silent="store-silent",
            ),
            Sense(
                type="temperature",
                unit="C",
                every_min=60,
                healthy=daily(20, 4, 1),
                trouble="store-hot",
                ill=near(42, 1),
                hours=(4, 20),
            ),
        ),
        rota=(
            Rota(
                check="stocktaking",
                every_h=168,
                good=STOCK,
                bad=(({"cover_days": 4}, "cover-short"), ({"expired": 300}, "expired")),
                missing="not-counted",
            ),
        ),
    ),
    Kind(
        module="information-release",
        kind="screen",
        count=450,
        senses=(
            Sense(
                type="age_min",
                unit="",
                every_min=20,
                healthy=age,
                trouble="stale",
                ill=stale,
                hours=(4, 20),
                silent="screen-silent",
            ),
        ),
    ),
    Kind(
        module="information-release",
        kind="channel",
        count=60,
        rota=(
            Rota(
                check="bulletin",
                every_h=24,
                good=BULLETIN,
                bad=(
                    ({"masked": False}, "names-published"),
                    ({"corrections_open": 2}, "not-corrected"),
                ),
                missing="no-bulletin",
            ),
        ),
    ),
)
