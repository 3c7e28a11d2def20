"""Which devices an agent knows: where each stands and stood, what the registry says of it."""

from __future__ import annotations

import sqlite3

import msgspec

from twinward.edge.agent.claims import UNCLAIMED, keep_claim, waiting_keys
from twinward.edge.agent.tables import HELD
from twinward.edge.agent.wire import RegisteredDevice

MOST_PLACED = 50_000  # devices whose places are held in memory
Placed = tuple[int, tuple[str, str, str]]  # since when; profile, area, place


class DevicePlaces:
    """The part of the file that is about devices; its methods that write are called inside a
    transaction.
    """

    def __init__(self) -> None:
        self.db: sqlite3.Connection
        self._placed: dict[str, list[Placed]] = {}  # what `placed` says of devices asked for

    def look_up_places(self) -> None:
        """What is held in memory may be old."""
        self._placed.clear()

    def place(self, device: str, profile: str, area: str, place: str, from_us: int) -> None:
        """Where a device stands from now on; what it said before belongs to where it stood."""
        if self.placed_at(device, from_us) != (profile, area, place):
            self.db.execute(
                "INSERT OR REPLACE INTO placed VALUES (?,?,?,?,?)",
                (device, from_us, profile, area, place),
            )
            self._placed.pop(device, None)

    def placed_at(self, device: str, at_us: int) -> tuple[str, str, str]:
        """(profile, area, place) of a device at an instant; the first known for earlier ones."""
        known = self._places_of(device)
        if not known:
            return "", "", ""
        before = [one for since, one in known if since <= at_us]
        return before[-1] if before else known[0][1]

    def moved_at(self, device: str) -> int:
        """Since when a device stands where it stands; 0 where it has never been moved."""
        known = self._places_of(device)
        return known[-1][0] if len(known) > 1 else 0

    def _places_of(self, device: str) -> list[Placed]:
        known = self._placed.get(device)
        if known is None:
            rows = self.db.execute(
                "SELECT from_us, profile, area, place FROM placed WHERE device=? ORDER BY from_us",
                (device,),
            )
            known = [(int(row[0]), (str(row[1]), str(row[2]), str(row[3]))) for row in rows]
            if len(self._placed) >= MOST_PLACED:
                self._placed.clear()
            self._placed[device] = known
        return known

    def list_devices(self) -> list[tuple[str, str]]:
        """(device, profile) of all that may speak."""
        rows = self.db.execute(
            "SELECT device, profile FROM placed p WHERE from_us="
            "(SELECT max(from_us) FROM placed WHERE device=p.device) "
            "AND device NOT IN (SELECT device FROM registry WHERE may_speak=0)"
        )
        return [(str(device), str(profile)) for device, profile in rows]

    def keep_registered(self, one: RegisteredDevice, now_us: int) -> None:
        """What the centre's registry says of a device; one that may speak is heard with what it
        said before.
        """
        self.db.execute(
            "INSERT OR REPLACE INTO registry VALUES (?,?,?,?,?)",
            (
                one.device,
                one.may_speak,
                " ".join(one.keys),
                msgspec.json.encode(one.desired),
                one.desired_version,
            ),
        )
        keep_claim(self.db, one)
        if one.may_speak:
            _, first = self.count_held(one.device)
            known = self.placed_at(one.device, now_us)[0]
            since = now_us if known or first is None else min(first, now_us)
            self.place(one.device, one.profile, one.area, one.place, since)

    def list_keys(self) -> dict[str, tuple[str, ...]]:
        """Digests of the keys that each device of the registry may bring; none: it needs none. One
        that has yet to claim its key has none that anybody could bring.
        """
        rows = self.db.execute(
            "SELECT r.device, r.keys, c.open FROM registry r LEFT JOIN claim c ON c.device=r.device"
        ).fetchall()
        claimed = waiting_keys(self.db)
        found = {}
        for device, written, open_claim in rows:
            keys = (*written.split(), *([claimed[device]] if device in claimed else ()))
            found[str(device)] = keys or ((UNCLAIMED,) if open_claim else ())
        return found

    def wishes_of(self, device: str) -> tuple[dict[str, str], int]:
        """What is wanted of a device, and the version of that."""
        row = self.db.execute(
            "SELECT desired, version FROM registry WHERE device=?", (device,)
        ).fetchone()
        return ({}, 0) if row is None else (msgspec.json.decode(row[0]), int(row[1]))

    def count_held(self, device: str) -> tuple[int, int | None]:
        """How many readings of a device wait for a person, and the time of the first."""
        row = self.db.execute(
            "SELECT count(*), min(occurred_us) FROM reading WHERE device=? AND state=?",
            (device, HELD),
        ).fetchone()
        return int(row[0]), row[1]
