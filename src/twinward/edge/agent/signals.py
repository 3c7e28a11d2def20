"""What a rule said becomes an alarm that is kept, an observation for the centre, and, where it was
authorised beforehand, a local action.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from twinward.core.clock import from_us
from twinward.edge.agent.config import EdgeConfig, LocalAction
from twinward.edge.agent.outbox import HOUR_US
from twinward.edge.agent.readings import OWN_BOOT, Reading
from twinward.edge.agent.store import EdgeStore
from twinward.edge.rules.rule import DeviceRule, RuleSignal

RANK = {"advice": 0, "warning": 1, "alarm": 2}


def keep_signals(
    store: EdgeStore, config: EdgeConfig, signals: Sequence[RuleSignal], now_us: int
) -> list[str]:
    """Keeps each signal once; the ids of the actions that are wanted now."""
    rules = {rule.id: rule for rule in config.rules}
    actions = {action.name: action for action in config.actions}
    wanted: list[str] = []
    for signal in signals:
        if not _keep_alarm(store, signal):
            continue  # said before: a restart says nothing twice
        _tell_centre(store, config, signal, now_us)
        rule = rules[signal.rule]
        if rule.action:
            wanted += _want(store, actions[rule.action], rule, signal, now_us)
    return wanted


def _keep_alarm(store: EdgeStore, signal: RuleSignal) -> bool:
    """Whether this changes the alarm that is kept."""
    name = (signal.rule, signal.device, signal.began_us)
    if signal.what in ("raised", "flood"):
        done = store.db.execute(
            "INSERT OR IGNORE INTO alarm VALUES (?,?,?,?,NULL,?)",
            (*name, signal.severity, signal.value),
        )
    elif signal.what == "escalated":
        done = store.db.execute(
            "UPDATE alarm SET severity=? WHERE rule=? AND device=? AND began_us=? AND severity<>?",
            (signal.severity, *name, signal.severity),
        )
    else:
        done = store.db.execute(
            "UPDATE alarm SET cleared_us=? WHERE rule=? AND device=? AND began_us=? "
            "AND cleared_us IS NULL",
            (signal.at_us, *name),
        )
    return done.rowcount == 1


def _tell_centre(store: EdgeStore, config: EdgeConfig, signal: RuleSignal, now_us: int) -> None:
    """The alarm as a reading of the edge itself, in the lane that goes first: 1 begins, 2 grows,
    3 is a flood, 0 ends. Its identity comes from the signal, so that it is told once.
    """
    value = {"raised": 1.0, "escalated": 2.0, "flood": 3.0, "cleared": 0.0}[signal.what]
    _, area, place = store.placed_at(signal.device, signal.at_us)
    speaker = f"{signal.rule}:{signal.device}"[:160]
    if not area:
        area = next((one.area for one in config.devices if one.area), "")
    reading = Reading(
        device=speaker,
        boot=OWN_BOOT,
        seq=signal.began_us * 4 + int(value),
        type="alarm",
        occurred_us=signal.at_us,
        value=value,
        unit=None,
        lane="alarm",
        digest=b"alarm",
        area=area,
        place=place,
    )
    accepted = store.accept([reading], now_us)
    store.count("alarms", len(accepted.stored))


def _want(
    store: EdgeStore, action: LocalAction, rule: DeviceRule, signal: RuleSignal, now_us: int
) -> list[str]:
    """The action inside its bounds; one outside is written down and not done."""
    text = action.text_end if signal.what == "cleared" else action.text
    if not text or RANK[signal.severity] < RANK[action.severity]:
        return []
    said = f"{action.name}/{rule.id}/{signal.device}/{signal.began_us}/{signal.what}"
    key = hashlib.blake2b(said.encode(), digest_size=12).hexdigest()
    done = store.db.execute(
        "SELECT count(*) FROM action WHERE name=? AND wanted_us>? AND state IN ('wanted','done')",
        (action.name, now_us - HOUR_US),
    ).fetchone()[0]
    state = "wanted" if done < action.most_per_hour else "over_bound"
    shown = text.replace("{device}", signal.device).replace("{rule}", rule.id)
    shown = shown.replace("{time}", from_us(signal.at_us).isoformat(timespec="seconds"))
    kept = store.db.execute(
        "INSERT OR IGNORE INTO action VALUES (?,?,?,?,?,NULL)",
        (key, action.name, shown, now_us, state),
    )
    return [key] if kept.rowcount and state == "wanted" else []
