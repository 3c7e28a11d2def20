"""How transmission differs from the disease's own by place and time, whatever measures are
taken: what a fit found.
"""

from __future__ import annotations

from twinward.library.hazards.measures import Measure


class Background(Measure, frozen=True, kw_only=True, tag="background"):
    """Of every chance to infect, in all settings, `left` remains. No order: it asks nothing of
    anybody.
    """

    left: float = 1.0
