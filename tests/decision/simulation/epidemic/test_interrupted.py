"""What is finished is kept: Ctrl-C in the middle of a run, and a worker of a cluster that is
killed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from twinward.citybase.people.plain_city import plain_base
from twinward.decision.simulation import epidemic


@pytest.mark.slow
def test_ctrl_c_ends_a_run_cleanly_and_keeps_the_days_that_were_finished() -> None:
    command = "from twinward.cli.main import main; raise SystemExit(main())"
    asked = [
        "simulate",
        "--residents",
        "10000000",
        "--days",
        "1500",
        "--seed",
        "1",
        "--infected",
        "20000",
        "--json",
    ]
    process = subprocess.Popen(
        [sys.executable, "-c", command, *asked, "--profile"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for _ in range(600):
        time.sleep(0.1)
        if process.poll() is not None or running_for(process.pid) > 6.0:
            break
    process.send_signal(signal.SIGINT)
    text, trouble = process.communicate(timeout=120)
    assert "Traceback" not in trouble
    assert process.returncode == 130
    if text:
        answer = json.loads(text)
        assert answer["finished"] is False
        assert answer["days"] < 1500


def running_for(process_id: int) -> float:
    """CPU seconds a process has used in user code."""
    with open(f"/proc/{process_id}/stat") as file:
        return int(file.read().rsplit(")", 1)[1].split()[11]) / os.sysconf("SC_CLK_TCK")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the cluster that loses a worker
def test_a_killed_worker_of_a_cluster_changes_nothing() -> None:
    distributed = pytest.importorskip("distributed")
    ask = epidemic.Scenario(
        base=plain_base(20_000, 1, 1),
        disease=epidemic.load_disease("sars-cov-2-ancestral", []),
        days=120,
        seed=1,
    )
    here = epidemic.run_ensemble(ask, 8)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        worker = next(iter(cluster.workers.values()))
        before = worker.pid
        killer = threading.Timer(3.0, os.kill, (before, signal.SIGKILL))
        killer.start()
        there = epidemic.run_ensemble(ask, 8, cluster=cluster.scheduler_address)
        killer.cancel()
        assert worker.pid != before  # it was killed before the ensemble was done
    assert [o.sha256 for o in there.outcomes] == [o.sha256 for o in here.outcomes]
