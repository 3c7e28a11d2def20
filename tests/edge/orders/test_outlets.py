"""Ways out: what each one hands on, what it refuses, and what it says of it."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest

from twinward.edge.orders.mail import Mail, compose
from twinward.edge.orders.outlet import OutletMessage
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
