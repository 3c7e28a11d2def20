"""One deed on a thing that lies in several areas: allowed in each of them, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from twinward.core.ids import derive_id
from twinward.core.messages import Command
from twinward.core.ports import Rows
from twinward.service.platform import Caller, Platform, ask


def do_in_areas(
    platform: Platform,
    caller: Caller,
    thing: str,
    areas: Sequence[str],
    make: Callable[[str], Command],
    action: str,
    also: Callable[[Rows], Iterable[str]] = lambda rows: (),
) -> None:
    """`make` is given the command's id, which differs for each moment and state of the log;
    `also`: areas that it touches besides, as they are in the transaction.
    """
    with platform.store.read() as rows:
        at = platform.clock.now().isoformat()
        name = derive_id("cmd", thing, caller.name, rows.last_seq(), at)

    def check(rows: Rows) -> None:
        for area in (*areas, *also(rows)):
            platform.policy.require(caller, action, area=area)

    ask(platform, caller, make(name), check=check)
