"""The console says in Chinese whatever the bundled plans say: titles, tasks, duties, messages."""

from __future__ import annotations

import re
from pathlib import Path

from twinward.library.loading import load_library

WORDS = Path(__file__).resolve().parents[2] / "console" / "src" / "words" / "library.ts"


def test_everything_a_bundled_plan_says_has_its_chinese() -> None:
    chinese = dict(
        re.findall(r"""['"](.+?)['"]: '([^']*[\u4e00-\u9fff][^']*)'""", WORDS.read_text("utf-8"))
    )
    said: set[str] = set()
    for plan in load_library().plans.values():
        said |= {
            f"plan.{plan.id}",
            *(task.title for task in plan.every_task()),
            *(one.duty for one in plan.duties),
        }
        said |= {plan.authority.authorised_by, plan.authority.bounds} - {""}
        said |= {text for one in plan.messages for text in (one.audience, one.text)}
    assert len(said) > 50
    assert not said - set(chinese)
