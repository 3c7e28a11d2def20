"""Ways out: what each one hands on, what it refuses, and what it says of it."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest

from twinward.core.messages import Event
from twinward.edge.orders.mail import Mail, compose
from twinward.edge.orders.outlet import OutletMessage
from twinward.edge.orders.routing import Heard, OutletSpec, Recipient, Routing, messages_of
from twinward.edge.orders.sms import SmsSpool, normal_number, shorten
from twinward.edge.orders.webhook import Webhook

NOW = datetime(2030, 1, 5, 12, tzinfo=UTC)


def message(**said: object) -> OutletMessage:
    told: dict[str, object] = {
        "key": "msg-1",
        "outlet": "o",
        "address": "+86 138 0000 1111",
        "kind": "order",
        "about": "task-1",
        "subject": "Order: close the market",
        "text": "North Bank, due 18:00",
        "language": "en",
        "created_at": NOW,
        "expires_at": NOW + timedelta(days=1),
        "not_before": NOW,
    }
    return msgspec.convert(told | said, OutletMessage)


def test_a_webhook_is_signed_and_carries_its_key() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"ok": True})

    hook = Webhook(b"secret", httpx.MockTransport(answer))
    assert hook.send(message(address="http://there/hook")).state == "delivered"
    (request,) = seen
    signed = hmac.new(b"secret", request.content, hashlib.sha256).hexdigest()
    assert request.headers["x-twinward-signature"] == f"sha256={signed}"
    assert request.headers["idempotency-key"] == "msg-1"
    assert json.loads(request.content)["about"] == "task-1"


@pytest.mark.parametrize(
    ("status", "body", "again"),
    [
        (200, '{"error": "no such room"}', False),
        (200, '{"ok": false}', False),
        (302, "", False),
        (404, "", False),
        (503, "", True),
        (429, "", True),
    ],
)
def test_what_a_webhook_did_not_take_has_failed(status: int, body: str, again: bool) -> None:
    hook = Webhook(b"s", httpx.MockTransport(lambda _: httpx.Response(status, text=body)))
    receipt = hook.send(message(address="http://there/hook"))
    assert (receipt.state, receipt.again) == ("failed", again)


def test_nobody_there_is_tried_again() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    receipt = Webhook(b"s").send(message(address=f"http://127.0.0.1:{port}/"))
    assert (receipt.state, receipt.again) == ("failed", True)
    assert Webhook(b"s").send(message(address="not an address")).state != "delivered"


def test_a_short_message_is_written_once_and_its_end_is_looked_up(tmp_path: Path) -> None:
    spool = SmsSpool(tmp_path, ("86",))
    assert spool.send(message()).state == "sent"
    assert spool.send(message()).state == "sent"
    (file,) = (tmp_path / "outgoing").iterdir()
    head, _, body = file.read_bytes().partition(b"\n\n")
    assert head == b"To: 8613800001111\nAlphabet: UCS"
    assert body.decode("utf-16-be").startswith("Order: close the market\n")
    assert spool.look_up("msg-1") is None
    (tmp_path / "sent").mkdir()
    file.rename(tmp_path / "sent" / file.name)
    found = spool.look_up("msg-1")
    assert found is not None
    assert found.state == "delivered"
    assert spool.send(message()).state == "sent"
    assert not list((tmp_path / "outgoing").iterdir())


def test_numbers_of_people_are_made_alike_and_others_refused(tmp_path: Path) -> None:
    assert normal_number("+86 138-0000 1111") == "8613800001111"
    assert normal_number("0049 (30) 12345") == "493012345"
    assert normal_number("none") is None
    assert SmsSpool(tmp_path, ("86",)).send(message(address="+49 30 12345")).state == "refused"
    assert SmsSpool(tmp_path).send(message(address="office@there")).state == "refused"


def test_a_text_is_cut_at_the_units_that_a_telephone_counts() -> None:
    assert shorten("x" * 100, 70) == "x" * 69 + "…"
    long = shorten("🚒" * 60, 70)
    assert len(long.encode("utf-16-be")) // 2 <= 70
    assert long.startswith("🚒🚒") and long.endswith("…")


def test_nothing_breaks_out_of_the_head_of_a_letter() -> None:
    letter = compose(message(address="a@there"), "duty@here")
    assert letter["Message-ID"] == "<msg-1@twinward>"
    broken = message(address="a@there\r\nBcc: all@there")
    assert Mail("127.0.0.1", 9, "duty@here").send(broken).state == "refused"


def test_a_letter_reaches_a_mail_server() -> None:
    told: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = server.accept()
        with connection, connection.makefile("rb") as lines:
            connection.sendall(b"220 here\r\n")
            data = False
            for line in lines:
                told.append(line)
                if data:
                    if line == b".\r\n":
                        data = False
                        connection.sendall(b"250 ok\r\n")
                    continue
                data = line.upper().startswith(b"DATA")
                connection.sendall(b"354 go\r\n" if data else b"250 ok\r\n")
                if line.upper().startswith(b"QUIT"):
                    return

    thread = threading.Thread(target=serve)
    thread.start()
    outlet = Mail("127.0.0.1", server.getsockname()[1], "duty@here")
    receipt = outlet.send(message(address="a@there", subject="任务:封控"))
    assert receipt.state == "sent", receipt.says
    thread.join(timeout=10)
    server.close()
    assert any(b"Message-ID: <msg-1@twinward>" in line for line in told)


@pytest.mark.parametrize("drips", ["head", "body"])
def test_a_webhook_that_answers_drop_by_drop_holds_nobody_up(drips: str) -> None:
    over = threading.Event()
    server = socket.create_server(("127.0.0.1", 0))
    whole = b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n"

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            slow = whole if drips == "head" else b" " * 999
            if drips == "body":
                connection.sendall(whole)
            try:
                for at in range(len(slow)):
                    if over.wait(2.0 if drips == "head" else 0.05):
                        return
                    connection.sendall(slow[at : at + 1])
            except OSError:
                return  # we hung up

    thread = threading.Thread(target=serve)
    thread.start()
    began = time.monotonic()
    hook = Webhook(b"s", within_s=0.4)
    receipt = hook.send(message(address=f"http://127.0.0.1:{server.getsockname()[1]}/"))
    assert time.monotonic() - began < 30
    assert (receipt.state, receipt.again) == ("failed", True) and "within 0.4 s" in receipt.says
    over.set()
    thread.join(timeout=10)
    server.close()


def test_a_webhook_that_never_stops_talking_is_cut() -> None:
    def flood(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=(b"x" * 65536 for _ in range(10_000)))

    receipt = Webhook(b"s", httpx.MockTransport(flood)).send(message(address="http://there/"))
    assert receipt.state == "delivered"


@pytest.mark.parametrize(
    "said",
    [
        {"subject": "Order\nBcc: all@there"},
        {"subject": "Order\r\n\r\nanother letter"},
        {"address": "a@there\nCc: all@there"},
        {"key": "k\r\nX-Evil: 1"},
    ],
)
def test_no_part_of_a_letter_becomes_a_header(said: dict[str, str]) -> None:
    told = message(**({"address": "a@there"} | said))
    assert Mail("127.0.0.1", 9, "duty@here").send(told).state == "refused"


@pytest.mark.parametrize(
    "address", ["+86 138\n0000 1111\nTo: 1", "１３８００００１１１１", "138" * 9, ""]
)
def test_what_is_no_number_gets_no_file(tmp_path: Path, address: str) -> None:
    assert SmsSpool(tmp_path).send(message(address=address)).state == "refused"
    assert not (tmp_path / "outgoing").exists()


@pytest.mark.parametrize(("units", "kept"), [(70, 70), (402, 402), (403, 402)])
def test_a_short_message_is_whole_up_to_six_parts(tmp_path: Path, units: int, kept: int) -> None:
    """70 UCS-2 units are one message; 67 a part when joined, six parts at most."""
    told = message(subject="警报", text="水" * (units - 3))
    SmsSpool(tmp_path).send(told)
    body = (tmp_path / "outgoing" / "msg-1").read_bytes().partition(b"\n\n")[2]
    assert len(body) // 2 == kept and (b"\x20\x26" in body) == (units > 402)


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        ("sms", "+86 138 0000 1111", "008613800001111"),
        ("email", "Duty@City.example", "duty@city.example "),
    ],
)
def test_one_who_stands_twice_or_opted_out_in_another_spelling(
    kind: str, first: str, second: str
) -> None:
    spec = OutletSpec(name="o", kind=kind, quiet=(second,))  # type: ignore[arg-type]
    assert spec.is_quiet(first) and not spec.is_quiet("+86 139 0000 0000")
    routing = Routing(
        outlets=(spec,),
        recipients=tuple(
            Recipient(outlet="o", address=one, kinds=("order",)) for one in (first, second)
        ),
    )
    heard = Heard(kind="order", about="t", department="health", area="3101", title="x")
    event = Event(
        seq=1,
        id="e-1",
        type="OrderIssued",
        occurred_at=NOW,
        recorded_at=NOW,
        area="3101",
        actor="x",
        cause=None,
        command="c-1",
        incident=None,
        subject=None,
        fact=None,
    )
    found = list(messages_of(heard, event, routing, "Huangpu", UTC))
    assert [one.address for one in found] == [first]
