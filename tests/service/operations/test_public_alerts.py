"""A public alert from draft to its end: two persons, chains that cannot be broken, boards that are
rebuilt, exercises that reach nothing real.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from helpers.cities import HUANGPU, Desk
from twinward.core.errors import ConflictError, InputError, RefusedError, TwinwardError
from twinward.edge.orders.dispatcher import Dispatcher
from twinward.security.identity.people import Caller
from twinward.service.operations import public_alerts
from twinward.service.operations.outlets import list_boards, list_deliveries, open_dispatcher
from twinward.service.passes.keys import FOLDER, run_ceremony
from twinward.service.platform import local_admin
from twinward.standards.cap.chain import check_chain
from twinward.standards.cap.document import read_cap
from twinward.twins.emergency.messages import AlertText

PUDONG = "310115"
SECOND = msgspec.structs.replace(local_admin(), name="second")
TEXTS = (
    AlertText(language="en", headline="High water", instruction="Leave the river bank"),
    AlertText(language="zh-CN", headline="水位上涨", instruction="请离开河岸"),
)
OUTLETS = """
[[outlets]]
name = "board"
kind = "cap"
folder = "alerts"
sender = "alerts@city.example"
[[outlets]]
name = "exercise-board"
kind = "cap"
folder = "exercise"
sender = "alerts@city.example"
drill = true
[[outlets]]
name = "phones"
kind = "sms"
spool = "sms"
per_minute = 2
quiet = ["+8613800009999"]
[[recipients]]
outlet = "board"
address = "everybody"
kinds = ["alert"]
[[recipients]]
outlet = "exercise-board"
address = "players"
kinds = ["alert"]
[[recipients]]
outlet = "phones"
address = "+8613800001111"
language = "zh"
kinds = ["alert"]
[[recipients]]
outlet = "phones"
address = "+8613800009999"
kinds = ["alert"]
"""


def draft(desk: Desk, **more: Any) -> public_alerts.PublicAlertView:
    told: dict[str, Any] = {
        "hazard": "flood",
        "areas": (HUANGPU,),
        "texts": TEXTS,
        "until": desk.clock.now() + timedelta(hours=6),
        "because": "the gauge at Suzhou Creek",
    }
    desk.clock.advance(timedelta(seconds=1))
    return public_alerts.draft(desk.platform, desk.me, public_alerts.AlertRequest(**(told | more)))


def send(desk: Desk, **more: Any) -> public_alerts.PublicAlertView:
    one = draft(desk, **more)
    public_alerts.approve(desk.platform, desk.me, one.id)
    return public_alerts.approve(desk.platform, SECOND, one.id)


def state_of(desk: Desk, alert: str) -> str:
    return public_alerts.get_alert(desk.platform, desk.me, alert).state


def test_two_persons_approve_and_one_alone_sends_nothing(desk: Desk) -> None:
    one = draft(desk)
    assert one.state == "draft" and one.may_approve
    first = public_alerts.approve(desk.platform, desk.me, one.id)
    assert (first.state, first.may_approve) == ("draft", False)
    with pytest.raises(RefusedError, match="another person"):
        public_alerts.approve(desk.platform, desk.me, one.id)
    sent = public_alerts.approve(desk.platform, SECOND, one.id)
    assert (sent.state, sent.approved_by) == ("in_force", (desk.me.name, "second"))
    with pytest.raises(ConflictError, match="only a draft"):
        public_alerts.approve(desk.platform, SECOND, one.id)


def test_an_alert_is_updated_and_cancelled_and_nothing_follows(desk: Desk) -> None:
    one = send(desk, alert="a-1")
    two = send(desk, alert="a-2", step="update", references=("a-1",))
    assert (state_of(desk, "a-1"), two.chain) == ("updated", "a-1")
    waiting = draft(desk, alert="a-3", step="update", references=("a-2",))
    send(desk, alert="a-4", step="cancel", references=("a-1", "a-2"))
    states = {one.id: one.state for one in public_alerts.list_alerts(desk.platform, desk.me)}
    assert states == {"a-1": "cancelled", "a-2": "cancelled", "a-3": "draft", "a-4": "cancelled"}
    with pytest.raises(ConflictError, match="nothing follows"):
        public_alerts.approve(desk.platform, desk.me, waiting.id)
    for step in ("update", "cancel", "all_clear"):
        with pytest.raises(ConflictError, match=r"over \(cancelled\)"):
            draft(desk, step=step, references=("a-2",))
    desk.clock.advance(timedelta(days=1))
    assert state_of(desk, one.id) == "cancelled"  # never shown as expired


def test_an_alert_ends_by_an_all_clear_or_by_time(desk: Desk) -> None:
    send(desk, alert="a-1")
    send(desk, alert="a-2", step="all_clear", references=("a-1",))
    assert state_of(desk, "a-1") == state_of(desk, "a-2") == "all_clear"
    send(desk, alert="b-1")
    desk.clock.advance(timedelta(hours=7))
    assert state_of(desk, "b-1") == "expired"
    with pytest.raises(ConflictError, match=r"over \(expired\)"):
        draft(desk, step="update", references=("b-1",))


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"alert": "a-1"}, "exists"),
        ({"alert": "a-0"}, "exists"),  # a discarded draft's
        ({"step": "update"}, "bad_references"),
        ({"step": "cancel"}, "bad_references"),
        ({"references": ("a-1",)}, "bad_references"),
        ({"step": "cancel", "references": ("never-seen",)}, "bad_references"),
        ({"step": "cancel", "references": ("a-1", "never-seen")}, "bad_references"),
        ({"step": "update", "references": ("a-0",)}, "bad_references"),
        ({"alert": "me", "step": "update", "references": ("me",)}, "bad_references"),  # circular
        ({"step": "cancel", "references": ("a-1", "b-1")}, "mixed_chains"),
        ({"step": "cancel", "references": ("a-1",), "status": "test"}, "other_status"),
        ({"until": timedelta(0)}, "bad_until"),
        ({"until": timedelta(days=15)}, "bad_until"),
        ({"texts": (TEXTS[0], TEXTS[0])}, "bad_texts"),
        ({"polygon": ((121.0, 31.0), (121.1, 31.0), (121.1, 31.1))}, "bad_polygon"),
        ({"polygon": ((31.0, 121.0),) * 4}, "bad_alert"),  # lat, lon
        ({"polygon": ((121.0, 31.0),) * 4}, "bad_polygon"),  # a point
        ({"polygon": ((121, 31), (122, 32), (121, 32), (122, 31), (121, 31))}, "bad_polygon"),
        ({"severity": "Terrible"}, "bad_alert"),
        ({"alert": "a b"}, "bad_alert"),
        ({"hazard": "dragons"}, "unknown_hazard"),
        ({"areas": ()}, "no_area"),
    ],
)
def test_an_alert_that_cannot_be_is_refused(desk: Desk, more: dict[str, Any], code: str) -> None:
    draft(desk, alert="a-0")
    public_alerts.discard(desk.platform, desk.me, "a-0", "written by mistake")
    send(desk, alert="a-1")
    send(desk, alert="b-1")
    if "until" in more:
        more = more | {"until": desk.clock.now() + more["until"]}
    with pytest.raises(TwinwardError) as refused:
        draft(desk, **more)
    assert refused.value.code == code


def test_a_draft_that_waited_too_long_is_not_sent(desk: Desk) -> None:
    one = draft(desk)
    desk.clock.advance(timedelta(hours=7))
    with pytest.raises(ConflictError, match="is lapsed"):
        public_alerts.approve(desk.platform, desk.me, one.id)


@pytest.fixture
def dispatcher(desk: Desk, tmp_path: Path) -> Iterator[Dispatcher]:
    (desk.workspace / "outlets.toml").write_text(OUTLETS)
    run_ceremony(desk.workspace / FOLDER, "init", root=tmp_path / "root.pem", at=desk.clock.now())
    found = open_dispatcher(desk.platform)
    assert found is not None
    found.step()
    yield found
    found.ledger.close()


def board(desk: Desk, name: str = "alerts") -> dict[str, str]:
    told = json.loads((desk.workspace / name / "alerts.json").read_bytes())
    return {one["identifier"]: one["state"] for one in told["alerts"]}


def settle(dispatcher: Dispatcher) -> None:
    while dispatcher.step():
        pass


def test_a_public_alert_is_sent_corrected_and_ended_everywhere(
    desk: Desk, dispatcher: Dispatcher
) -> None:
    folder = desk.workspace / "alerts"
    send(desk, alert="a-1")
    settle(dispatcher)
    first = (folder / "a" / "a-1.xml").read_bytes()
    assert board(desk) == {"a-1": "in_force"}
    send(desk, alert="a-2", step="update", references=("a-1",))
    settle(dispatcher)
    second = (folder / "a" / "a-2.xml").read_bytes()
    assert board(desk) == {"a-2": "in_force"}
    send(desk, alert="a-3", step="cancel", references=("a-1", "a-2"))
    desk.clock.advance(timedelta(minutes=2))
    settle(dispatcher)
    assert board(desk) == {"a-3": "cancelled"}
    assert [path.name for path in (folder / "a").iterdir()] == ["a-3.xml"]
    chain = [read_cap(one) for one in (first, second, (folder / "a" / "a-3.xml").read_bytes())]
    assert check_chain(chain) == []
    assert [one.kind for one in chain] == ["Alert", "Update", "Cancel"]
    page = (folder / "index.html").read_text("utf-8")
    assert "cancelled · 已取消" in page and "as of · 截至" in page
    assert (folder / "manifest.jws").exists()
    texts = [path.read_bytes() for path in (desk.workspace / "sms" / "outgoing").iterdir()]
    said = [body.partition(b"\n\n")[2].decode("utf-16-be") for body in texts]
    assert sorted(text.splitlines()[0] for text in said) == [
        "取消: 水位上涨",
        "更新: 水位上涨",
        "预警: 水位上涨",
    ]
    states = [
        (one.message.outlet, one.state)
        for one in list_deliveries(desk.platform, state=None, most=99)
    ]
    assert states.count(("board", "delivered")) == 3
    assert states.count(("phones", "refused")) == 3  # who asked not to be written to
    assert states.count(("exercise-board", "delivered")) == 3  # and it shows nothing of it
    assert board(desk, "exercise") == {}


def test_an_exercise_reaches_no_real_channel(desk: Desk, dispatcher: Dispatcher) -> None:
    for status in ("exercise", "test"):
        send(desk, alert=f"x-{status}", status=status)
    settle(dispatcher)
    found = list_deliveries(desk.platform, state=None, most=99)
    real = {one.state for one in found if one.message.outlet in ("board", "phones")}
    assert real <= {"fenced", "refused"} and not (desk.workspace / "sms").exists()
    assert board(desk, "exercise") == {"x-exercise": "in_force", "x-test": "in_force"}
    assert "EXERCISE, NOT REAL" in (desk.workspace / "exercise" / "index.html").read_text("utf-8")
    assert not (desk.workspace / "alerts").exists()


def test_what_was_not_sent_of_an_alert_is_not_sent_after_its_cancel(
    desk: Desk, dispatcher: Dispatcher
) -> None:
    for number in range(4):
        send(desk, alert=f"a-{number}")
    send(desk, alert="c-3", step="cancel", references=("a-3",))
    settle(dispatcher)  # two messages a minute
    found = list_deliveries(desk.platform, state=None, most=99)
    phones = {
        one.message.about: one.state for one in found if one.message.address == "+8613800001111"
    }
    assert phones["a-3"] == "superseded"
    assert sorted(phones.values()).count("sent") == 2


def test_boards_heal_and_lose_what_has_expired(desk: Desk, dispatcher: Dispatcher) -> None:
    send(desk, alert="a-1")
    settle(dispatcher)
    (desk.workspace / "alerts" / "feed.atom").write_text("broken")
    desk.clock.advance(timedelta(hours=7))
    for one in list_boards(desk.platform):
        one.rebuild()
    assert board(desk) == {}
    assert not list((desk.workspace / "alerts" / "a").iterdir())
    assert b"<entry>" not in (desk.workspace / "alerts" / "feed.atom").read_bytes()


def test_without_keys_a_board_says_so_and_is_tried_again(desk: Desk) -> None:
    (desk.workspace / "outlets.toml").write_text(OUTLETS)
    found = open_dispatcher(desk.platform)
    assert found is not None
    found.step()
    send(desk, alert="a-1")
    found.step()
    says = list_deliveries(desk.platform, state="queued", most=9)
    assert {one.message.outlet for one in says} == {"board", "exercise-board"}
    assert all("no pass keys" in one.says for one in says)
    found.ledger.close()


def test_an_outlet_without_what_it_needs_is_refused(desk: Desk) -> None:
    (desk.workspace / "outlets.toml").write_text('[[outlets]]\nname="b"\nkind="cap"\nfolder="x"\n')
    with pytest.raises(InputError, match="needs sender"):
        open_dispatcher(desk.platform)


HUANGPU_DUTY = [
    Caller(name=name, role="duty_officer", areas=(HUANGPU,)) for name in ("hp-1", "hp-2")
]


@pytest.mark.parametrize("step", ["cancel", "all_clear", "update"])
def test_two_officers_of_one_district_do_not_end_the_alert_of_another(
    desk: Desk, step: str
) -> None:
    """Also not where the step itself names only their own areas."""
    send(desk, alert="pd-1", areas=(PUDONG,))
    asked = public_alerts.AlertRequest(
        hazard="flood",
        areas=(HUANGPU,),
        texts=TEXTS,
        until=desk.clock.now() + timedelta(hours=1),
        because="it is over, they say",
        alert="x-1",
        step=step,
        references=("pd-1",),
    )
    with pytest.raises(RefusedError):
        public_alerts.draft(desk.platform, HUANGPU_DUTY[0], asked)
    public_alerts.draft(desk.platform, desk.me, asked)
    for one in HUANGPU_DUTY:
        assert not public_alerts.get_alert(desk.platform, one, "x-1").may_approve
        with pytest.raises(RefusedError):
            public_alerts.approve(desk.platform, one, "x-1")
    assert state_of(desk, "pd-1") == "in_force"


def test_of_two_updates_of_one_alert_one_stands(desk: Desk) -> None:
    send(desk, alert="a-1")
    for one in ("u-1", "u-2"):
        draft(desk, alert=one, step="update", references=("a-1",))
        public_alerts.approve(desk.platform, desk.me, one)
    public_alerts.approve(desk.platform, SECOND, "u-1")
    with pytest.raises(ConflictError, match="a-1 is updated by u-1"):
        public_alerts.approve(desk.platform, SECOND, "u-2")
    with pytest.raises(ConflictError, match="a-1 is updated by u-1"):
        draft(desk, step="update", references=("a-1",))
    send(desk, alert="u-3", step="update", references=("a-1", "u-1"))
    states = [one.state for one in public_alerts.list_alerts(desk.platform, desk.me)]
    assert sorted(states) == ["draft", "in_force", "updated", "updated"]


def test_a_polygon_whose_numbers_are_the_wrong_way_round_is_refused(desk: Desk) -> None:
    """Where both could be latitudes too, only the distance tells."""
    ring = ((31.2, 21.4), (31.3, 21.4), (31.3, 21.5), (31.2, 21.4))
    with pytest.raises(InputError, match="km from"):
        draft(desk, polygon=ring)
