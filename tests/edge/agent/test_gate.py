"""The box as a gate: four answers without a core or a network, the age of lists on its face, and
nothing kept by which two gates could be joined.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from edge.agent.box import AgentProcess
from helpers.passes import ADDRESS, NOON, Issuer
from twinward.core.clock import SetClock, SystemClock
from twinward.edge.agent.config import load_config
from twinward.edge.agent.gate import GateDoor
from twinward.security.passes import cose, tokens

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def tree(folder: Path, issuer: Issuer, at: datetime, revoked: set[int], version: int = 1) -> None:
    """What the city publishes, as files."""
    (folder / "lists").mkdir(parents=True, exist_ok=True)
    (folder / "trust.json").write_bytes(issuer.trust(version=version))
    name = ADDRESS.removeprefix("tw:") + ".cwt"
    (folder / "lists" / name).write_bytes(issuer.status_list(revoked, at))
    (folder / "lists" / "index.json").write_text(json.dumps({"lists": [name]}))


def door(folder: Path, clock: SetClock, more: str = "", name: str = "north") -> GateDoor:
    (folder / "edge.toml").write_text(
        f'[edge]\nid = "{name}"\n[gate]\npublic = "tree"\nplace = "{name} gate"\n{more}'
    )
    config = load_config(folder / "edge.toml")
    assert config.gate is not None
    return GateDoor(config, config.gate, clock)


def text(issuer: Issuer, **more: Any) -> str:
    return tokens.to_text(issuer.issue(**more))


def test_the_guard_sees_an_answer_and_the_age_of_lists_and_no_reason(tmp_path: Path) -> None:
    issuer, clock = Issuer(), SetClock(NOON + HOUR)
    gate = door(tmp_path, clock)
    assert gate.check(text(issuer)).answer == "cannot_tell", "no trust list yet"
    assert gate.face().state == "no lists yet"
    tree(tmp_path / "tree", issuer, NOON, {7})
    assert gate.refresh()
    seen = gate.check(text(issuer, index=3))
    assert (seen.answer, seen.sign, seen.words["zh"], seen.list_age_s) == ("ok", "✓", "通过", 3600)
    shown = json.dumps(gate_fields(gate.check(text(issuer, index=7))))
    assert "not_ok" in shown and "revoked" not in shown and "why" not in shown


def gate_fields(shown: Any) -> dict[str, Any]:
    return {name: getattr(shown, name) for name in shown.__struct_fields__}


def test_seven_days_without_a_network_are_green_then_it_says_check_by_hand(tmp_path: Path) -> None:
    issuer, clock = Issuer(), SetClock(NOON)
    tree(tmp_path / "tree", issuer, NOON, set())
    gate = door(tmp_path, clock, 'screen = "screen.txt"\n')
    assert gate.refresh()
    (tmp_path / "tree").rename(tmp_path / "gone")
    clock.advance(7 * DAY)
    assert not gate.refresh() and gate.face().state == "green"
    assert gate.check(text(issuer, at=NOON + 7 * DAY - HOUR)).answer == "ok"
    clock.advance(HOUR)
    face = gate.face()
    assert (face.state, face.words["zh"]) == ("degraded: check by hand", "名单过旧，请人工核验")
    assert gate.check(text(issuer, at=NOON + 7 * DAY)).answer == "ask_a_person"
    gate.keep()
    assert "check by hand" in (tmp_path / "screen.txt").read_text()
    token = text(issuer, kind="gate", at=NOON + 7 * DAY + HOUR, hours=0.2, index=None)
    assert gate.check(token).answer == "ok", "a token of minutes needs no list"


def test_what_was_revoked_stays_so_over_a_restart_and_a_clock_set_back(tmp_path: Path) -> None:
    issuer, clock = Issuer(), SetClock(NOON + HOUR)
    tree(tmp_path / "tree", issuer, NOON + HOUR, {7})
    gate = door(tmp_path, clock)
    assert gate.refresh()
    gate.check(text(issuer))
    gate.keep()
    tree(tmp_path / "tree", issuer, NOON, set())  # an older list comes again
    again = door(tmp_path, clock)
    assert not again.refresh() and "older" in again.face().fetched
    assert again.check(text(issuer)).answer == "not_ok"
    clock.advance(-DAY - HOUR)
    assert again.check(text(issuer, index=3)).answer == "cannot_tell"
    assert again.face().clock_doubt


def test_the_root_that_was_pinned_is_the_only_one(tmp_path: Path) -> None:
    issuer, clock = Issuer(), SetClock(NOON)
    tree(tmp_path / "tree", issuer, NOON, set())
    gate = door(tmp_path, clock, 'root = "somebody-else"\n')
    assert not gate.refresh() and "another root" in gate.face().fetched
    assert gate.check(text(issuer)).answer == "cannot_tell"


def test_what_two_boxes_store_cannot_be_joined(tmp_path: Path) -> None:
    """One person at two gates with one-time passes: the disks hold lists, a time and counts."""
    issuer = Issuer()
    person = [issuer.issue(at=NOON, index=n) for n in range(4)]
    stored = []
    for name in ("north", "south"):
        folder = tmp_path / name
        tree(folder / "tree", issuer, NOON, set())
        gate = door(folder, SetClock(NOON + HOUR), name=name)
        gate.refresh()
        for token in person[:2] if name == "north" else person[2:]:
            assert gate.check(tokens.to_text(token)).answer == "ok"
        gate.keep()
        stored.append(json.loads((folder / "gate.json").read_text()))
        data = (folder / "gate.json").read_text()
        for token in person:
            signature = cose.read_sign1(token).signature
            assert tokens.to_text(token)[4:40] not in data and signature.hex()[:16] not in data
    assert stored[0]["counts"] == stored[1]["counts"] == {"2026-03-01T13:00Z": {"ok": 2}}
    assert stored[0].keys() == {"trust", "lists", "revoked", "floor", "counts"}


@pytest.mark.parametrize("body", [b"", b"{}", b'{"code":1}', b'{"code":"x","who":"me"}', b"\xff"])
def test_the_box_answers_over_http_with_the_readers_key(tmp_path: Path, body: bytes) -> None:
    import hashlib

    now = SystemClock().now().replace(microsecond=0)
    issuer = Issuer(at=now - HOUR)
    folder = tmp_path / "box"
    (folder / "tree" / "lists").mkdir(parents=True)
    (folder / "tree" / "trust.json").write_bytes(issuer.trust(at=now - HOUR))
    (folder / "tree" / "lists" / "one.cwt").write_bytes(issuer.status_list(set(), now))
    (folder / "tree" / "lists" / "index.json").write_text('{"lists":["one.cwt"]}')
    key = hashlib.sha256(b"reader").hexdigest()
    box = AgentProcess(folder, 1, f'[gate]\npublic = "tree"\nkey_sha256 = "{key}"\n')

    def ask(path: str, data: bytes | None = None, secret: str = "reader") -> tuple[int, Any]:
        request = urllib.request.Request(f"http://127.0.0.1:{box.port}{path}", data)
        request.add_header("authorization", f"Bearer {secret}")
        try:
            with urllib.request.urlopen(request, timeout=10) as found:
                return found.status, json.loads(found.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    try:
        good = json.dumps({"code": text(issuer, at=now - HOUR)}).encode()
        status, shown = ask("/v1/passes/check", good)
        assert status == 200 and shown["answer"] == "ok", shown
        assert set(shown) == {"answer", "sign", "words", "state", "list_age_s"}
        assert ask("/v1/gate")[1]["state"] == "green"
        assert ask("/v1/passes/check", body)[0] in (400, 422)
        assert ask("/v1/passes/check", good, "wrong")[0] == 401
    finally:
        box.stop()
