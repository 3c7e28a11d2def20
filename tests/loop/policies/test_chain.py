"""Chains in the loop: a link opens the next incident with its cause, and none runs for ever."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from helpers.cities import COMMUNITY, HUANGPU, Desk
from twinward.core.errors import ConflictError, InputError
from twinward.library.hazards.chains import load_chains
from twinward.service.hazards import risks


def shake(desk: Desk, pga_g: float = 0.4) -> None:
    desk.post(
        "ReportHazard", hazard="earthquake", area=COMMUNITY, figure="pga_g", value=pga_g, unit="g"
    )


def plant(desk: Desk, *links: tuple[str, str], figure: str = "links_fired") -> None:
    """Rules that fire by themselves, each from the figure with which the one before opens."""
    lines = []
    for n, (cause, effect) in enumerate(links):
        lines += [
            "[[chain]]",
            f'id = "planted-{n}"',
            f'cause = "{cause}"',
            f'effect = "{effect}"',
            f'figure = "{"pga_g" if n == 0 else figure}"',
            "at_least = 0.1",
            "probability = 1.0",
            "delay_h = 0.0",
            f'title = "{cause} to {effect}"',
            'source = "planted"',
            'fires = "automatic"',
            f'effect_figure = "{figure}"',
        ]
    folder: Path = desk.workspace / "risks"
    folder.mkdir()
    (folder / "planted.toml").write_text("\n".join(lines), "utf-8")


def hazards(desk: Desk) -> list[str]:
    return [row["hazard"] for row in sorted(desk.incidents(), key=lambda row: row["opened_at"])]


def test_a_link_that_was_seen_opens_the_next_incident_with_its_cause(desk: Desk) -> None:
    shake(desk)
    quake = desk.incident()
    fired = risks.fire_link(
        desk.platform, desk.me, quake["id"], "quake-fires", "smoke over three streets"
    )
    fire = next(row for row in desk.incidents() if row["hazard"] == "fire")
    assert (fired.opened, fired.depth, fired.way) == (fire["id"], 1, ("quake-fires",))
    assert fire["cause_link"] == fired.id and fire["area"] == HUANGPU
    assert fire["level"] == "IV"
    assert fire["figures"]["pga_g after earthquake"] == 0.4  # damage is carried on
    again = risks.list_fired(desk.platform, desk.me, fire["id"])
    assert [one.id for one in again] == [fired.id]


def test_damage_of_two_steps_back_is_carried_too(desk: Desk) -> None:
    shake(desk)
    risks.fire_link(desk.platform, desk.me, desk.incident()["id"], "quake-fires", "smoke is seen")
    fire = next(row for row in desk.incidents() if row["hazard"] == "fire")
    risks.fire_link(desk.platform, desk.me, fire["id"], "fire-domino", "a tank has burst")
    gas = next(row for row in desk.incidents() if row["hazard"] == "chemical")
    assert gas["figures"]["pga_g after earthquake"] == 0.4
    assert gas["figures"]["burned_area_m2 after fire"] == 100


def test_the_duty_officer_is_told_once_what_a_quake_may_set_off(desk: Desk) -> None:
    shake(desk)
    shake(desk, 0.41)
    told = [row for row in desk.rows("notices") if row.clause.startswith("chain ")]
    rules = [rule for rule in load_chains() if rule.cause == "earthquake" and rule.at_least <= 0.4]
    assert sorted(row.clause for row in told) == sorted(f"chain {rule.id}" for rule in rules)
    assert len(desk.incidents()) == 1  # nothing opens by itself


def test_a_planted_chain_of_five_links_opens_five_incidents_in_order_and_no_sixth(
    desk: Desk,
) -> None:
    way = ["earthquake", "fire", "chemical", "power-loss", "road-closure", "displacement", "flood"]
    plant(desk, *itertools.pairwise(way))
    shake(desk, 0.2)
    links = sorted(risks.list_fired(desk.platform, desk.me), key=lambda one: one.depth)
    assert [one.effect for one in links] == way[1:6]
    assert all(one.opened for one in links)
    assert set(hazards(desk)) == set(way[:6])


def test_a_chain_in_a_circle_ends(desk: Desk) -> None:
    plant(desk, ("earthquake", "fire"), ("fire", "chemical"), ("chemical", "fire"))
    shake(desk, 0.2)
    links = risks.list_fired(desk.platform, desk.me)
    assert len(links) <= 3
    assert sorted(hazards(desk)) == ["chemical", "earthquake", "fire"]


def test_what_cannot_fire_is_one_error(desk: Desk) -> None:
    shake(desk)
    quake = desk.incident()["id"]
    with pytest.raises(InputError, match="no chain rule"):
        risks.fire_link(desk.platform, desk.me, quake, "quake-moon", "nothing is seen")
    with pytest.raises(InputError, match="begins with flood"):
        risks.fire_link(desk.platform, desk.me, quake, "flood-roads", "water is seen")
    risks.fire_link(desk.platform, desk.me, quake, "quake-fires", "smoke is seen")
    with pytest.raises(ConflictError, match="has fired"):
        risks.fire_link(desk.platform, desk.me, quake, "quake-fires", "smoke is seen again")


def test_the_ten_best_supported_chains_come_with_their_sources() -> None:
    rules = load_chains()
    assert len(rules) >= 10
    for rule in rules:
        assert rule.source and 0 < rule.probability <= 1 and rule.evidence in ("strong", "moderate")
