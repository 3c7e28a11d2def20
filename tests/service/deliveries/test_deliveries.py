"""A parcel reaches its receiver alone, once, at its place; what cannot be is kept and shown."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from helpers.cities import COMMUNITY, NEIGHBOUR, Desk
from twinward.core.errors import AbsentError, ConflictError, InputError, RefusedError
from twinward.decision.logistics.routing.rounds import Round, Visit
from twinward.edge.agent.cabinet import Cabinet
from twinward.edge.agent.parcels import MOST_ATTEMPTS, check_digit
from twinward.service.deliveries import hands, holders, parcels, receivers, rounds, slips
from twinward.service.logistics.delivery_routes import RoundsPlan
from twinward.service.platform import local_admin

COURIER = msgspec.structs.replace(local_admin(), name="van-1", role="courier", areas=(COMMUNITY,))


def wrong(code: str) -> str:
    """A code that is well formed and another's."""
    plain = code.replace(" ", "")
    first = f"{(int(plain[0]) + 1) % 10}{plain[1:9]}"
    return first + check_digit(first)


def code_of(refused: pytest.ExceptionInfo[InputError]) -> str:
    return refused.value.code


def test_a_parcel_reaches_somebody_without_a_phone(desk: Desk, depot: Any, tmp_path: Path) -> None:
    """The story: a slip on paper, a cabinet without a network for three days, a neighbour's
    clumsy fingers, and the proof afterwards.
    """
    cabinet: Cabinet = depot.holder("cab-3")
    van: Cabinet = depot.holder("van-1", "vehicle", "")
    depot.send()
    depot.meet(cabinet)
    depot.meet(van)
    slip = slips.print_slips(desk.platform, desk.me, ["P1"])
    assert slip.startswith(b"%PDF")
    code = depot.code()
    with pytest.raises(AbsentError):  # who carries it can read no code, in no way
        parcels.tell_code(desk.platform, COURIER, "P1", "paper")
    assert code not in msgspec.json.encode(parcels.list_parcels(desk.platform, COURIER)).decode()
    van.take_in("P1", depot.now, kind="loaded")
    van.give_up("P1", depot.now + timedelta(minutes=30), "withdrawn")
    cabinet.take_in("P1", depot.now + timedelta(minutes=31), "box 4")
    later = depot.now + timedelta(hours=5)
    with pytest.raises(InputError) as slipped:  # a slip of the finger costs no attempt
        cabinet.hand_out("P1", code[:-1] + str((int(code[-1]) + 1) % 10), later)
    assert code_of(slipped) == "mistyped_code"
    with pytest.raises(RefusedError) as refused:
        cabinet.hand_out("P1", wrong(code), later)
    assert code_of(refused) == "wrong_code" and "4 attempts" in str(refused.value)
    cabinet.hand_out("P1", code, later, "ab" * 32)
    with pytest.raises(ConflictError) as again:
        cabinet.hand_out("P1", code, later)
    assert code_of(again) == "already_handed"
    desk.clock.advance(timedelta(days=3))
    assert depot.parcel().status == "waiting"  # the centre has heard nothing yet
    assert depot.meet(cabinet).stored == 2
    assert depot.meet(van).stored == 2  # the van's come later, and undo nothing
    found = parcels.get_parcel(desk.platform, desk.me, "P1")
    assert (found.parcel.status, found.parcel.disputed) == ("handed", "")
    assert (found.parcel.handed_at, found.parcel.photo_sha256) == (later, "ab" * 32)
    assert {(one.holder, one.kind) for one in found.receipts} == {
        ("cab-3", "deposited"),
        ("cab-3", "handed"),
        ("van-1", "loaded"),
        ("van-1", "withdrawn"),
    }
    events = msgspec.json.encode(desk.events()).decode()
    assert code not in events and code.replace(" ", "") not in events


def test_an_officer_who_carries_a_parcel_may_not_read_its_code(desk: Desk, depot: Any) -> None:
    officer = msgspec.structs.replace(local_admin(), name="li", role="duty_officer")
    hands = depot.holder("li", "courier", "")
    depot.holder("cab-3")
    depot.send()
    depot.meet(hands)
    parcels.tell_code(desk.platform, officer, "P1", "voice")
    hands.take_in("P1", depot.now, kind="loaded")
    depot.meet(hands)
    with pytest.raises(RefusedError) as refused:
        parcels.tell_code(desk.platform, officer, "P1", "voice")
    assert code_of(refused) == "not_yours"


