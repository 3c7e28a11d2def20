"""A bundle of rules over readings that are already there: what the centre, or the author of a rule,
asks; the same evaluator as at the edge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from twinward.edge.rules.evaluator import Evaluator
from twinward.edge.rules.rule import DeviceRule, RuleSignal

# timers wait so long for readings that are on their way: what two devices say within it may be
# taken in either order
TIMER_LAG_US = 2_000_000


class RuleReading(msgspec.Struct, frozen=True, order=True):
    """One reading as rules see it; ordered by time."""

    at_us: int
    device: str
    type: str
    value: float


class ListenedDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device with its profile, and where it stands (place, else area)."""

    profile: str
    place: str


def replay(
    rules: Sequence[DeviceRule],
    devices: Mapping[str, ListenedDevice],
    readings: Iterable[RuleReading],
    *,
    from_us: int,
    until_us: int,
) -> list[RuleSignal]:
    """What the rules say of these readings from `from_us`, when somebody began to listen, to
    `until_us`; in the order of time. Readings of unknown devices say nothing.
    """
    evaluator = Evaluator(rules, from_us=from_us)
    for name, listened in devices.items():
        evaluator.listen(name, listened.profile)
    places = {name: listened.place for name, listened in devices.items()}
    signals: list[RuleSignal] = []
    for one in sorted(readings):
        signals += evaluator.advance(one.at_us - TIMER_LAG_US, places)
        if (device := devices.get(one.device)) is None:
            continue
        signals += evaluator.read(
            one.device, device.profile, device.place, one.type, one.at_us, one.value
        )
    signals += evaluator.advance(until_us, places)
    return sorted(signals, key=lambda signal: signal.at_us)  # what came first stays first
