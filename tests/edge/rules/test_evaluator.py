"""Rules over readings: when an alarm begins, ends, grows, and when it does not."""

from __future__ import annotations

import random

import msgspec
import pytest

from reference.lasting_states import tick
from twinward.core.errors import InputError
from twinward.edge.rules.evaluator import Evaluator
from twinward.edge.rules.rule import DeviceRule, Memory, RuleSignal, check_rules

S = 1_000_000
WARM = {"id": "warm", "type": "temperature", "above": 8.0}


def rule(**said: object) -> DeviceRule:
    return msgspec.convert(WARM | said, DeviceRule)


def play(
    rules: list[DeviceRule], readings: list[tuple[float, float]], until: float = 0
) -> list[str]:
    """(second, degrees) of one device; what was said, as words."""
    one = Evaluator(rules)
    signals: list[RuleSignal] = []
    for second, value in readings:
        signals += one.read("d", "thermometer", "p", "temperature", round(second * S), value)
    signals += one.advance(round(until * S), {"d": "p"})
    return [f"{signal.what} {signal.rule} {signal.at_us / S:g}" for signal in signals]


def test_an_alarm_begins_above_its_bound_and_ends_below_the_lower_one() -> None:
    said = play([rule(clear=7.0)], [(0, 5), (1, 9), (2, 7.5), (3, 8.5), (4, 6.9)])
    assert said == ["raised warm 1", "cleared warm 4"]


def test_a_state_must_last_and_time_alone_can_decide_it() -> None:
    held = rule(hold_s=60)
    assert play([held], [(0, 9), (30, 9), (59, 9), (61, 9)]) == ["raised warm 60"]
    assert play([held], [(0, 9), (30, 7), (61, 9)]) == []
    assert play([held], [(0, 9)], until=59) == []
    assert play([held], [(0, 9)], until=3600) == ["raised warm 60"]


def test_an_alarm_may_have_to_be_over_for_a_while() -> None:
    calm = rule(clear_hold_s=10)
    said = play([calm], [(0, 9), (1, 5), (5, 9), (6, 5)], until=100)
    assert said == ["raised warm 0", "cleared warm 16"]


def test_a_state_does_not_last_through_a_gap_in_the_beats() -> None:
    """A freezer defrosts for two beats; the reading that it is cold again is lost."""
    held = rule(hold_s=30, beat_s=5)
    assert play([held], [(0, 9), (10, 9), (30, 7), (40, 7)], until=99) == []
    assert play([held], [(0, 9), (10, 9)], until=3600) == []
    # warm all the time: what nobody heard of does not count
    said = play([held], [(0, 9), (10, 9), (30, 9), (40, 9), (50, 9)])
    assert said == ["raised warm 40"]
    assert play([held], [(0, 9), (10, 9), (20, 9)], until=99) == ["raised warm 30"]


def test_nothing_is_good_again_because_nothing_is_heard() -> None:
    calm = rule(clear_hold_s=60, beat_s=10)
    assert play([calm], [(0, 9), (10, 5)], until=3600) == ["raised warm 0"]
    said = play([calm], [(0, 9), (10, 5), (500, 5), (520, 5)], until=3600)
    assert said == ["raised warm 0", "cleared warm 540"]


@pytest.mark.parametrize("seed", range(40))
def test_a_state_lasts_as_long_as_a_clock_that_ticks_every_second_says(seed: int) -> None:
    chance = random.Random(seed)
    one = rule(
        clear=chance.choice([None, 6.5]),
        hold_s=chance.choice([0, 5, 20]),
        clear_hold_s=chance.choice([0, 5, 20]),
        beat_s=chance.choice([0, 2, 5]),
    )
    second, readings = 0, []
    for _ in range(120):
        second += chance.choice([1, 2, 3, 5, 8, 13])
        readings.append((second, chance.choice([5.0, 7.0, 9.0, 9.5])))
    assert play([one], list(readings), until=second + 100) == tick(one, readings, second + 100)


def test_an_alarm_that_lasts_grows_once() -> None:
    grows = rule(escalate_after_s=30)
    assert play([grows], [(0, 9), (10, 9)], until=500) == ["raised warm 0", "escalated warm 30"]
    assert play([grows], [(0, 9), (10, 5)], until=500) == ["raised warm 0", "cleared warm 10"]


