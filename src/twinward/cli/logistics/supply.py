"""`twinward supply …`: stocks, requests between two sides, patients between hospitals."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import msgspec

from twinward.cli.framework.output import emit_json, emit_text
from twinward.cli.framework.session import add_person, as_time, open_for
from twinward.core.errors import ConflictError, InputError
from twinward.core.ids import derive_id
from twinward.service.intake.commands import submit_objects
from twinward.service.logistics import supply_queries
from twinward.service.platform import Caller, Platform

if TYPE_CHECKING:
    from twinward.cli.framework.parser import Verbs
    from twinward.service.logistics.demand_forecast import DemandReport
    from twinward.service.logistics.supply_queries import RequestRow, TransferRow

# word -> (command, which side acts, what it is)
STEPS = {
    "commit": ("CommitSupply", "from_area", "promise what was asked for, or part of it"),
    "decline": ("DeclineSupply", "from_area", "say no, and why"),
    "send": ("SendSupply", "from_area", "what was promised leaves"),
    "receive": ("ReceiveSupply", "area", "what arrived"),
    "withdraw": ("WithdrawRequest", "area", "it is no longer needed"),
}
MOVES = {
    "accept": ("AcceptTransfer", "to_area", "keep a bed for the patient"),
    "decline": ("DeclineTransfer", "to_area", "say no, and why"),
    "depart": ("DepartTransfer", "area", "the patient has left"),
    "arrive": ("ArriveTransfer", "to_area", "the patient is in the bed"),
    "cancel": ("CancelTransfer", "area", "the patient stays"),
}
BEDS = ("beds", "icu_beds", "isolation_beds")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(
        dest="act", required=True, metavar="stock|list|request|commit|send|receive|transfer|…"
    )
    add_stock(acts.add_parser("stock", help="what is held where; with --set, state a count"))
    listing = acts.add_parser("list", help="requests of both sides")
    listing.add_argument("--area")
    listing.add_argument("--side", choices=("supplier", "requester"))
    listing.add_argument("--status", default="open", help="open (default), all, or one status")
    listing.add_argument("--kind")
    listing.add_argument("--at", type=as_time, help="as of this instant")
    listing.set_defaults(do=list_requests)
    add_request(acts.add_parser("request", help="ask another area, or whoever can, for supplies"))
    for word, (_, _, what) in STEPS.items():
        step = acts.add_parser(word, help=what)
        step.add_argument("id", help="the request")
        step.add_argument(
            "--area", help="for whom you act (default: the side that the request names)"
        )
        if word in ("commit", "send", "receive"):
            step.add_argument("--quantity", type=float, required=word == "commit")
            step.add_argument("--unit")
        if word == "commit":
            step.add_argument("--holder", help="out of whose stock (default: as asked)")
        if word == "send":
            step.add_argument("--vehicle")
        if word in ("decline", "withdraw"):
            step.add_argument("--because", required=word == "decline", default="")
        step.set_defaults(do=take_step)
    ahead = acts.add_parser(
        "demand", help="what will be needed, and where it will not suffice on which day"
    )
    ahead.add_argument("--days", type=int, default=14)
    ahead.add_argument(
        "--level",
        help="the level of areas, as district or subdistrict; default: right below the city",
    )
    ahead.add_argument("--at", type=as_time, help="as of this instant")
    ahead.set_defaults(do=look_ahead)
    own = list(acts.choices.values())
    moves = add_transfer(acts.add_parser("transfer", help="patients between hospitals"))
    for leaf in [*own, *moves.choices.values()]:
        add_person(leaf)


def add_stock(stock: argparse.ArgumentParser) -> None:
    stock.add_argument("--area")
    stock.add_argument("--kind")
    stock.add_argument("--at", type=as_time, help="as of this instant")
    stock.add_argument(
        "--set",
        type=float,
        dest="quantity",
        metavar="QUANTITY",
        help="state what is there, all of it",
    )
    stock.add_argument("--unit")
    stock.add_argument("--holder", help="hospital, depot or test site inside the area")
    stock.add_argument("--in-use", type=float)
    stock.add_argument(
        "--lot",
        action="append",
        default=[],
        metavar="DATE=QUANTITY",
        help="what expires; may be repeated",
    )
    stock.add_argument("--production-per-day", type=float, default=0.0)
    stock.add_argument("--lead-time-h", type=float, default=0.0)
    stock.add_argument("--lon", type=float)
    stock.add_argument("--lat", type=float)
    stock.set_defaults(do=stock_or_list)


def add_request(ask: argparse.ArgumentParser) -> None:
    ask.add_argument("--kind", required=True)
    ask.add_argument("--quantity", type=float, required=True)
    ask.add_argument("--unit", required=True)
    ask.add_argument("--area", required=True, help="who needs it")
    ask.add_argument("--holder")
    ask.add_argument("--from-area", help="whom you ask; without it, whoever can")
    ask.add_argument("--from-holder")
    ask.add_argument("--needed-by", type=as_time)
    ask.add_argument("--incident")
    ask.add_argument("--purpose", default="")
    ask.add_argument("--id", dest="name", help="its name; without one it is derived")
    ask.set_defaults(do=request_supply)


def add_transfer(transfer: argparse.ArgumentParser) -> Verbs:
    acts = transfer.add_subparsers(
        dest="move", required=True, metavar="request|accept|depart|arrive|list|…"
    )
    ask = acts.add_parser("request", help="ask a hospital to take a patient")
    ask.add_argument("--subject", required=True, help="the patient's pseudonym, never a name")
    for name in ("area", "hospital", "to-area", "to-hospital"):
        ask.add_argument(f"--{name}", required=True)
    ask.add_argument("--bed", choices=BEDS, default="beds", help="the kind of bed that is needed")
    ask.add_argument(
        "--bed-now", choices=BEDS, default="beds", help="the kind of bed the patient is in"
    )
    ask.add_argument("--incident")
    ask.add_argument("--id", dest="name")
    ask.set_defaults(do=request_transfer)
    for word, (_, _, what) in MOVES.items():
        move = acts.add_parser(word, help=what)
        move.add_argument("id", help="the transfer")
        if word in ("decline", "cancel"):
            move.add_argument("--because", required=word == "decline", default="")
        if word == "depart":
            move.add_argument("--vehicle")
        move.set_defaults(do=take_move)
    listing = acts.add_parser("list", help="transfers of both sides, without the patients")
    listing.add_argument("--area")
    listing.add_argument("--status", default="open")
    listing.add_argument("--at", type=as_time, help="as of this instant")
    listing.set_defaults(do=list_transfers)
    patient = acts.add_parser("patient", help="the pseudonym of the patient, under an activation")
    patient.add_argument("id")
    patient.set_defaults(
        do=lambda options, platform, caller: supply_queries.get_patient(
            platform, caller, options.id
        )
    )
    return acts


def ask(platform: Platform, caller: Caller, kind: str, /, **fields: Any) -> None:
    """One command, its id derived from what it says and how far the log is; a refusal is raised."""
    told = {name: value for name, value in fields.items() if value is not None}
    with platform.store.read() as reader:
        name = derive_id("cli", kind, caller.name, reader.last_seq(), *map(str, told.values()))
    account = submit_objects(platform, caller, [{"id": name, "type": kind, **told}], "cli")
    if account.rejected:
        one = account.rejected[0]
        raise ConflictError(one.message, one.advice, code=one.code)


def stock_or_list(options: argparse.Namespace, platform: Platform, caller: Caller) -> object:
    if options.quantity is None:
        return {
            "stocks": supply_queries.list_stocks(
                platform, caller, area=options.area, kind=options.kind, at=options.at
            )
        }
    if not (options.area and options.kind and options.unit):
        raise InputError(
            "a count needs --area, --kind and --unit", "say all three", code="missing_field"
        )
    names = (
        "kind",
        "area",
        "quantity",
        "unit",
        "holder",
        "in_use",
        "production_per_day",
        "lead_time_h",
        "lon",
        "lat",
    )
    lots = [read_lot(text) for text in options.lot]
    ask(platform, caller, "SetStock", lots=lots, **{name: getattr(options, name) for name in names})
    held = supply_queries.list_stocks(platform, caller, area=options.area, kind=options.kind)
    return next(row for row in held if (row.area, row.holder) == (options.area, options.holder))


def read_lot(text: str) -> dict[str, object]:
    day, _, quantity = text.partition("=")
    try:
        return {"expires": day, "quantity": float(quantity)}
    except ValueError as error:
        raise InputError(
            f"{text!r} is no lot", "write DATE=QUANTITY, as 2022-05-01=300", code="bad_lots"
        ) from error


def list_requests(options: argparse.Namespace, platform: Platform, caller: Caller) -> object:
    found = supply_queries.list_requests(
        platform,
        caller,
        area=options.area,
        side=options.side,
        status=options.status,
        kind=options.kind,
        at=options.at,
    )
    return {"requests": found}


def request_supply(options: argparse.Namespace, platform: Platform, caller: Caller) -> RequestRow:
    names = (
        "kind",
        "quantity",
        "unit",
        "area",
        "holder",
        "from_area",
        "from_holder",
        "needed_by",
        "incident",
        "purpose",
    )
    told = {name: getattr(options, name) for name in names}
    name = options.name or fresh_name(platform, "request", *map(str, told.values()))
    ask(platform, caller, "RequestSupply", request=name, **told)
    return supply_queries.get_request(platform, caller, name)


def fresh_name(platform: Platform, prefix: str, *parts: str) -> str:
    with platform.store.read() as reader:
        return derive_id(prefix, reader.last_seq(), *parts)


def take_step(options: argparse.Namespace, platform: Platform, caller: Caller) -> object:
    kind, side, _ = STEPS[options.act]
    row = supply_queries.get_request(platform, caller, options.id)
    area = options.area or getattr(row, side)
    if area is None:
        raise InputError(
            f"request {row.id} is open to everybody",
            "say with --area for whom you act",
            code="no_side",
        )
    names = ("quantity", "unit", "holder", "vehicle", "because")
    told = {name: getattr(options, name) for name in names if hasattr(options, name)}
    ask(platform, caller, kind, request=row.id, area=area, **told)
    return supply_queries.get_request(platform, caller, row.id)


def request_transfer(
    options: argparse.Namespace, platform: Platform, caller: Caller
) -> TransferRow:
    names = ("subject", "area", "hospital", "to_area", "to_hospital", "bed", "bed_now", "incident")
    told = {name: getattr(options, name) for name in names}
    name = options.name or fresh_name(platform, "transfer", *map(str, told.values()))
    ask(platform, caller, "RequestTransfer", transfer=name, **told)
    return supply_queries.get_transfer(platform, caller, name)


def take_move(options: argparse.Namespace, platform: Platform, caller: Caller) -> object:
    kind, side, _ = MOVES[options.move]
    row = supply_queries.get_transfer(platform, caller, options.id)
    told = {
        name: getattr(options, name) for name in ("because", "vehicle") if hasattr(options, name)
    }
    ask(platform, caller, kind, transfer=row.id, area=getattr(row, side), **told)
    return supply_queries.get_transfer(platform, caller, row.id)


def look_ahead(options: argparse.Namespace, platform: Platform, caller: Caller) -> DemandReport:
    from twinward.service.logistics.demand_forecast import forecast_demand

    return forecast_demand(platform, caller, days=options.days, level=options.level, at=options.at)


def list_transfers(options: argparse.Namespace, platform: Platform, caller: Caller) -> object:
    found = supply_queries.list_transfers(
        platform, caller, area=options.area, status=options.status, at=options.at
    )
    return {"transfers": found}


def run(options: argparse.Namespace) -> int:
    with open_for(options) as (platform, caller):
        result = options.do(options, platform, caller)
    if options.json:
        emit_json(result)
    elif options.act == "demand":
        show_demand(result)
    else:
        rows = (
            next(iter(result.values()))
            if isinstance(result, dict) and "transfer" not in result
            else [result]
        )
        for row in rows:
            emit_text(line_of(row))
        if not rows:
            emit_text("none")
    return 0


def show_demand(report: DemandReport) -> None:
    """The city's gauges, then what falls short, the soonest first."""
    what = report.based_on
    emit_text(
        f"{report.days} days from {report.first_day}, simulated from {what['reported_cases']:,} "
        f"reported cases"
    )
    for row in report.kinds:
        when = f"short from {row.short_on}" if row.short_on else "suffices"
        emit_text(
            f"{row.title:<22} need {amount(row):>14}  have {row.have:>14,.0f} {row.unit:<8} {when}"
        )
    for row in report.shortages[:40]:
        worst = f"at worst from {row.short_on_high}"
        emit_text(
            f"{row.short_on or worst}  {row.area_name}: "
            f"{supply_queries.say_amount(row.short or row.short_high, row.unit, '', row.title)}"
        )


