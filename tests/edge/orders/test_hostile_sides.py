"""The other side of a way out means it ill, or is dead: it holds nobody else's messages up."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import cast

import httpx
import pytest

from edge.orders.test_outlets import NOW, message
from twinward.core.clock import SetClock
from twinward.core.errors import InputError
from twinward.core.ports import Store
from twinward.edge.orders.dispatcher import REST, Dispatcher
from twinward.edge.orders.ledger import Ledger
from twinward.edge.orders.mail import Mail
from twinward.edge.orders.outlet import Outlet, OutletMessage, OutletReceipt
from twinward.edge.orders.routing import OutletSpec, Routing, load_routing
from twinward.edge.orders.webhook import Webhook, read_answer

Talk = Callable[[socket.socket], None]


@pytest.fixture
def host() -> Iterator[Callable[[Talk], int]]:
    """Makes servers that talk as they like; the port of each."""
    ports: list[socket.socket] = []
    over = threading.Event()

    def serve(talk: Talk) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        ports.append(listener)

        def work() -> None:
            try:
                line, _ = listener.accept()
                with line:
                    while not over.is_set():
                        talk(line)
            except OSError:
                return

        threading.Thread(target=work, daemon=True).start()
        return int(listener.getsockname()[1])

    yield serve
    over.set()
    for one in ports:
        one.close()


def drip(line: socket.socket) -> None:
    line.sendall(b"220-please wait\r\n")
    time.sleep(0.05)


def pour(line: socket.socket) -> None:
    line.sendall(b"220-" + b"x" * 1000 + b"\r\n")


@pytest.mark.parametrize(
    ("talk", "within_s", "said"), [(drip, 0.5, "no whole answer"), (pour, 30, "closed")]
)
def test_a_mail_server_that_never_ends_its_answer_is_left(
    host: Callable[[Talk], int], talk: Talk, within_s: float, said: str
) -> None:
    begun = time.monotonic()
    mail = Mail("127.0.0.1", host(talk), "duty@here", within_s=within_s)
    receipt = mail.send(message(address="a@there"))
    assert (receipt.state, receipt.again) == ("failed", True) and said in receipt.says
    assert time.monotonic() - begun < 20
    deadline = time.monotonic() + 20
    while any(one.name == "outlet" for one in threading.enumerate()):
        assert time.monotonic() < deadline, "a thread stays behind"
        time.sleep(0.01)


@pytest.mark.parametrize("address", ["a@x, b@y", "A <a@x>", "a@x;b@y", "a b@x", "a@b@c", "nobody"])
def test_a_letter_goes_to_one_mailbox(address: str) -> None:
    receipt = Mail("127.0.0.1", 9, "duty@here").send(message(address=address))
    assert receipt.state == "refused"


@pytest.mark.parametrize(
    ("body", "state"),
    [
        (b'{"success": false}', "failed"),
        (b'{"status": "error", "message": "no"}', "failed"),
        (b'{"errors": ["no such room"]}', "failed"),
        (b'{"errcode": 93000, "errmsg": "invalid webhook url"}', "failed"),
        (b'{"code": 19024, "msg": "Key Words Not Found"}', "failed"),
        (b'[{"error": "no"}]', "failed"),
        (b"\n <!DOCTYPE HTML><title>Log in</title>", "failed"),
        (b'{"errcode": 0, "errmsg": "ok"}', "delivered"),
        (b'{"code": 0, "StatusCode": 0, "msg": "success"}', "delivered"),
        (b'{"code": 200, "error": null, "errors": [], "ok": true}', "delivered"),
        (b"ok", "delivered"),
        (b"[]", "delivered"),
    ],
)
def test_two_hundred_is_no_yes_where_the_body_says_no(body: bytes, state: str) -> None:
    assert read_answer(200, body).state == state


def test_an_error_is_read_also_where_it_came_packed_and_a_bomb_is_not_unpacked() -> None:
    def send(body: bytes) -> str:
        packed = httpx.ByteStream(gzip.compress(body))
        answer = httpx.Response(200, headers={"content-encoding": "gzip"}, stream=packed)
        hook = Webhook(b"s", httpx.MockTransport(lambda _: answer))
        return hook.send(message(address="http://there/")).state

    assert send(b'{"error": "no"}') == "failed"
    assert send(b" " * 50_000_000) == "delivered"


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://x/", "http://", "javascript:1"])
def test_what_is_no_address_of_the_web_is_refused_once(address: str) -> None:
    receipt = Webhook(b"s").send(message(address=address))
    assert (receipt.state, receipt.again) == ("refused", False)


@pytest.mark.parametrize(
    ("kind", "more", "address", "good"),
    [
        ("webhook", 'secret_file = "s"', "https://there.example/orders?a=1", True),
        ("webhook", 'secret_file = "s"', "http://127.0.0.1:8000", True),
        ("webhook", 'secret_file = "s"', "file:///etc/passwd", False),
        ("webhook", 'secret_file = "s"', "https://me:secret@there.example/", False),
        ("email", 'host = "h"\nsender = "a@b"', "a@x, b@y", False),
        ("email", 'host = "h"\nsender = "a@b"', "a@x", True),
        ("sms", 'spool = "s"', "the duty desk", False),
    ],
)
def test_an_address_that_is_none_is_said_before_anything_is_to_be_told(
    tmp_path: Path, kind: str, more: str, address: str, good: bool
) -> None:
    text = f'[[outlets]]\nname = "o"\nkind = "{kind}"\n{more}\n[[recipients]]\noutlet = "o"\n'
    (tmp_path / "outlets.toml").write_text(text + f'address = "{address}"\n')
    if good:
        assert load_routing(tmp_path / "outlets.toml").recipients
    else:
        with pytest.raises(InputError, match="address"):
            load_routing(tmp_path / "outlets.toml")


class Channel:
    """Takes what it is sent, but of the dead; notes who was tried."""

    def __init__(self, *dead: str) -> None:
        self.dead, self.tried = set(dead), list[str]()

    def send(self, one: OutletMessage) -> OutletReceipt:
        self.tried.append(one.address)
        if one.address in self.dead:
            return OutletReceipt(state="failed", says="no answer", again=True)
        return OutletReceipt(state="delivered")

    def look_up(self, key: str) -> OutletReceipt | None:
        return None


def dispatcher(folder: Path, clock: SetClock, **outlets: Outlet) -> Dispatcher:
    specs = tuple(
        OutletSpec(name=name, kind="sms" if name == "phones" else "webhook", per_minute=30)
        for name in outlets
    )
    return Dispatcher(
        cast(Store, None),
        Ledger(folder / "orders.db"),
        Routing(outlets=specs),
        outlets,
        clock,
        drill=False,
        name_of=str,
        zone=NOW.tzinfo or clock.now().tzinfo,  # type: ignore[arg-type]
    )


def add(desk: Dispatcher, outlet: str, *addresses: str) -> None:
    made = [
        message(key=f"{outlet}-{n:04}-{one}", outlet=outlet, address=one)
        for n, one in enumerate(addresses)
    ]
    desk.ledger.add(made, 1, NOW)


def test_a_thousand_phones_do_not_hold_the_rescue_system_up(tmp_path: Path) -> None:
    phones, rescue = Channel(), Channel()
    desk = dispatcher(tmp_path, SetClock(NOW), phones=phones, rescue=rescue)
    add(desk, "phones", *(f"+86138{n:08}" for n in range(1000)))
    add(desk, "rescue", "https://rescue/")
    desk.send_due()
    assert rescue.tried == ["https://rescue/"] and len(phones.tried) == 30


def test_a_dead_webhook_is_tried_once_and_its_neighbours_are_told(tmp_path: Path) -> None:
    hooks, clock = Channel("https://dead/"), SetClock(NOW)
    desk = dispatcher(tmp_path, clock, hooks=hooks)
    add(desk, "hooks", *["https://dead/"] * 250, "https://good/")
    while "https://good/" not in hooks.tried:
        desk.send_due()
        assert hooks.tried.count("https://dead/") == 1
    clock.advance(REST)
    desk.send_due()
    assert hooks.tried.count("https://dead/") == 2
    clock.advance(REST)  # it rests longer now
    desk.send_due()
    assert hooks.tried.count("https://dead/") == 2
    hooks.dead.clear()
    for _ in range(20):
        clock.advance(timedelta(minutes=1))
        desk.send_due()
    assert desk.ledger.counts() == {"delivered": 251}
