"""Routes of contactless delivery: parcels, their codes for the receiver, holders, receipts."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Query, Request, Response

from twinward.api.http.authentication import caller_of
from twinward.api.http.bodies import Word, decode, describe
from twinward.api.http.pages import MAX_PAGE, Cursor, PageLimit, cut_page
from twinward.api.http.problems import ERRORS
from twinward.api.http.responses import answer
from twinward.api.http.schemas import gives, gives_file, gives_page
from twinward.core.messages import Instant
from twinward.service.deliveries import hands, holders, parcels, phones, receivers, slips
from twinward.service.platform import Platform

MaybeWord = Annotated[str | None, Query(max_length=120)]
Text = Annotated[str, msgspec.Meta(max_length=2000, pattern="^[^\\x00]*$")]
Place = Annotated[str, msgspec.Meta(max_length=120, pattern="^[^\\x00]*$")]
SIGNED_TEXT: msgspec.json.Decoder[str] = msgspec.json.Decoder(
    Annotated[str, msgspec.Meta(max_length=4000)]
)
MOST_RECEIPT_BYTES = 8_000_000


class AskParcelAct(msgspec.Struct, forbid_unknown_fields=True):
    """`area`, `place` and `to` say where a move goes; `until` prolongs with a new code."""

    act: parcels.Act
    because: Text
    area: Place = ""
    place: Place = ""
    to: Literal["cabinet", "door"] = "cabinet"
    until: Instant | None = None


class AskParcelCode(msgspec.Struct, forbid_unknown_fields=True):
    """How the receiver is told: on paper or by voice."""

    how: Literal["paper", "voice"] = "paper"


class AskOwnCode(msgspec.Struct, forbid_unknown_fields=True):
    """What the receiver was given."""

    parcel: Word
    ticket: Word


class AskSlips(msgspec.Struct, forbid_unknown_fields=True):
    """Which parcels, and the https address of this server for the receiver's own page."""

    parcels: Annotated[tuple[Word, ...], msgspec.Meta(min_length=1, max_length=slips.MOST_SLIPS)]
    site: Annotated[str, msgspec.Meta(max_length=200)] = ""


class AskHand(msgspec.Struct, forbid_unknown_fields=True):
    """What a courier does with a parcel; `code` is what the receiver read out."""

    act: hands.Deed
    code: Annotated[str, msgspec.Meta(max_length=40)] = ""
    because: Annotated[str, msgspec.Meta(max_length=200, pattern="^[^\\x00]*$")] = ""
    photo_sha256: Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{64})?$")] = ""


class AskPhone(msgspec.Struct, forbid_unknown_fields=True):
    """The public Ed25519 key that the courier's telephone has made for itself."""

    key: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{43}$")]


class AskHolder(msgspec.Struct, forbid_unknown_fields=True):
    """`key` is the Ed25519 key that the holder's ledger has printed; empty for a courier with a
    telephone, whose ledger the depot keeps and whose name is that of the account.
    """

    holder: Word
    kind: Literal["cabinet", "courier", "vehicle", "drone"]
    area: Word
    key: Annotated[str, msgspec.Meta(max_length=120)] = ""
    place: Place = ""


class AskHolderEnd(msgspec.Struct, forbid_unknown_fields=True):
    because: Text


class AskReceipts(msgspec.Struct, forbid_unknown_fields=True):
    """Receipts as their holders signed them, texts, in each holder's order; an item that is none
    is refused alone.
    """

    items: Annotated[tuple[msgspec.Raw, ...], msgspec.Meta(max_length=holders.MOST_RECEIPTS)]


def signed_text(item: msgspec.Raw) -> bytes:
    """The receipt inside a JSON text; of anything else the JSON, which is no receipt."""
    try:
        return SIGNED_TEXT.decode(item).encode()
    except (msgspec.ValidationError, UnicodeError):
        return bytes(item)


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1", tags=["supplies"], responses=ERRORS)
    add_parcels(routes, platform)
    add_codes(routes, platform)
    add_holders(routes, platform)
    add_receipts(routes, platform)
    add_couriers(routes, platform)
    return routes


