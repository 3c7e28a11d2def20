"""A count that is hidden is told in the reader's language, as everything around it."""

from __future__ import annotations

from twinward.core.reasons import because_of
from twinward.decision.simulation.epidemic.live_state import some
from twinward.library.texts import write_reason


def test_few_persons_are_few_in_every_language() -> None:
    told = because_of(
        "state.in_course", reported=some(3, 5), estimated=some(1200, 5), share=0.4, delay=5
    )
    english, chinese = (write_reason(told, language) for language in ("en", "zh"))
    assert english.startswith("fewer than 5 reported") and "1,200 more" in english
    assert "不足 5 例" in chinese and "fewer" not in chinese
    assert some(0, 5) == "0" and some(5, 5) == "5"
