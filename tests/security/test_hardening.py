"""Headers on every answer, limits on every body, failures that tell nothing, TLS by two
settings.
"""

from __future__ import annotations

import logging
import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from twinward.app.maintenance import make_housekeeping
from twinward.app.server import make_server, scrub_logs
from twinward.settings import SecuritySettings

SECRET = "13812345678"


@pytest.mark.parametrize("path", ["/health", "/v1/incidents", "/v1/nowhere", "/openapi.json"])
def test_every_answer_carries_the_headers(world: Any, path: str) -> None:
    headers = world.client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer" and "content-security-policy" in headers
    assert headers["cache-control"]


def test_no_cookie_is_ever_set_so_no_page_can_ride_on_one(world: Any) -> None:
    answers = [world.get("li", path) for path in ("/v1/incidents", "/v1/tasks", "/health")]
    assert not any("set-cookie" in answer.headers for answer in answers)
    assert (
        world.client.post(
            "/v1/commands", json={"items": []}, headers={"cookie": "token=x"}
        ).status_code
        == 401
    )


def test_a_body_beyond_the_limit_is_refused_unread(world: Any) -> None:
    headers = world.headers("li") | {"content-length": "900000000"}
    answer = world.client.post("/v1/commands", headers=headers, content=b"{}")
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    login = world.client.post("/v1/sessions", content=b"{" + b" " * 5000 + b"}")
    assert (login.status_code, login.json()["code"]) == (413, "body_too_large")


def test_a_failure_tells_neither_the_caller_nor_the_log_what_was_in_it(
    world: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ValueError(f"no luck with {SECRET}")

    monkeypatch.setattr("twinward.service.incidents.queries.list_incidents", fail)
    root = logging.getLogger()
    root.addHandler(caplog.handler)
    try:
        scrub_logs()
        answer = world.get("li", "/v1/incidents")
    finally:
        root.removeHandler(caplog.handler)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert SECRET not in answer.text + caplog.text and "ValueError at" in caplog.text


@pytest.mark.parametrize("body", [b"", b"[]", b"nul", b'{"name": 1}', b"\xff", b'{"a":' * 300])
def test_a_login_that_cannot_be_read_is_not_quoted_back(world: Any, body: bytes) -> None:
    answer = world.client.post("/v1/sessions", content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_body")


def certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(
        name, name, key.public_key(), 1, now - timedelta(1), now + timedelta(1)
    )
    made = made.add_extension(
        x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False
    )
    pem, secret = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    )
    return pem, secret


def test_with_two_settings_the_server_speaks_tls_only(
    make_world: Callable[..., Any], tmp_path: Path
) -> None:
    pem, key = certificate(tmp_path)
    world = make_world(managed=True)
    security = SecuritySettings(tls_certificate=str(pem), tls_key=str(key))
    settings = msgspec.structs.replace(world.platform.settings, security=security)
    server = make_server(msgspec.structs.replace(world.platform, settings=settings), "localhost", 0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        trust = ssl.create_default_context(cafile=str(pem))
        with httpx.Client(verify=trust) as client:
            answer = client.get(f"https://localhost:{port}/health")
        assert answer.status_code == 200 and "strict-transport-security" in answer.headers
        assert "server" not in answer.headers
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"http://localhost:{port}/health")
    finally:
        server.should_exit = True
        thread.join()


def test_the_daily_chores_are_done_once_a_day(world: Any) -> None:
    world.report_cases(per_leaf=1)
    housekeeping = make_housekeeping(world.platform)
    chores = housekeeping.look()
    assert chores >= 3 and housekeeping.look() == 0
    world.clock.advance(timedelta(days=1))
    assert housekeeping.look() == chores
    assert len([e for e in world.events("AccessNoted") if e.fact.kind == "retention_run"]) == 2
