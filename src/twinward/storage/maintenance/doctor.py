"""Looks a workspace over: each check says ok, warn or fail, what was found, and what to do."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Literal

import msgspec

from twinward.core.clock import EPOCH, SetClock
from twinward.core.errors import BusyError, StorageError, TwinwardError
from twinward.core.messages import Event
from twinward.core.ports import Reader, Transaction
from twinward.storage.database.databases import Sqlite
from twinward.storage.files.frames import read_frames
from twinward.storage.lake.manifest import MANIFEST, load_manifest
from twinward.storage.log.audit import verify_chain
from twinward.storage.log.store import SqlStore
from twinward.storage.maintenance.rule_memories import RuleMemory, find_odd
from twinward.storage.observations.inbox_files import read_accounts, read_mark

LOW_BYTES, TOO_LOW_BYTES = 2_000_000_000, 200_000_000
END_OF_TIME = datetime.max.replace(tzinfo=UTC)
PLAIN = ("lake", "observations")  # folders whose files lie in plain form
REBUILD_MOST = 50_000  # events; a longer log is rebuilt only when asked for
Apply = Callable[[Transaction, Event], None]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What one check found."""

    check: str
    status: Literal["ok", "warn", "fail"]
    found: str
    advice: str = ""


def ok(check: str, found: str) -> Finding:
    return Finding(check=check, status="ok", found=found)


def warn(check: str, found: str, advice: str) -> Finding:
    return Finding(check=check, status="warn", found=found, advice=advice)


def fail(check: str, found: str, advice: str) -> Finding:
    return Finding(check=check, status="fail", found=found, advice=advice)


def check_workspace(
    workspace: Path,
    store: SqlStore,
    apply: Apply,
    *,
    deep: bool = False,
    memories: Sequence[RuleMemory] = (),
) -> list[Finding]:
    """All checks, in order; one that breaks is a finding, not the end. `deep` rebuilds also a
    long log; `memories`: files of what rules remember.
    """
    observations = workspace / "observations" / "inbox"
    checks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("disk", lambda: check_disk(workspace)),
        ("chain", lambda: check_chain(store)),
        ("projections", lambda: check_projections(store, apply, deep=deep)),
        ("faults", lambda: check_faults(store)),
        ("counts", lambda: check_counts(store, observations)),
        ("keys", lambda: check_keys(store)),
        ("inbox", lambda: check_inbox(observations)),
        ("rules", lambda: check_rules(workspace, store, memories)),
        ("lake", lambda: check_lake(workspace / "lake")),
        ("at rest", lambda: check_at_rest(workspace)),
    ]
    found: list[Finding] = []
    for name, check in checks:
        try:
            found += list(check())
        except TwinwardError as error:
            found.append(fail(name, error.message, error.advice))
        except OSError as error:
            found.append(
                fail(name, str(error), "see that this user may read all files of the workspace")
            )
    return found


