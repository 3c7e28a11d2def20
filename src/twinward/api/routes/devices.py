"""Routes of devices in the field, orders to them, and their edges."""

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
from twinward.api.http.schemas import gives, gives_page
from twinward.core.messages import Instant
from twinward.service.devices import alarms, bundles, fleet, orders, registry
from twinward.service.devices.bundles import DeviceRule
from twinward.service.devices.fleet import SyncRequest
from twinward.service.devices.registry import DeviceSecret
from twinward.service.platform import Caller, Platform

MaybeWord = Annotated[str | None, Query(max_length=120)]
Text = Annotated[str, msgspec.Meta(max_length=2000, pattern="^[^\\x00]*$")]
Name = Annotated[str, msgspec.Meta(max_length=120, pattern="^[^\\x00]*$")]
Values = Annotated[dict[Word, Name], msgspec.Meta(max_length=50)]
MOST_SYNC_BYTES = 8_000_000


class AskDevice(msgspec.Struct, forbid_unknown_fields=True):
    """A device that may speak; with `claim` the answer holds a code that is shown once."""

    device: Word
    edge: Word
    profile: Word
    area: Word
    place: Name = ""
    owner: Name = ""
    firmware: Name = ""
    calibrated_at: Instant | None = None
    claim: bool = False


class AskDeviceAct(msgspec.Struct, forbid_unknown_fields=True):
    """`claim` needs `code`, `replace` needs `by` and `because`, `revoke` needs `because`, `wish`
    needs `desired`; a key or code in the answer is shown once.
    """

    act: Literal["claim", "rotate", "reissue", "replace", "revoke", "wish"]
    code: Name = ""
    by: Name = ""
    because: Text = ""
    claim: bool = False
    desired: Values = {}


class AskRuleBundle(msgspec.Struct, forbid_unknown_fields=True):
    """Rules of these modules, and others besides, under a version that is given once."""

    bundle: Word
    because: Text
    modules: Annotated[tuple[Name, ...], msgspec.Meta(max_length=200)] = ()
    rules: Annotated[tuple[DeviceRule, ...], msgspec.Meta(max_length=2000)] = ()


class AskRollOut(msgspec.Struct, forbid_unknown_fields=True):
    """`roll` names `edges`, or a `share` of all (1: everywhere); `back` undoes it."""

    act: Literal["roll", "back"]
    because: Text
    edges: Annotated[tuple[Name, ...], msgspec.Meta(max_length=1000)] = ()
    share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0


class AskDeviceOrder(msgspec.Struct, forbid_unknown_fields=True):
    """Done once, before `until`; `supersedes` names an order that is not wanted any more."""

    device: Word
    action: Word
    until: Instant
    values: Values = {}
    supersedes: Name = ""
    order: Name = ""


def act_on(platform: Platform, caller: Caller, device: str, asked: AskDeviceAct) -> DeviceSecret:
    if asked.act == "claim":
        return registry.claim(platform, caller, device, asked.code)
    if asked.act in ("rotate", "reissue"):
        return registry.rotate(platform, caller, device, claim_anew=asked.act == "reissue")
    if asked.act == "replace":
        by, because = asked.by, asked.because
        return registry.replace(platform, caller, device, by, because, claim_it=asked.claim)
    if asked.act == "revoke":
        return DeviceSecret(device=registry.revoke(platform, caller, device, asked.because))
    return DeviceSecret(device=registry.wish(platform, caller, device, asked.desired))


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1", tags=["edge"], responses=ERRORS)
    add_device_routes(routes, platform)
    add_order_routes(routes, platform)
    add_edge_routes(routes, platform)
    add_bundle_routes(routes, platform)
    return routes


def add_device_routes(routes: APIRouter, platform: Platform) -> None:
    @routes.get("/devices", responses=gives_page("DeviceView"))
    def get_devices(
        request: Request,
        edge: MaybeWord = None,
        state: MaybeWord = None,
        limit: PageLimit = MAX_PAGE,
        cursor: Cursor = None,
    ) -> Response:
        """Devices in the caller's areas, by id, what is wanted of each and how it was heard."""
        caller = caller_of(platform, request)
        found = registry.list_devices(platform, caller, edge=edge, state=state)
        return answer(cut_page(found, limit, cursor))

    @routes.post(
        "/devices",
        openapi_extra=describe(AskDevice),
        responses=gives("DeviceSecret", 201),
        status_code=201,
    )
    async def post_device(request: Request) -> Response:
        """Add a device; one that waits in quarantine is heard with what it said meanwhile."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskDevice, secret=False)
        wanted = registry.DeviceRequest(**msgspec.structs.asdict(asked))
        done = await asyncio.to_thread(registry.add, platform, caller, wanted)
        return answer(done, 201, named=True)

    @routes.get("/devices/{device}", responses=gives("DeviceView"))
    def get_device(request: Request, device: str) -> Response:
        """One device."""
        return answer(registry.get_device(platform, caller_of(platform, request), device))

    @routes.post(
        "/devices/{device}/answer",
        openapi_extra=describe(AskDeviceAct),
        responses=gives("DeviceSecret"),
    )
    async def post_device_act(request: Request, device: str) -> Response:
        """Claim it, rotate its key, re-issue its claim, replace, revoke, or wish it to be so."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskDeviceAct)
        done = await asyncio.to_thread(act_on, platform, caller, device, asked)
        return answer(done, named=True)


