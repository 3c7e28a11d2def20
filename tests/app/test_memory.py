"""What a server has freed goes back to the system, and threads do not each get a heap."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

PROGRAM = """
import json, sys, threading, time
from pathlib import Path
import numpy as np
from twinward.app.memory import MemoryKeeper, bound_heaps

def resident_mb():
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if "VmRSS" in x)
    return int(line.split()[1]) / 1024

if sys.argv[1] == "kept":
    bound_heaps()
    keeper = MemoryKeeper(every_s=0.05)
    keeper.start()
found, held = [], []
def work():
    made = [np.ones(4_000) for _ in range(500)]
    held.extend(made[::50])  # what stays stands between what goes
before = resident_mb()
threads = [threading.Thread(target=work) for _ in range(8)]
for one in threads: one.start()
for one in threads: one.join()
del one, threads
time.sleep(0.5)
print(json.dumps(resident_mb() - before))
"""


def run(how: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_memory_that_was_freed_is_given_back() -> None:
    assert run("kept") < 15  # of 128 MB that were used, 2.6 are still held