def add_parcels(routes: APIRouter, platform: Platform) -> None:
    @routes.get("/deliveries", responses=gives_page("ParcelView"))
    def get_parcels(
        request: Request,
        status: MaybeWord = None,
        holder: MaybeWord = None,
        place: MaybeWord = None,
        limit: PageLimit = MAX_PAGE,
        cursor: Cursor = None,
    ) -> Response:
        """Parcels in the caller's areas, the newest first: never a code or who receives them.
        `status` may also be open or disputed.
        """
        caller = caller_of(platform, request)
        found = parcels.list_parcels(platform, caller, status=status, holder=holder, place=place)
        return answer(cut_page(found, limit, cursor))

    @routes.get("/deliveries/{parcel}", responses=gives("ParcelFile"))
    def get_parcel(request: Request, parcel: str) -> Response:
        """One parcel with its receipts."""
        return answer(parcels.get_parcel(platform, caller_of(platform, request), parcel))

    @routes.post(
        "/deliveries/{parcel}/answer",
        openapi_extra=describe(AskParcelAct),
        responses=gives("ParcelView"),
    )
    async def post_act(request: Request, parcel: str) -> Response:
        """Move it (the old code is void), renew its code, or cancel it."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskParcelAct, secret=False)
        wanted = parcels.ParcelAct(**msgspec.structs.asdict(asked))
        return answer(await asyncio.to_thread(parcels.act_on, platform, caller, parcel, wanted))


def add_codes(routes: APIRouter, platform: Platform) -> None:
    @routes.post(
        "/deliveries/{parcel}/code",
        openapi_extra=describe(AskParcelCode),
        responses=gives("ParcelCode"),
    )
    async def post_code(request: Request, parcel: str) -> Response:
        """The code, for its receiver on paper or by voice: on record, never for a carrier."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskParcelCode, secret=False)
        told = await asyncio.to_thread(parcels.tell_code, platform, caller, parcel, asked.how)
        return answer(told)

    @routes.post(
        "/receiver/code", openapi_extra=describe(AskOwnCode), responses=gives("ParcelCode")
    )
    async def post_own_code(request: Request) -> Response:
        """The receiver reads the code with the ticket that they were given; without a login."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskOwnCode, secret=True)
        told = await asyncio.to_thread(
            receivers.read_own_code, platform, caller, asked.parcel, asked.ticket
        )
        return answer(told)

    @routes.post(
        "/receiver/renewal", openapi_extra=describe(AskOwnCode), responses=gives("ParcelCode")
    )
    async def post_own_renewal(request: Request) -> Response:
        """The receiver asks for another code, the old one void; without a login, within limits."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskOwnCode, secret=True)
        told = await asyncio.to_thread(
            receivers.renew_own_code, platform, caller, asked.parcel, asked.ticket
        )
        return answer(told)

    @routes.post(
        "/parcel-slips",
        openapi_extra=describe(AskSlips),
        response_class=Response,
        responses=gives_file("a PDF", "application/pdf"),
    )
    async def post_slips(request: Request) -> Response:
        """Slips on paper, a page a parcel: on record, never for a carrier."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskSlips, secret=False)
        paper = await asyncio.to_thread(
            slips.print_slips, platform, caller, asked.parcels, asked.site
        )
        return Response(paper, media_type="application/pdf")


def add_holders(routes: APIRouter, platform: Platform) -> None:
    @routes.get("/parcel-holders", responses=gives_page("HolderView"))
    def get_holders(
        request: Request, limit: PageLimit = MAX_PAGE, cursor: Cursor = None
    ) -> Response:
        """Cabinets, couriers, vehicles and drones, and when each was last heard."""
        found = holders.list_holders(platform, caller_of(platform, request))
        return answer(cut_page(found, limit, cursor))

    @routes.post(
        "/parcel-holders",
        openapi_extra=describe(AskHolder),
        responses=gives("HolderView", 201),
        status_code=201,
    )
    async def post_holder(request: Request) -> Response:
        """Believe a holder's receipts from now on."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskHolder, secret=False)
        told = msgspec.structs.asdict(asked)
        if asked.key:
            done = await asyncio.to_thread(lambda: holders.register(platform, caller, **told))
        else:
            done = await asyncio.to_thread(
                lambda: hands.register_courier(
                    platform, caller, holder=asked.holder, kind=asked.kind, area=asked.area
                )
            )
        return answer(done, 201)

    @routes.post(
        "/parcel-holders/{holder}/revoke",
        openapi_extra=describe(AskHolderEnd),
        responses=gives("HolderView"),
    )
    async def post_revoke(request: Request, holder: str) -> Response:
        """Believe them no longer: lost, stolen, out of use."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskHolderEnd, secret=False)
        done = await asyncio.to_thread(holders.revoke, platform, caller, holder, asked.because)
        return answer(done)

    @routes.post(
        "/parcel-holders/{holder}/take-back",
        openapi_extra=describe(AskHolderEnd),
        responses=gives("HolderView"),
    )
    async def post_take_back(request: Request, holder: str) -> Response:
        """The depot keeps a courier's ledger again: the telephone is lost, broken or changed."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskHolderEnd, secret=False)
        done = await asyncio.to_thread(hands.take_back, platform, caller, holder, asked.because)
        return answer(done)


def add_receipts(routes: APIRouter, platform: Platform) -> None:
    @routes.get("/parcel-holders/{holder}/manifest", responses=gives("Signed"))
    def get_manifest(request: Request, holder: str, held: bool = False) -> Response:
        """What this holder may hold, signed, with slow hashes in place of codes; `held`: only what
        it has signed for already.
        """
        caller = caller_of(platform, request)
        made = holders.make_manifest(platform, caller, holder, held=held)
        return Response(made, media_type="application/json")

    @routes.post(
        "/parcel-receipts",
        openapi_extra=describe(AskReceipts),
        responses=gives("ReceiptsTaken"),
    )
    async def post_receipts(request: Request) -> Response:
        """Signed receipts, each counted once; a gap or another's signature is refused."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskReceipts, secret=False, most_bytes=MOST_RECEIPT_BYTES)
        raws = [signed_text(one) for one in asked.items]
        return answer(await asyncio.to_thread(holders.take_receipts, platform, caller, raws))


def add_couriers(routes: APIRouter, platform: Platform) -> None:
    @routes.get("/courier/round", responses=gives("CourierRound"))
    def get_round(request: Request) -> Response:
        """What the courier who asks has in hand, and what waits for a door."""
        return answer(hands.get_round(platform, caller_of(platform, request)))

    @routes.post(
        "/courier/phone", openapi_extra=describe(AskPhone), responses=gives("CourierRound")
    )
    async def post_phone(request: Request) -> Response:
        """From now on the courier's own telephone signs, with or without a network."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskPhone, secret=False)
        return answer(await asyncio.to_thread(phones.take_key, platform, caller, asked.key))

    @routes.post(
        "/courier/parcels/{parcel}",
        openapi_extra=describe(AskHand),
        responses=gives("ParcelView"),
    )
    async def post_hand(request: Request, parcel: str) -> Response:
        """Load it, hand it over on its code, note a refusal, bring it back; signed at once."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskHand, secret=True)
        wanted = hands.HandAct(**msgspec.structs.asdict(asked))
        return answer(await asyncio.to_thread(hands.act, platform, caller, parcel, wanted))
