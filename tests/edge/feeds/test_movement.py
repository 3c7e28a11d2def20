"""Movement files: every row is passed on or rejected with a reason, and the counts add up."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinward.core.errors import InputError
from twinward.edge.feeds import kernels
from twinward.edge.feeds.movement import MovementFile


def read(path: Path, **options: str) -> tuple[pa.Table, MovementFile]:
    source = MovementFile(path, options)
    tables = list(source.batches())
    return pa.concat_tables(tables).combine_chunks() if tables else pa.table({}), source


@pytest.mark.parametrize("kind", ["text", "numbers"])
def test_a_direct_identity_is_no_subject_and_leaves_nothing_behind(
    tmp_path: Path, kind: str
) -> None:
    """Numbers of 18 digits without a day of birth and check character may be pseudonyms."""
    direct = ["13812345678", "11010119900307109X", "wang.wei@example.org", "+86 138-1234-5678"]
    fine = ["12812345678", "138123456789", "110101199003071234", "a@b", "p-13812345678", "13"]
    if kind == "numbers":
        direct, fine = direct[:1], fine[:3]
    subjects = [*direct, *fine]
    given = pa.array([int(name) for name in subjects] if kind == "numbers" else subjects)
    time = pa.array(np.arange(len(subjects)) * 1_000_000, pa.timestamp("us", tz="UTC"))
    path = tmp_path / "m.parquet"
    pq.write_table(
        pa.table(
            {"subject": given, "time": time, "lon": [1.0] * len(time), "lat": [1.0] * len(time)}
        ),
        path,
    )
    table, source = read(path)
    assert [row.code for row in source.rejected] == ["direct_identity"] * len(direct)
    assert table.column("subject").chunk(0).dictionary.cast(pa.string()).to_pylist() == fine


def test_bad_rows_are_counted_with_their_reason_and_number(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text(
        "subject,time,lon,lat,error_m\n"
        "a,2022-04-01T08:00:00+08:00,121.5,31.2,\n"
        "a,2022-04-01T08:00:00,121.5,31.2,5\n"
        "b,yesterday,121.5,31.2,5\n"
        "b,2022-04-01T00:00:00Z,31.2,121.5,5\n"
        "b,2022-04-01T00:00:00Z,181,91,5\n"
        "b,2022-04-01T00:00:00Z,east,31.2,5\n"
        ",2022-04-01T00:00:00Z,121.5,31.2,5\n"
        "c,2022-04-01T00:00:00Z,121.5,,5\n"
        "c,2022-04-01T00:00:00Z,121.5,31.2,-4\n"
        "c,2022-04-01T00:00:00Z,121.5\n"
        "c,2022-02-30T00:00:00Z,121.5,31.2,5\n"
        "7,2022-04-01T00:00:00.25Z,121.5,31.2,300\n",
        "utf-8",
    )
    table, source = read(path)
    assert source.received == 12 and len(source.rejected) == 10
    assert {row.row: row.code for row in source.rejected} == {
        2: "time_without_zone",
        3: "bad_time",
        4: "swapped_coordinates",
        5: "bad_point",
        6: "bad_number",
        7: "missing_value",
        8: "missing_value",
        9: "bad_error",
        10: "bad_row",
        11: "bad_time",
    }
    assert table.column("subject").combine_chunks().cast(pa.string()).to_pylist() == ["a", "7"]
    assert table.column("subject").chunk(0).dictionary.to_pylist() == [
        "a",
        "7",
    ]  # nothing is left of the others
    midnight = int(datetime(2022, 4, 1, tzinfo=UTC).timestamp()) * 1_000_000
    assert table.column("time_us").to_pylist() == [midnight, midnight + 250_000]


def test_parquet_with_integers_and_zoned_timestamps(tmp_path: Path) -> None:
    path = tmp_path / "m.parquet"
    time = pa.array([1_648_771_200_000, 1_648_771_201_000], pa.timestamp("ms", "Asia/Shanghai"))
    pq.write_table(
        pa.table({"subject": [7, 8], "time": time, "lon": [121.0, 121.5], "lat": [31.0, 31.5]}),
        path,
    )
    table, source = read(path)
    assert (source.received, source.rejected) == (2, [])
    assert table.column("time_us").to_pylist() == [1_648_771_200_000_000, 1_648_771_201_000_000]


def test_timestamps_without_zone_are_all_rejected(tmp_path: Path) -> None:
    path = tmp_path / "m.parquet"
    time = pa.array([0, 1], pa.timestamp("us"))
    pq.write_table(
        pa.table({"subject": ["a", "b"], "time": time, "lon": [1.0, 2.0], "lat": [1.0, 2.0]}), path
    )
    table, source = read(path)
    assert [row.code for row in source.rejected] == [
        "time_without_zone"
    ] * 2 and table.num_rows == 0


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("absent.csv", None, "file_absent"),
        ("m.csv", b"subject,time,lon\na,b,c\n", "missing_column"),
        ("m.csv", b"", "missing_column"),
        ("m.csv", b"\xff\xfe\x00s", "bad_file"),
        ("m.parquet", b"not parquet", "bad_file"),
    ],
)
def test_a_useless_file_is_one_clear_error(
    tmp_path: Path, name: str, content: bytes | None, code: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as error:
        read(tmp_path / name)
    assert error.value.code == code


def test_columns_can_be_renamed(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("user,Time,LON,y\nu1,2022-04-01T00:00:00Z,1,2\n", "utf-8")
    table, _ = read(path, subject="user", lat="y")
    assert table.column("lat").to_pylist() == [2.0]


@settings(deadline=None)  # the first call compiles
@given(
    st.datetimes(
        min_value=datetime(1901, 1, 2),  # noqa: DTZ001
        max_value=datetime(2099, 12, 30),  # noqa: DTZ001
        timezones=st.timezones(),
    )
)
def test_times_are_read_as_python_reads_them(at: datetime) -> None:
    text = at.isoformat()
    offset = at.utcoffset()
    if offset is None or offset.total_seconds() % 60:
        return
    data = np.frombuffer(text.encode(), np.uint8)
    out, verdict = kernels.parse_times(data, np.array([0, len(data)]))
    assert verdict[0] == kernels.GOOD
    assert int(out[0]) == (at - datetime(1970, 1, 1, tzinfo=UTC)) // (datetime.resolution)


@settings(deadline=None)
@given(st.text(max_size=30))
def test_no_text_breaks_the_reader_of_times(text: str) -> None:
    data = np.frombuffer(text.encode() or b"\0", np.uint8)
    _, verdict = kernels.parse_times(data, np.array([0, len(text.encode())]))
    try:
        good = datetime.fromisoformat(text.strip(" ")).tzinfo is not None
    except ValueError:
        good = False
    assert verdict[0] != kernels.GOOD or good
