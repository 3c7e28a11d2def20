"""A series is set right by written rules, keeps its total and says what was done."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from twinward.core.errors import InputError
from twinward.decision.surveillance.counts import read_counts


def written(tmp_path: Path, *rows: str, head: str = "date,new") -> Path:
    path = tmp_path / "counts.csv"
    path.write_text("\n".join([head, *rows]) + "\n")
    return path


def test_out_of_order_twice_and_missing(tmp_path: Path) -> None:
    found = read_counts(
        written(tmp_path, "2022-03-03,5", "2022-03-01,2", "2022-03-01,1", "2022-03-12,4")
    )
    assert (str(found.first), np.nansum(found.new)) == ("2022-03-01", 12)
    assert np.isnan(found.new).sum() == 9
    said = " ".join(found.notes)
    assert "come twice" in said
    assert "out of order" in said
    assert "9 days have no count, the first is 2022-03-02: unknown, not 0" in said


def test_a_negative_count_is_taken_back_from_the_days_before(tmp_path: Path) -> None:
    found = read_counts(
        written(tmp_path, "2022-03-01,5", "2022-03-02,3", "2022-03-03,-6", "2022-03-04,4")
    )
    assert found.new.tolist() == [2, 0, 0, 4]
    assert "total kept" in found.notes[0]


def test_more_taken_back_than_reported_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="take back 4 cases more"):
        read_counts(written(tmp_path, "2022-03-01,5", "2022-03-02,-9"))


def test_zeros_at_the_end_of_a_wave_are_not_yet_reported(tmp_path: Path) -> None:
    rows = [f"2022-03-{day:02},{40 if day < 12 else 0}" for day in range(1, 15)]
    found = read_counts(written(tmp_path, *rows))
    assert np.isnan(found.new[-3:]).all()
    assert "not yet reported" in found.notes[0]


def test_zeros_after_few_cases_stay_zeros(tmp_path: Path) -> None:
    rows = [f"2022-03-{day:02},{1 if day == 3 else 0}" for day in range(1, 15)]
    assert np.isfinite(read_counts(written(tmp_path, *rows)).new).all()


@pytest.mark.parametrize(
    ("rows", "head", "said"),
    [
        (("2022-03-01,many",), "date,new", "new 'many' is not a number"),
        (("yesterday,1",), "date,new", "'yesterday' is not a date"),
        (("2022-03-01",), "date,new", "has 1 fields, the head has 2"),
        ((), "date,new", "has no rows"),
        (("2022-03-01,1",), "day,new", "has no column date"),
        (("2022-03-01,1,2",), "date,new,imported", "imported must be at most new"),
    ],
)
def test_what_cannot_be_read_is_said(
    rows: tuple[str, ...], head: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=said):
        read_counts(written(tmp_path, *rows, head=head))
