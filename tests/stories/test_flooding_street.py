"""A street floods: a sensor's reading leads to an incident and its orders by itself, and back
again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from helpers.cities import COMMUNITY, HUANGPU, NEIGHBOUR, Desk
from twinward.core.clock import format_time
from twinward.service.intake import observations
from twinward.service.platform import local_admin


def hear(
    desk: Desk, *values: float, sensor: str = "gauge-7", unit: str | None = "m", **more: Any
) -> None:
    """Readings of one gauge, a minute apart, all in one batch over the same door as the API's."""
    items = []
    for value in values:
        desk.clock.advance(timedelta(minutes=1))
        at = format_time(desk.clock.now())
        told = {
            "source_id": f"{sensor}-{at}",
            "type": "water_depth",
            "occurred_at": at,
            "subject": sensor,
        }
        items.append(told | {"value": value, "area": COMMUNITY, "unit": unit} | more)
    body = msgspec.json.encode({"source": "gauges", "items": items})
    account = observations.submit(
        desk.platform, local_admin(), observations.checks_of(desk.platform), body
    ).result()
    assert account.stored == len(values)
    desk.platform.watch.settle()
    desk.platform.loop.catch_up()


def watch(desk: Desk, **more: Any) -> None:
    told = {"hazard": "flood", "figure": "water_depth_m", "at_least": 0.15, "unit": "m"} | more
    assert desk.post("SetThreshold", **told).stored == 1


def test_a_flooding_street_is_answered_by_itself_from_first_reading_to_closing(desk: Desk) -> None:
    watch(desk)
    hear(desk, 0.02, 0.05, 0.14)
    assert not desk.incidents()
    hear(desk, 0.16)
    incident = desk.incident()
    assert (incident["hazard"], incident["area"], incident["level"], incident["affected"]) == (
        "flood",
        HUANGPU,
        "IV",
        (COMMUNITY,),
    )
    assert {t.department for t in desk.tasks("ordered")} >= {
        "transport",
        "commerce",
        "civil_affairs",
        "information",
    }
    hear(desk, 0.2, 0.55, 0.4)
    assert desk.incident()["level"] == "II"
    desk.complete_all()
    hear(desk, 0.12)
    hear(desk, 0.03)
    for _ in range(14):  # the gauge goes on ticking a little below the objective
        desk.pass_time(minutes=30)
        hear(desk, 0.04)
        hear(desk, 0.02)
        if desk.incident()["status"] == "closed":
            break
    desk.pass_time(minutes=1)
    assert desk.incident()["status"] == "closed"


def test_the_chain_from_the_sensor_to_the_order_is_on_record(desk: Desk) -> None:
    watch(desk)
    hear(desk, 0.3)
    tree = desk.incident(timeline=True)["timeline"]
    assert [(row["type"], row["depth"]) for row in tree[:3]] == [
        ("ThresholdPassed", 0),
        ("HazardReported", 1),
        ("IncidentOpened", 2),
    ]
    assert "OrderIssued" in {row["type"] for row in tree}


def test_a_peak_between_two_low_readings_of_one_batch_is_not_overlooked(desk: Desk) -> None:
    watch(desk)
    hear(desk, 0.0, 0.4, 0.05)
    assert [
        event["fact"]["value"] for event in desk.events() if event["type"] == "ThresholdPassed"
    ] == [0.4, 0.05]
    assert desk.incident()["figures"]["water_depth_m"] == 0.05


def test_a_noisy_sensor_writes_no_log(desk: Desk) -> None:
    watch(desk)
    hear(desk, 0.3)
    before = len(desk.events())
    for n in range(50):
        hear(desk, 0.3 + (n % 3) * 0.001)
    assert len(desk.events()) == before


def test_without_a_threshold_and_below_it_in_another_unit_nothing_happens(desk: Desk) -> None:
    hear(desk, 0.9)
    watch(desk)
    hear(desk, 14.0, unit="cm")
    hear(desk, 90.0, type="noise", sensor="noise-1", unit="dB")
    assert not desk.incidents()


def test_a_depth_in_centimetres_is_held_against_the_threshold_in_metres(desk: Desk) -> None:
    watch(desk)
    hear(desk, 90.0, unit="cm")
    assert desk.incident()["affected"] == (COMMUNITY,)


def test_a_threshold_can_name_the_type_of_observation_it_reads(desk: Desk) -> None:
    watch(desk, observed="water_level")
    hear(desk, 0.9)
    assert not desk.incidents()
    hear(desk, 0.9, type="water_level", area=NEIGHBOUR)
    assert desk.incident()["affected"] == (NEIGHBOUR,)


def test_a_crash_between_the_reading_and_its_answer_loses_and_repeats_nothing(
    desk: Desk, monkeypatch: Any
) -> None:
    watch(desk)
    with monkeypatch.context() as patch:
        patch.setattr(
            desk.platform.watch, "look", lambda source, readings: None
        )  # the process dies here
        hear(desk, 0.5)
    assert not desk.incidents()
    for _ in range(2):  # at each start what is not yet drained is shown again
        desk.reopen()
        desk.platform.intake.open()
        desk.platform.watch.settle()
        desk.platform.loop.catch_up()
        assert [event["type"] for event in desk.events()].count("ThresholdPassed") == 1
    assert desk.incident()["level"] == "II"
