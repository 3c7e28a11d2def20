"""Every message of the life of an alert is valid by the published schema of CAP 1.2; and the reader of
the schema finds what is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from helpers.cities import HUANGPU, Desk
from standards.cap.schema import find_faults
from twinward.service.operations import public_alerts
from twinward.service.platform import local_admin
from twinward.standards.cap.chain import check_chain
from twinward.standards.cap.document import read_cap, write_cap
from twinward.twins.emergency.messages import AlertText

SECOND = msgspec.structs.replace(local_admin(), name="second")
TEXTS = (
    AlertText(language="en", headline="High <water> & wind", instruction="Leave the bank"),
    AlertText(language="zh-CN", headline="水位上涨", description="潮位", instruction="请离开河岸"),
)
RING = ((121.4, 31.2), (121.5, 31.2), (121.5, 31.3), (121.4, 31.2))
PLAIN = b"""<?xml version='1.0' encoding='utf-8'?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>a-1</identifier><sender>s@c</sender>
<sent>2030-07-01T08:00:00+00:00</sent><status>Actual</status><msgType>Alert</msgType>
<scope>Public</scope><info><category>Met</category><event>Flood</event>
<urgency>Immediate</urgency><severity>Severe</severity><certainty>Likely</certainty>
<area><areaDesc>x</areaDesc></area></info></alert>"""


def live(desk: Desk, alert: str, **more: Any) -> None:
    desk.clock.advance(timedelta(seconds=1))
    told: dict[str, Any] = {
        "alert": alert,
        "hazard": "flood",
        "areas": (HUANGPU,),
        "texts": TEXTS,
        "until": desk.clock.now() + timedelta(hours=6),
        "because": "the gauge",
        "polygon": RING,
    }
    public_alerts.draft(desk.platform, desk.me, public_alerts.AlertRequest(**(told | more)))
    public_alerts.approve(desk.platform, desk.me, alert)
    public_alerts.approve(desk.platform, SECOND, alert)


@pytest.mark.parametrize("status", ["actual", "exercise", "test"])
@pytest.mark.parametrize("end", ["cancel", "all_clear"])
def test_every_message_of_the_life_of_an_alert_is_valid(desk: Desk, status: str, end: str) -> None:
    live(desk, "a-1", status=status)
    live(desk, "a-2", step="update", references=("a-1",), status=status, polygon=())
    live(desk, "a-3", step="update", references=("a-1", "a-2"), status=status, severity="Extreme")
    live(desk, "a-4", step=end, references=("a-1", "a-2", "a-3"), status=status)
    documents = [
        write_cap(one.message)
        for one in public_alerts.list_members(desk.platform, "alerts@city.example")
    ]
    assert len(documents) == 4
    assert [find_faults(one) for one in documents] == [[]] * 4
    chain = [read_cap(one) for one in documents]
    assert check_chain(sorted(chain, key=lambda one: one.sent)) == []
    assert {one.kind for one in chain} >= {"Alert", "Update"}


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        (b"", b"", ""),
        (b"08:00:00+00:00", b"08:00:00Z", "not of the pattern"),
        (b"<status>Actual", b"<status>Real", "not listed"),
        (b"<scope>Public</scope>", b"", "0 times scope"),
        (b"<sender>s@c</sender>", b"", "0 times sender"),
        (b"<event>Flood</event>", b"<event>Flood</event><event>x</event>", "2 times event"),
        (b"<category>Met</category>", b"", "0 times category"),
        (b"<scope>", b"<language>en</language><scope>", "may not"),
        (b"<areaDesc>x</areaDesc>", b"", "0 times areaDesc"),
        (b"<alert ", b"<alert id='1' ", "attribute"),
        (b"cap:1.2", b"cap:1.1", "no such root"),
        (b"<severity>Severe", b"<severity>Bad", "not listed"),
    ],
)
def test_the_schema_finds_what_is_wrong(was: bytes, now: bytes, said: str) -> None:
    found: Sequence[str] = find_faults(PLAIN.replace(was, now, 1))
    assert bool(found) == bool(said)
    assert not said or said in " ".join(found)
