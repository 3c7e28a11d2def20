"""An agent's types are ready before its threads share them: seed 125 of the campaign met an agent
that had ended by a segmentation fault, at the place where two threads that meet a type at once end one.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from twinward.core.clock import SystemClock
from twinward.edge.agent import agent
from twinward.edge.agent.config import load_config
from twinward.edge.agent.keeper import Keeper

CONFIG = '[edge]\nid = "gate-1"\nlisten = "127.0.0.1:9"\ncore = "http://127.0.0.1:9"\n'


def test_types_are_ready_before_the_first_thread_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "edge.toml").write_text(CONFIG)
    made = agent.Agent(load_config(tmp_path / "edge.toml"), SystemClock())
    order: list[str] = []
    monkeypatch.setattr(agent, "settle_types", lambda: order.append("types"))

    def begin(_: Keeper) -> None:
        order.append("thread")
        raise RuntimeError("far enough")

    monkeypatch.setattr(Keeper, "start", begin)
    with pytest.raises(RuntimeError):
        made.start()
    made.store.close()
    assert order == ["types", "thread"]
