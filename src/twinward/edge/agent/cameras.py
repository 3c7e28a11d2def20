"""Events that cameras make of their own (the MQTT form of Frigate) become counts and crossings. A
picture that stands in an event is passed over unread; of what was seen only numbers stay.

A person counts when the median of at least three scores says so, ends by absence, does not count
while standing still like a poster, and no box moves faster than a person can.
"""

from __future__ import annotations

import hashlib
import math
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from statistics import median
from typing import Annotated, Literal

import msgspec

from twinward.core.errors import InputError
from twinward.edge.agent.readings import MOST_BYTES, Item

PERSON_M = 1.7  # a box around a person is as high as that
MOVES = 0.15  # of its height: less is standing still
MOST_TRACKS, MOST_SCORES, MOST_ZONES, MOST_SAID = 1000, 32, 64, 5000
Kind = Literal["crowd", "entry", "exit", "smoke"]
Zone = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]


class Camera(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A camera of `[[cameras]]`: the device that it is here, what it calls itself, and what counts.
    `entry` and `exit` are zones of it, walked through in this order.
    """

    device: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    topic: Annotated[str, msgspec.Meta(pattern=r"^[^#+\x00]{1,200}$")] = "frigate/events"
    least_score: Annotated[float, msgspec.Meta(ge=0.3, le=1)] = 0.7
    least_scores: Annotated[int, msgspec.Meta(ge=3, le=MOST_SCORES)] = 3
    fastest_m_s: Annotated[float, msgspec.Meta(gt=0, le=12)] = 6.0
    still_s: Annotated[float, msgspec.Meta(ge=5, le=86_400)] = 120.0
    absent_s: Annotated[float, msgspec.Meta(ge=2, le=3600)] = 30.0
    entry: tuple[Zone, ...] = ()
    exit: tuple[Zone, ...] = ()


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What is read of an event's `after`; whatever else stands there is skipped, not kept."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    camera: Annotated[str, msgspec.Meta(max_length=80)]
    label: Annotated[str, msgspec.Meta(max_length=80)]
    frame_time: Annotated[float, msgspec.Meta(ge=1.5e9, le=4.1e9)]
    score: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    box: tuple[float, float, float, float]
    current_zones: Annotated[tuple[Zone, ...], msgspec.Meta(max_length=MOST_ZONES)] = ()


class CameraEvent(msgspec.Struct, frozen=True, kw_only=True):
    type: Literal["new", "update", "end"]
    after: Seen


class Track(msgspec.Struct):
    """One thing that a camera follows, as long as it does."""

    boot: str
    label: str
    last: float
    middle: tuple[float, float]
    moved_at: float
    height: float
    scores: list[float]
    walked: list[str]
    anchor: tuple[float, float]
    told: set[str]
    said: int = 0
    real: bool = False


_event = msgspec.json.Decoder(CameraEvent)


def decode_event(payload: bytes) -> CameraEvent:
    """InputError with a code, and with nothing of the payload in it."""
    if len(payload) > MOST_BYTES:
        raise InputError(f"an event may have {MOST_BYTES:,} bytes", code="too_large")
    event: CameraEvent | None = None
    with suppress(msgspec.MsgspecError, UnicodeError, RecursionError):
        event = _event.decode(payload)
    if event is None:  # its reason may quote the payload, so it is no cause of ours
        raise InputError("what the camera sent is no event", code="bad_body")
    left, top, right, bottom = event.after.box
    if not all(map(math.isfinite, event.after.box)) or right <= left or bottom <= top:
        raise InputError("the box of an event has no size", code="bad_field")
    return event


class CameraDesk:
    """All cameras of an edge. What it follows is in memory only and is gone with the process."""

    def __init__(self, cameras: Sequence[Camera]) -> None:
        self.cameras = {(one.topic, one.name): one for one in cameras}
        self.topics = sorted({one.topic for one in cameras})
        self._tracks: dict[str, OrderedDict[str, Track]] = {
            one.device: OrderedDict() for one in cameras
        }
        self._counts: dict[str, int] = {}
        self._said: OrderedDict[tuple[str, str, float, str], list[Item]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, topic: str, payload: bytes) -> tuple[str, list[Item]] | None:
        """The device and its readings; None where it is nothing of ours. InputError."""
        event = decode_event(payload)
        camera = self.cameras.get((topic, event.after.camera))
        if camera is None or event.after.label not in ("person", "smoke"):
            return None
        key = (camera.device, event.after.id, event.after.frame_time, event.type)
        with self._lock:
            said = self._said.get(key)
            if said is None:
                said = list(self._follow(camera, event))
                if said:  # a broker brings again what could not be kept
                    self._said[key] = said
                while len(self._said) > MOST_SAID:
                    self._said.popitem(last=False)
            return camera.device, said

    def end_absent(self, now: float) -> list[tuple[str, list[Item]]]:
        """What nobody has heard of for too long has ended, also when the camera falls silent."""
        with self._lock:
            return [
                (one.device, items)
                for one in self.cameras.values()
                if (items := list(self._end_old(one, now)))
            ]

    def _follow(self, camera: Camera, event: CameraEvent) -> Iterator[Item]:
        seen = event.after
        yield from self._end_old(camera, seen.frame_time)
        tracks = self._tracks[camera.device]
        boot = hashlib.sha256(f"{camera.name}\0{seen.id}".encode()).hexdigest()[:24]
        track = tracks.get(boot)
        if track is None:
            if event.type == "end":
                return
            track = begin(boot, seen)
            tracks[boot] = track
            while len(tracks) > MOST_TRACKS:
                tracks.popitem(last=False)
        elif not look(track, seen, camera) and event.type != "end":
            return
        track.real = is_real(track, camera)
        yield from self._tell(camera, track)
        if event.type == "end":
            del tracks[boot]
        yield from self._count(camera, track, seen.frame_time)

    def _tell(self, camera: Camera, track: Track) -> Iterator[Item]:
        """What a track has done and was not told yet."""
        if not track.real:
            return
        if track.label == "smoke":
            yield reading(track, "smoke", round(100 * median(track.scores), 1), track.last)
            return
        ways: tuple[tuple[Kind, tuple[str, ...]], ...] = (
            ("entry", camera.entry),
            ("exit", camera.exit),
        )
        for kind, zones in ways:
            if zones and kind not in track.told and in_order(track.walked, zones):
                track.told.add(kind)
                yield reading(track, kind, 1.0, track.last)

    def _count(self, camera: Camera, track: Track, at: float) -> Iterator[Item]:
        """How many are there, where that has changed."""
        count = sum(
            1
            for one in self._tracks[camera.device].values()
            if one.label == "person" and one.real and not is_still(one, camera)
        )
        if count != self._counts.get(camera.device, 0):
            self._counts[camera.device] = count
            yield reading(track, "crowd", float(count), at)

    def _end_old(self, camera: Camera, now: float) -> Iterator[Item]:
        tracks = self._tracks[camera.device]
        for boot in [boot for boot, one in tracks.items() if now - one.last > camera.absent_s]:
            gone = tracks.pop(boot)
            yield from self._count(camera, gone, gone.last + camera.absent_s)


def begin(boot: str, seen: Seen) -> Track:
    middle = middle_of(seen)
    return Track(
        boot=boot,
        label=seen.label,
        last=seen.frame_time,
        middle=middle,
        moved_at=seen.frame_time,
        height=seen.box[3] - seen.box[1],
        scores=[seen.score] if seen.score is not None else [],
        walked=list(seen.current_zones),
        anchor=middle,
        told=set(),
    )


def look(track: Track, seen: Seen, camera: Camera) -> bool:
    """Whether a frame is taken: an older one, a repeated one, and one in which a person would have
    flown are not.
    """
    since = seen.frame_time - track.last
    if since <= 0:
        return False
    middle, height = middle_of(seen), max(seen.box[3] - seen.box[1], track.height)
    if math.dist(middle, track.middle) / height * PERSON_M > camera.fastest_m_s * since:
        return False
    track.last, track.middle, track.height = seen.frame_time, middle, seen.box[3] - seen.box[1]
    if math.dist(middle, track.anchor) > MOVES * height:
        track.anchor, track.moved_at = middle, seen.frame_time
    if seen.score is not None:
        track.scores = [*track.scores, seen.score][-MOST_SCORES:]
    for zone in seen.current_zones:
        if not track.walked or zone != track.walked[-1]:
            track.walked = [*track.walked, zone][-MOST_ZONES:]
    return True


def is_real(track: Track, camera: Camera) -> bool:
    return len(track.scores) >= camera.least_scores and median(track.scores) >= camera.least_score


def is_still(track: Track, camera: Camera) -> bool:
    """Whether it has not moved for long: the camera's own word for it is not enough, for people
    who wait are people.
    """
    return track.last - track.moved_at >= camera.still_s


def in_order(walked: Sequence[str], zones: Sequence[str]) -> bool:
    """Whether the zones were walked through in their order."""
    left = iter(walked)
    return all(zone in left for zone in zones)


def middle_of(seen: Seen) -> tuple[float, float]:
    left, top, right, bottom = seen.box
    return (left + right) / 2, (top + bottom) / 2


def reading(track: Track, kind: Kind, value: float, at: float) -> Item:
    """A number of an event's track: a repeated event says the same again and counts once."""
    track.said += 1
    when = datetime.fromtimestamp(at, UTC).isoformat()
    return Item(boot=track.boot, seq=track.said, occurred_at=when, value=value, type=kind)
