"""Why a stop of delivery rounds cannot be served, and the least that would serve it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twinward.decision.logistics.routing.fleet import DEPOT, Stop, Underway, Ways
from twinward.decision.logistics.routing.hours import show_clock
from twinward.library.wording import count

# from farthest from being served to nearest
NO_WAY = "no way leads there"
TOO_FAR = "it is out of range"
TOO_MUCH = "it needs more than a vehicle carries"
TOO_LATE = "it cannot be reached in its time window"
NO_ROOM = "the fleet has no room or time left for it"
REASONS = (NO_WAY, TOO_FAR, TOO_MUCH, TOO_LATE, NO_ROOM)


def why_not(point: int, stop: Stop, fleet: Sequence[Underway], ways: Ways) -> str | None:
    """The reason why no vehicle by itself can serve the stop, that of the one that comes
    nearest; None when one can.
    """
    reasons = [hinders(point, stop, one, ways) for one in fleet]
    return (
        None
        if None in reasons
        else max((why for why in reasons if why is not None), key=REASONS.index)
    )


def hinders(point: int, stop: Stop, one: Underway, ways: Ways) -> str | None:
    """What keeps one vehicle from serving the stop."""
    way_m, (arrive_s, home_s) = there_and_back(point, one, ways), times(point, stop, one, ways)
    if not np.isfinite(way_m):
        return NO_WAY
    if one.vehicle.range_m is not None and way_m > one.vehicle.range_m:
        return TOO_FAR
    if stop.demand > (one.vehicle.capacity if one.fresh else one.aboard):
        return TOO_MUCH
    return TOO_LATE if arrive_s > stop.late_s or home_s > one.vehicle.ends_s else None


def there_and_back(point: int, one: Underway, ways: Ways) -> float:
    metres = ways.metres[one.vehicle.kind]
    return float(metres[one.at, point] + metres[point, DEPOT])


def times(point: int, stop: Stop, one: Underway, ways: Ways) -> tuple[float, float]:
    """When it arrives at the earliest, and when it is home again."""
    seconds = ways.seconds[one.vehicle.kind]
    arrive_s = max(one.from_s + float(seconds[one.at, point]), stop.early_s)
    return arrive_s, arrive_s + stop.service_s + float(seconds[point, DEPOT])


def relax(
    stops: Sequence[Stop],
    left_out: Sequence[tuple[str, str]],
    fleet: Sequence[Underway],
    ways: Ways,
) -> str | None:
    """What would serve the stops that are left out, reason by reason."""
    place = {stop.id: n for n, stop in enumerate(stops)}
    parts = []
    for why in REASONS:
        out = [place[name] for name, reason in left_out if reason == why]
        if out:
            amount = sum(stops[n].demand for n in out)
            parts.append(
                f"{count(len(out), 'stop')} ({amount:g} units): {why}; "
                f"{remedy(why, out, stops, fleet, ways)}"
            )
    return ". ".join(parts) if parts else None


def remedy(
    why: str, out: list[int], stops: Sequence[Stop], fleet: Sequence[Underway], ways: Ways
) -> str:
    """The least that serves stops that are left out for one reason."""
    if why == NO_WAY:
        return "a drone, or a place that a road reaches"
    if why == TOO_FAR:
        drones = [one for one in fleet if one.vehicle.range_m is not None]
        far_m = max(min(there_and_back(n + 1, one, ways) for one in drones) for n in out)
        return f"a range of {np.ceil(far_m):,.0f} m"
    if why == TOO_MUCH:
        return (
            f"a vehicle that carries {max(stops[n].demand for n in out):g}, or smaller deliveries"
        )
    if why == TOO_LATE:
        able = [
            [one for one in fleet if hinders(n + 1, stops[n], one, ways) == TOO_LATE] for n in out
        ]
        soonest = [
            min(times(n + 1, stops[n], one, ways) for one in can)
            for n, can in zip(out, able, strict=True)
        ]
        open_s, home_s = max(s[0] for s in soonest), max(s[1] for s in soonest)
        until, home = (show_clock(float(np.ceil(s / 60)) * 60) for s in (open_s, home_s))
        return f"windows open until {until} and a fleet until {home}"
    largest = max(one.vehicle.capacity for one in fleet)
    amount = sum(stops[n].demand for n in out)
    return (
        f"{max(1, int(np.ceil(amount / largest)))} more vehicles of {largest:g}, or wider windows"
    )
