"""The thread of a server that sends the orders out and keeps the boards of alerts fresh."""

from __future__ import annotations

import time

from twinward.core.errors import TwinwardError
from twinward.loop.follower import Follower
from twinward.service.operations.outlets import list_boards, open_dispatcher
from twinward.service.platform import Platform

PAUSE_S = 0.5
RENEWED_S = 60.0  # a board says as of when it is: it is written anew at least so often


class OrdersOut:
    """Runs the dispatcher of a workspace, where it has one, until it is stopped."""

    def __init__(self, platform: Platform) -> None:
        self._dispatcher = open_dispatcher(platform)
        self._boards = list_boards(platform)
        self._board_failure: TwinwardError | None = None
        self._renewed = -RENEWED_S
        self._follower = Follower("the sender of orders", self._turn)
        if self._dispatcher is not None:
            platform.alarms.append(lambda: self._follower.failure)
        if self._boards:
            platform.alarms.append(lambda: self._board_failure)

    def _turn(self) -> None:
        self._renew()
        if self._dispatcher is None or not self._dispatcher.step():
            self._follower.wait(PAUSE_S)

    def _renew(self) -> None:
        """What has expired leaves the boards, and their age begins anew."""
        if time.monotonic() - self._renewed < RENEWED_S:
            return
        self._renewed = time.monotonic()
        try:
            for board in self._boards:
                board.rebuild()
            self._board_failure = None
        except TwinwardError as error:
            self._board_failure = error

    def start(self) -> None:
        if self._dispatcher is not None or self._boards:
            self._follower.start()

    def stop(self) -> None:
        self._follower.stop()
        if self._dispatcher is not None:
            self._dispatcher.ledger.close()
