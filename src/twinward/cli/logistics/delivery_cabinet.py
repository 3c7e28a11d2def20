"""`twinward delivery cabinet …`: the ledger of one holder, without a workspace or a network."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from twinward.cli.framework.input_files import read_file
from twinward.cli.framework.output import emit_fields, emit_json, write_file
from twinward.cli.main import add_common

if TYPE_CHECKING:
    from twinward.service.deliveries.cabinets import Cabinet, Kind

GIVING_UP = ("withdrawn", "returned", "refused")


def add_cabinet(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = acts.add_parser("cabinet", help="the ledger of one holder: works alone")
    whats = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    making = whats.add_parser("init", help="a new ledger; prints the key to register")
    making.add_argument("--holder", required=True, help="its id")
    making.add_argument("--place", default="", help="where a cabinet stands")
    making.add_argument("--depot", required=True, help="what `delivery holder depot` has printed")
    accepting = whats.add_parser("accept", help="take in a manifest")
    accepting.add_argument("file", type=Path, help="what `delivery manifest` wrote")
    for name, text in (
        ("load", "a vehicle or courier takes a parcel"),
        ("deposit", "a parcel is put into a box"),
    ):
        leaf = whats.add_parser(name, help=text)
        leaf.add_argument("parcel", help="its number")
        leaf.add_argument("--box", default="", help="which box")
    opening = whats.add_parser("open", help="hand a parcel out on its code")
    opening.add_argument("parcel", help="its number")
    opening.add_argument("--code", required=True, help="what the receiver typed")
    opening.add_argument("--photo", type=Path, help="of the parcel; only its hash is kept")
    giving = whats.add_parser("give-up", help="without its receiver")
    giving.add_argument("parcel", help="its number")
    giving.add_argument("--kind", required=True, choices=GIVING_UP, help="how")
    giving.add_argument("--because", default="", help="why, in a few words")
    sending = whats.add_parser("receipts", help="write what the centre does not have yet")
    sending.add_argument("--out", type=Path, required=True, metavar="FILE", help="its file")
    acknowledging = whats.add_parser("acknowledge", help="the centre has everything up to here")
    acknowledging.add_argument("seq", type=int, help="number of the last receipt that is there")
    whats.add_parser("status", help="what is here, and what the centre does not know")
    for leaf in whats.choices.values():
        leaf.add_argument("--store", type=Path, required=True, metavar="FILE", help="its file")
        add_common(leaf, workspace=False)
        leaf.set_defaults(answer=_cabinet)


@contextmanager
def opened(path: Path) -> Iterator[Cabinet]:
    from twinward.service.deliveries.cabinets import open_cabinet

    cabinet = open_cabinet(path)
    try:
        yield cabinet
    finally:
        cabinet.close()


def _cabinet(options: argparse.Namespace) -> None:
    from twinward.service.deliveries import cabinets

    if options.what == "init":
        made = cabinets.init_cabinet(options.store, options.holder, options.place, options.depot)
        key = made.status().public
        made.close()
        show(options, {"holder": options.holder, "key": key})
        return
    with opened(options.store) as cabinet:
        show(options, act(cabinet, options))


def act(cabinet: Cabinet, options: argparse.Namespace) -> dict[str, object]:
    """One act of the ledger, now by this machine's clock."""
    import msgspec

    from twinward.service.deliveries.cabinets import photo_digest

    now = datetime.now(UTC)
    if options.what == "accept":
        made = cabinet.accept_manifest(read_file(options.file))
        return {"number": made.number, "parcels": len(made.lines)}
    if options.what in ("load", "deposit"):
        kind: Kind = "loaded" if options.what == "load" else "deposited"
        cabinet.take_in(options.parcel, now, options.box, kind)
        return {"parcel": options.parcel, "kind": kind}
    if options.what == "open":
        photo = photo_digest(read_file(options.photo)) if options.photo else ""
        cabinet.hand_out(options.parcel, options.code, now, photo)
        return {"parcel": options.parcel, "kind": "handed"}
    if options.what == "give-up":
        cabinet.give_up(options.parcel, now, options.kind, options.because)
        return {"parcel": options.parcel, "kind": options.kind}
    if options.what == "receipts":
        raws = cabinet.unsent()
        write_file(options.out, b"".join(raw + b"\n" for raw in raws))
        return {"receipts": len(raws), "file": str(options.out)}
    if options.what == "acknowledge":
        return {"acknowledged": cabinet.acknowledge(options.seq)}
    return msgspec.structs.asdict(cabinet.status())


def show(options: argparse.Namespace, found: dict[str, object]) -> None:
    if options.json:
        emit_json(found)
    else:
        emit_fields(found)
