"""What the field sends: positions that end, alarms that become tasks, nothing twice."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from helpers.cities import Desk
from twinward.cli.main import main
from twinward.edge.responders.codec import FieldMessage, encode
from twinward.service.responders import field
from twinward.standards.cot.events import CotEvent, read_event, write_event

AT = {"lon": 121.48, "lat": 31.23}


def event(desk: Desk, kind: str = "a-f-G-U-C", **more: Any) -> bytes:
    now = desk.clock.now()
    told = {"uid": "u1", "type": kind, "time": now, "start": now, "how": "m-g", **AT}
    told |= {"stale": now + timedelta(minutes=5), "callsign": "Alpha 1", "battery": 40.0}
    return write_event(CotEvent(**(told | more)))


def frame(desk: Desk, kind: str = "man_down", **more: Any) -> bytes:
    told = {"kind": kind, "sender": "b2", "seq": 1, "at": desk.clock.now(), "cause": "fall", **AT}
    return encode(FieldMessage(**(told | more)))


def test_a_position_is_an_observation_and_no_event(desk: Desk) -> None:
    taken = field.take_cot(desk.platform, desk.me, [event(desk)])
    assert (taken.taken, taken.readings.stored, taken.alarms) == (1, 2, 0)
    assert desk.events() == []
    again = field.take_cot(desk.platform, desk.me, [event(desk)])
    assert (again.readings.stored, again.readings.duplicate) == (0, 2)


def test_a_man_down_is_one_task_however_often_it_is_said(desk: Desk) -> None:
    assert field.take_frames(desk.platform, desk.me, [frame(desk)]).alarms == 1
    desk.clock.advance(timedelta(minutes=1))
    field.take_frames(desk.platform, desk.me, [frame(desk, seq=2)])
    desk.platform.loop.catch_up()
    (task,) = desk.tasks()
    assert (task.department, task.key, task.status) == ("health", "man_down", "ordered")
    assert "b2" in task.title
    assert desk.complete(task).stored == 1
    (alarm,) = field.list_alarms(desk.platform, desk.me)
    out = field.alarms_as_cot(desk.platform, desk.me)
    assert [read_event(one).is_man_down for one in out] == [True]
    done = field.end_alarm(desk.platform, desk.me, alarm.id, "reached, a broken ankle")
    assert done.status == "ended" and field.list_alarms(desk.platform, desk.me) == []
    desk.clock.advance(timedelta(minutes=1))
    assert field.take_frames(desk.platform, desk.me, [frame(desk, seq=3)]).alarms == 1


def test_an_alarm_of_cot_is_one_too(desk: Desk) -> None:
    assert field.take_cot(desk.platform, desk.me, [event(desk, "b-a-o-tbl")]).alarms == 1


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (lambda desk: b"<event/>", "bad_cot"),
        (
            lambda desk: event(
                desk,
                time=desk.clock.now() + timedelta(hours=1),
                stale=desk.clock.now() + timedelta(hours=2),
            ),
            "time_in_future",
        ),
    ],
)
def test_a_bad_event_spoils_no_other(desk: Desk, raw: Any, code: str) -> None:
    taken = field.take_cot(desk.platform, desk.me, [raw(desk), event(desk)])
    assert (taken.received, taken.taken, taken.rejected[0].code) == (2, 1, code)


@pytest.mark.parametrize("callsign", ["13900005555", "a\u202eb"])
def test_one_who_cannot_be_said_to_be_down_keeps_nobody_else_lying_there(
    desk: Desk, callsign: str
) -> None:
    down = [
        event(desk, "b-a-o-tbl", uid=f"u{n}", callsign=name)
        for n, name in enumerate(("Alpha 1", callsign, "Alpha 2"))
    ]
    taken = field.take_cot(desk.platform, desk.me, down)
    assert (taken.received, taken.taken, taken.alarms) == (3, 2, 2)
    assert [one.index for one in taken.rejected] == [1]


def test_a_replayed_frame_is_known(desk: Desk) -> None:
    one = frame(desk, "position")
    field.take_frames(desk.platform, desk.me, [one])
    again = field.take_frames(desk.platform, desk.me, [one, frame(desk, "report", text="ok")])
    assert (again.readings.duplicate, again.readings.stored, again.taken) == (1, 0, 2)


def test_the_guide_of_responders_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Desk(tmp_path / "ws").close()

    def do(*words: str) -> Any:
        assert main(["field", *words, "--json"]) == 0, capsys.readouterr().err
        return json.loads(capsys.readouterr().out.strip().splitlines()[-1])

    made = do(
        "encode",
        "--kind",
        "man_down",
        "--sender",
        "b2",
        "--cause",
        "fall",
        "--lon",
        "121.48",
        "--lat",
        "31.23",
    )
    assert made["bytes"] <= 200 and do("decode", made["frame"])["cause"] == "fall"
    file = tmp_path / "frames.txt"
    file.write_text(made["frame"] + "\n")
    ws = ("--workspace", str(tmp_path / "ws"))
    assert do("frames", str(file), *ws)["alarms"] == 1
    (alarm,) = do("alarms", *ws)["alarms"]
    assert do("end", alarm["id"], "--because", "reached", *ws)["status"] == "ended"
    assert main(["field", "decode", base64.b64encode(b"x" * 30).decode()]) == 2


def test_a_frame_that_is_none_costs_no_other_its_place(desk: Desk) -> None:
    good = base64.b64encode(frame(desk)).decode()
    taken = field.take_coded_frames(desk.platform, desk.me, ["é" * 8, good, "abc", ""])
    assert (taken.received, taken.taken, taken.alarms) == (4, 1, 1)
    assert [(one.index, one.code) for one in taken.rejected][:2] == [
        (0, "bad_base64"),
        (2, "bad_base64"),
    ]
