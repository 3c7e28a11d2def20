"""Types are ready before threads share them: a race over one ends the whole process."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from twinward.app.compose import library_reader
from twinward.core.struct_types import list_types, settle_types

# threads that read the library at once, in a process of their own: without `settle` it dies
RACE = """
import sys, threading
from twinward.core.struct_types import settle_types
from twinward.library.loading import load_library
sys.setswitchinterval(1e-6)
settle_types()
gate = threading.Barrier(6)
def read():
    gate.wait()
    load_library()
threads = [threading.Thread(target=read) for _ in range(6)]
[one.start() for one in threads]
[one.join() for one in threads]
"""


def test_threads_that_meet_a_settled_type_do_not_end_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", RACE], check=False)
    assert done.returncode == 0


def test_every_imported_type_is_settled_and_those_with_arrays_are_passed_over() -> None:
    class Late(msgspec.Struct):
        value: int

    assert Late in set(list_types(msgspec.Struct))
    assert settle_types() > 100


def test_the_library_is_read_once_however_many_ask(tmp_path: Path) -> None:
    read = library_reader(tmp_path / "plans")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: read(), range(32)))
    assert all(one is found[0] for one in found) and found[0].plans
