"""Chains: joint over members, bounded in length, never one link twice."""

from __future__ import annotations

import numpy as np
import pytest

from twinward.core.errors import InputError
from twinward.decision.simulation.triggers import DEPTH_LIMIT, simulate_chain
from twinward.library.hazards.chains import ChainRule, load_chains


def rule(name: str, cause: str, effect: str, probability: float = 0.5, **more: float) -> ChainRule:
    given = {"figure": "x", "at_least": 0.0, "delay_h": 1.0} | more
    return ChainRule(
        id=name,
        cause=cause,
        effect=effect,
        probability=probability,
        title=name,
        source="made for a test",
        **given,
    )  # type: ignore[arg-type]


def test_a_loop_of_rules_ends() -> None:
    rules = (rule("a", "fire", "release", 1.0), rule("b", "release", "fire", 1.0))
    links = simulate_chain("fire", rules, {}, 50, 1)
    assert [one.path for one in links] == [("a",), ("a", "b")]


def test_no_chain_is_longer_than_four_links() -> None:
    rules = tuple(rule(f"r{n}", f"h{n}", f"h{n + 1}", 1.0) for n in range(9))
    assert max(one.depth for one in simulate_chain("h0", rules, {}, 20, 1)) == DEPTH_LIMIT


def test_a_link_fires_only_in_members_in_which_its_cause_did() -> None:
    rules = (rule("a", "quake", "fire", 0.5), rule("b", "fire", "smoke", 1.0))
    first, second = simulate_chain("quake", rules, {}, 2000, 7)
    assert first.probability == second.probability
    assert first.probability == pytest.approx(0.5, abs=0.05)
    assert second.at_h[1] > first.at_h[1]


def test_only_members_that_reach_the_figure_set_anything_off() -> None:
    pga = np.concatenate([np.full(500, 0.05), np.full(500, 0.4)])
    (one,) = simulate_chain(
        "quake", (rule("a", "quake", "fire", 1.0, at_least=0.2),), {"x": pga}, 1000, 1
    )
    assert one.probability == pytest.approx(0.5)


def test_a_rare_link_leads_no_further() -> None:
    rules = (rule("a", "quake", "fire", 0.001), rule("b", "fire", "smoke", 1.0))
    assert simulate_chain("quake", rules, {}, 500, 1) == []


def test_the_same_seed_gives_the_same_chain() -> None:
    rules = (rule("a", "quake", "fire", 0.3),)
    assert simulate_chain("quake", rules, {}, 300, 5) == simulate_chain("quake", rules, {}, 300, 5)


def test_two_rules_of_one_name_and_no_members_are_refused() -> None:
    with pytest.raises(InputError, match="two chains"):
        simulate_chain("a", (rule("x", "a", "b"), rule("x", "b", "c")), {}, 10, 1)
    with pytest.raises(InputError, match="members"):
        simulate_chain("a", (), {}, 0, 1)


def test_the_bundled_chains_name_their_sources_and_end() -> None:
    rules = load_chains()
    assert len(rules) >= 10
    assert all(len(one.source) > 20 for one in rules)
    figures = {"pga_g": np.full(400, 0.4)}
    links = simulate_chain("earthquake", rules, figures, 400, 3)
    assert {"fire", "road-closure", "hospital-overload"} <= {one.effect for one in links}
    assert all(one.depth <= DEPTH_LIMIT and one.probability >= 0.01 for one in links)
