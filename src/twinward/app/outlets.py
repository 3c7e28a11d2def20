"""The thread of a server that sends the orders out."""

from __future__ import annotations

from twinward.loop.follower import Follower
from twinward.service.operations.outlets import open_dispatcher
from twinward.service.platform import Platform

PAUSE_S = 0.5


class OrdersOut:
    """Runs the dispatcher of a workspace, where it has one, until it is stopped."""

    def __init__(self, platform: Platform) -> None:
        self._dispatcher = open_dispatcher(platform)
        self._follower = Follower("the sender of orders", self._turn)
        if self._dispatcher is not None:
            platform.alarms.append(lambda: self._follower.failure)

    def _turn(self) -> None:
        if self._dispatcher is not None and not self._dispatcher.step():
            self._follower.wait(PAUSE_S)

    def start(self) -> None:
        if self._dispatcher is not None:
            self._follower.start()

    def stop(self) -> None:
        self._follower.stop()
        if self._dispatcher is not None:
            self._dispatcher.ledger.close()
