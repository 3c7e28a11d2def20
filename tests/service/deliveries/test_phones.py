"""A courier whose own telephone signs is believed only where the receiver has told the code."""

from __future__ import annotations

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from helpers.cities import COMMUNITY
from service.deliveries.conftest import COURIER, Depot
from twinward.core.errors import ConflictError
from twinward.edge.agent.parcels import (
    MANIFEST,
    Receipt,
    digest_of,
    proof_of,
    public_of,
    read_signed,
    sign,
)
from twinward.service.deliveries import hands, holders, phones

DOOR = {"to": "door", "place": "door-17"}


class Telephone:
    """Signs what it likes: who holds it can change its script."""

    def __init__(self, depot: Depot) -> None:
        self.depot = depot
        self.key = Ed25519PrivateKey.generate()
        self.sent: list[bytes] = []

    def sign(self, kind: str, parcel: str, proof: str = "", round_: int = 1) -> str:
        """The remark that the centre makes on such a receipt, which it takes."""
        last = self.sent[-1] if self.sent else b""
        made = Receipt(
            holder=COURIER.name,
            seq=len(self.sent) + 1,
            before=digest_of(last) if last else "",
            kind=kind,  # type: ignore[arg-type]
            parcel=parcel,
            place="door-17",
            round=round_,
            at=self.depot.now,
            proof=proof,
        )
        self.sent.append(sign(self.key, made))
        taken = holders.take_receipts(self.depot.desk.platform, COURIER, self.sent[-1:])
        assert (taken.stored, taken.rejected) == (1, [])
        return self.depot.parcel(parcel).disputed


@pytest.fixture
def phone(depot: Depot) -> Telephone:
    desk = depot.desk
    hands.register_courier(
        desk.platform, desk.me, holder=COURIER.name, kind="courier", area=COMMUNITY
    )
    made = Telephone(depot)
    told = phones.take_key(desk.platform, COURIER, public_of(made.key))
    assert (told.kept_by, told.key) == ("phone", public_of(made.key))
    return made


def test_without_the_code_a_handing_over_is_disputed(depot: Depot, phone: Telephone) -> None:
    depot.send("P1", **DOOR)
    depot.send("P2", **DOOR)
    depot.send("P3", **DOOR)
    code = depot.code("P1").replace(" ", "")
    for one in ("P1", "P2", "P3"):
        phone.sign("loaded", one)
    assert phone.sign("handed", "P1", proof_of(code, COURIER.name, "P1", 1, 4)) == ""
    assert phone.sign("handed", "P2") == "unproven"
    stolen = proof_of(code, COURIER.name, "P1", 1, 4)  # of another parcel
    assert phone.sign("handed", "P3", stolen) == "unproven"
    assert depot.parcel("P1").status == "handed"


def test_a_telephone_is_given_verifiers_of_what_it_holds_and_of_nothing_else(
    depot: Depot, phone: Telephone
) -> None:
    depot.send("P1", **DOOR)
    depot.send("P2", **DOOR)
    phone.sign("loaded", "P1")
    platform = depot.desk.platform
    made = holders.make_manifest(platform, COURIER, COURIER.name, held=True)
    lines = MANIFEST.decode(read_signed(made, holders.get_depot_key(platform).depot)).lines
    assert [one.parcel for one in lines] == ["P1"]


def test_one_telephone_at_a_time_and_the_depot_decides_on_the_next(
    depot: Depot, phone: Telephone
) -> None:
    platform, me = depot.desk.platform, depot.desk.me
    depot.send("P1", **DOOR)
    phone.sign("loaded", "P1")
    other = public_of(Ed25519PrivateKey.generate())
    with pytest.raises(ConflictError, match="another telephone"):
        phones.take_key(platform, COURIER, other)
    assert phones.take_key(platform, COURIER, public_of(phone.key)).kept_by == "phone"  # again
    with pytest.raises(ConflictError, match="telephone of their own"):
        hands.act(platform, COURIER, "P1", hands.HandAct(act="bring_back"))
    hands.register_courier(platform, me, holder=COURIER.name, kind="courier", area=COMMUNITY)
    done = hands.act(platform, COURIER, "P1", hands.HandAct(act="hand", code=depot.code("P1")))
    assert (done.status, done.disputed) == ("handed", "")
    late = msgspec.structs.replace(COURIER)  # what the lost telephone says now is not believed
    taken = holders.take_receipts(platform, late, phone.sent)
    assert [one.code for one in taken.rejected] == ["bad_signature"]
    assert phones.take_key(platform, COURIER, other).kept_by == "phone"
