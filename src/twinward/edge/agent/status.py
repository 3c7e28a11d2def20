"""How an edge stands: backlog, disk, loss, devices that are late; read from its store, whether it
runs or not.
"""

from __future__ import annotations

import sqlite3

import msgspec

from twinward.core.clock import SystemClock, from_us, to_us
from twinward.core.errors import StorageError
from twinward.edge.agent.config import EdgeConfig
from twinward.edge.agent.store import EdgeStore
from twinward.edge.agent.tables import HELD
from twinward.edge.profiles import get_profile

# a device is stale after two missed beats and unknown after ten (ours)
STALE_BEATS, UNKNOWN_BEATS = 2, 10


class DeviceState(msgspec.Struct, frozen=True, kw_only=True):
    """`good`, `stale`, `unknown` or `faulty`, by the device's own time, never by ours."""

    device: str
    profile: str
    state: str
    last_at: str | None
    fault: str = ""


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    reason: str
    lane: str
    count: int
    first_at: str
    last_at: str


class BrokerState(msgspec.Struct, frozen=True, kw_only=True):
    """The line to the broker as it was at `at`. `says`: why nothing comes over it; empty while it
    does. `under_way`: messages that were taken and not acknowledged yet.
    """

    straight: bool
    says: str
    under_way: int
    connections: int
    at: str


class EdgeStatus(msgspec.Struct, frozen=True, kw_only=True):
    """`lost`: thinned or refused by the centre. `last_ack_seq`: everything up to it is settled.
    `says`: why nothing reaches the centre; empty while it does. `broker` None: there is none.
    """

    edge: str
    backlog: int
    backlog_by_lane: dict[str, int]
    oldest_s: float
    held: dict[str, int]
    disk_bytes: int
    lost: int
    duplicate: int
    last_ack_seq: int
    config_version: str
    clock_skew_s: float | None
    rules_version: str
    rules_number: int
    rules_refused: str
    received: int
    stored: int
    rejected: int
    alarms_open: int
    actions: dict[str, int]
    devices: list[DeviceState]
    losses: list[Loss]
    says: str
    broker: BrokerState | None


def find_status(config: EdgeConfig) -> EdgeStatus:
    """InputError where there is no store yet."""
    store = EdgeStore(config.path(config.edge.store), read_only=True)
    try:
        return _read(store, config)
    except sqlite3.Error as error:
        raise StorageError(f"the edge's store cannot be read ({error})", "try again") from error
    finally:
        store.close()


def _read(store: EdgeStore, config: EdgeConfig) -> EdgeStatus:
    now_us = to_us(SystemClock().now())
    one = store.db.execute
    counts = store.counts()
    lanes = store.count_waiting()
    first = store.first_waiting()
    newest = one("SELECT seq FROM sqlite_sequence WHERE name='reading'").fetchone()
    settings = dict(one("SELECT name, value FROM setting").fetchall())
    return EdgeStatus(
        edge=config.edge.id,
        backlog=sum(lanes.values()),
        backlog_by_lane={str(lane): count for lane, count in lanes.items()},
        oldest_s=round((now_us - first[1]) / 1e6, 3) if first is not None else 0.0,
        held=dict(
            one("SELECT why, count(*) FROM reading WHERE state=? GROUP BY why", (HELD,)).fetchall()
        ),
        disk_bytes=store.used_bytes(),
        lost=counts.get("thinned", 0) + counts.get("refused", 0),
        duplicate=counts.get("duplicate", 0),
        last_ack_seq=(first[0] - 1) if first is not None else (newest[0] if newest else 0),
        config_version=settings.get("config_version", ""),
        clock_skew_s=float(settings["clock_skew_s"]) if "clock_skew_s" in settings else None,
        rules_version=settings.get("rules_version", ""),
        rules_number=int(settings.get("rules_number", 0)),
        rules_refused=settings.get("rules_refused", ""),
        received=counts.get("received", 0),
        stored=counts.get("stored", 0),
        rejected=counts.get("rejected", 0),
        alarms_open=one("SELECT count(*) FROM alarm WHERE cleared_us IS NULL").fetchone()[0],
        actions=dict(one("SELECT state, count(*) FROM action GROUP BY state").fetchall()),
        devices=list_device_states(store, now_us),
        losses=[
            Loss(reason=r, lane=lane, count=n, first_at=_at(a), last_at=_at(b))
            for r, lane, n, a, b in one(
                "SELECT reason, lane, sum(count), min(first_us), max(last_us) FROM ledger "
                "GROUP BY reason, lane ORDER BY reason, lane"
            )
        ],
        says=settings.get("says", ""),
        broker=msgspec.json.decode(told, type=BrokerState)
        if (told := settings.get("broker"))
        else None,
    )


def list_device_states(store: EdgeStore, now_us: int) -> list[DeviceState]:
    heard = {
        device: (at_us, fault)
        for device, at_us, fault in store.db.execute("SELECT device, occurred_us, fault FROM heard")
    }
    found = []
    for device, profile in sorted(store.list_devices()):
        at_us, fault = heard.get(device, (None, ""))
        beat_us = get_profile(profile).cadence_s * 1e6
        state = "unknown"
        if at_us is not None and now_us - at_us <= STALE_BEATS * beat_us:
            state = "faulty" if fault else "good"
        elif at_us is not None and now_us - at_us <= UNKNOWN_BEATS * beat_us:
            state = "stale"
        found.append(
            DeviceState(
                device=device,
                profile=profile,
                state=state,
                last_at=None if at_us is None else _at(at_us),
                fault=fault,
            )
        )
    return found


def _at(us: int) -> str:
    return from_us(us).isoformat()