def test_a_receiver_reads_the_code_with_the_ticket_alone(desk: Desk, depot: Any) -> None:
    depot.holder("cab-3")
    depot.send()
    told = parcels.tell_code(desk.platform, desk.me, "P1", "paper")
    anybody = msgspec.structs.replace(local_admin(), name="", role="public", areas=())
    own = receivers.read_own_code(desk.platform, anybody, "P1", told.ticket)
    assert (own.code, own.ticket) == (told.code, "")
    other = told.ticket[:-1] + ("B" if told.ticket.endswith("A") else "A")
    with pytest.raises(AbsentError):
        receivers.read_own_code(desk.platform, anybody, "P1", other)
    assert depot.parcel().shown == 2


def test_a_move_voids_the_code_and_a_cabinet_that_hears_of_it_gives_nothing(
    desk: Desk, depot
) -> None:
    cabinet = depot.holder("cab-3")
    other = depot.holder("cab-9", place="gate-9")
    depot.send()
    depot.meet(cabinet)
    old = depot.code()
    cabinet.take_in("P1", depot.now)
    depot.meet(cabinet)
    moved = parcels.ParcelAct(act="move", because="moved to a sister", place="gate-9")
    parcels.act_on(desk.platform, desk.me, "P1", moved)
    assert depot.code() != old
    depot.meet(cabinet)
    with pytest.raises(RefusedError) as refused:
        cabinet.hand_out("P1", old, depot.now)
    assert code_of(refused) == "parcel_moved"
    cabinet.give_up("P1", depot.now, "withdrawn")
    depot.meet(cabinet)
    depot.meet(other)
    other.take_in("P1", depot.now)
    with pytest.raises(RefusedError):
        other.hand_out("P1", old, depot.now)
    other.hand_out("P1", depot.code(), depot.now)
    depot.meet(other)
    assert (depot.parcel().status, depot.parcel().holder) == ("handed", "cab-9")


def test_a_cabinet_that_has_not_heard_of_a_new_code_is_told_of_as_a_doubt(
    desk: Desk, depot
) -> None:
    cabinet = depot.holder("cab-3")
    depot.send()
    depot.meet(cabinet)
    old = depot.code()
    cabinet.take_in("P1", depot.now)
    depot.meet(cabinet)
    parcels.act_on(
        desk.platform, desk.me, "P1", parcels.ParcelAct(act="renew", because="slip was lost")
    )
    cabinet.hand_out("P1", old, depot.now)
    depot.meet(cabinet)
    assert (depot.parcel().status, depot.parcel().disputed) == ("handed", "old_code")
    found = parcels.list_parcels(desk.platform, desk.me, status="disputed")
    assert [one.id for one in found] == ["P1"]


def test_attempts_are_limited_and_a_new_code_unlocks(desk: Desk, depot: Any) -> None:
    cabinet = depot.holder("cab-3")
    depot.send()
    depot.meet(cabinet)
    cabinet.take_in("P1", depot.now)
    bad = wrong(depot.code())
    codes = []
    for _ in range(MOST_ATTEMPTS + 1):
        with pytest.raises(RefusedError) as refused:
            cabinet.hand_out("P1", bad, depot.now)
        codes.append(code_of(refused))
    assert codes == ["wrong_code"] * (MOST_ATTEMPTS - 1) + ["parcel_locked"] * 2
    with pytest.raises(RefusedError):  # also for the right code
        cabinet.hand_out("P1", depot.code(), depot.now)
    depot.meet(cabinet)
    assert depot.parcel().locked
    renewed = parcels.act_on(
        desk.platform, desk.me, "P1", parcels.ParcelAct(act="renew", because="locked out")
    )
    assert (renewed.locked, renewed.round) == (False, 2)
    depot.meet(cabinet)
    cabinet.hand_out("P1", depot.code(), depot.now)


