"""One Cursor on Target event as XML and as a struct. What no event says, or says of no place on
earth, is refused with its field.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

import msgspec

from twinward.core.clock import parse_time
from twinward.core.errors import InputError

MOST_BYTES = 16_384
UNKNOWN = 9_999_999.0  # what CoT writes for a height or an error that nobody knows
TYPE = re.compile(r"[a-z](?:-[A-Za-z0-9.]+)+")
UID = re.compile(r"[\w.:\-]{1,100}")
# what the second letter of an atom's type is: https://www.mitre.org (CoT type tree)
KINDS = (
    ("a-f-A-M-F-Q", "drone"),
    ("a-f-A", "aircraft"),
    ("a-f-G-E-V", "vehicle"),
    ("a-f-G-E-S", "sensor"),
    ("a-f-G", "person"),
    ("a-f-S", "vessel"),
)
MAN_DOWN = ("b-a-o-tbl", "b-a-o-pan", "b-a-o-opn", "b-r-f-h-c")  # 911 alerts and casualties
CANCELLED = "b-a-o-can"
Degrees = Annotated[float, msgspec.Meta(ge=-180, le=180)]


class CotEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event: who (`uid`), what (`type`), where, from when until when. `callsign`, speed, course,
    battery and pulse are of its detail, where it has them.
    """

    uid: str
    type: str
    time: datetime
    start: datetime
    stale: datetime
    how: str
    lon: float
    lat: float
    hae_m: float | None = None
    error_m: float | None = None
    callsign: str = ""
    battery: float | None = None
    speed_m_s: float | None = None
    course_deg: float | None = None
    pulse: float | None = None
    text: str = ""

    @property
    def kind(self) -> str:
        """person, vehicle, drone, aircraft, vessel, sensor, alarm or other."""
        if self.type.startswith("b-a"):
            return "alarm"
        return next((word for mark, word in KINDS if self.type.startswith(mark)), "other")

    @property
    def is_man_down(self) -> bool:
        return self.type.startswith(MAN_DOWN)


def bad(field: str, why: str) -> InputError:
    return InputError(f"CoT: {field} {why}", "see docs/howto/responders.md", code="bad_cot")


def read_event(data: bytes) -> CotEvent:
    """InputError `bad_cot` for anything but one event of version 2.0."""
    if len(data) > MOST_BYTES:
        raise bad("event", f"is longer than {MOST_BYTES} bytes")
    if b"<!" in data.replace(b"<!--", b""):
        raise bad("event", "has a document type")
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError) as error:
        raise bad("event", f"is no XML: {error}") from error
    point = root.find("point")
    if root.tag != "event" or root.get("version") != "2.0" or point is None:
        raise bad("event", "is not an <event version='2.0'> with a <point>")
    uid, kind = root.get("uid", ""), root.get("type", "")
    if not UID.fullmatch(uid):
        raise bad("uid", "is missing or holds more than letters, digits and . : - _")
    if not TYPE.fullmatch(kind):
        raise bad("type", "is missing or no CoT type")
    at, start, stale = (read_time(root, name) for name in ("time", "start", "stale"))
    if stale < start or stale < at:
        raise bad("stale", "lies before the event")
    lat, lon = number(point, "lat", -90, 90), number(point, "lon", -180, 180)
    if lat is None or lon is None:
        raise bad("point", "has no lat and lon")
    if lat == 0 and lon == 0:
        raise bad("point", "is 0, 0: a receiver without a fix")
    return CotEvent(
        uid=uid,
        type=kind,
        time=at,
        start=start,
        stale=stale,
        how=root.get("how", ""),
        lon=lon,
        lat=lat,
        hae_m=known(number(point, "hae", -1e5, UNKNOWN)),
        error_m=known(number(point, "ce", 0, UNKNOWN)),
        **details(root.find("detail")),  # type: ignore[arg-type]
    )


def details(detail: ElementTree.Element | None) -> dict[str, object]:
    """What of the detail is understood; what is not is left alone."""
    if detail is None:
        return {}
    contact, status = detail.find("contact"), detail.find("status")
    track, health = detail.find("track"), detail.find("health")
    remarks = (detail.findtext("remarks") or "").strip()
    return {
        "callsign": " ".join((contact.get("callsign", "") if contact is not None else "").split())[
            :60
        ],
        "battery": number(status, "battery", 0, 100),
        "speed_m_s": number(track, "speed", 0, 1000),
        "course_deg": number(track, "course", 0, 360),
        "pulse": number(health, "pulse", 0, 300),
        "text": " ".join(remarks.split())[:300],
    }


def known(value: float | None) -> float | None:
    return None if value is None or value >= UNKNOWN else value


def number(of: ElementTree.Element | None, name: str, low: float, high: float) -> float | None:
    said = of.get(name) if of is not None else None
    if said is None or not said.strip():
        return None
    try:
        value = float(said)
    except ValueError as error:
        raise bad(name, "is no number") from error
    if not low <= value <= high:  # NaN lies between nothing
        raise bad(name, f"is not {low:g} to {high:g}")
    return value


def read_time(root: ElementTree.Element, name: str) -> datetime:
    try:
        return parse_time(root.get(name, ""))
    except InputError as error:
        raise bad(name, "is no time with zone") from error


def shown(value: object) -> str:
    """A number without what it does not need."""
    return f"{value:.7f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def attributes(**told: object) -> str:
    """Those that say something, quoted."""
    return "".join(
        f" {name}={quoteattr(shown(value))}"
        for name, value in told.items()
        if value is not None and value != ""
    )


def write_event(event: CotEvent) -> bytes:
    """The XML of an event, which `read_event` reads as the same event."""

    times = {
        name: getattr(event, name).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        for name in ("time", "start", "stale")
    }
    point = attributes(
        lat=event.lat,
        lon=event.lon,
        hae=UNKNOWN if event.hae_m is None else event.hae_m,
        ce=UNKNOWN if event.error_m is None else event.error_m,
        le=UNKNOWN,
    )
    parts = [
        ("contact", attributes(callsign=event.callsign)),
        ("status", attributes(battery=event.battery)),
        ("track", attributes(speed=event.speed_m_s, course=event.course_deg)),
        ("health", attributes(pulse=event.pulse)),
    ]
    inner = "".join(f"<{name}{told}/>" for name, told in parts if told)
    if event.text:
        safe = event.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        inner += f"<remarks>{safe}</remarks>"
    head = attributes(version="2.0", uid=event.uid, type=event.type, how=event.how, **times)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><event{head}>'
        f"<point{point}/><detail>{inner}</detail></event>"
    ).encode()
