"""Talks with other machines that take no longer than they may, whatever the other side does."""

from __future__ import annotations

import threading
from collections.abc import Callable

from twinward.edge.orders.outlet import OutletReceipt


def talk_within(
    seconds: float, ask: Callable[[], OutletReceipt], end: Callable[[], None]
) -> OutletReceipt:
    """The receipt of `ask`, or that there was no whole answer in time; `end` then breaks its line
    off, so that its thread ends too.
    """
    told: list[OutletReceipt] = []

    def work() -> None:
        try:
            told.append(ask())
        except Exception as error:  # the line was broken off meanwhile, or a fault of ours
            told.append(OutletReceipt(state="failed", says=str(error) or type(error).__name__))

    thread = threading.Thread(target=work, name="outlet", daemon=True)
    thread.start()
    thread.join(seconds)
    late = not told
    end()
    if late:
        says = f"no whole answer within {seconds:g} s"
        return OutletReceipt(state="failed", says=says, again=True)
    return told[0]
