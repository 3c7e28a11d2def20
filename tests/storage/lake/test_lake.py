"""The lake keeps every fix once, whatever the order in which it came, and forgets when it must."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from reference.movement import START, START_US, as_batch, random_fixes
from twinward.core.errors import BusyError
from twinward.storage.lake import compaction
from twinward.storage.lake.lake import Lake, describe
from twinward.storage.lake.parts import BY_PLACE, BY_SUBJECT, concat_fixes

DAY_US = 86_400_000_000


def contents(lake: Lake, order: str = BY_SUBJECT) -> set[tuple[Any, ...]]:
    snapshot = lake.snapshot()
    rows = concat_fixes(
        [snapshot.parts[part.name].read_all() for part in snapshot.manifest.parts_of(order)]
    )
    names = snapshot.name_subjects(rows.subject)
    return set(zip(names, rows.time_us.tolist(), rows.lon.tolist(), rows.lat.tolist(), strict=True))


def visits(lake: Lake) -> list[tuple[Any, ...]]:
    found = lake.snapshot().visits_between(0, 1 << 61)
    names = lake.snapshot().name_subjects(found.subject)
    return sorted(
        zip(
            names,
            found.start_us.tolist(),
            found.end_us.tolist(),
            found.lon.tolist(),
            found.fixes.tolist(),
            strict=True,
        )
    )


def rows(columns: dict[str, Any], which: Any) -> dict[str, Any]:
    return {name: column[which] for name, column in columns.items()}


@pytest.mark.parametrize("decimals", [5, 7, None])
def test_both_orders_give_back_every_value_exactly(tmp_path: Path, decimals: int | None) -> None:
    columns = random_fixes(1, 20_000, 50, decimals=decimals)
    lake = Lake(tmp_path)
    assert lake.append([as_batch(columns)], START).stored == 20_000
    given = set(
        zip(
            [str(s) for s in columns["subject"]],
            columns["time_us"].tolist(),
            columns["lon"].tolist(),
            columns["lat"].tolist(),
            strict=True,
        )
    )
    assert contents(lake, BY_SUBJECT) == given == contents(lake, BY_PLACE)


def test_milliseconds_and_microseconds_survive(tmp_path: Path) -> None:
    for unit, folder in ((1_000, "ms"), (1, "us")):
        columns = random_fixes(2, 500, 5)
        columns["time_us"] = columns["time_us"] + np.arange(500) * unit
        lake = Lake(tmp_path / folder)
        lake.append([as_batch(columns)], START)
        assert {row[1] for row in contents(lake)} == set(columns["time_us"].tolist())


def test_a_repeat_is_counted_and_not_kept(tmp_path: Path) -> None:
    columns = random_fixes(3, 5_000, 40)
    lake = Lake(tmp_path)
    twice = {name: np.concatenate([column, column[:1_000]]) for name, column in columns.items()}
    first = lake.append([as_batch(twice)], START)
    again = lake.append([as_batch(rows(columns, slice(0, 3_000)))], START)
    assert (first.stored, first.duplicate, again.stored, again.duplicate) == (
        5_000,
        1_000,
        0,
        3_000,
    )


def test_the_same_source_id_is_a_repeat_even_with_other_values(tmp_path: Path) -> None:
    columns = random_fixes(4, 10, 3)
    lake = Lake(tmp_path)

    def batch(keys: list[int], shift: float) -> Any:
        moved = columns | {"lon": columns["lon"] + shift, "source_key": np.array(keys, np.int64)}
        return as_batch(moved)

    first = lake.append([batch([1, 2, 3, 4, 5, 6, 7, 8, 9, 9], 0.0)], START)
    again = lake.append([batch([1, 2, 3, 4, 5, 6, 7, 8, 10, 11], 0.1)], START)
    assert (first.stored, first.duplicate, again.stored, again.duplicate) == (9, 1, 2, 8)


@pytest.mark.parametrize("leaps", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_visits_do_not_depend_on_the_order_in_which_data_came(
    tmp_path: Path, seed: int, leaps: bool
) -> None:
    columns = random_fixes(seed, 6_000, 12, days=4.0)
    if (
        leaps
    ):  # impossible speeds: which fix is at fault shows only beside those that came in other pieces
        columns["lon"] = columns["lon"] + np.where(
            np.random.default_rng(seed + 9).random(6_000) < 0.03, 9.0, 0.0
        )
    whole, pieces = Lake(tmp_path / "whole"), Lake(tmp_path / "pieces")
    whole.append([as_batch(columns)], START)
    random = np.random.default_rng(seed)
    day = (columns["time_us"] - START_US) // DAY_US
    late = (
        random.integers(0, 4, 6_000) if seed % 2 else (day * 3) % 4
    )  # by chance, or whole days out of order
    for number in range(4):
        pieces.append([as_batch(rows(columns, late == number))], START)
    assert contents(whole) == contents(pieces)
    assert visits(whole) == visits(pieces) and len(visits(whole)) > 12
    pieces.compact()
    assert contents(whole) == contents(pieces) and visits(whole) == visits(pieces)
    assert len(pieces.snapshot().manifest.parts) == 8


def test_what_comes_in_bit_by_bit_is_kept_in_few_pieces(tmp_path: Path) -> None:
    columns = random_fixes(3, 9_000, 12, days=1.0)
    source = np.arange(1, 9_001, dtype=np.int64)
    whole, bits = Lake(tmp_path / "whole"), Lake(tmp_path / "bits")
    pieces = [slice(i, i + 60) for i in range(0, 9_000, 60)]

    def batch(part: slice) -> pa.Table:
        return as_batch(rows(columns, part)).append_column("source_key", pa.array(source[part]))

    whole.append([batch(slice(0, 9_000))], START)
    most = 0
    for part in pieces:
        assert bits.append([batch(part)], START).duplicate == 0
        bits.tidy()
        manifest = bits.snapshot().manifest
        most = max(most, len(manifest.parts), len(manifest.source_keys))
        assert {path.name for path in bits.root.iterdir()} <= manifest.files() | {
            "manifest.json",
            "writer.lock",
        }
    days = len(bits.snapshot().manifest.days())
    assert most <= 2 * days * 8 * 4  # two orders, of each day eight of a size, four sizes
    assert days * 64 < 2 * len(pieces)
    assert contents(whole) == contents(bits) and visits(whole) == visits(bits)
    assert bits.append([batch(slice(0, 9_000))], START).duplicate == 9_000
    manifest = bits.snapshot().manifest
    assert sum(side.rows for side in manifest.source_keys) == 9_000


def test_large_pieces_and_pieces_of_other_days_of_recording_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "LARGE", 100)
    lake = Lake(tmp_path)
    for number in range(9):
        lake.append([as_batch(random_fixes(number, 150, 5, days=1.0))], START)
    assert lake.tidy() == 0
    for number in range(12):
        small = as_batch(random_fixes(100 + number, 20, 5, days=1.0))
        lake.append([small], START + timedelta(days=number % 2))
    assert lake.tidy() == 0
    assert len(lake.snapshot().manifest.parts) >= 2 * 21
    for number in range(4):
        lake.append([as_batch(random_fixes(200 + number, 20, 5, days=1.0))], START)
    assert lake.tidy() > 0


def test_spilling_to_scratch_changes_nothing(tmp_path: Path) -> None:
    columns = random_fixes(9, 9_000, 30)
    whole, spilled = Lake(tmp_path / "whole"), Lake(tmp_path / "spilled")
    batches = [as_batch(rows(columns, slice(i, i + 1_000))) for i in range(0, 9_000, 1_000)]
    whole.append(batches, START)
    spilled.append(batches, START, memory_rows=2_500)
    assert contents(whole) == contents(spilled) and visits(whole) == visits(spilled)
    assert not (tmp_path / "spilled" / "scratch").exists()


def test_a_night_at_home_is_one_visit_across_midnight(tmp_path: Path) -> None:
    minutes = np.arange(0, 14 * 60, 30)
    columns = {
        "subject": np.zeros(len(minutes), np.int64),
        "time_us": START_US + (18 * 60 + minutes) * 60_000_000,
        "lon": np.full(len(minutes), 121.5),
        "lat": np.full(len(minutes), 31.2),
    }
    lake = Lake(tmp_path)
    for day in (0, 1):
        lake.append(
            [as_batch(rows(columns, (columns["time_us"] - START_US) // DAY_US == day))], START
        )
    assert [(end - start) // 3_600_000_000 for _, start, end, _, _ in visits(lake)] == [13]


def test_a_jump_is_kept_and_flagged_and_left_out_of_stays(tmp_path: Path) -> None:
    lon = np.full(20, 121.5)
    lon[10] = 100.0
    columns = {
        "subject": np.zeros(20, np.int64),
        "time_us": START_US + np.arange(20) * 600_000_000,
        "lon": lon,
        "lat": np.full(20, 31.2),
    }
    lake = Lake(tmp_path)
    done = lake.append([as_batch(columns)], START)
    assert (done.stored, done.flagged) == (20, 1)
    assert len(visits(lake)) == 1


def test_retention_drops_whole_parts_and_keeps_what_an_activation_covers(tmp_path: Path) -> None:
    columns = random_fixes(11, 3_000, 10, days=3.0)
    lake = Lake(tmp_path)
    lake.append([as_batch(columns)], START)
    lake.append([as_batch(random_fixes(12, 500, 10, days=1.0))], START + timedelta(days=20))
    assert lake.expire(START + timedelta(days=29), 30) == 0
    window = (START + timedelta(days=1), START + timedelta(days=2))
    gone = lake.expire(START + timedelta(days=31), 30, [window])
    days = {(time_us - START_US) // DAY_US for _, time_us, _, _ in contents(lake)}
    assert days == {0, 1} and gone == int(
        (columns["time_us"] - START_US >= 2 * DAY_US).sum()
    ) + int((columns["time_us"] - START_US < DAY_US).sum())
    assert lake.expire(START + timedelta(days=60), 30) > 0
    assert describe(lake.snapshot().manifest)["fixes"] == 0 and visits(lake) == []
    assert not [path for path in tmp_path.iterdir() if path.suffix == ".parquet"]


def test_two_writers_do_not_meet(tmp_path: Path) -> None:
    lake, other = Lake(tmp_path), Lake(tmp_path)

    def batches() -> Any:
        with pytest.raises(BusyError):
            other.append([as_batch(random_fixes(1, 10, 2))], START)
        yield as_batch(random_fixes(1, 10, 2))

    assert lake.append(batches(), START).stored == 10


def test_a_failed_append_leaves_no_trace(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.append([as_batch(random_fixes(1, 100, 5))], START)
    before = contents(lake)

    def batches() -> Any:
        yield as_batch(random_fixes(2, 100, 5))
        raise RuntimeError("the feed broke")

    with pytest.raises(RuntimeError):
        lake.append(batches(), START)
    assert contents(lake) == before


def test_places_and_errors_are_kept(tmp_path: Path) -> None:
    columns = random_fixes(5, 100, 5)
    place = pa.array(["shop" if i % 3 == 0 else None for i in range(100)])
    table = as_batch(columns).append_column("place", place)
    table = table.append_column("error_m", pa.array(np.where(np.arange(100) % 2, 300.0, np.nan)))
    lake = Lake(tmp_path)
    lake.append([table], START)
    snapshot = lake.snapshot()
    fixes = concat_fixes(
        [part.read_all() for part in snapshot.parts.values() if part.part.order == BY_PLACE]
    )
    assert int((fixes.place >= 0).sum()) == 34 and snapshot.name_places(
        fixes.place[fixes.place >= 0][:1]
    ) == ["shop"]
    assert int(np.isnan(fixes.error_m).sum()) == 50


@pytest.mark.parametrize("compacted", [False, True])
def test_places_and_flags_are_kept_in_files_of_whole_numbers(
    tmp_path: Path, compacted: bool
) -> None:
    columns = random_fixes(5, 100, 5)
    columns["lon"][::7] += 60
    columns["lon"], columns["lat"] = np.round(columns["lon"], 7), np.round(columns["lat"], 7)
    table = as_batch(columns).append_column(
        "place", pa.array(["shop" if i % 3 == 0 else None for i in range(100)])
    )
    lake, halves = Lake(tmp_path), [table.slice(0, 50), table.slice(50)]
    flagged = sum(lake.append([half], START).flagged for half in halves)
    if compacted:
        assert lake.compact() > 0
    snapshot = lake.snapshot()
    assert {part.coords for part in snapshot.manifest.parts} == {"e7"}
    for order in (BY_PLACE, BY_SUBJECT):
        fixes = concat_fixes(
            [part.read_all() for part in snapshot.parts.values() if part.part.order == order]
        )
        assert int((fixes.place >= 0).sum()) == 34 and fixes.place.min() == -1
        assert int(fixes.flag.sum()) == flagged >= 1 and fixes.flag.dtype == np.uint8
    told = lake.sql(
        "SELECT count(*), count(place), sum(flagged::INT) FROM fixes",
        START,
        START + timedelta(days=9),
    )
    assert told["rows"] == [[100, 34, flagged]]


def test_visits_on_the_edge_of_a_cell_are_found_again(tmp_path: Path) -> None:
    """Means that lie a hair from a cell's edge are kept in the order of the cells in which they
    are looked for.
    """
    from twinward.core.ports import Visits
    from twinward.storage.lake import kernels, stays

    edge = (np.arange(700) + 262_000) / kernels.CELLS_PER_DEGREE - 180.0
    lon = np.concatenate([edge - 4e-8, edge + 4e-8, edge - 1e-9, edge + 1e-9])
    n = len(lon)
    number = np.arange(n, dtype=np.int64)
    visits = Visits(
        subject=number.astype(np.int32),
        start_us=number * 1_000_000,
        end_us=(number + 60) * 1_000_000,
        lon=lon,
        lat=np.full(n, 31.2),
        fixes=np.ones(n, np.int32),
        error_m=np.full(n, np.nan, np.float32),
        place=np.full(n, -1, np.int32),
    )
    day = stays.VisitDay(stays.compact(visits))
    assert np.all(np.diff(day.keys) >= 0)
