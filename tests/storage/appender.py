"""Run by the kill tests: forks a child that appends and acknowledges, kills it at a random
point, and again.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from reference.observing import as_rows, reading
from storage.conftest import FACTS, TABLES, Incident, ask, opened
from twinward.core.clock import SetClock
from twinward.core.messages import Counts
from twinward.storage.log.store import open_store
from twinward.storage.observations import inbox
from twinward.storage.observations.intake import DurableIntake

AT = datetime(2022, 3, 6, 8, 0, tzinfo=UTC)
Acknowledge = Callable[[int], None]


def append_commands(place: str, first: int, acknowledge: Acknowledge) -> None:
    """Commands from `first` on, a few in flight at a time; each counts one up in a row."""

    def work(tx: Any, number: int) -> None:
        if tx.seen(f"cmd-{number}"):
            return
        key = f"inc-{number % 7}"
        row = tx.find("incidents", key)
        tx.append(ask(f"cmd-{number}"), [opened(key, subject="p-1")], AT)
        tx.put("incidents", Incident(id=key, area="310101", level=row.level + 1 if row else 1), AT)
        tx.set_offset("loop", tx.last_seq())
        tx.add_counts("kill", Counts(received=1, stored=1))
        if number % 5 == 0:
            tx.count("incidents")  # forces a flush and a savepoint

    store = open_store(place, TABLES, FACTS, SetClock(AT))
    while True:
        futures = [
            store.submit(lambda tx, n=n: work(tx, n)) for n in range(first, first + 1 + first % 20)
        ]
        for future in futures:
            future.result()
            acknowledge(first)
            first += 1


def append_observations(place: str, first: int, acknowledge: Acknowledge) -> None:
    """Batches of ten readings from `first` on, each sent twice, drained now and then."""
    inbox.SEGMENT_BYTES = 20_000
    intake = DurableIntake(Path(place), SetClock(AT), None)
    while True:
        rows = as_rows([reading(10 * first + n, f"s-{n}", float(first)) for n in range(10)])
        futures = [intake.accept("kill", rows, 1), intake.accept("kill", rows, 0)]
        for future in futures:
            future.result()
        acknowledge(first)
        first += 1
        if first % 9 == 0:
            intake.drain()


def run_child(
    append: Callable[[str, int, Acknowledge], None], place: str, first: int, pipe: int
) -> None:
    try:
        append(place, first, lambda number: os.write(pipe, b"%d\n" % number) and None)
    except BaseException as error:
        os.write(pipe, f"! {error!r}\n".encode())
    os._exit(1)


def read_to_end(pipe: int) -> list[str]:
    data = b""
    while part := os.read(pipe, 65536):
        data += part
    os.close(pipe)
    return data.decode().split("\n")[:-1]


def warm_up(mode: str) -> None:
    """Loads and compiles once what every child needs; no thread is left when they are forked."""
    with tempfile.TemporaryDirectory() as folder:
        if mode == "commands":
            open_store(f"{folder}/log.db", TABLES, FACTS, SetClock(AT)).close()
            return
        intake = DurableIntake(Path(folder), SetClock(AT), None)
        intake.accept("warm", as_rows([reading(1)]), 0).result()
        intake.drain()
        intake.close()


def main() -> None:
    mode, place, kills, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    append = append_commands if mode == "commands" else append_observations
    warm_up(mode)
    chance, acknowledged, useful = random.Random(seed), -1, 0
    for _ in range(kills):
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            run_child(append, place, acknowledged + 1, write)
        os.close(write)
        first = (
            os.read(read, 64).decode() if chance.random() < 0.8 else ""
        )  # else perhaps while it opens
        time.sleep(chance.random() * 0.1)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        lines = (first + "\n".join(read_to_end(read))).split()
        assert not [line for line in lines if line.startswith("!")], lines
        useful += bool(lines)
        acknowledged = max([acknowledged, *map(int, lines)])
    json.dump({"acknowledged": acknowledged, "useful": useful}, sys.stdout)


if __name__ == "__main__":
    main()
