"""Scores of warnings: Finley's tornadoes, and tables that have no score."""

from __future__ import annotations

import pytest

from twinward.decision.risk.scores import score_cells, score_table


def test_finleys_tornadoes_come_out_to_three_digits() -> None:
    found = score_table(28, 72, 23, 2680)
    right = {"pod": 0.549, "far": 0.720, "csi": 0.228, "ets": 0.216, "pss": 0.523, "hss": 0.355}
    for name, value in right.items():
        assert getattr(found, name) == pytest.approx(value, abs=5e-4), name
    assert found.never_warn == pytest.approx(0.982, abs=5e-4)
    assert found.accuracy is not None and found.never_warn is not None
    assert found.accuracy < found.never_warn  # whoever never warns is right more often


def test_an_office_that_never_warns_cannot_look_good() -> None:
    found = score_table(0, 0, 51, 2752)
    assert found.accuracy == found.never_warn
    assert (found.pod, found.csi, found.hss, found.pss) == (0.0, 0.0, 0.0, 0.0)
    assert found.far is None


def test_nothing_at_all_has_no_score_and_no_error() -> None:
    found = score_table(0, 0, 0, 0)
    assert found.accuracy is None and found.csi is None


def test_areas_and_days_make_the_table() -> None:
    from datetime import date

    day = date(2026, 7, 1)
    found = score_cells({("a", day), ("b", day)}, {("a", day), ("c", day)}, 10)
    assert (found.hits, found.false_alarms, found.misses, found.correct) == (1, 1, 1, 7)
