"""What all tests share: an open platform on a tiny city, and a private PostgreSQL cluster for
the session.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from helpers.cities import Desk

MEMORY_DISK, ROOM = Path("/dev/shm"), 4 << 30


def pytest_configure(config: pytest.Config) -> None:
    """Workspaces of tests lie in memory where it has room: a story waits half its time for the
    disk to confirm each command.
    """
    usable = MEMORY_DISK.is_dir() and os.access(MEMORY_DISK, os.W_OK)
    if usable and shutil.disk_usage(MEMORY_DISK).free > ROOM:
        os.environ["TMPDIR"] = str(MEMORY_DISK)
        tempfile.tempdir = None


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A platform on two districts of Shanghai, without residents, on a clock that stands still."""
    found = Desk(tmp_path / "ws")
    yield found
    found.close()


def _missing(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL prefix of a private PostgreSQL cluster on a Unix socket, under another user when
    we are root.
    """
    bins = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = bins[-1] if bins else shutil.which("initdb")
    if not found:
        _missing("PostgreSQL is missing; `apt-get install postgresql-15` would install it")
    bin_dir = Path(str(found)).parent
    root = Path(tempfile.mkdtemp(prefix="twinward-pg-"))
    prefix: list[str] = []
    if os.geteuid() == 0:
        user = next((name for name in ("postgres", "nobody") if _user_exists(name)), "nobody")
        shutil.chown(root, user)
        prefix = [
            "setpriv",
            f"--reuid={user}",
            f"--regid={pwd.getpwnam(user).pw_gid}",
            "--clear-groups",
        ]
    data = root / "data"
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": root}
    subprocess.run(
        [*prefix, bin_dir / "initdb", "-D", data, "-U", "twinward", "-A", "trust", "-E", "UTF8"],
        **quiet,
    )
    options = f"-k {root} -h '' -c fsync=off -c shared_buffers=32MB -c max_connections=40"
    control = [*prefix, bin_dir / "pg_ctl", "-D", data, "-w", "-l", root / "log"]
    subprocess.run([*control, "-o", options, "start"], **quiet)
    try:
        yield f"postgresql://twinward@/{{}}?host={root}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **quiet)
        shutil.rmtree(root, ignore_errors=True)


def _user_exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


@pytest.fixture
def new_database(postgres_server: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database of its own in the private cluster."""
    name = f"t{abs(hash(request.node.nodeid)):x}"
    with psycopg.connect(postgres_server.format("postgres"), autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        yield postgres_server.format(name)
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
