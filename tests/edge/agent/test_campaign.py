"""Killed, cut off, answered twice or not at all: what a device was told is kept reaches the centre
once.
"""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from edge.agent.box import AgentProcess, Centre, reading, wait_until

RULES = """
[[rules]]
id = "too-warm"
type = "temperature"
above = 8.0
action = "siren"
[[actions]]
name = "siren"
kind = "screen"
target = "screen.txt"
text = "{device} is too warm"
authorised_by = "Manager of the cold store"
"""


def campaign(folder: Path, seed: int, kills: int, cuts: int) -> None:
    """A device that sends until it is answered; meanwhile the agent is killed and the line is
    cut. The seed stands in the name of the test.
    """
    chance = random.Random(seed)
    centre = Centre(seed, unkind=0.2)
    agent = AgentProcess(folder, centre.port)
    acknowledged: set[int] = set()
    over = threading.Event()

    def device() -> None:
        seq = 0
        while not over.is_set():
            batch: list[dict[str, Any]] = [
                reading(seq + k, value=chance.uniform(1, 7)) for k in range(chance.randint(1, 40))
            ]
            while agent.send(batch) is None:
                if over.is_set():
                    return
                time.sleep(0.02)
            acknowledged.update(range(seq, seq + len(batch)))
            seq += len(batch)

    thread = threading.Thread(target=device)
    thread.start()
    for _ in range(max(kills, cuts)):
        time.sleep(chance.uniform(0.05, 0.4))
        if cuts > 0:
            centre.away, cuts = not centre.away, cuts - 1
        if kills > 0:
            agent.kill()
            agent.start()
            kills -= 1
    over.set()
    thread.join(timeout=60)
    centre.away, centre.unkind = False, 0.0
    wait_until(lambda: agent.status()["backlog"] == 0, 120)
    status = agent.status()
    agent.stop()
    centre.close()
    arrived = {int(name.rpartition("/")[2]) for name in centre.bodies}
    assert acknowledged, "nothing was sent at all"
    assert acknowledged <= arrived, f"lost: {sorted(acknowledged - arrived)[:10]}"
    assert len(centre.bodies) == len(arrived) == status["stored"]
    assert status["lost"] == 0
    assert status["received"] == status["stored"] + status["duplicate"] + status["rejected"]


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_and_cut_off_an_agent_loses_and_doubles_nothing(tmp_path: Path, seed: int) -> None:
    campaign(tmp_path, seed, kills=3, cuts=3)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_two_hundred_kills_and_cuts_lose_and_double_nothing(tmp_path: Path, seed: int) -> None:
    campaign(tmp_path, seed, kills=20, cuts=20)


def test_a_freezer_warms_up_while_the_line_is_cut_and_the_gate_acts_by_itself(
    tmp_path: Path,
) -> None:
    centre = Centre()
    centre.away = True
    agent = AgentProcess(tmp_path, centre.port, RULES)
    agent.send([reading(1, 4.0), reading(2, 9.5)])
    wait_until(lambda: (tmp_path / "screen.txt").exists(), 10)
    assert (tmp_path / "screen.txt").read_text() == "fridge is too warm\n"
    for seq in range(3, 400):
        agent.send([reading(seq, 50, "battery")])
    status = agent.status()
    assert status["alarms_open"] == 1
    assert status["backlog"] == 400
    centre.away = False
    wait_until(lambda: len(centre.bodies) == 400, 90)
    (alarm,) = [one for one in centre.bodies.values() if one["type"] == "alarm"]
    assert (alarm["subject"], alarm["value"], alarm["area"]) == ("too-warm:fridge", 1.0, "0101")
    agent.stop()
    centre.close()


def test_what_the_centre_had_is_sent_again_on_demand_and_known_there(tmp_path: Path) -> None:
    from twinward.edge.agent.__main__ import main

    centre = Centre()
    agent = AgentProcess(tmp_path, centre.port)
    agent.send([reading(seq) for seq in range(20)])
    wait_until(lambda: agent.status()["backlog"] == 0)
    window = ["--from", "2020-01-01T00:00:00Z", "--to", "2100-01-01T00:00:00Z"]
    assert main(["resync", "--config", str(tmp_path / "edge.toml"), *window]) == 0
    wait_until(lambda: set(centre.arrivals.values()) == {2})
    assert len(centre.bodies) == 20
    assert main(["resync", "--config", str(tmp_path / "edge.toml"), *window[:2], "--to", "x"]) == 2
    agent.stop()
    centre.close()


def test_the_box_loads_nothing_of_the_centre(tmp_path: Path) -> None:
    import subprocess
    import sys

    script = (
        "import sys, twinward.edge.agent.agent, twinward.edge.agent.mqtt\n"
        "print(sorted(n for n in sys.modules if n.split('.')[0] in "
        "('sqlalchemy', 'numba', 'duckdb', 'pyarrow', 'numpy', 'fastapi') "
        "or n.startswith(('twinward.twins', 'twinward.service', 'twinward.storage'))))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
