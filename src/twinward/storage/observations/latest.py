"""The current value of every sensor as columns: told from a batch at once, read at once, saved
at each drain.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twinward.core.coding.files import sync_folder
from twinward.core.geography import distance_m
from twinward.core.ids import PERSON, PERSONAL, PSEUDONYM
from twinward.storage.files import kernels
from twinward.storage.observations.duplicate_filter import FULL, seed_of, text_keys

NONE_YET = np.iinfo(np.int64).min
NUMBER_SEED = seed_of("sensor")
COLUMNS = {
    "time_us": np.int64,
    "value": np.float64,
    "area": np.int32,
    "unit": np.int32,
    "lon": np.float64,
    "lat": np.float64,
    "apart": np.bool_,
}
APART_M = 500.0  # so far one sensor does not go between two readings, unless it moves
ENDED = "ended:"  # what is left of the name of a person's sensor


class Sensors(msgspec.Struct, frozen=True, kw_only=True):
    """A picture of all sensors, N of them, in the order in which they were first heard.

    name string[N] (`<type>:<subject, place or area>`, of persons `<type>:person:<subject>`),
    time_us int64[N], value float64[N]; area, unit int32[N] (index into `areas`, `units`, -1 where
    none was given); lon, lat float64[N] where it last said it stands, NaN where it never did;
    apart bool[N]: its last two places lie more than 500 m apart.
    """

    name: pa.StringArray
    time_us: NDArray[Any]
    value: NDArray[Any]
    area: NDArray[Any]
    unit: NDArray[Any]
    lon: NDArray[Any]
    lat: NDArray[Any]
    apart: NDArray[Any]
    areas: list[str]
    units: list[str]


def sensor_names(rows: pa.RecordBatch) -> pa.StringArray:
    """`<type>:<subject>`, or place or area where there is no subject, of each row of an
    observation batch; a person's is marked.
    """
    subject = rows.column("subject")
    persons = pc.fill_null(pc.starts_with(subject, PSEUDONYM), False)
    if pc.any(persons).as_py():
        marked = pc.binary_join_element_wise(pa.scalar(PERSON), subject, pa.scalar(""))
        subject = pc.if_else(persons, marked, subject)
    who = pc.coalesce(
        subject, rows.column("place"), rows.column("area"), pa.scalar("", pa.string())
    )
    return pc.binary_join_element_wise(rows.column("type"), who, ":")


def are_personal(names: pa.StringArray) -> NDArray[np.bool_]:
    """Which names of sensors are of persons' readings."""
    return np.asarray(
        pc.match_substring_regex(names, PERSONAL).to_numpy(zero_copy_only=False), np.bool_
    )


def are_hidden(names: pa.StringArray) -> NDArray[np.bool_]:
    """Which sensors no list shows: of persons, and those whose person's readings have ended."""
    hidden = are_personal(names)
    hidden |= pc.starts_with(names, ENDED).to_numpy(zero_copy_only=False)
    return hidden


def word_numbers(column: pa.StringArray, known: dict[str, int]) -> NDArray[Any]:
    """int32[N]: the number of each word, new ones added to those that are known; -1 for none."""
    coded = column.dictionary_encode()
    numbers = [known.setdefault(word, len(known)) for word in coded.dictionary.to_pylist()]
    found: NDArray[Any] = np.array([*numbers, -1], np.int32)[coded.indices.fill_null(-1).to_numpy()]
    return found