def check_disk(workspace: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(workspace).free
    text = f"{free / 1e9:.1f} GB free"
    if free < TOO_LOW_BYTES:
        yield fail("disk", text, "free space now: writes are about to be refused")
    elif free < LOW_BYTES:
        yield warn("disk", text, "free space, or move the workspace to a larger disk")
    else:
        yield ok("disk", text)


def check_chain(store: SqlStore) -> Iterator[Finding]:
    result = verify_chain(store.database)
    if result.ok:
        yield ok("chain", f"{result.entries:,} events, each bound to the one before")
    else:
        advice = (
            "the log was changed behind our back or damaged: keep this copy, restore a "
            "backup, compare exports"
        )
        yield fail("chain", f"event {result.first_bad} does not fit", advice)


def check_projections(store: SqlStore, apply: Apply, *, deep: bool) -> Iterator[Finding]:
    """Current rows are the last of their histories, and what the log says when it is applied
    anew.
    """
    with store.read() as reader:
        last = reader.last_seq()
        for name, form in store.words.forms.items():
            table = form.table
            current = {msgspec.msgpack.encode(row) for row in reader.list_rows(table)}
            told = {msgspec.msgpack.encode(row) for row in reader.as_of(table, END_OF_TIME)}
            if current != told:
                n = len(current ^ told)
                yield fail(
                    "projections",
                    f"{n} rows of {name} differ from their history",
                    "restore a backup",
                )
    if last > REBUILD_MOST and not deep:
        yield ok(
            "projections",
            f"rows agree with their histories; {last:,} events were not applied anew (--deep does)",
        )
        return
    yield from compare_rebuilt(store, apply, last)


def compare_rebuilt(store: SqlStore, apply: Apply, last: int) -> Iterator[Finding]:
    """Applies the whole log to an empty store and compares every row."""
    differing, lost = 0, 0
    with tempfile.TemporaryDirectory(prefix="twinward-doctor-") as folder:
        scratch = rebuild(store, apply, Path(folder))
        try:
            with store.read() as reader, scratch.read() as other:
                lost = sum(event.fact is None for event in every_event(reader))
                for form in store.words.forms.values():
                    rows = {msgspec.msgpack.encode(row) for row in reader.list_rows(form.table)}
                    again = {msgspec.msgpack.encode(row) for row in other.list_rows(form.table)}
                    differing += len(rows - again)
        finally:
            scratch.close()
    if differing and lost:
        yield warn(
            "projections",
            f"{differing} rows cannot be told from the log",
            f"{lost} events were forgotten by destroying keys",
        )
    elif differing:
        yield fail(
            "projections",
            f"{differing} rows are not what the log says",
            "`twinward migrate` brings rows of an earlier release up to date; else restore a "
            "backup",
        )
    else:
        yield ok("projections", f"every row is what {last:,} events say")


def rebuild(
    store: SqlStore, apply: Apply, folder: Path, failing: list[str] | None = None
) -> SqlStore:
    """A store of its own with all events of `store` applied in order, each on the day it was
    recorded. An event that cannot be applied is left out, and put down in `failing`.
    """
    tables = [form.table for form in store.words.forms.values()]
    clock = SetClock(EPOCH)
    scratch = SqlStore(Sqlite(folder / "rebuilt.db"), tables, (), clock, store.words.sealer)

    def apply_all(tx: Transaction, events: list[Event]) -> None:
        for event in events:
            try:
                with tx.attempt():
                    apply(tx, event)
            except (StorageError, BusyError, OSError):
                raise
            except Exception:
                if failing is not None:
                    failing.append(event.id)

    with store.read() as reader:
        for _, events in groupby(
            every_event(reader), lambda event: (event.recorded_at.date(), event.seq // 1000)
        ):
            told = list(events)
            clock.at = told[0].recorded_at
            scratch.write(lambda tx, told=told: apply_all(tx, told))  # type: ignore[misc]
    return scratch


def every_event(reader: Reader) -> Iterator[Event]:
    seq = 0
    while block := reader.events_after(seq, 5000):
        yield from block
        seq = block[-1].seq


def check_faults(store: SqlStore) -> Iterator[Finding]:
    """Events and things that the loop has set aside."""
    if "faults" not in store.words.forms:
        return
    with store.read() as reader:
        n = reader.count(store.words.forms["faults"].table, status="open")
    if n:
        advice = "see the server's log; `twinward doctor --mend` tries them again"
        yield warn("faults", f"{n} events or things could not be answered", advice)
    else:
        yield ok("faults", "nothing is set aside")


def check_counts(store: SqlStore, inbox: Path) -> Iterator[Finding]:
    with store.read() as reader:
        counts = reader.counts()
    for source, more in (read_accounts(inbox) if inbox.exists() else {}).items():
        counts[source] = counts[source] + more if source in counts else more
    wrong = [source for source, count in counts.items() if not count.balanced]
    for source in wrong:
        yield fail(
            "counts",
            f"{source}: {counts[source]}",
            "report this: received is not stored + rejected + duplicate",
        )
    if not wrong:
        yield ok("counts", f"{len(counts)} sources balance")


def check_keys(store: SqlStore) -> Iterator[Finding]:
    """Of the newest personal events at least one must open, else the keys are not here."""
    if bad := getattr(store.words.sealer, "bad_lines", 0):
        advice = "what these keys opened is lost, all else is well; a full disk may have torn them"
        yield warn("keys", f"{bad} lines of the key file cannot be read", advice)
    with store.read() as reader:
        last = reader.last_seq()
        personal = [
            event for event in reader.events_after(max(0, last - 1000)) if event.subject is not None
        ]
    if (
        personal
        and store.words.sealer is not None
        and all(event.fact is None for event in personal)
    ):
        advice = (
            "if this workspace was restored, put its folder keys/ back; if keys were "
            "destroyed, all is well"
        )
        yield warn("keys", f"none of {len(personal)} recent personal events opens", advice)
    else:
        yield ok("keys", "personal events open")


def check_inbox(inbox: Path) -> Iterator[Finding]:
    if not inbox.exists():
        yield ok("inbox", "not used yet")
        return
    owner = owner_of(inbox / "lock")
    waiting, mark = 0, read_mark(inbox)
    paths = sorted(inbox.glob("*.frames"))
    for path in paths:
        end = 0
        for frame in read_frames(path):
            end = frame.end
            waiting += frame.head.n > mark.drained
        torn = path.stat().st_size - end
        if torn and (path != paths[-1] or not owner):
            status = warn if path == paths[-1] else fail
            advice = (
                "the next start cuts a torn end off; anything else: restore the file from a backup"
            )
            yield status(
                "inbox", f"{path.name}: {torn} bytes after byte {end} are not whole", advice
            )
    said = f"{waiting} batches wait to be drained; " + (
        f"owned by process {owner}" if owner else "no process owns it"
    )
    if waiting > 100_000:
        yield warn("inbox", said, "draining lags: look at the lake's disk and at /health")
    else:
        yield ok("inbox", said)


def check_rules(
    workspace: Path, store: SqlStore, memories: Sequence[RuleMemory]
) -> Iterator[Finding]:
    """What rules remember goes as far as the log at most."""
    advice = (
        "rules begin anew from the alarms that stand; files that belong together come from one "
        "backup. Remove what was put aside once its cause is known"
    )
    odd = list(find_odd(workspace, store.database, memories))
    for found in odd:
        yield warn("rules", found, advice)
    if memories and not odd:
        there = [one.name for one in memories if (workspace / one.name).is_file()]
        yield ok("rules", f"{', '.join(there)} belong to this log" if there else "not used yet")


def owner_of(lock: Path) -> str:
    """The process that holds a lock file, or nothing; a file left by a dead process holds
    nothing.
    """
    if not lock.exists():
        return ""
    with lock.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return file.read().strip() or "unknown"
        fcntl.flock(file, fcntl.LOCK_UN)
    return ""


def check_lake(lake: Path) -> Iterator[Finding]:
    if not (lake / MANIFEST).exists():
        yield ok("lake", "not used yet")
        return
    manifest = load_manifest(lake)
    missing = [name for name in manifest.files() if not (lake / name).exists()]
    if missing:
        yield fail(
            "lake",
            f"{len(missing)} files are missing, first {missing[0]}",
            "restore the lake from a backup",
        )
    else:
        yield ok("lake", f"{len(manifest.files())} files, all there")


def check_at_rest(workspace: Path) -> Iterator[Finding]:
    """What a stolen disk would tell: movement and readings are not sealed, and only the modes of
    the folders keep other users of the machine away.
    """
    open_to_others = [
        path
        for path in (workspace, *(workspace / name for name in PLAIN))
        if path.exists() and path.stat().st_mode & 0o077
    ]
    plain = [name for name in PLAIN if (workspace / name).exists()]
    if workspace in open_to_others:
        yield warn(
            "at rest",
            f"other users of this machine may read {workspace.name}/",
            f"chmod 700 {workspace.name}",
        )
    elif plain:
        yield ok(
            "at rest",
            f"{', '.join(plain)}: movement and readings by pseudonym, not sealed; reports about "
            "persons are sealed. Keep the disk and backups encrypted",
        )
    else:
        yield ok("at rest", "reports about persons are sealed; nothing else is stored yet")
