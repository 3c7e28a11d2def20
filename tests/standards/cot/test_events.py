"""Cursor on Target: read, written, read again; what is broken is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from twinward.core.errors import InputError
from twinward.standards.cot.events import CotEvent, read_event, write_event

GOOD = (
    b'<?xml version="1.0"?><event version="2.0" uid="ANDROID-1" type="a-f-G-U-C" how="m-g" '
    b'time="2022-03-01T08:00:00Z" start="2022-03-01T08:00:00Z" stale="2022-03-01T08:05:00Z">'
    b'<point lat="31.23" lon="121.47" hae="9999999.0" ce="5" le="9999999.0"/>'
    b'<detail><contact callsign="Alpha 1"/><status battery="80"/><track speed="1.5" course="90"/>'
    b"<unknown x='1'/><remarks>on the roof &amp; well</remarks></detail></event>"
)


def test_an_event_is_read() -> None:
    one = read_event(GOOD)
    assert (one.uid, one.kind, one.callsign, one.battery) == ("ANDROID-1", "person", "Alpha 1", 80)
    assert (one.lon, one.lat, one.error_m, one.hae_m) == (121.47, 31.23, 5, None)
    assert one.text == "on the roof & well" and not one.is_man_down


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("a-f-A-M-F-Q-r", "drone"),
        ("a-f-A-C-H", "aircraft"),
        ("a-f-G-E-V-C", "vehicle"),
        ("a-f-G-U-C", "person"),
        ("a-f-S-X", "vessel"),
        ("b-a-o-tbl", "alarm"),
        ("t-x-c-t", "other"),
    ],
)
def test_a_round_trip_of_every_kind(kind: str, word: str) -> None:
    now = datetime(2022, 3, 1, 8, tzinfo=UTC)
    event = CotEvent(
        uid="u:1",
        type=kind,
        time=now,
        start=now,
        stale=now + timedelta(minutes=1),
        how="m-g",
        lon=-121.4737021,
        lat=-31.2304163,
        hae_m=12.5,
        error_m=3.0,
        callsign='A "1" <x>',
        battery=0.0,
        pulse=140.0,
        text="a < b & c",
    )
    assert read_event(write_event(event)) == event
    assert event.kind == word and event.is_man_down is (word == "alarm")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"2022-03-01T08:05", b"2022-03-01T07:05"),
        (b'lat="31.23"', b'lat="91"'),
        (b'lon="121.47"', b'lon="NaN"'),
        (b'lat="31.23" lon="121.47"', b'lat="0" lon="0"'),
        (b'lat="31.23"', b""),
        (b'uid="ANDROID-1"', b""),
        (b'uid="ANDROID-1"', b'uid="a b"'),
        (b'type="a-f-G-U-C"', b'type="person"'),
        (b'version="2.0"', b'version="1.0"'),
        (b"<event", b"<!DOCTYPE x []><event"),
        (b"</event>", b""),
        (b'battery="80"', b'battery="180"'),
        (b'time="2022-03-01T08:00:00Z"', b'time="2022-03-01T08:00:00"'),
        (b"on the roof", b"x" * 20_000),
        (b'ce="5"', b'ce="-1"'),
    ],
)
def test_a_broken_event_is_refused(old: bytes, new: bytes) -> None:
    assert old in GOOD
    with pytest.raises(InputError) as refused:
        read_event(GOOD.replace(old, new, 1))
    assert refused.value.code == "bad_cot"
