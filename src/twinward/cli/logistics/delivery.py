"""`twinward delivery …`: parcels without contact, and the ledger of who holds them."""

from __future__ import annotations

import argparse
from pathlib import Path

from twinward.cli.framework.input_files import read_file
from twinward.cli.framework.output import emit_fields, emit_json, emit_table, emit_text, write_file
from twinward.cli.framework.session import add_person, as_time, open_for
from twinward.cli.logistics.delivery_cabinet import add_cabinet
from twinward.core.errors import InputError

HOLDERS = ("cabinet", "courier", "vehicle", "drone")
SHOWN = ("id", "status", "to", "place", "holder", "round", "expires_at", "late", "disputed")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    add_sending(acts)
    add_codes(acts)
    add_holding(acts)
    add_cabinet(acts)


def run(options: argparse.Namespace) -> int:
    return int(options.answer(options) or 0)


def add_sending(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    sending = acts.add_parser("send", help="a parcel for a person, at a cabinet or a door")
    sending.add_argument("parcel", help="its number")
    sending.add_argument("--subject", required=True, help="pseudonym of the receiver")
    sending.add_argument("--goods", required=True, help="kind of supply, as food or medicine")
    add_place(sending)
    sending.add_argument("--until", type=as_time, required=True, help="30 days at most")
    sending.set_defaults(answer=_send)
    listing = acts.add_parser("list", help="parcels in one's areas, newest first")
    listing.add_argument("--status", help="open, disputed, or waiting, loaded, deposited, handed …")
    listing.add_argument("--holder", help="only those that this holder has")
    listing.set_defaults(answer=_list)
    showing = acts.add_parser("show", help="one parcel with its receipts")
    moving = acts.add_parser("move", help="it goes elsewhere; its old code is void")
    add_place(moving)
    renewing = acts.add_parser("renew", help="a new code; the old one is void")
    renewing.add_argument("--until", type=as_time, help="and more time")
    cancelling = acts.add_parser("cancel", help="it goes to nobody")
    for leaf, answer in (
        (showing, _show),
        (moving, _change),
        (renewing, _change),
        (cancelling, _change),
    ):
        leaf.add_argument("parcel", help="its number")
        leaf.set_defaults(answer=answer)
        if leaf is not showing:
            leaf.add_argument("--because", required=True, help="the reason, for the record")
    for leaf in (sending, listing, showing, moving, renewing, cancelling):
        add_person(leaf)


def add_place(leaf: argparse.ArgumentParser) -> None:
    leaf.add_argument("--area", required=True, help="code of the area")
    leaf.add_argument("--place", required=True, help="id of the cabinet's place, or of the door")
    leaf.add_argument("--to", default="cabinet", choices=("cabinet", "door"), help="what is there")


def add_codes(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    telling = acts.add_parser("code", help="the code, to be told its receiver by voice")
    telling.add_argument("parcel", help="its number")
    telling.set_defaults(answer=_code)
    printing = acts.add_parser("slip", help="codes on paper, for those without a phone")
    printing.add_argument("parcels", nargs="+", help="their numbers")
    printing.add_argument(
        "--out", type=Path, required=True, metavar="FILE.pdf", help="written anew"
    )
    printing.add_argument(
        "--site", default="", help="https address of this server, for the receiver's own page"
    )
    printing.set_defaults(answer=_slip)
    for leaf in (telling, printing):
        add_person(leaf)


def add_holding(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    holding = acts.add_parser("holder", help="cabinets, couriers, vehicles, drones")
    whats = holding.add_subparsers(
        dest="what", required=True, metavar="list|add|revoke|take-back|depot"
    )
    adding = whats.add_parser("add", help="believe its receipts from now on")
    adding.add_argument("holder", help="its id")
    adding.add_argument("--kind", required=True, choices=HOLDERS, help="what it is")
    adding.add_argument("--area", required=True, help="code of its area")
    adding.add_argument("--place", default="", help="where a cabinet stands")
    adding.add_argument(
        "--key",
        default="",
        help="what `cabinet init` has printed; none: a courier with a telephone",
    )
    revoking = whats.add_parser("revoke", help="believe its receipts no longer")
    revoking.add_argument("holder", help="its id")
    revoking.add_argument("--because", required=True, help="the reason, for the record")
    taking_back = whats.add_parser(
        "take-back", help="keep a courier's ledger again: the telephone is lost"
    )
    taking_back.add_argument("holder", help="its id")
    taking_back.add_argument("--because", required=True, help="the reason, for the record")
    listing = whats.add_parser("list", help="who holds parcels, and when they were heard")
    depot = whats.add_parser("depot", help="the key that a new holder must know")
    making = acts.add_parser("manifest", help="what a holder may hold, signed, for its ledger")
    making.add_argument("holder", help="its id")
    making.add_argument("--out", type=Path, required=True, metavar="FILE", help="its file")
    taking = acts.add_parser("receipts", help="take in what a holder has signed")
    taking.add_argument("file", type=Path, help="what `cabinet receipts` wrote")
    stops = acts.add_parser("stops", help="places with waiting parcels, for `allocate rounds`")
    stops.add_argument("--out", type=Path, required=True, metavar="FILE.csv", help="written anew")
    assigning = acts.add_parser("assign", help="which vehicle of planned rounds takes what")
    assigning.add_argument("--rounds", type=Path, required=True, metavar="FILE", help="its file")
    for leaf, answer in (
        (adding, _add),
        (revoking, _revoke),
        (taking_back, _take_back),
        (listing, _holders),
        (depot, _depot),
        (making, _manifest),
        (taking, _receipts),
        (stops, _stops),
        (assigning, _assign),
    ):
        leaf.set_defaults(answer=answer)
        add_person(leaf)


def tell(options: argparse.Namespace, found: object) -> None:
    """An answer as JSON or as fields."""
    import msgspec

    if options.json:
        emit_json(found)
    elif isinstance(found, msgspec.Struct):
        emit_fields(msgspec.structs.asdict(found))


def _send(options: argparse.Namespace) -> int:
    from twinward.service.deliveries import parcels
    from twinward.service.intake.commands import submit_objects

    with open_for(options) as (platform, caller):
        told = {
            name: getattr(options, name)
            for name in ("parcel", "subject", "area", "place", "to", "goods")
        }
        told |= {"type": "SendParcel", "id": f"send-{options.parcel}"}
        account = submit_objects(
            platform, caller, [told | {"expires_at": options.until}], "delivery"
        )
        if account.rejected:
            one = account.rejected[0]
            raise InputError(one.message, one.advice, code=one.code)
        tell(options, parcels.get_parcel(platform, caller, options.parcel).parcel)
    return 0


def _list(options: argparse.Namespace) -> None:
    from twinward.service.deliveries import parcels

    with open_for(options) as (platform, caller):
        found = parcels.list_parcels(platform, caller, status=options.status, holder=options.holder)
    if options.json:
        emit_json({"parcels": found})
        return
    emit_table(list(SHOWN), [[getattr(one, name) for name in SHOWN] for one in found])


def _show(options: argparse.Namespace) -> None:
    from twinward.service.deliveries import parcels

    with open_for(options) as (platform, caller):
        found = parcels.get_parcel(platform, caller, options.parcel)
    tell(options, found if options.json else found.parcel)
    if not options.json:
        heads = ("at", "holder", "kind", "place", "remark")
        emit_table(heads, [[getattr(one, name) for name in heads] for one in found.receipts])


def _change(options: argparse.Namespace) -> None:
    from twinward.service.deliveries import parcels

    names = ("act", "because", "area", "place", "to", "until")
    told = {name: getattr(options, name) for name in names if hasattr(options, name)}
    with open_for(options) as (platform, caller):
        asked = parcels.ParcelAct(**told)
        tell(options, parcels.act_on(platform, caller, options.parcel, asked))


def _code(options: argparse.Namespace) -> None:
    from twinward.service.deliveries import parcels

    with open_for(options) as (platform, caller):
        found = parcels.tell_code(platform, caller, options.parcel, "voice")
    if options.json:
        emit_json(found, named=True)
    else:
        emit_text(f"{found.parcel}: {found.code}")


def _slip(options: argparse.Namespace) -> None:
    from twinward.service.deliveries import slips

    with open_for(options) as (platform, caller):
        content = slips.print_slips(platform, caller, options.parcels, options.site)
    write_file(options.out, content)
    if options.json:
        emit_json({"slips": len(options.parcels), "file": str(options.out)})


def _add(options: argparse.Namespace) -> None:
    from twinward.service.deliveries import hands, holders

    told = {name: getattr(options, name) for name in ("holder", "kind", "area")}
    with open_for(options) as (platform, caller):
        if options.key:
            told |= {"place": options.place, "key": options.key}
            tell(options, holders.register(platform, caller, **told))
        else:
            tell(options, hands.register_courier(platform, caller, **told))


def _revoke(options: argparse.Namespace) -> None:
    from twinward.service.deliveries import holders

    with open_for(options) as (platform, caller):
        tell(options, holders.revoke(platform, caller, options.holder, options.because))


def _take_back(options: argparse.Namespace) -> None:
    from twinward.service.deliveries import hands

    with open_for(options) as (platform, caller):
        tell(options, hands.take_back(platform, caller, options.holder, options.because))


def _holders(options: argparse.Namespace) -> None:
    from twinward.service.deliveries import holders

    with open_for(options) as (platform, caller):
        found = holders.list_holders(platform, caller)
    if options.json:
        emit_json({"holders": found})
        return
    heads = ("id", "kind", "area", "place", "kept_by", "seq", "heard_at", "revoked")
    emit_table(heads, [[getattr(one, name) for name in heads] for one in found])


def _depot(options: argparse.Namespace) -> None:
    from twinward.service.deliveries import holders

    with open_for(options) as (platform, _):
        tell(options, holders.get_depot_key(platform))


def _manifest(options: argparse.Namespace) -> None:
    from twinward.service.deliveries import holders

    with open_for(options) as (platform, caller):
        content = holders.make_manifest(platform, caller, options.holder)
    write_file(options.out, content)
    if options.json:
        emit_json({"file": str(options.out), "bytes": len(content)})


def _receipts(options: argparse.Namespace) -> None:
    from twinward.service.deliveries import holders

    lines = [line for line in read_file(options.file).splitlines() if line.strip()]
    with open_for(options) as (platform, caller):
        taken = holders.take_receipts(platform, caller, lines)
    tell(options, taken)


def _stops(options: argparse.Namespace) -> None:
    from twinward.service.deliveries import rounds

    with open_for(options) as (platform, caller):
        found = rounds.list_stops(platform, caller)
    write_file(options.out, rounds.as_stops_file(found))
    if options.json:
        emit_json({"stops": found, "file": str(options.out)})


def _assign(options: argparse.Namespace) -> None:
    from twinward.service.deliveries import rounds
    from twinward.service.logistics import delivery_routes

    plan = delivery_routes.read_plan(options.rounds)
    with open_for(options) as (platform, caller):
        tell(options, rounds.assign(platform, caller, plan))
