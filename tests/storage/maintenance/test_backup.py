"""A backup taken while everything runs comes back to the same hashes; keys are never in it."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

from reference.observing import as_rows, position, reading
from twinward.app.maintenance import backup_workspace, restore_workspace
from twinward.app.workspace import init_workspace
from twinward.core.errors import ConflictError, InputError
from twinward.service.devices.edge_book import EdgeBook
from twinward.storage.database.databases import Postgres, choose_database
from twinward.storage.lake.lake import Lake
from twinward.storage.log.audit import verify_chain
from twinward.storage.maintenance.backup import backup
from twinward.storage.maintenance.doctor import check_workspace
from twinward.storage.maintenance.restore import load_tables, restore
from twinward.storage.observations.intake import DurableIntake


def open_incident(words: Any, n: int) -> Any:
    def work(tx: Any) -> None:
        tx.append(words.ask(f"cmd-{n}"), [words.opened(f"inc-{n}", subject="p-1")], words.START)
        tx.put("incidents", words.Incident(id=f"inc-{n}", area="310101"), words.START)

    return work


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    (folder / "keys").mkdir(parents=True)
    (folder / "keys" / "subjects.keys").write_text("secret")
    (folder / "vault").mkdir()
    (folder / "vault" / "vault.key").write_text("secret")
    (folder / "settings.toml").write_text("k_anonymity = 7\n")
    return folder


def test_a_backup_taken_while_all_runs_comes_back_whole(
    workspace: Path, tmp_path: Path, place: str, open_at: Any, words: Any, clock: Any
) -> None:
    where = str(workspace / "twinward.db") if not place.startswith("postgresql") else place
    store = open_at(where)
    lake = Lake(workspace / "lake")
    intake = DurableIntake(
        workspace / "observations", clock, lambda rows, at: lake.append([rows], at)
    )
    for n in range(20):
        store.write(open_incident(words, n))
        intake.accept("lab", as_rows([reading(n), position(n)]), 0).result()
    intake.drain()
    stop = threading.Event()

    def go_on() -> None:
        n = 100
        while not stop.is_set():
            store.write(open_incident(words, n))
            intake.accept("lab", as_rows([reading(n), position(n)]), 0).result()
            if n % 5 == 0:
                intake.drain()
            n += 1

    writer = threading.Thread(target=go_on)
    writer.start()
    try:
        contents = backup(workspace, store.database, tmp_path / "backup")
    finally:
        stop.set()
        writer.join()
    assert contents.entries >= 20
    assert not [
        name
        for name in contents.files
        if "secret" in (tmp_path / "backup" / name).read_text("latin-1")
    ]

    copy = tmp_path / "copy"
    if isinstance(store.database, Postgres):
        target = choose_database(empty_beside(store.database))
        assert isinstance(target, Postgres)
        load_tables(tmp_path / "backup", target, words.TABLES)
        with pytest.raises(ConflictError):
            load_tables(tmp_path / "backup", target, words.TABLES)
        restored_at = target.url
    else:
        restored_at = str(copy / "twinward.db")
    restore(tmp_path / "backup", copy)
    for folder in (tmp_path / "backup", copy):  # movement in it is not sealed
        assert folder.stat().st_mode & 0o777 == 0o700
    restored = open_at(restored_at)
    found = verify_chain(restored.database)
    assert (found.entries, found.ok, found.head) == (contents.entries, True, contents.head)
    with restored.read() as reader:
        assert reader.count("incidents") == contents.entries
    again = DurableIntake(
        copy / "observations", clock, lambda rows, at: Lake(copy / "lake").append([rows], at)
    )
    stored = again.counts()["lab"].stored
    assert stored >= 40
    assert again.accept("lab", as_rows([reading(n) for n in range(20)]), 0).result().duplicate == 20
    again.drain()
    again.close()
    intake.close()

    def apply(tx: Any, event: Any) -> None:
        tx.put("incidents", words.Incident(id=event.incident, area="310101"), event.occurred_at)

    findings = check_workspace(copy, restored, apply)
    stand = {finding.check: finding.status for finding in findings}
    assert stand.pop("at rest") in ("ok", "warn")  # as the machine's disk is
    assert stand == {
        "disk": findings[0].status,
        "chain": "ok",
        "projections": "ok",
        "counts": "ok",
        "keys": "ok",
        "inbox": "ok",
        "lake": "ok",
    }


def empty_beside(database: Postgres) -> str:
    """The URL of a new empty database on the same server."""
    connection = database.connect(write=True)
    name = connection.execute("SELECT current_database()").fetchone()[0]
    connection.execute(f'CREATE DATABASE "{name}-copy"')
    connection.close()
    return database.url.replace(f"/{name}?", f"/{name}-copy?")


def test_what_people_have_put_into_a_workspace_is_in_its_backup(
    workspace: Path, tmp_path: Path, open_at: Any, words: Any
) -> None:
    own = {"modules/firms.toml", "risks/own.toml", "intake.toml", "attachments/a.sealed"}
    for name in own:
        (workspace / name).parent.mkdir(exist_ok=True)
        (workspace / name).write_text("id = 1\n")
    with EdgeBook.open(workspace) as book:
        assert book.words() == {}
    store = open_at(workspace)
    store.write(open_incident(words, 1))
    contents = backup(workspace, store.database, tmp_path / "backup")
    assert own | {"edges.db"} <= set(contents.files)


def test_a_damaged_backup_and_a_used_folder_are_refused(
    workspace: Path, tmp_path: Path, open_at: Any, words: Any
) -> None:
    store = open_at(workspace)
    store.write(open_incident(words, 1))
    backup(workspace, store.database, tmp_path / "backup")
    with pytest.raises(ConflictError):
        backup(workspace, store.database, tmp_path / "backup")
    with pytest.raises(InputError):
        backup(workspace, store.database, workspace / "inside")
    with pytest.raises(ConflictError):
        restore(tmp_path / "backup", workspace)
    (tmp_path / "backup" / "settings.toml").write_text("k_anonymity = 1\n")
    with pytest.raises(InputError) as refused:
        restore(tmp_path / "backup", tmp_path / "copy")
    assert refused.value.code == "backup_damaged"
    assert not (tmp_path / "copy").exists()


def test_keys_tokens_and_certificates_stay_where_they_are(tmp_path: Path) -> None:
    workspace = tmp_path / "own"
    init_workspace(workspace)
    for name in ("tls/server.pem", "admin.token", "vault/second.bin", "rejected/rows.jsonl"):
        (workspace / name).parent.mkdir(parents=True, exist_ok=True)
        (workspace / name).write_text("secret", "utf-8")
    settings = '[storage]\nurl = ""\n# postgresql://city:hunter2@db/twinward\n'
    (workspace / "settings.toml").write_text(settings, "utf-8")
    backup_workspace(workspace, tmp_path / "copy")
    held = [path for path in (tmp_path / "copy").rglob("*") if path.is_file()]
    assert not [path for path in held if b"secret" in path.read_bytes()]
    assert not [path for path in held if b"hunter2" in path.read_bytes()]


@pytest.mark.parametrize("name", ["../outside.txt", "/etc/hostname", "link.txt"])
def test_a_backup_that_names_what_lies_outside_is_refused(tmp_path: Path, name: str) -> None:
    workspace = tmp_path / "own"
    init_workspace(workspace)
    backup_workspace(workspace, tmp_path / "copy")
    (tmp_path / "outside.txt").write_text("mine", "utf-8")
    (tmp_path / "copy" / "link.txt").symlink_to(tmp_path / "outside.txt")
    contents = msgspec.json.decode((tmp_path / "copy" / "backup.json").read_bytes())
    contents["files"][name] = hashlib.sha256(b"mine").hexdigest()
    (tmp_path / "copy" / "backup.json").write_bytes(msgspec.json.encode(contents))
    with pytest.raises(InputError) as refused:
        restore_workspace(tmp_path / "copy", tmp_path / "new")
    assert refused.value.code == "backup_damaged"
    assert not (tmp_path / "new").exists()
