"""The client against Debian's mosquitto: what is not acknowledged comes again, and no more comes
than may be under way.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from edge.agent.box import Broker, publish, wait_until
from twinward.core.errors import InputError
from twinward.edge.mqtt.client import BURST_BYTES, BrokerAddress, Burst, MqttClient
from twinward.edge.mqtt.packets import BrokerMessage, Version


class Taker:
    """Takes bursts; acknowledges only what it is told to."""

    def __init__(self, most: int = 1000, **address: object) -> None:
        self.taken: list[tuple[int, BrokerMessage]] = []
        broker = BrokerAddress(host="127.0.0.1", client="taker", **address)  # type: ignore[arg-type]
        self.client = MqttClient(broker, ["t/#"], self.take, most_under_way=most)

    def take(self, burst: Burst) -> None:
        self.taken += [(burst.line, one) for one in burst.messages]

    def acknowledge(self) -> None:
        for line, one in self.taken:
            self.client.acknowledge(line, [one.mid])

    def start(self) -> None:
        self.client.start()
        wait_until(lambda: self.client.says == "", 10)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    one = Broker(tmp_path)
    yield one
    one.close()


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_what_is_not_acknowledged_comes_again_over_a_new_line(
    broker: Broker, version: Version
) -> None:
    taker = Taker(port=broker.port, version=version)
    taker.start()
    publish(broker.port, "t/a", [str(n) for n in range(20)])
    wait_until(lambda: len(taker.taken) == 20, 10)
    first = list(taker.taken)
    taker.client.acknowledge(first[0][0], [one.mid for _, one in first[:15]])
    wait_until(lambda: taker.client.under_way == 5, 5)
    taker.client.connect_anew(first[0][0])
    wait_until(lambda: len(taker.taken) == 25, 15)
    again = taker.taken[20:]
    assert [one.payload for _, one in again] == [str(n).encode() for n in range(15, 20)]
    assert all(one.again for _, one in again) and again[0][0] != first[0][0]
    taker.client.acknowledge(first[0][0], [one.mid for _, one in again])  # of the line that ended
    assert taker.client.under_way == 5
    taker.acknowledge()
    assert taker.client.under_way == 0
    taker.client.stop()


def test_no_more_comes_than_may_be_under_way(broker: Broker) -> None:
    """But for what one read of the socket brings: five of these, in two reads one more."""
    taker = Taker(most=10, port=broker.port)
    taker.start()
    size = BURST_BYTES // 5
    publish(broker.port, "t/a", [str(n).rjust(size) for n in range(50)])
    for done in range(50):
        wait_until(lambda done=done: len(taker.taken) >= min(50, done + 10), 10)
        assert len(taker.taken) <= done + 10 + 7
        line, one = taker.taken[done]
        taker.client.acknowledge(line, [one.mid])
    assert [int(one.payload or b"") for _, one in taker.taken] == list(range(50))
    taker.client.stop()


def test_what_we_say_reaches_others_also_when_the_broker_was_away(
    broker: Broker, tmp_path: Path
) -> None:
    taker = Taker(port=broker.port)
    taker.start()
    for n in range(100):  # more than the broker takes at once
        taker.client.publish("t/own", str(n).encode())
    wait_until(lambda: len(taker.taken) == 100, 10)
    with pytest.raises(InputError):
        taker.client.publish("t/#", b"")
    taker.acknowledge()
    broker.close()
    wait_until(lambda: taker.client.says != "", 10)
    taker.client.publish("t/own", b"late")
    broker.process = subprocess.Popen(
        ["/usr/sbin/mosquitto", "-c", str(tmp_path / "mosquitto.conf")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: taker.taken[-1][1].payload == b"late", 20)
    taker.client.stop()


def test_what_must_not_come_late_is_refused_while_the_broker_is_away(
    broker: Broker, tmp_path: Path
) -> None:
    """A lock that opens an hour after somebody stood before it opens for nobody, or for a thief."""
    taker = Taker(port=broker.port)
    taker.start()
    taker.client.publish("t/lock", b"now", within_s=10)
    wait_until(lambda: len(taker.taken) == 1, 10)
    broker.close()
    wait_until(lambda: taker.client.says != "", 10)
    with pytest.raises(InputError, match="not reached"):
        taker.client.publish("t/lock", b"late", within_s=10)
    says, taker.client.says = taker.client.says, ""  # asked in the moment in which the line broke
    taker.client.publish("t/lock", b"late", within_s=1)
    taker.client.says = says
    taker.client.publish("t/own", b"any time")
    time.sleep(1.1)
    broker.process = subprocess.Popen(
        ["/usr/sbin/mosquitto", "-c", str(tmp_path / "mosquitto.conf")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: taker.taken[-1][1].payload == b"any time", 20)
    assert [one.payload for _, one in taker.taken] == [b"now", b"any time"]
    taker.client.stop()


def test_over_tls_with_a_password_and_not_without(tmp_path: Path) -> None:
    write_certificate(tmp_path)
    passwords = tmp_path / "passwords"
    subprocess.run(
        ["/usr/bin/mosquitto_passwd", "-b", "-c", str(passwords), "door", "s3cret"], check=True
    )
    passwords.chmod(0o644)
    secured = Broker(
        tmp_path,
        f"cafile {tmp_path}/ca.pem\ncertfile {tmp_path}/ca.pem\nkeyfile {tmp_path}/key.pem\n"
        f"password_file {passwords}\nuser root\n",
        anonymous=False,
    )
    try:
        ca = str(tmp_path / "ca.pem")
        wrong = Taker(port=secured.port, tls_ca=ca, username="door", password="other")
        wrong.client.start()
        wait_until(lambda: "refused" in wrong.client.says, 10)
        wrong.client.stop()
        taker = Taker(port=secured.port, tls_ca=ca, username="door", password="s3cret")
        taker.start()
        for n in range(500):
            taker.client.publish("t/own", b"x" * 2000 + str(n).encode())
        wait_until(lambda: len(taker.taken) == 500, 20)
        taker.acknowledge()
        wait_until(lambda: taker.client.under_way == 0, 5)
        taker.client.stop()
    finally:
        secured.close()


def write_certificate(folder: Path) -> None:
    """For 127.0.0.1, its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "broker")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "key.pem").chmod(0o644)