def add_order_routes(routes: APIRouter, platform: Platform) -> None:
    @routes.get("/device-orders", responses=gives_page("DeviceOrderView"))
    def get_device_orders(
        request: Request,
        device: MaybeWord = None,
        state: MaybeWord = None,
        limit: PageLimit = MAX_PAGE,
        cursor: Cursor = None,
    ) -> Response:
        """Orders to devices, the newest first, and how far each has come."""
        caller = caller_of(platform, request)
        found = orders.list_orders(platform, caller, device=device, state=state)
        return answer(cut_page(found, limit, cursor))

    @routes.post(
        "/device-orders",
        openapi_extra=describe(AskDeviceOrder),
        responses=gives("DeviceOrderView", 201),
        status_code=201,
    )
    async def post_device_order(request: Request) -> Response:
        """A device is to do something once."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskDeviceOrder, secret=False)
        done = await asyncio.to_thread(
            orders.order,
            platform,
            caller,
            asked.device,
            asked.action,
            until=asked.until,
            values=asked.values,
            supersedes=asked.supersedes,
            name=asked.order,
        )
        return answer(done, 201)


def add_edge_routes(routes: APIRouter, platform: Platform) -> None:
    @routes.get("/edges", responses=gives_page("EdgeView"))
    def get_edges(
        request: Request,
        late: bool = False,
        limit: PageLimit = MAX_PAGE,
        cursor: Cursor = None,
    ) -> Response:
        """Edges that have spoken, those that are late first, with why."""
        caller = caller_of(platform, request)
        return answer(cut_page(fleet.list_edges(platform, caller, late=late), limit, cursor))

    @routes.get("/device-alarms", responses=gives_page("DeviceAlarmView"))
    def get_device_alarms(
        request: Request,
        edge: MaybeWord = None,
        every: bool = False,
        limit: PageLimit = MAX_PAGE,
        cursor: Cursor = None,
    ) -> Response:
        """Alarms of devices that stand, told by their edges or found by the centre; `every`: those
        that are over too.
        """
        found = alarms.list_alarms(platform, caller_of(platform, request), edge=edge, every=every)
        return answer(cut_page(found, limit, cursor))

    @routes.post("/edges/sync", openapi_extra=describe(SyncRequest), responses=gives("SyncAnswer"))
    async def post_sync(request: Request) -> Response:
        """An edge says how it stands, and learns its devices and the orders that are wanted."""
        caller = caller_of(platform, request)
        said = await decode(request, SyncRequest, most_bytes=MOST_SYNC_BYTES)
        done = await asyncio.to_thread(fleet.sync, platform, caller, said)
        return answer(done, named=True)


def add_bundle_routes(routes: APIRouter, platform: Platform) -> None:
    @routes.get("/rule-bundles", responses=gives_page("RuleBundleView"))
    def get_rule_bundles(
        request: Request, limit: PageLimit = MAX_PAGE, cursor: Cursor = None
    ) -> Response:
        """Rules for the edges by version, the newest first, and which edges run each."""
        found = bundles.list_bundles(platform, caller_of(platform, request))
        return answer(cut_page(found, limit, cursor))

    @routes.post(
        "/rule-bundles",
        openapi_extra=describe(AskRuleBundle),
        responses=gives("RuleBundleView", 201),
        status_code=201,
    )
    async def post_rule_bundle(request: Request) -> Response:
        """Keep a bundle; it runs nowhere yet."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskRuleBundle, secret=False)
        done = await asyncio.to_thread(
            bundles.keep_bundle,
            platform,
            caller,
            asked.bundle,
            because=asked.because,
            modules=asked.modules,
            rules=asked.rules,
        )
        return answer(done, 201)

    @routes.get("/rule-bundles/{bundle}", responses=gives("RuleBundleView"))
    def get_rule_bundle(request: Request, bundle: str) -> Response:
        """One bundle."""
        return answer(bundles.get_bundle(platform, caller_of(platform, request), bundle))

    @routes.post(
        "/rule-bundles/{bundle}/answer",
        openapi_extra=describe(AskRollOut),
        responses=gives("RuleBundleView"),
    )
    async def post_roll_out(request: Request, bundle: str) -> Response:
        """Roll it out to some edges, a share or all, or back."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskRollOut, secret=False)
        done = await asyncio.to_thread(roll, platform, caller, bundle, asked)
        return answer(done)


def roll(
    platform: Platform, caller: Caller, bundle: str, asked: AskRollOut
) -> bundles.RuleBundleView:
    if asked.act == "back":
        return bundles.roll_back(platform, caller, bundle, because=asked.because)
    return bundles.roll_out(
        platform,
        caller,
        bundle,
        because=asked.because,
        edges=asked.edges,
        share=asked.share,
    )
