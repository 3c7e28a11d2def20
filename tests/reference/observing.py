"""Slow, obvious twins of the inbox's kernels, and batches of observations for tests."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from twinward.storage.files.frames import schema

START_US = 1_646_553_600_000_000  # 2022-03-06T08:00Z
HOUR_US = 3_600_000_000


def as_rows(items: list[dict[str, Any]]) -> Any:
    """An Arrow batch of observations from dicts; what a dict leaves out is null."""
    return pa.RecordBatch.from_pylist(items, schema=schema())


def reading(
    number: int, sensor: str = "s-1", value: float = 1.0, at_us: int | None = None
) -> dict[str, Any]:
    """A reading with id `r-<number>`, by default `number` seconds after the start."""
    time_us = START_US + number * 1_000_000 if at_us is None else at_us
    return {
        "source_id": f"r-{number}",
        "type": "reading",
        "time_us": time_us,
        "subject": sensor,
        "value": value,
    }


def position(number: int, subject: str = "p-1") -> dict[str, Any]:
    point = {"lon": 121.4 + number * 1e-4, "lat": 31.2}
    return {
        "source_id": f"m-{number}",
        "type": "position",
        "time_us": START_US + number,
        "subject": subject,
        **point,
    }


def known_slowly(batches: list[list[str]], horizon: int) -> list[list[bool]]:
    """Which keys were among those added before, never forgetting (valid up to the horizon)."""
    seen: set[str] = set()
    answers = []
    for batch in batches:
        answers.append([])
        for key in batch:
            answers[-1].append(key in seen)
            seen.add(key)
    assert len(seen) <= horizon
    return answers


def told_slowly(batches: list[list[dict[str, Any]]]) -> list[list[int]]:
    """0 for each row that is new, 1 where its id came before, 2 where it came with another type,
    time, subject, value, unit or point.
    """
    felt = ("type", "time_us", "subject", "value", "unit", "lon", "lat")
    seen: dict[str, tuple[Any, ...]] = {}
    answers = []
    for batch in batches:
        answers.append([])
        for item in batch:
            body = tuple(item.get(name) for name in felt)
            before = seen.setdefault(item["source_id"], body)
            new = before is body
            answers[-1].append(0 if new else 1 if before == body else 2)
    return answers


def latest_slowly(items: list[dict[str, Any]]) -> dict[str, tuple[int, float]]:
    """The last reading of every sensor; of two at one instant the later told."""
    latest: dict[str, tuple[int, float]] = {}
    for item in items:
        name = f"{item['type']}:{item['subject']}"
        if name not in latest or item["time_us"] >= latest[name][0]:
            latest[name] = (item["time_us"], item["value"])
    return latest


def hourly_slowly(
    items: list[dict[str, Any]], sensor: str, start_us: int, end_us: int
) -> dict[int, list[float]]:
    """Values of one sensor by the start of their hour."""
    hours: dict[int, list[float]] = {}
    for item in items:
        if item["subject"] == sensor and start_us <= item["time_us"] < end_us:
            hours.setdefault(item["time_us"] // HOUR_US * HOUR_US, []).append(item["value"])
    return dict(sorted(hours.items()))
