"""The night when everybody opens the page: the core is stopped, static bytes answer alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from helpers.cities import COMMUNITY, START, Desk
from twinward.edge.orders.static_server import make_server, write_nginx
from twinward.security.passes.gate import Gate
from twinward.security.passes.status_list import read_list
from twinward.service.passes import issuing, publishing
from twinward.service.passes.keys import run_ceremony

HOUR = timedelta(hours=1)


@pytest.fixture
def served(desk: Desk, tmp_path: Path) -> Iterator[tuple[str, list[issuing.Issued], Path]]:
    """A tree published with the core, then served without it."""
    folder = desk.platform.workspace / "passes"
    run_ceremony(folder, "init", root=tmp_path / "root.pem", at=START, issuer="Test city")
    wish = issuing.Wish(kind="day", area=COMMUNITY, subject="s-1")
    made = issuing.issue(desk.platform, desk.me, wish, 5)
    issuing.revoke(desk.platform, desk.me, made[0].pass_id, "lost")
    publishing.publish(desk.platform, desk.me, tmp_path / "public")
    desk.platform.close()  # the core is stopped
    desk.closed = True
    shutil.rmtree(folder)  # and nothing of it can be read any more
    server = make_server(tmp_path / "public", "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", made, tmp_path / "public"
    server.shutdown()
    server.server_close()
    thread.join()


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return bytes(answer.read())


def test_with_the_core_stopped_holders_and_gates_are_served_in_full(
    served: tuple[str, list[issuing.Issued], Path],
) -> None:
    url, made, _ = served
    gate = Gate()
    gate.accept_trust(get(f"{url}/trust.json"))
    for name in json.loads(get(f"{url}/lists/index.json"))["lists"]:
        gate.accept_list(get(f"{url}/lists/{name}"))
    for number, one in enumerate(made):
        text = get(f"{url}/p/{one.link[:2]}/{one.link}").decode().strip()
        assert gate.verify(text, START + HOUR).answer == ("ok" if number else "not_ok")
    day = timedelta(days=1)
    fresh = made[1].token
    assert gate.verify(fresh, made[1].until - HOUR).answer == "ok"
    assert gate.verify(fresh, START + 20 * day).why_class == "expired"


def test_the_page_loads_in_30_kb_and_refreshes_in_few(
    served: tuple[str, list[issuing.Issued], Path],
) -> None:
    url, made, public = served
    first = [get(f"{url}/{name}") for name in ("", "page.js", "verify.js", "sw.js", "trust.json")]
    lists = [path.read_bytes() for path in (public / "lists").glob("*.cwt")]
    assert sum(map(len, first)) + sum(map(len, lists)) <= 30_000
    assert len(get(f"{url}/p/{made[1].link[:2]}/{made[1].link}")) <= 1_000
    assert len(get(f"{url}/lists/index.json")) <= 1_000
    for text in first:
        assert b"http://" not in text and b"https://" not in text, "nothing is fetched from others"


def test_nobody_lists_the_passes_or_leaves_the_tree(
    served: tuple[str, list[issuing.Issued], Path],
) -> None:
    url, made, _ = served
    for path in ("/p/", f"/p/{made[1].link[:2]}/", "/lists/", "/../root.pem", "/%2e%2e/root.pem"):
        with pytest.raises(urllib.error.HTTPError):
            get(url + path)
    manifest = get(f"{url}/manifest.json").decode()
    assert not any(one.link in manifest for one in made), "the manifest names no pass"


def test_the_page_gives_the_same_answers_as_the_library(
    served: tuple[str, list[issuing.Issued], Path],
) -> None:
    """verify.js in Node, against the same lists, tokens and times."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    _, made, public = served
    gate = Gate()
    gate.accept_trust((public / "trust.json").read_bytes())
    for path in (public / "lists").glob("*.cwt"):
        gate.accept_list(path.read_bytes())
    codes = [one.token for one in made]
    codes += [code[:-4] + "0000" for code in codes] + [
        codes[1].lower(),
        "TW1:",
        "hello",
        codes[1] + "A",
    ]
    times = [START + HOUR, START - 9 * HOUR, START + 60 * HOUR, START + timedelta(days=60)]
    cases = [[code, int(at.timestamp())] for at in times for code in codes]
    expected = [
        [verdict.answer, verdict.why_class]
        for at in times
        for code in codes
        for verdict in [gate.verify(code, at)]
    ]
    script = f"""
import {{ verify, readTrust, readList }} from '{(public / "verify.js").as_uri()}'
import fs from 'node:fs'
const trust = await readTrust(JSON.parse(fs.readFileSync('{public}/trust.json', 'utf8')), null)
const lists = {{}}
for (const name of fs.readdirSync('{public}/lists').filter((one) => one.endsWith('.cwt'))) {{
  const list = await readList(new Uint8Array(fs.readFileSync('{public}/lists/' + name)), trust)
  lists[list.address] = list
}}
const out = []
for (const [code, at] of {json.dumps(cases)}) {{
  const found = await verify(code, trust, lists, at)
  out.push([found.answer, found.why])
}}
console.log(JSON.stringify(out))
"""
    done = subprocess.run(
        [node, "--no-warnings", "--input-type=module", "-e", script],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == expected
    assert {answer for answer, _ in expected} >= {"ok", "not_ok", "cannot_tell"}


def test_every_list_of_the_tree_is_signed_and_nginx_gets_no_upstream(
    served: tuple[str, list[issuing.Issued], Path], tmp_path: Path
) -> None:
    _, _, public = served
    for path in (public / "lists").glob("*.cwt"):
        assert len(read_list(path.read_bytes()).packed) == issuing.SHARD
    text = write_nginx(public, tmp_path, "127.0.0.1:8600")
    assert str(public.resolve()) in text and "proxy_pass" not in text and "access_log off" in text