def test_who_tries_many_codes_waits(depot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twinward.edge.agent.cabinet.SLOW_AFTER", 2)
    cabinet = depot.holder("cab-3")
    depot.send("P0")
    depot.meet(cabinet)
    cabinet.take_in("P0", depot.now)
    for _ in range(2):
        with pytest.raises(RefusedError):
            cabinet.hand_out("P0", wrong(depot.code("P0")), depot.now)
    with pytest.raises(RefusedError) as refused:
        cabinet.hand_out("P0", depot.code("P0"), depot.now)
    assert code_of(refused) == "too_many_tries"
    cabinet.hand_out("P0", depot.code("P0"), depot.now + timedelta(seconds=61))


@pytest.mark.parametrize(
    "spoil",
    ["changed", "gap", "again", "conflict", "revoked", "copied"],
)
def test_receipts_that_cannot_be_believed(
    desk: Desk, depot: Any, spoil: str, tmp_path: Path
) -> None:
    cabinet = depot.holder("cab-3")
    depot.send()
    depot.send("P2")
    depot.meet(cabinet)
    if spoil == "copied":
        (tmp_path / "copy.db").write_bytes(b"")
        cabinet.db.execute(f"VACUUM INTO '{tmp_path / 'second.db'}'")
    first = cabinet.take_in("P1", depot.now)
    second = cabinet.take_in("P2", depot.now)

    def take(*raws: bytes) -> holders.ReceiptsTaken:
        return holders.take_receipts(desk.platform, COURIER, raws)

    if spoil == "changed":
        taken = take(first.replace(b"deposited", b"withdrawn"))
        assert taken.rejected[0].code == "bad_signature"
    elif spoil == "gap":
        taken = take(second)
        assert taken.rejected[0].code == "receipt_gap"
    elif spoil == "again":
        assert (take(first, second).stored, take(first, second).duplicate) == (2, 2)
        taken = take(first)
        assert (taken.duplicate, taken.acknowledged) == (1, {"cab-3": 1})
    elif spoil == "revoked":
        holders.revoke(desk.platform, desk.me, "cab-3", "the cabinet was stolen")
        assert take(first).rejected[0].code == "holder_revoked"
    elif spoil == "copied":  # two ledgers sign with one key
        take(first)
        other = Cabinet(tmp_path / "second.db").take_in("P2", depot.now)
        assert take(other).rejected[0].code == "receipt_conflict"
    else:
        taken = take(first, first.replace(b"P1", b"P2"))
        assert (taken.stored, taken.rejected[0].code) == (1, "bad_signature")


def test_rounds_serve_what_waits_and_say_what_no_vehicle_reaches(desk: Desk, depot: Any) -> None:
    depot.holder("cab-3")
    depot.send()
    depot.send("P2", to="door", place="door-17")
    depot.send("P3", to="door", place="door-1", area=NEIGHBOUR)
    stops = rounds.list_stops(desk.platform, desk.me)
    assert b"310101002001/gate-3,121.48,31.23,1" in rounds.as_stops_file(stops)
    visits = [
        Visit(stop=one.id, arrive_s=0, leave_s=0, demand=1)
        for one in stops
        if one.area == COMMUNITY
    ]
    plan = RoundsPlan(
        depot=(121.4, 31.2),
        stops=[],
        vehicles=[],
        rounds=[Round(vehicle="van-1", visits=visits, distance_m=1, load=2, back_s=1)],
        left_out=[],
        objective=1,
        bound=1,
        gap=0,
        binding="",
        relaxation=None,
        distances="straight",
        time_limit_s=1,
        seconds=0,
    )
    found = rounds.assign(desk.platform, desk.me, plan)
    assert [(one.vehicle, one.parcels) for one in found.loads] == [("van-1", ["P2", "P1"])]
    assert found.left == ["P3"]


BAD = [
    ({"place": "gate-99"}, "not_found"),
    ({"expires_days": 31}, "bad_until"),
    ({"expires_days": -1}, "bad_until"),
    ({"place": "13812345678"}, "direct_identity"),
    ({"area": "999999"}, "unknown_area"),
    ({"to": "roof"}, "bad_field"),
    ({"subject": "Zhang San"}, "direct_identity"),
]


@pytest.mark.parametrize(("change", "code"), BAD)
def test_a_parcel_that_cannot_be_sent(
    desk: Desk, depot: Any, change: dict[str, object], code: str
) -> None:
    depot.holder("cab-3")
    days = change.pop("expires_days", 7)
    told = {
        "parcel": "P1",
        "subject": "p-1",
        "area": COMMUNITY,
        "place": "gate-3",
        "to": "cabinet",
        "goods": "food",
        "expires_at": depot.now + timedelta(days=days),
    }
    assert desk.refusal("SendParcel", **(told | change)) == code


def test_a_courier_sees_only_the_own_area_and_no_receiver(desk: Desk, depot: Any) -> None:
    depot.holder("cab-3")
    depot.send()
    depot.send("P9", area=NEIGHBOUR, to="door", place="door-2")
    seen = parcels.list_parcels(desk.platform, COURIER)
    assert [one.id for one in seen] == ["P1"]
    assert b"p-P1" not in msgspec.json.encode(seen)
    with pytest.raises(AbsentError):
        parcels.get_parcel(desk.platform, COURIER, "P9")
    with pytest.raises(AbsentError):
        parcels.act_on(
            desk.platform, COURIER, "P1", parcels.ParcelAct(act="cancel", because="too far")
        )


ANYBODY = msgspec.structs.replace(local_admin(), name="", role="public", areas=())


def test_a_receiver_asks_for_another_code_within_limits(desk: Desk, depot: Any) -> None:
    depot.holder("cab-3")
    depot.send()
    told = parcels.tell_code(desk.platform, desk.me, "P1", "paper")
    seen = {told.code}
    for left in (4, 3, 2, 1, 0):
        own = receivers.renew_own_code(desk.platform, ANYBODY, "P1", told.ticket)
        assert own.changes_left == left and own.code not in seen
        seen.add(own.code)
    with pytest.raises(RefusedError) as refused:
        receivers.renew_own_code(desk.platform, ANYBODY, "P1", told.ticket)
    assert code_of(refused) == "too_many_codes"
    assert receivers.read_own_code(desk.platform, ANYBODY, "P1", told.ticket).code == own.code
    assert depot.parcel().expires_at == told.expires_at  # never more time


def test_a_ticket_ends_with_its_parcel(desk: Desk, depot: Any) -> None:
    depot.holder("cab-3")
    depot.send()
    depot.send("P2")
    one, two = (
        parcels.tell_code(desk.platform, desk.me, name, "paper").ticket for name in ("P1", "P2")
    )
    parcels.act_on(
        desk.platform, desk.me, "P2", parcels.ParcelAct(act="cancel", because="sent twice")
    )
    for work in (receivers.read_own_code, receivers.renew_own_code):
        with pytest.raises(AbsentError):  # another parcel's ticket
            work(desk.platform, ANYBODY, "P1", two)
        with pytest.raises(ConflictError) as over:
            work(desk.platform, ANYBODY, "P2", two)
        assert code_of(over) == "parcel_ended"
    desk.clock.advance(timedelta(days=7))
    for work in (receivers.read_own_code, receivers.renew_own_code):
        with pytest.raises(RefusedError) as late:
            work(desk.platform, ANYBODY, "P1", one)
        assert code_of(late) == "parcel_expired"


def test_a_courier_hands_over_at_the_door_with_a_telephone(desk: Desk, depot: Any) -> None:
    with pytest.raises(AbsentError):
        hands.get_round(desk.platform, COURIER)
    hands.register_courier(desk.platform, desk.me, holder="van-1", kind="courier", area=COMMUNITY)
    depot.holder("cab-3")
    depot.send("P1", to="door", place="door-17")
    depot.send("P2")  # to a cabinet
    depot.send("P3", to="door", place="door-18")

    def do(parcel: str, act: Any, **more: str) -> parcels.ParcelView:
        return hands.act(desk.platform, COURIER, parcel, hands.HandAct(act=act, **more))

    assert {one.id for one in hands.get_round(desk.platform, COURIER).waiting} == {"P1", "P3"}
    with pytest.raises(RefusedError) as refused:
        do("P2", "load")
    assert code_of(refused) == "not_a_door"
    for name in ("P1", "P3"):
        assert do(name, "load").status == "loaded"
    code = depot.code()
    for left in range(MOST_ATTEMPTS, 0, -1):
        with pytest.raises(RefusedError) as refused:
            do("P1", "hand", code=wrong(code))
        assert code_of(refused) == ("wrong_code" if left > 1 else "parcel_locked")
    assert depot.parcel().locked  # told at once
    parcels.act_on(
        desk.platform, desk.me, "P1", parcels.ParcelAct(act="renew", because="locked out")
    )
    desk.clock.advance(timedelta(minutes=5))
    done = do("P1", "hand", code=depot.code(), photo_sha256="ab" * 32)
    assert (done.status, done.disputed, done.photo_sha256) == ("handed", "", "ab" * 32)
    with pytest.raises((ConflictError, AbsentError)):
        do("P1", "hand", code=code)
    do("P3", "refuse", because="nobody opens")
    assert do("P3", "bring_back").status == "returned"
    found = hands.get_round(desk.platform, COURIER)
    assert (found.in_hand, found.handed, [one.id for one in found.waiting]) == ([], 1, ["P3"])
    with pytest.raises(AbsentError):  # who is no courier has no such page
        hands.get_round(desk.platform, msgspec.structs.replace(COURIER, name="van-2"))
    holders.revoke(desk.platform, desk.me, "van-1", "left the service")
    with pytest.raises(RefusedError) as refused:
        do("P3", "load")
    assert code_of(refused) == "holder_revoked"


def test_a_slip_carries_the_receivers_own_page_as_a_square(desk: Desk, depot: Any) -> None:
    depot.holder("cab-3")
    depot.send()
    told = parcels.tell_code(desk.platform, desk.me, "P1", "paper")
    assert slips.link_of("https://city.example", told) == (
        f"https://city.example/parcel#P1.{told.ticket}"
    )
    plain = slips.print_slips(desk.platform, desk.me, ["P1"])
    square = slips.print_slips(desk.platform, desk.me, ["P1"], "https://city.example/")
    assert len(square) > len(plain) + 1000
    for site in ("city.example", "javascript:alert(1)", "https://a/#x"):
        with pytest.raises(InputError) as refused:
            slips.print_slips(desk.platform, desk.me, ["P1"], site)
        assert code_of(refused) == "bad_site"


def test_a_holder_is_no_telephone_number(desk: Desk, depot: Any) -> None:
    with pytest.raises(InputError) as refused:
        depot.holder("13900001111")
    assert refused.value.code == "direct_identity"