def amount(row: Any) -> str:
    """The need in whole units; one that is there but less than one is said so, for it can fall
    short too.
    """
    return "<1" if row.need < 1 and (row.need or row.short_on) else f"{row.need:,.0f}"


def line_of(row: object) -> str:
    """One row in a line of plain words."""
    if isinstance(row, supply_queries.StockRow):
        whose = row.holder or row.area_name
        return (
            f"{row.kind:<16} {row.area:<14} {whose:<24} {row.quantity:>12,.0f} {row.unit}; in use "
            f"{row.in_use:,.0f}, "
            f"promised {row.committed:,.0f}, expired {row.expired:,.0f}, free {row.free:,.0f}"
        )
    if isinstance(row, supply_queries.RequestRow):
        late = "  LATE" if row.late else ""
        return (
            f"{row.id}  {row.status:<10} "
            f"{supply_queries.say_amount(row.quantity, row.unit, row.kind)}  "
            f"{row.from_name or 'anybody'} -> "
            f"{row.area_name}  committed {row.committed:,.0f}, sent {row.sent:,.0f}, received "
            f"{row.received:,.0f}{late}"
        )
    if isinstance(row, supply_queries.TransferRow):
        return (
            f"{row.id}  {row.status:<10} {row.bed}  {row.hospital} ({row.area}) -> "
            f"{row.to_hospital} ({row.to_area})"
        )
    return str(msgspec.to_builtins(row))
