"""Killed, cut off, answered twice or not at all: what a device was told is kept reaches the centre
once.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from edge.agent.box import AgentProcess, Centre, reading, registered, wait_until

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


def campaign(folder: Path, seed: int, plan: dict[str, int]) -> dict[str, Any]:
    """A device that sends until it is answered, now and then a second time or out of order; the
    centre is slow, breaks off or is away; the agent is killed, its disk is full, its clock jumps.
    The device stands in the centre's registry alone: it is unknown at first, then added, and now
    and then revoked, moved and let in again, with what it said meanwhile.
    `plan` says how often each. The seed stands in the name of the test.
    """
    chance = random.Random(seed)
    centre = Centre(seed, unkind=0.2, slow_s=0.05)
    centre.registry = []
    agent = AgentProcess(folder, centre.port, jumping="jump" in plan, devices="")
    device = Device(agent, chance.randrange(10**9))
    device.thread.start()
    faults = [fault for fault, times in plan.items() for _ in range(times)]
    chance.shuffle(faults)
    for fault in faults:
        time.sleep(chance.uniform(0.05, 0.4))
        do_fault(fault, agent, centre, chance)
    device.over.set()
    device.thread.join(timeout=60)
    agent.set_clock(0)
    centre.away, centre.unkind, centre.slow_s = False, 0.0, 0.0
    centre.registry = [registered("fridge", "cold-chain-logger", "0101")]
    do_fault("kill", agent, centre, chance)  # it learns of the registry as it starts
    wait_until(lambda: "unknown_device" not in agent.status()["held"], 30)
    wait_until(lambda: agent.status()["backlog"] == 0, 120)
    status = agent.told_status()
    agent.stop()
    centre.close()
    arrived = {int(name.rpartition("/")[2]) for name in centre.bodies}
    missing = device.acknowledged - arrived
    held = sum(status["held"].values())  # a clock that jumped and a kill: waits for a person
    assert device.acknowledged, "nothing was sent at all"
    assert len(missing) <= held, f"lost: {sorted(missing)[:10]}"
    assert len(centre.bodies) == len(arrived) == status["stored"] - held
    assert status["lost"] == 0 and centre.conflicts == 0
    assert status["received"] == status["stored"] + status["duplicate"] + status["rejected"]
    return {"acknowledged": len(device.acknowledged), "held": held, "sent": device.sent}


class Device:
    """Sends in batches, each until it is acknowledged; a fifth once more, a fifth out of order."""

    def __init__(self, agent: AgentProcess, seed: int) -> None:
        self.agent, self.chance = agent, random.Random(seed)
        self.acknowledged: set[int] = set()
        self.sent = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self) -> None:
        seq = 0
        while not self.over.is_set():
            batch: list[dict[str, Any]] = [
                reading(seq + k, value=self.chance.uniform(1, 7))
                for k in range(self.chance.randint(1, 40))
            ]
            seq += len(batch)
            if self.chance.random() < 0.2:
                self.chance.shuffle(batch)
            for _ in range(2 if self.chance.random() < 0.2 else 1):
                if not self.deliver(batch):
                    return
            self.acknowledged.update(one["seq"] for one in batch)

    def deliver(self, batch: list[dict[str, Any]]) -> bool:
        while True:
            self.sent += len(batch)
            if self.agent.send(batch) is not None:
                return True
            if self.over.is_set():
                return False
            time.sleep(0.02)


def do_fault(fault: str, agent: AgentProcess, centre: Centre, chance: random.Random) -> None:
    if fault == "kill":
        agent.kill()
        agent.start()
    elif fault == "registry":
        area, may = chance.choice(("0101", "0202")), chance.random() < 0.6
        centre.registry = [registered("fridge", "cold-chain-logger", area, may_speak=may)]
        do_fault("kill", agent, centre, chance)
    elif fault == "cut":
        centre.away = True
        time.sleep(chance.uniform(0.1, 0.5))
        centre.away = False
    elif fault == "full":
        agent.fill_disk(True)
        time.sleep(chance.uniform(0.3, 1.0))
        agent.fill_disk(False)
    elif fault == "jump":
        agent.set_clock(chance.choice((-86_400.0, 86_400.0, 3600.0, -3600.0, 366 * 86_400.0)))
        time.sleep(chance.uniform(0.1, 0.4))
        agent.set_clock(0)


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_and_cut_off_an_agent_loses_and_doubles_nothing(tmp_path: Path, seed: int) -> None:
    campaign(tmp_path, seed, {"kill": 1, "cut": 2, "full": 1, "jump": 1, "registry": 2})


def seeds() -> range:
    """Ten, or others as `TWINWARD_SEEDS=100-139` says: fifty of them are a thousand kills."""
    first, _, last = os.environ.get("TWINWARD_SEEDS", "0-9").partition("-")
    return range(int(first), int(last) + 1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", seeds())
def test_two_hundred_kills_and_more_lose_and_double_nothing(tmp_path: Path, seed: int) -> None:
    told = campaign(tmp_path, seed, {"kill": 16, "cut": 2, "full": 1, "jump": 2, "registry": 4})
    sys.stdout.write(f"seed {seed}: {told}\n")


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
