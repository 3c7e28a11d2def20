"""A free question in a process of its own, which ends by time and by memory whatever its functions
do: DuckDB heeds an interruption only between two vectors, and counts no memory of a text.
"""

from __future__ import annotations

import pickle
import resource
import subprocess
import sys
from pathlib import Path

from twinward.core.errors import InputError
from twinward.core.ports import MovePoints
from twinward.storage.lake.manifest import LakeManifest
from twinward.storage.lake.sql import LONGEST_S, run_sql

STARTING_S = 15.0  # until the interpreter and the database stand, on a busy machine
MOST_BYTES = 8 << 30  # of addresses, of which 4 GB are the database's own limit


def run_sql_apart(
    root: Path,
    manifest: LakeManifest,
    sql: str,
    window_us: tuple[int, int],
    move: MovePoints | None = None,
) -> dict[str, object]:
    """What `run_sql` answers or raises; `bad_sql` when the process had to be ended."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "twinward.storage.lake.sql_process"],
            input=pickle.dumps((root, manifest, sql, window_us, move)),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
            timeout=LONGEST_S + STARTING_S,
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(
            f"the question took longer than {LONGEST_S:.0f} s", "ask for less", code="bad_sql"
        ) from error
    if done.returncode != 0:
        raise InputError(
            "the question needed more memory than it may have", "ask for less", code="bad_sql"
        )
    outcome = pickle.loads(done.stdout)
    if isinstance(outcome, BaseException):
        raise outcome
    if isinstance(outcome, tuple):
        message, advice, code = outcome
        raise InputError(message, advice, code=code)
    answer: dict[str, object] = outcome
    return answer


def answer_one() -> None:
    """The question on standard input, its answer or error on standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    asked = pickle.load(sys.stdin.buffer)
    try:
        outcome: dict[str, object] | tuple[str, str | None, str] | FileNotFoundError = run_sql(
            *asked
        )
    except InputError as error:
        outcome = (error.message, error.advice, error.code)
    except FileNotFoundError as error:
        outcome = error
    except MemoryError:
        sys.exit(3)
    sys.stdout.buffer.write(pickle.dumps(outcome))


if __name__ == "__main__":
    answer_one()
