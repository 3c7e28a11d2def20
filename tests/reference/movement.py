"""Slow, obvious twins of the tracing kernels, and small seeded movement to try them on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from twinward.core.geography import distance_m
from twinward.core.scope import Scope

START = datetime(2022, 4, 1, tzinfo=UTC)
START_US = int(START.timestamp()) * 1_000_000


def open_scope(**changes: Any) -> Scope:
    """A scope as an activation would give it; only tests make one here."""
    parts: dict[str, Any] = {
        "activation": "activation-test",
        "holder": "tester",
        "purposes": frozenset({"trace"}),
        "areas": ("all",),
        "data_from": START - timedelta(days=30),
        "data_to": START + timedelta(days=60),
    }
    return Scope(**(parts | changes))


def random_fixes(
    seed: int, rows: int, subjects: int, days: float = 3.0, decimals: int | None = 6
) -> dict[str, Any]:
    """Columns of fixes of subjects who hover around homes a few hundred metres apart."""
    random = np.random.default_rng(seed)
    subject = random.integers(0, subjects, rows)
    home = random.normal(0, 0.004, (subjects, 2)) + [121.47, 31.2]
    points = home[subject] + random.normal(0, 0.0006, (rows, 2))
    if decimals is not None:
        points = np.round(points, decimals)
    time_us = START_US + (random.random(rows) * days * 86_400).astype(np.int64) * 1_000_000
    return {"subject": subject, "time_us": time_us, "lon": points[:, 0], "lat": points[:, 1]}


def as_batch(columns: dict[str, Any]) -> Any:
    """Columns as the lake's `append` takes them."""
    return pa.table(columns | {"subject": pa.array([str(s) for s in columns["subject"]])})


def brute_pairs(
    columns: dict[str, Any], case: int, from_us: int, to_us: int, radius_m: float, minutes: float
) -> tuple[int, set[int]]:
    """(ordered pairs, distinct others) by looking at every fix of everybody for every fix of the
    case.
    """
    subject, time_us = np.asarray(columns["subject"]), columns["time_us"]
    pairs, others = 0, set()
    for i in np.flatnonzero((subject == case) & (time_us >= from_us) & (time_us < to_us)):
        near = (
            distance_m(columns["lon"][i], columns["lat"][i], columns["lon"], columns["lat"])
            <= radius_m
        )
        near &= (np.abs(time_us - time_us[i]) <= minutes * 60e6) & (subject != case)
        pairs += int(near.sum())
        others |= set(subject[near].tolist())
    return pairs, others
