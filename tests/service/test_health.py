"""Whatever no longer follows the log is said by the state of health."""

from __future__ import annotations

from pathlib import Path

from browser.made_city import make_city
from browser.stage import staged
from twinward.core.errors import StorageError
from twinward.service.incidents import queries


def test_a_tracer_that_stopped_is_trouble_like_a_loop_that_stopped(tmp_path: Path) -> None:
    make_city(tmp_path / "ws")
    with staged(tmp_path / "ws") as stage:
        tracer = stage.platform.loop.tracer
        assert tracer is not None
        assert queries.get_health(stage.platform)["status"] == "ok"
        tracer._follower.failure = StorageError("the lake cannot be read", "free space")
        shown = queries.get_health(stage.platform)
    assert (shown["status"], shown["message"]) == ("failing", "the lake cannot be read")
