"""What the desks of the field show in the pictures: synthetic alerts, mail, parcels, responders, edges and inspections, in streets that exist."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from browser.stage import Stage
from twinward.core.clock import format_time
from twinward.edge.agent.wire import EdgeStanding, HeardDevice, HeldDevice, SyncRequest
from twinward.edge.responders.codec import FieldMessage, encode
from twinward.service.devices import fleet, registry
from twinward.service.documents import claims
from twinward.service.operations import public_alerts
from twinward.service.platform import local_admin
from twinward.service.responders import field

HUANGPU, NANJING_ROAD, WAITAN = "310101", "310101002", "310101013"
BUND = (121.4902, 31.2366)
SECOND = msgspec.structs.replace(local_admin(), name="second officer (synthetic)")
MAIL = (
    "To the duty room. Flood on Nanjing East Road, water about 40 cm deep, the underpass is closed. "
    "About 120 residents wait for food on Waitan. Fire in a storehouse on Yuyuan, 3 injured."
)
GOOD: dict[str, Any] = {"zones_apart": True, "waste_sealed": True, "staff_closed_loop": True}
CENSUS = {"guests": 41, "beds_free": 19, "staff": 12, "tests_missed": 0, "over_stay": 0}


def play_field(stage: Stage) -> None:
    """Everything that the desks are for, once."""
    inspect(stage)
    tell_public(stage)
    claims.take_in(stage.platform, local_admin(), MAIL.encode(), "desk")
    send_parcels(stage)
    say_standing(stage)
    call_for_help(stage)
    stage.platform.loop.catch_up()


def tell_public(stage: Stage) -> None:
    """One alert in force, one that waits for two persons."""
    for name, headline, english, areas in (
        ("a-1", "4月15日全区核酸筛查", "Testing of all residents on 15 April", (HUANGPU,)),
        ("a-2", "外滩街道配送改时", "Deliveries in Waitan at other hours", (WAITAN,)),
    ):
        texts = (
            public_alerts.AlertText(
                language="zh-CN", headline=headline, instruction="请等候居委会通知，勿提前下楼"
            ),
            public_alerts.AlertText(
                language="en", headline=english, instruction="Wait until your committee calls you"
            ),
        )
        asked = public_alerts.AlertRequest(
            hazard="epidemic",
            areas=areas,
            texts=texts,
            until=stage.clock.now() + timedelta(hours=18),
            because="order of the day (synthetic)",
            alert=name,
        )
        public_alerts.draft(stage.platform, local_admin(), asked)
    public_alerts.approve(stage.platform, local_admin(), "a-1")
    public_alerts.approve(stage.platform, SECOND, "a-1")


def send_parcels(stage: Stage) -> None:
    until = format_time(stage.clock.now() + timedelta(days=3))
    for n, goods in enumerate(("medicine", "food", "food"), 1):
        stage.post(
            {"type": "SendParcel", "parcel": f"P-{n}", "subject": f"person-k{n}", "goods": goods}
            | {"area": HUANGPU, "place": f"door-{n}", "to": "door", "expires_at": until}
        )


def inspect(stage: Stage) -> None:
    """Three hotels: one in order, one with a defect, one not heard from."""
    for n in (1, 2, 3):
        stage.post(
            {"type": "RegisterObject", "object": f"hotel-{n}", "name": f"Example Hotel {n}"}
            | {"kind": "hotel", "module": "quarantine-hotels", "facts": {"rooms": 60}}
            | {"area": (NANJING_ROAD, WAITAN, WAITAN)[n - 1]}
        )
    stage.pass_time(hours=25)
    for n in (1, 2):
        wrong = {"zones_apart": n == 1, "chlorine_mg_l": 7.1}
        for check, answers in (("inspection", GOOD | wrong), ("census", CENSUS)):
            stage.post(
                {"type": "RecordCheck", "object": f"hotel-{n}", "check": check, "answers": answers}
            )


def say_standing(stage: Stage) -> None:
    """An edge that is behind, with a freezer that it knows and a device that nobody knows."""
    me, now = local_admin(), stage.clock.now()
    device = registry.DeviceRequest(
        device="fridge-1", edge="gate-1", profile="thermometer", area=WAITAN, place="store-3"
    )
    registry.add(stage.platform, me, device)
    standing = EdgeStanding(
        backlog=1200,
        oldest_s=4000.0,
        disk_bytes=40_000_000,
        disk_bound=2_000_000_000,
        lost=0,
        duplicate=3,
        stored=90_000,
        rejected=1,
        alarms_open=0,
        config_version="3f2a",
        clock_skew_s=0.0,
    )
    held = HeldDevice(device="new-1", count=7, first_at=now, last_at=now)
    heard = HeardDevice(device="fridge-1", state="stale", last_at=now - timedelta(minutes=50))
    said = SyncRequest(edge="gate-1", standing=standing, held=(held,), devices=(heard,))
    fleet.sync(stage.platform, me, said)


def call_for_help(stage: Stage) -> None:
    told = FieldMessage(
        kind="man_down", sender="team-2", seq=1, at=stage.clock.now(), lon=BUND[0], lat=BUND[1],
        cause="fall",
    )  # fmt: skip
    field.take_frames(stage.platform, local_admin(), [encode(told)])