class Latest:
    """Numbers sensors by name and keeps their latest values; one lock, held for microseconds a
    batch.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = threading.Lock()
        self._names: list[pa.StringArray] = []  # Arrow pieces; joined when asked for
        self._joined: pa.StringArray = pa.array([], pa.string())
        self._areas: dict[str, int] = {}
        self._units: dict[str, int] = {}
        self._count = 0
        self._table = np.zeros((1 << 12, 2), np.uint64)
        self._rows = np.zeros(1 << 12, np.int32)
        self._columns: dict[str, NDArray[Any]] = {
            name: np.zeros(1 << 11, kind) for name, kind in COLUMNS.items()
        }
        self._load()

    def __len__(self) -> int:
        return self._count

    def tell(self, readings: pa.RecordBatch) -> NDArray[Any]:
        """Takes a batch of readings (rows with a value); returns each row's sensor number."""
        names = sensor_names(readings)
        time_us = readings.column("time_us").to_numpy()
        value = readings.column("value").to_numpy(zero_copy_only=False)
        with self._lock:
            numbers = self._number(names)
            area = word_numbers(readings.column("area"), self._areas)
            held = self._columns
            before = held["time_us"][numbers]
            kernels.keep_latest(
                numbers, time_us, value, area, held["time_us"], held["value"], held["area"]
            )
            unit = word_numbers(readings.column("unit"), self._units)
            newest = held["time_us"][numbers] == time_us
            held["unit"][numbers[newest]] = unit[newest]
            self._place(numbers, names, time_us, readings, before)
        return numbers

    def _place(
        self,
        numbers: NDArray[Any],
        names: pa.StringArray,
        time_us: NDArray[Any],
        rows: pa.RecordBatch,
        before: NDArray[Any],
    ) -> None:
        """Keeps where things stand, of those readings that say so and are not older than what was
        known `before`; never where a person is.
        """
        lon, lat = (rows.column(name).to_numpy(zero_copy_only=False) for name in ("lon", "lat"))
        placed = np.isfinite(lon) & np.isfinite(lat) & (time_us >= before)
        if not placed.any():
            return
        at = np.flatnonzero(placed)
        at = at[~are_personal(names.take(pa.array(at)))]
        at = at[np.lexsort((time_us[at], numbers[at]))]  # by sensor, then by time
        held, who, x, y = self._columns, numbers[at], lon[at], lat[at]
        from_lon, from_lat = held["lon"][who], held["lat"][who]
        again = np.flatnonzero(who[1:] == who[:-1]) + 1  # told twice in one batch
        from_lon[again], from_lat[again] = x[again - 1], y[again - 1]
        known = np.isfinite(from_lon)
        away = np.zeros(len(at))
        away[known] = distance_m(from_lon[known], from_lat[known], x[known], y[known])
        last = np.append(who[1:] != who[:-1], True)[: len(who)]
        held["apart"][who[last]] = away[last] > APART_M
        held["lon"][who[last]], held["lat"][who[last]] = x[last], y[last]

    def count_new(self, readings: pa.RecordBatch) -> int:
        """Of how many sensors that were never heard a batch of readings tells."""
        keys = np.unique(text_keys(sensor_names(readings), NUMBER_SEED), axis=0)
        with self._lock:
            return int(kernels.count_unknown(self._table, keys))

    def _number(self, names: pa.StringArray) -> NDArray[Any]:
        keys = text_keys(names, NUMBER_SEED)
        self._make_room(len(keys))
        numbers = np.empty(len(keys), np.int32)
        before = self._count
        self._count = kernels.number_keys(self._table, self._rows, before, keys, numbers)
        if self._count > before:
            first = np.full(self._count - before, -1, np.int64)
            new = np.flatnonzero(numbers >= before)[::-1]
            first[numbers[new] - before] = new
            self._names.append(names.take(pa.array(first)))
            self._columns["time_us"][before : self._count] = NONE_YET
            self._columns["unit"][before : self._count] = -1
            for name in ("lon", "lat"):
                self._columns[name][before : self._count] = np.nan
        return numbers

    def _make_room(self, more: int) -> None:
        need = self._count + more
        size = len(self._rows)
        while need > FULL * size:
            size *= 2
        if size > len(self._rows):
            held = np.flatnonzero(self._table[:, 1])
            keys = self._table[held][np.argsort(self._rows[held])]
            self._table, self._rows = np.zeros((size, 2), np.uint64), np.zeros(size, np.int32)
            kernels.number_keys(self._table, self._rows, 0, keys, np.empty(len(keys), np.int32))
        room = len(self._columns["value"])
        if need > room:
            more_room = max(need, 2 * room) - room
            for name, column in self._columns.items():
                self._columns[name] = np.concatenate([column, np.zeros(more_room, column.dtype)])

    def find_number(self, name: str) -> int | None:
        """The number of a sensor, or None when it was never heard."""
        key = text_keys(pa.array([name]), NUMBER_SEED)[0]
        with self._lock:
            found = int(kernels.find_key(self._table, self._rows, key[0], key[1]))
        return found if found >= 0 else None

    def sensors(self) -> Sensors:
        """A picture of now; its arrays are copies and do not change."""
        with self._lock:
            n = self._count
            if self._names:
                self._joined = pa.concat_arrays([self._joined, *self._names])
                self._names = []
            columns = {name: column[:n].copy() for name, column in self._columns.items()}
            return Sensors(
                name=self._joined, areas=list(self._areas), units=list(self._units), **columns
            )

    def of_things(self) -> Sensors:
        """The picture without what is about persons or has ended."""
        now = self.sensors()
        hidden = are_hidden(now.name)
        if not hidden.any():
            return now
        kept = np.flatnonzero(~hidden)
        columns = {name: getattr(now, name)[kept] for name in COLUMNS}
        name = now.name.take(pa.array(kept))
        return Sensors(name=name, areas=now.areas, units=now.units, **columns)

    def find_area(self, name: str) -> str | None:
        """The area that a sensor's latest reading gave, if it was heard and gave one."""
        return self._find_word(name, "area", self._areas)

    def find_unit(self, name: str) -> str | None:
        """The unit of a sensor's latest reading, if it was heard and gave one."""
        return self._find_word(name, "unit", self._units)

    def _find_word(self, name: str, column: str, words: dict[str, int]) -> str | None:
        number = self.find_number(name)
        with self._lock:
            word = -1 if number is None else int(self._columns[column][number])
            return list(words)[word] if word >= 0 else None

    def end_persons(self, alive: NDArray[Any]) -> int:
        """Forget the names and last values of persons' sensors that are not among the numbers
        `alive`; how many.

        Their numbers stay taken, for readings are kept by number.
        """
        now = self.sensors()
        gone = are_personal(now.name)
        gone[alive[alive < len(gone)]] = False
        if not gone.any():
            return 0
        names = now.name.to_pylist()
        for number in np.flatnonzero(gone).tolist():
            names[number] = f"{ENDED}{number}"
        with self._lock:
            later = self._count - len(names)  # heard meanwhile: their names come after
            joined = (
                pa.concat_arrays([pa.array(names, pa.string()), *self._names])
                if later
                else pa.array(names)
            )
            self._columns["time_us"][: len(gone)][gone] = NONE_YET
            self._columns["value"][: len(gone)][gone] = 0.0
            self._columns["area"][: len(gone)][gone] = -1
            self._table[:], self._rows[:] = 0, 0
            self._names, self._joined, self._count = [], joined, 0
            self._count = kernels.number_keys(
                self._table,
                self._rows,
                0,
                text_keys(joined, NUMBER_SEED),
                np.empty(len(joined), np.int32),
            )
        self.save()
        return int(gone.sum())

    def save(self) -> None:
        """Keeps the picture on disk, whole or not at all; readings are numbered by it."""
        now = self.sensors()
        area, unit = (
            pa.DictionaryArray.from_arrays(
                pa.array(number, mask=number < 0), pa.array(words, pa.string())
            )
            for number, words in ((now.area, now.areas), (now.unit, now.units))
        )
        columns = {"name": now.name, "time_us": now.time_us, "value": now.value}
        columns |= {"area": area, "unit": unit}
        columns |= {name: getattr(now, name) for name in ("lon", "lat", "apart")}
        beside = self.root / "latest.arrow.new"
        self.root.mkdir(parents=True, exist_ok=True)
        batch = pa.record_batch(columns)
        with pa.OSFile(str(beside), "wb") as file, pa.ipc.new_file(file, batch.schema) as writer:
            writer.write_batch(batch)
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        beside.replace(self.root / "latest.arrow")
        sync_folder(self.root)

    def _load(self) -> None:
        path = self.root / "latest.arrow"
        if not path.exists():
            return
        with pa.memory_map(str(path)) as file:
            batch = pa.ipc.open_file(file).get_batch(0)
        self._number(batch.column("name"))
        for name in ("time_us", "value", "lon", "lat", "apart"):
            if name in batch.schema.names:  # an older release kept no places
                column = batch.column(name).to_numpy(zero_copy_only=False)
                self._columns[name][: self._count] = column
        for name, known in (("area", self._areas), ("unit", self._units)):
            if name in batch.schema.names:
                words = batch.column(name)
                known |= {word: n for n, word in enumerate(words.dictionary.to_pylist())}
                self._columns[name][: self._count] = words.indices.fill_null(-1).to_numpy()
