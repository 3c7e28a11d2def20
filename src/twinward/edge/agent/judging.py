"""A configuration's rules over readings in a file: what they would have said, and when."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from twinward.core.clock import from_us, parse_time, to_us
from twinward.core.errors import UNREADABLE, InputError
from twinward.edge.agent.config import EdgeConfig
from twinward.edge.rules.replay import TIMER_LAG_US, ListenedDevice, RuleReading, replay


class ObservedItem(msgspec.Struct):
    """What rules look at in an observation; a reading without a value says nothing to them."""

    subject: str
    type: str
    occurred_at: str
    value: float | None = None


class ToldSignal(msgspec.Struct, frozen=True, kw_only=True):
    at: str
    what: str
    severity: str
    rule: str
    device: str
    value: float | None


def judge_file(config: EdgeConfig, path: Path) -> list[ToldSignal]:
    """From the first reading to the last, and what only time decides shortly after it."""
    readings = list(read_file(path))
    if not readings:
        raise InputError(f"{path.name} holds no reading", "give one a line", code="bad_file")
    devices = {
        one.id: ListenedDevice(profile=one.profile, place=one.place or one.area)
        for one in config.devices
    }
    first, last = min(readings).at_us, max(readings).at_us
    until = last + TIMER_LAG_US
    signals = replay(config.rules, devices, readings, from_us=first, until_us=until)
    return [
        ToldSignal(
            at=from_us(one.at_us).isoformat(),
            what=one.what,
            severity=one.severity,
            rule=one.rule,
            device=one.device,
            value=one.value,
        )
        for one in signals
    ]


def read_file(path: Path) -> Iterator[RuleReading]:
    """InputError names the line that is none."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror})", "name a file", code="no_file"
        ) from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            one = msgspec.json.decode(line, type=ObservedItem)
            if one.value is not None:
                at_us = to_us(parse_time(one.occurred_at))
                yield RuleReading(at_us, one.subject, one.type, one.value)
        except (*UNREADABLE, InputError) as error:
            raise InputError(
                f"{path.name}, line {number}: no reading ({error})",
                "write {subject, type, occurred_at, value}",
                code="bad_file",
            ) from error
