"""What concerns a caller: the areas and the tasks that are the caller's to see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twinward.service.platform import Caller, Platform

if TYPE_CHECKING:
    from twinward.twins.emergency.tasks.rows import Task


def concerns(platform: Platform, caller: Caller | None, area: str) -> bool:
    """Whether something at `area` concerns the caller; None is the system itself."""
    return caller is None or platform.policy.jurisdiction(caller).concerns(area)


def is_own_task(platform: Platform, caller: Caller, row: Task) -> bool:
    return caller.department in (None, row.department) and platform.policy.jurisdiction(
        caller
    ).covers(row.area)
