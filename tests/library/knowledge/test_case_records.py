"""Past incidents are found by likeness at the same age, with what worked there and why they are
alike.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
import pytest

from twinward.core.errors import InputError
from twinward.library.knowledge.case_records import CaseRecord, Worked, find_like, read_records


def record(name: str, **more: object) -> CaseRecord:
    told: dict[str, object] = {
        "hazard": "epidemic",
        "area_name": name,
        "residents": 1_000_000,
        "first_day": date(2024, 1, 10),
        "days": 40,
        "total": 400,
        "growth": 0.1,
        "counts": tuple([10] * 40),
        "settings": {"school": 10},
        "level": "II",
        "rounds": 1,
        "plans": (),
        "orders": 20,
        "late": 2,
        "worked": (),
        "lessons": (),
        "closed": True,
    }
    return CaseRecord(incident=name, **(told | more))  # type: ignore[arg-type]


def test_the_most_alike_comes_first_and_says_why() -> None:
    now = record("now", closed=False, days=10, counts=tuple([10] * 10))
    records = [
        record("summer work", first_day=date(2023, 7, 1), settings={"work": 10}, growth=0.3),
        record("winter school", first_day=date(2023, 1, 10)),
        record("winter work", first_day=date(2023, 1, 10), settings={"work": 10}),
        record("flood", hazard="flood"),
        record("still open", closed=False),
    ]
    found = find_like(now, records)
    assert [one.record for one in found] == ["winter school", "winter work", "summer work"]
    assert 1.0 >= found[0].alike > 0.99 > found[1].alike > found[2].alike
    assert any("100 reports by day 10, here 100" in text for text in found[0].because)


def kept(measure: str, day: int, after: tuple[float, float, float]) -> Worked:
    """Growth of +0.2 a day before the measure; after it, the middle of an interval."""
    low, middle, high = after
    return Worked(
        measure=measure,
        day=day,
        growth_before=0.2,
        growth_after=middle,
        after_low=low,
        after_high=high,
    )


def test_what_worked_is_what_growth_fell_below_nought_after_the_greatest_fall_first() -> None:
    worked = (
        kept("masks", 3, (-0.04, -0.02, -0.01)),
        kept("travel_restriction", 4, (0.25, 0.3, 0.35)),
        kept("schools_close", 6, (-0.08, -0.03, 0.02)),  # it fell, but reports may still grow
        kept("lockdown", 9, (-0.14, -0.1, -0.06)),
        Worked(measure="tests", day=12, growth_before=0.2, growth_after=-0.3),  # no interval
    )
    (found,) = find_like(record("now", closed=False), [record("then", worked=worked)])
    assert [text.split()[0] for text in found.worked] == ["lockdown", "masks"]


def test_records_travel_as_json_and_anything_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "there.json").write_bytes(msgspec.json.encode([record("there")]))
    assert read_records(tmp_path / "there.json") == [record("there")]
    (tmp_path / "torn.json").write_text('[{"incident": 3}]')
    with pytest.raises(InputError, match="no case records"):
        read_records(tmp_path / "torn.json")