def test_silence_is_an_alarm_and_the_next_word_ends_it() -> None:
    dead = DeviceRule(id="dead", kind="dead_man", type="temperature", silence_s=100)
    one = Evaluator([dead], from_us=0)
    one.listen("d", "thermometer")
    assert one.advance(99 * S, {}) == []
    (raised,) = one.advance(101 * S, {})
    assert (raised.what, raised.at_us) == ("raised", 100 * S)
    (cleared,) = one.read("d", "thermometer", "p", "temperature", 130 * S, 4.0)
    assert (cleared.what, cleared.at_us) == ("cleared", 130 * S)


def test_silence_while_nobody_listened_proves_nothing() -> None:
    dead = DeviceRule(id="dead", kind="dead_man", type="temperature", silence_s=100)
    kept = {("dead", "d"): Memory(last_us=0)}
    again = Evaluator([dead], kept, from_us=5000 * S)
    assert again.advance(5050 * S, {}) == []
    assert [one.what for one in again.advance(5101 * S, {})] == ["raised"]


def test_a_rate_and_a_count_look_at_a_window() -> None:
    fast = DeviceRule(id="fast", kind="rate", type="temperature", above=3.0, window_s=60)
    assert play([fast], [(0, 1), (30, 2), (60, 5)]) == ["raised fast 60"]
    assert play([fast], [(0, 1), (100, 5)]) == []
    often = DeviceRule(id="often", kind="count", type="temperature", above=8, count=3, window_s=60)
    said = play([often], [(0, 9), (10, 9), (20, 9)], until=200)
    assert said == ["raised often 20", "cleared often 60"]


def test_both_at_one_place_and_not_at_two() -> None:
    parts = [rule(), DeviceRule(id="open", type="door", above=0.5)]
    both = DeviceRule(id="both", kind="both", of=("warm", "open"))

    def at(place: str) -> list[str]:
        one = Evaluator([*parts, both])
        first = one.read("t", "thermometer", "room-1", "temperature", 0, 9)
        return [s.rule for s in [*first, *one.read("o", "door-sensor", place, "door", S, 1)]]

    assert at("room-1") == ["warm", "open", "both"]
    assert at("room-2") == ["warm", "open"]


def test_many_alarms_of_one_rule_are_told_as_one_flood() -> None:
    one = Evaluator([rule(most=3, most_window_s=60)])
    said = [
        signal.what
        for number in range(50)
        for signal in one.read(f"d{number}", "thermometer", "p", "temperature", number * S, 9)
    ]
    assert said == ["raised"] * 3 + ["flood"]


def test_a_late_reading_changes_no_alarm() -> None:
    assert play([rule()], [(10, 9), (5, 1), (11, 9)]) == ["raised warm 10"]


@pytest.mark.parametrize("seed", range(20))
def test_the_same_readings_say_the_same_however_often_the_process_starts_anew(seed: int) -> None:
    """What is remembered survives as JSON between any two readings; nothing is said twice."""
    chance = random.Random(seed)
    rules = [
        rule(clear=6.0, hold_s=chance.choice([0, 7]), clear_hold_s=chance.choice([0, 5])),
        DeviceRule(id="often", kind="count", type="temperature", above=8, count=2, window_s=20),
        DeviceRule(id="both", kind="both", of=("warm", "often"), escalate_after_s=15),
    ]
    readings = [(k + chance.random(), chance.uniform(3, 12)) for k in range(120)]
    whole = Evaluator(rules)
    parts = Evaluator(rules)
    said: list[RuleSignal] = []
    said_in_parts: list[RuleSignal] = []
    for second, value in readings:
        at_us = round(second * S)
        said += whole.read("d", "thermometer", "p", "temperature", at_us, value)
        said_in_parts += parts.read("d", "thermometer", "p", "temperature", at_us, value)
        if chance.random() < 0.3:
            kept = msgspec.json.decode(
                msgspec.json.encode([(*key, memory) for key, memory in parts.memories.items()]),
                type=list[tuple[str, str, Memory]],
            )
            parts = Evaluator(rules, {(one, device): memory for one, device, memory in kept})
    assert said and said_in_parts == said


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"above": None}, "give `above` or `below`"),
        ({"kind": "rate"}, "window_s"),
        ({"kind": "dead_man"}, "silence_s"),
        ({"kind": "both", "of": ["warm", "no"]}, "names no other rule"),
        ({"clear": 9.0}, "above the bound"),
    ],
)
def test_a_rule_that_decides_nothing_is_refused(said: dict[str, object], complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        check_rules((rule(**said),))
