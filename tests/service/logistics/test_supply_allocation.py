"""Supplies of the live twins shared out: from who has to who needs, with the promised and the
expired left alone.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from helpers.cities import HUANGPU, START, Desk
from twinward.core.errors import InputError
from twinward.service.logistics.supply_allocation import share_supplies

PUDONG = "310115"


@pytest.fixture
def outbreak(desk: Desk) -> Desk:
    """A few days of cases in Huangpu, too few for a forecast; the kits are in Pudong."""
    for n in range(3):
        day = (START.date() - timedelta(days=n)).isoformat()
        desk.post(
            "ReportCount", hazard="epidemic", area=HUANGPU, day=day, status="confirmed", count=20
        )
    return desk


def shared(desk: Desk, **asked: Any) -> Any:
    report = share_supplies(desk.platform, desk.me, kinds=("test_kits",), **asked)
    msgspec.json.encode(report)
    return report


def test_kits_go_in_whole_packs_from_where_they_are_to_where_the_cases_are(outbreak: Desk) -> None:
    lots = [{"expires": "2022-03-01", "quantity": 50_000}]  # past use tomorrow
    told = {
        "kind": "test_kits",
        "area": PUDONG,
        "quantity": 150_000,
        "unit": "kits",
        "holder": "store",
        "lots": lots,
    }
    outbreak.post("SetStock", **told)
    report = shared(outbreak)
    (kind,) = report.kinds
    assert (kind.unmet, kind.have) == (0, 100_000)
    assert {(one.from_holder, one.to_area) for one in report.sendings} == {("store", HUANGPU)}
    assert all(one.quantity == 25 * one.packs for one in report.sendings)
    assert sum(one.quantity for one in report.sendings) >= kind.need > 0
    assert report.gap < 0.01 and report.simulated


def test_too_few_are_said_to_be_so_with_what_it_takes(outbreak: Desk) -> None:
    outbreak.post("SetStock", kind="test_kits", area=PUDONG, quantity=500, unit="kits")
    (kind,) = shared(outbreak).kinds
    assert kind.unmet == pytest.approx(kind.need - 500, abs=25)
    assert kind.unmet_areas[0]["area"] == HUANGPU
    assert kind.binding[0]["area"] == PUDONG and "more kits" in kind.relaxation


def test_with_nothing_anywhere_the_answer_is_plain(outbreak: Desk) -> None:
    (kind,) = shared(outbreak).kinds
    assert (kind.gap, kind.worst_share, kind.unmet) == (0, 1, kind.need)


def test_what_is_held_is_not_shared(outbreak: Desk) -> None:
    with pytest.raises(InputError) as refused:
        share_supplies(outbreak.platform, outbreak.me, kinds=("beds",))
    assert refused.value.code == "unknown_kind"
