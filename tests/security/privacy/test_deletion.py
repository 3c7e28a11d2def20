"""What has been deleted cannot be had back: not from the tables, the log, the files, nor from a
backup with every key that is left.
"""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from twinward.core.clock import format_time
from twinward.core.errors import AbsentError
from twinward.security.privacy.vault import Identity, Vault
from twinward.service.access.retention import run_retention
from twinward.storage.maintenance.backup import backup

PERSON = {"name": "Qz Deleted", "document": "QZRETDOC0001", "phone": "+86 139 1234 5678"}


@pytest.fixture
def lived(world: Any, people: Any) -> Any:
    """Somebody is a case, is listed, named in bulk, handed over; their contact is isolated."""
    items: list[dict[str, Any]] = [
        {"type": "ReportCase", "id": "r1", "case": "c1", "hazard": "epidemic", "area": "31-a",
         "status": "confirmed", "person": PERSON},
    ]  # fmt: skip
    assert world.post("sun", "/v1/commands", {"items": items}).json()["stored"] == 1
    world.open_activation(purposes=("trace", "vault", "care"))
    with world.platform.store.read() as rows:
        subject = rows.find("cases", "c1").subject
    more = [
        {"type": "NameContact", "id": "n1", "contact": "k1", "case": "c1", "subject": subject,
         "area": "31-b"},
        {"type": "HandOverCase", "id": "h1", "handover": "ho1", "case": "c1", "to_area": "31-b",
         "reason": "lives there"},
    ]  # fmt: skip
    assert world.post("wang", "/v1/commands", {"items": more}).json()["stored"] == 2
    assert world.get("wang", "/v1/cases").json()["total"] == 1
    until = format_time(world.clock.now() + timedelta(days=3))
    bulk = {"kind": "bulk_opening", "area": "31", "subjects": [subject], "until": until,
            "reason": "letters", "basis": "article 41"}  # fmt: skip
    made = world.post("wang", "/v1/changes", bulk).json()["id"]
    world.post("li", f"/v1/changes/{made}/answer", {"act": "confirm"})
    opening = {"change": made, "reason": "letters to all"}
    assert world.post("wang", "/v1/identities", opening).json()["items"]
    world.subject = subject
    return world


def texts(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_pseudonym_stands_in_no_column_and_in_no_body_in_the_clear(lived: Any) -> None:
    lived.platform.store.write(lambda tx: None)
    path = lived.platform.workspace / "twinward.db"
    with sqlite3.connect(path) as db:
        tables = [
            name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        for table in tables:
            for row in db.execute(f'SELECT * FROM "{table}"'):
                for value in row:
                    text = value if isinstance(value, bytes) else str(value).encode()
                    assert lived.subject.encode() not in text, table


def test_after_their_day_persons_are_in_no_table_and_no_list_counts_them(
    lived: Any, people: Any
) -> None:
    platform = lived.platform
    lived.clock.advance(timedelta(days=45))
    for _ in range(2):
        lived.clock.advance(timedelta(days=1))
        run_retention(platform, people["xu"], lambda at: 0, confirmed=True)
    lived.open_activation(purposes=("trace", "vault", "care"))
    for kind in ("cases", "contacts"):
        assert lived.get("li", f"/v1/{kind}").json()["total"] == 0
    with sqlite3.connect(platform.workspace / "twinward.db") as db:
        for table in ("cases", "contacts", "changes", "handovers"):
            for part in (table, f"{table}_history"):
                left = db.execute(f'SELECT count(*) FROM "{part}" WHERE row_subject IS NOT NULL')
                assert left.fetchone() == (0,), part
    # whoever knows the document, and has every key that is left, computes another word
    assert platform.vault.pseudonym(Identity(**PERSON)) != lived.subject
    told = (lived.subject.encode(), b"QZRETDOC0001", b"Qz Deleted")
    for name, content in texts(platform.workspace).items():
        assert not any(word in content for word in told), name
    known = platform.vault.fingerprint(Identity(**PERSON))
    assert not any(known.encode() in content for content in texts(platform.workspace).values())


def test_a_backup_from_before_the_deletion_gives_nobody_back(
    lived: Any, people: Any, tmp_path: Path
) -> None:
    """With every key that is left: neither the name behind the pseudonym, nor the pseudonym of the
    name, nor what the log says of either.
    """
    platform, copy = lived.platform, tmp_path / "backup"
    backup(platform.workspace, platform.store.database, copy)
    for name in ("vault/vault.key", "vault/pseudonym.key", "vault/pseudonyms.key"):
        assert not (copy / name).exists()
    for _ in range(2):
        lived.clock.advance(timedelta(days=45))
        run_retention(platform, people["xu"], lambda at: 0, confirmed=True)
    for path in (platform.workspace / "vault").glob("*.key*"):
        (copy / "vault" / path.name).write_bytes(path.read_bytes())
    vault = Vault(copy / "vault")
    with pytest.raises(AbsentError):
        vault.open(lived.subject)
    assert vault.pseudonym(Identity(**PERSON)) != lived.subject
    vault.close()
    for name, content in texts(copy).items():
        assert b"QZRETDOC0001" not in content and b"Qz Deleted" not in content, name
        assert lived.subject.encode() not in content or name.startswith("vault/vault.sqlite"), name


def test_a_backup_with_the_keys_of_today_gives_back_who_is_still_kept(
    lived: Any, tmp_path: Path
) -> None:
    platform, copy = lived.platform, tmp_path / "backup"
    backup(platform.workspace, platform.store.database, copy)
    for path in (platform.workspace / "vault").glob("*.key*"):
        (copy / "vault" / path.name).write_bytes(path.read_bytes())
    vault = Vault(copy / "vault")
    assert vault.open(lived.subject).name == "Qz Deleted"
    assert vault.pseudonym(Identity(**PERSON)) == lived.subject
    vault.close()


def test_the_log_still_holds_and_is_whole_after_a_deletion(lived: Any, people: Any) -> None:
    from twinward.service.access.misuse_check import check_misuse
    from twinward.storage.log.audit import verify_chain

    lived.clock.advance(timedelta(days=45))
    run_retention(lived.platform, people["xu"], lambda at: 0, confirmed=True)
    report = {"type": "ReportCase", "id": "r2", "case": "c2", "hazard": "epidemic",
              "area": "31-a", "status": "suspected", "person": PERSON}  # fmt: skip
    assert lived.post("sun", "/v1/commands", {"items": [report]}).json()["stored"] == 1
    check = verify_chain(lived.platform.store.database)
    assert check.ok
    found = check_misuse(lived.platform, people["wu"], lambda: check)
    assert not [one for one in found["anomalies"] if one["what"] in ("forced", "log_broken")]


def test_a_person_is_found_by_their_pseudonym_over_several_days(lived: Any) -> None:
    lived.clock.advance(timedelta(days=3))
    step = {"type": "UpdateContact", "id": "u1", "contact": "k1", "step": "located"}
    assert lived.post("wang", "/v1/commands", {"items": [step]}).json()["stored"] == 1
    with lived.platform.store.read() as rows:
        assert [row.id for row in rows.list_rows("cases", subject=lived.subject)] == ["c1"]
        assert [row.id for row in rows.list_rows("contacts", subject=lived.subject)] == ["k1"]
        assert rows.count("contacts", subject=lived.subject) == 1
        assert not rows.list_rows("contacts", subject="p-nobody")
    subjects = {e.subject for e in lived.events("CaseReported", "ContactUpdated", "ContactNamed")}
    assert subjects == {lived.subject}
