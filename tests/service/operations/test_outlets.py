"""An order of the loop reaches the people who must do it, once, and nobody in a drill."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from helpers.cities import Desk
from twinward.core.errors import InputError
from twinward.edge.orders.outlet import OutletMessage, OutletReceipt
from twinward.service.operations import outlets

ROUTING = """
[[outlets]]
name = "phones"
kind = "sms"
spool = "sms"
prefixes = ["86"]
quiet = ["+86 138 0000 9999"]
[[recipients]]
outlet = "phones"
address = "+86 138 0000 1111"
department = "disease_control"
area = "310101"
language = "zh"
[[recipients]]
outlet = "phones"
address = "+86 138 0000 2222"
department = "health"
area = "310115"
[[recipients]]
outlet = "phones"
address = "+86 138 0000 9999"
department = "disease_control"
"""


@pytest.fixture
def told(desk: Desk) -> Desk:
    (desk.workspace / "outlets.toml").write_text(ROUTING, "utf-8")
    return desk


def step(desk: Desk, times: int = 2) -> dict[str, int]:
    dispatcher = outlets.open_dispatcher(desk.platform)
    assert dispatcher is not None
    for _ in range(times):
        dispatcher.step()
    counts = dispatcher.ledger.counts()
    dispatcher.ledger.close()
    return counts


def test_an_order_is_told_once_to_those_whose_it_is(told: Desk) -> None:
    assert step(told) == {}
    told.case(1)
    counts = step(told)
    orders = [task for task in told.tasks() if task.department == "disease_control"]
    files = sorted((told.workspace / "sms" / "outgoing").iterdir())
    assert counts["sent"] == len(files) >= len(orders) > 0
    assert counts["refused"] == counts["sent"]  # the third asked not to be written to
    text = files[0].read_bytes().decode("latin-1")
    assert text.startswith("To: 8613800001111\n")
    assert step(told, 5) == counts
    said = files[0].read_bytes().partition(b"\n\n")[2].decode("utf-16-be")
    assert "任务" in said or "响应" in said


def test_orders_given_before_anybody_was_to_be_told_are_old(told: Desk) -> None:
    told.case(1)
    assert step(told) == {}


def test_an_order_that_is_withdrawn_before_it_went_out_never_goes(told: Desk) -> None:
    step(told)
    told.case(1)
    dispatcher = outlets.open_dispatcher(told.platform)
    assert dispatcher is not None
    dispatcher.read_log()
    task = told.task("investigate")
    told.post("WithdrawOrder", task=task.id, reason="a mistake of the clerk", by="Li")
    dispatcher.read_log()
    found = dispatcher.ledger.list_deliveries(state="superseded")
    assert {one.message.about for one in found} == {task.id}
    dispatcher.ledger.close()
    counts = step(told)
    assert counts["superseded"] == len(found)
    sent = outlets.list_deliveries(told.platform, state="sent", most=99)
    assert [one.message.kind for one in sent if one.message.about == task.id] == ["withdrawn"]


def test_an_order_that_another_department_gets_is_told_to_that_one(told: Desk) -> None:
    step(told)
    told.case(1)
    hand = {"title": "Bring food", "department": "civil_affairs", "deadline_h": 9.0}
    told.post("OrderTask", incident=told.incident()["id"], area="310101", **hand)
    step(told)
    task = told.task("by_hand")
    dispatcher = outlets.open_dispatcher(told.platform)
    assert dispatcher is not None
    for kind, fields in (
        ("RedirectTask", {"to_department": "disease_control", "reason": "ours"}),
        ("SetDeadline", {"hours": 5.0, "reason": "faster"}),
        ("RedirectTask", {"to_department": "health", "reason": "theirs after all"}),
    ):
        told.post(kind, task=task.id, by="Li", **fields)
        dispatcher.step()
    dispatcher.ledger.close()
    sent = outlets.list_deliveries(told.platform, state="sent", most=99)
    kinds = sorted(one.message.kind for one in sent if one.message.about == task.id)
    assert kinds == ["order", "order", "withdrawn"]


def test_what_fails_is_tried_again_ever_more_seldom_and_then_is_out_of_time(told: Desk) -> None:
    class Broken:
        tries = 0

        def send(self, message: OutletMessage) -> OutletReceipt:
            self.tries += 1
            return OutletReceipt(state="failed", says="nobody there", again=True)

        def look_up(self, key: str) -> OutletReceipt | None:
            return None

    step(told)
    dispatcher = outlets.open_dispatcher(told.platform)
    assert dispatcher is not None
    broken = Broken()
    dispatcher.outlets = {"phones": broken}
    told.case(1)
    for _ in range(4000):
        dispatcher.step()
        told.clock.advance(timedelta(minutes=1))
    assert dispatcher.ledger.counts() == {
        "expired": dispatcher.ledger.counts()["expired"],
        "refused": dispatcher.ledger.counts()["refused"],
    }
    assert 100 < broken.tries < 4000
    dispatcher.ledger.close()


def test_no_more_go_out_in_a_minute_than_the_outlet_may(told: Desk) -> None:
    text = ROUTING.replace('kind = "sms"', 'kind = "sms"\nper_minute = 2')
    (told.workspace / "outlets.toml").write_text(text, "utf-8")
    step(told)
    for number in range(1, 6):
        told.case(number)
    dispatcher = outlets.open_dispatcher(told.platform)
    assert dispatcher is not None
    dispatcher.step()
    dispatcher.step()
    assert dispatcher.ledger.counts()["sent"] == 2
    told.clock.advance(timedelta(seconds=61))
    dispatcher.step()
    assert dispatcher.ledger.counts()["sent"] == 4
    dispatcher.ledger.close()


def test_a_drill_reaches_no_real_telephone(told: Desk) -> None:
    step(told)
    drill = msgspec.structs.replace(told.platform, drill="drill-7")
    told.case(1)
    dispatcher = outlets.open_dispatcher(drill)
    assert dispatcher is not None
    dispatcher.step()
    assert set(dispatcher.ledger.counts()) == {"fenced", "refused"}
    assert not (told.workspace / "sms").exists()
    dispatcher.ledger.close()
    assert outlets.send_test(drill, "phones", "+86 1").state == "fenced"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[outlets]]\nname='a'\nkind='pigeon'", "kind"),
        ("[[outlets]]\nname='a'\nkind='sms'", "needs spool"),
        ("[[recipients]]\noutlet='x'\naddress='y'", "no outlet"),
        ("[[outlets]", "outlets.toml"),
    ],
)
def test_a_routing_that_cannot_work_is_said(desk: Desk, text: str, complaint: str) -> None:
    Path(desk.workspace / "outlets.toml").write_text(text)
    with pytest.raises(InputError, match=complaint):
        outlets.open_dispatcher(desk.platform)


def test_a_workspace_without_recipients_sends_nothing(desk: Desk) -> None:
    assert outlets.open_dispatcher(desk.platform) is None
