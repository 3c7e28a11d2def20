"""A local action over a broker that is away: done as soon as it can be, and never late."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from edge.agent.box import wait_until
from twinward.core.errors import InputError
from twinward.edge.agent import actions
from twinward.edge.agent.actions import LocalActions
from twinward.edge.agent.config import EdgeConfig, load_config

CONFIG = """
[edge]
id = "gate-1"
[mqtt]
host = "127.0.0.1"
[[actions]]
name = "siren"
kind = "mqtt"
target = "siren"
text = "on"
expire_s = {expire_s}
authorised_by = "Manager of the cold store"
"""


def config(folder: Path, expire_s: float) -> EdgeConfig:
    (folder / "edge.toml").write_text(CONFIG.format(expire_s=expire_s))
    return load_config(folder / "edge.toml")


@pytest.mark.parametrize(
    ("expire_s", "state", "told"), [(60.0, "done", ["on"]), (1.0, "expired", [])]
)
def test_a_siren_waits_for_its_broker_no_longer_than_it_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expire_s: float, state: str, told: list[str]
) -> None:
    monkeypatch.setattr(actions, "AGAIN_S", 0.05)
    begun, heard, done = time.monotonic(), list[str](), dict[str, str]()
    back_s = 0.3 if state == "done" else 60.0

    def publish(_: str, text: str) -> None:
        if time.monotonic() - begun < back_s:
            raise InputError("the broker is not reached", code="no_broker")
        heard.append(text)

    local = LocalActions(config(tmp_path, expire_s))
    local.publish, local.done = publish, done.__setitem__
    local.find = lambda one: None if one in done else ("siren", "on", time.monotonic() - begun)
    local.start()
    local.want(["a-1"])
    wait_until(lambda: bool(done), 5)
    local.stop()
    assert (done, heard) == ({"a-1": state}, told)
