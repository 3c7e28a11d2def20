"""A depot and a cabinet that work together, and a cabinet that works alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from helpers.cities import COMMUNITY, Desk
from twinward.edge.agent.cabinet import Cabinet, init_cabinet
from twinward.edge.agent.parcels import public_of
from twinward.service.deliveries import holders, parcels
from twinward.service.deliveries.secrets import depot_key
from twinward.service.platform import local_admin

COURIER = msgspec.structs.replace(local_admin(), name="van-1", role="courier", areas=(COMMUNITY,))
PLACE = "gate-3"


class Depot:
    """The depot's side, with ledgers of holders beside it."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self.desk = desk
        self.folder = folder

    def holder(self, name: str, kind: Any = "cabinet", place: str = PLACE) -> Cabinet:
        platform = self.desk.platform
        made = init_cabinet(self.folder / f"{name}.db", name, place, public_of(depot_key(platform)))
        holders.register(
            platform,
            self.desk.me,
            holder=name,
            kind=kind,
            area=COMMUNITY,
            place=place if kind == "cabinet" else "",
            key=made.status().public,
        )
        return made

    def send(self, parcel: str = "P1", **more: Any) -> None:
        told = {
            "parcel": parcel,
            "subject": f"p-{parcel}",
            "area": COMMUNITY,
            "place": PLACE,
            "to": "cabinet",
            "goods": "food",
            "expires_at": self.now + timedelta(days=7),
        }
        account = self.desk.post("SendParcel", **(told | more))
        assert account.stored == 1, account.rejected

    @property
    def now(self) -> datetime:
        return self.desk.clock.now()

    def meet(self, cabinet: Cabinet) -> holders.ReceiptsTaken:
        """The cabinet has a network again: its receipts go up, the manifest comes down."""
        taken = holders.take_receipts(self.desk.platform, COURIER, cabinet.unsent())
        for seq in taken.acknowledged.values():
            cabinet.acknowledge(seq)
        cabinet.accept_manifest(holders.make_manifest(self.desk.platform, COURIER, cabinet.holder))
        return taken

    def code(self, parcel: str = "P1") -> str:
        return parcels.tell_code(self.desk.platform, self.desk.me, parcel, "paper").code

    def parcel(self, parcel: str = "P1") -> parcels.ParcelView:
        return parcels.get_parcel(self.desk.platform, self.desk.me, parcel).parcel


@pytest.fixture
def depot(desk: Desk, tmp_path: Path) -> Depot:
    return Depot(desk, tmp_path)
