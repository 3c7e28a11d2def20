"""The intake of observations and who is shown them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from twinward.core.messages import Counts, Difference

if TYPE_CHECKING:
    import pyarrow as pa


class KeptBatch(Future[Counts]):
    """What a batch came to, when it is on disk; `conflicts`: the rows among its duplicates that
    came before with another body.
    """

    conflicts: list[int]


class Intake(Protocol):
    """Takes in checked observations; what is acknowledged is on disk."""

    def accept(
        self, source: str, rows: pa.RecordBatch, rejected: int, sender: str = ""
    ) -> KeptBatch:
        """`rows` is an Arrow batch of OBSERVATION_COLUMNS; `rejected` counts what was refused
        before.
        """

    def sensors(self) -> Any:
        """Columns of the latest value of every sensor of a thing: name, time_us, value, area
        (index), areas.
        """

    def sensors_at(self, at: datetime, since: datetime, named: str = "") -> Any:
        """The same of what was told from `since` to `at`, of names that begin so."""

    def track(self, sensor: str, start: datetime, end: datetime) -> Any:
        """Columns of all that a sensor of a thing told in [start, end): time_us, value, lon,
        lat.
        """

    def count_new_sensors(self, rows: pa.RecordBatch) -> int:
        """Of how many sensors that were never heard rows of OBSERVATION_COLUMNS tell readings."""

    def find_area(self, sensor: str) -> str | None:
        """The area that the latest reading of a sensor gave."""

    def find_unit(self, sensor: str) -> str | None:
        """The unit that the latest reading of a sensor gave."""

    def hourly(self, sensor: str, start: datetime, end: datetime) -> Any:
        """Columns of one sensor's readings by hour: hour_us, count, mean, least, greatest."""


class Watcher(Protocol):
    """Is shown every durable batch of readings in order, and every undrained one again after a
    start.
    """

    def look(self, source: str, readings: pa.RecordBatch, number: int, at_us: int) -> None:
        """`readings` is an Arrow batch of OBSERVATION_COLUMNS, each row with a value; `source` the
        namespace of its ids (see `core.ids.id_space`). Later batches have a greater `number`, by
        which one that is shown again is known; it was recorded at `at_us`.
        """

    def settle(self) -> None:
        """Returns when all that followed from the batches shown so far is durable."""


class IntakeDoor(Protocol):
    """The intake of this process, opened on first use; one process owns it at a time."""

    def open(self) -> Intake: ...

    @property
    def trouble(self) -> str | None:
        """Why what was taken in does not get to its place just now, or None."""

    def counts(self) -> dict[str, Counts]: ...

    def list_differences(self) -> list[Difference]:
        """Where what was acknowledged is not what is there; nothing while another process owns
        the intake.
        """

    def expire(
        self, at: datetime, retention_days: int, kept: Sequence[tuple[datetime, datetime]] = ()
    ) -> int:
        """Delete what was recorded more than `retention_days` before `at`, save what `kept`
        windows cover.
        """

    def close(self) -> None: ...
