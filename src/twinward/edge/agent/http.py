"""The agent's HTTP door: `POST /v1/readings` (200 only when durable), `GET /health`; where the box
is a gate, `POST /v1/passes/check` and `GET /v1/gate`; where it holds parcels, `/cabinet`.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twinward.core.clock import to_us
from twinward.core.coding.texts import without_constants
from twinward.core.errors import InputError, TwinwardError, UnknownCallerError
from twinward.edge.agent.claims import claim
from twinward.edge.agent.config import require_plain
from twinward.edge.agent.device_orders import DeviceAnswer, DeviceOrders, DeviceWord
from twinward.edge.agent.http_bodies import answer, decode_as, problem, read_body
from twinward.edge.agent.http_lines import MOST_LINES, BodyBound, DoorProtocol
from twinward.edge.agent.keeper import AcceptedBatch, Keeper
from twinward.edge.agent.status import find_status

if TYPE_CHECKING:
    from twinward.edge.agent.cabinet_door import CabinetDoor
    from twinward.edge.agent.gate import GateDoor  # loaded only where the box is a gate

MOST_ITEMS = 10_000


class Batch(msgspec.Struct, forbid_unknown_fields=True):
    device: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    items: Annotated[list[msgspec.Raw], msgspec.Meta(max_length=MOST_ITEMS)]


class Code(msgspec.Struct, forbid_unknown_fields=True):
    code: Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]


class Answer(msgspec.Struct, forbid_unknown_fields=True):
    device: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    state: Annotated[str, msgspec.Meta(max_length=40)]
    says: Annotated[str, msgspec.Meta(max_length=300)] = ""


def make_server(
    keeper: Keeper,
    orders: DeviceOrders,
    gate: GateDoor | None = None,
    cabinet: CabinetDoor | None = None,
) -> uvicorn.Server:
    """The server on the configured address; `run` blocks."""
    written = {one.id: (one.key_sha256,) for one in keeper.config.devices if one.key_sha256}

    def keys_of(device: str) -> tuple[str, ...]:
        return keeper.keys.get(device, ()) or written.get(device, ())

    async def post_readings(request: Request) -> Response:
        try:
            batch = decode(await read_body(request))
            require_key(request, keys_of(batch.device))
            items = [bytes(item) for item in batch.items]
            account = await asyncio.wrap_future(keeper.submit_items(batch.device, items))
            assert isinstance(account, AcceptedBatch)
            return answer(msgspec.json.encode(account))
        except TwinwardError as error:
            return problem(error)

    async def get_health(request: Request) -> Response:
        try:
            status = await asyncio.to_thread(find_status, keeper.config)
        except TwinwardError as error:
            return problem(error)
        good = not keeper.trouble
        body = {"status": "ok" if good else "failing", "trouble": keeper.trouble}
        return answer(msgspec.json.encode(body | msgspec.to_builtins(status)), 200 if good else 503)

    kept: list[Route] = []
    if cabinet is not None:
        from twinward.edge.agent.cabinet_routes import cabinet_routes

        kept = cabinet_routes(cabinet)
    app = Starlette(
        routes=[
            *kept,
            Route("/v1/readings", post_readings, methods=["POST"]),
            *order_routes(keeper, orders, keys_of),
            Route("/health", get_health),
            *(gate_routes(gate) if gate is not None else ()),
        ],
        middleware=[Middleware(BodyBound)],
    )
    host, port = keeper.config.address
    return uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            server_header=False,
            http=DoorProtocol,
            ws="none",
            limit_concurrency=MOST_LINES,
            timeout_keep_alive=30,
        )
    )


def order_routes(
    keeper: Keeper, orders: DeviceOrders, keys_of: Callable[[str], tuple[str, ...]]
) -> list[Route]:
    """A device asks what it is to do and how it is to be, answers, and says how it is."""

    async def get_orders(request: Request) -> Response:
        try:
            device = require_plain(request.query_params.get("device", ""))
            require_key(request, keys_of(device))

            def take() -> bytes:
                desired, version = keeper.store.wishes_of(device)
                told = {"orders": orders.take(device), "desired": desired, "version": version}
                return msgspec.json.encode(told)

            body = await asyncio.wrap_future(keeper.submit(take))
            assert isinstance(body, bytes)
            return answer(body)
        except TwinwardError as error:
            return problem(error)

    async def post_answer(request: Request) -> Response:
        try:
            told = decode_as(Answer, await read_body(request), "send {device, state, says}")
            require_key(request, keys_of(told.device))
            said = DeviceAnswer(request.path_params["order"], told.state, told.says)
            state = await asyncio.wrap_future(keeper.submit(lambda: orders.note(told.device, said)))
            return answer(msgspec.json.encode({"order": said.order, "state": state}))
        except TwinwardError as error:
            return problem(error)

    async def post_state(request: Request) -> Response:
        try:
            device = require_plain(request.path_params["device"])
            word = decode_as(DeviceWord, await read_body(request), "send {reported, version}")
            require_key(request, keys_of(device))
            await asyncio.wrap_future(keeper.submit(lambda: orders.note_word(device, word)))
            return answer(b"{}")
        except TwinwardError as error:
            return problem(error)

    async def post_claim(request: Request) -> Response:
        """A device brings its claim and gets its key, also while the centre is away."""
        try:
            device = require_plain(request.path_params["device"])
            told = decode_as(Code, await read_body(request), "send {code}: the claim")

            def take() -> str:
                key = claim(keeper.store.db, device, told.code, to_us(keeper.clock.now()))
                keeper.keys = keeper.store.list_keys()  # it may speak at once
                return key

            key = await asyncio.wrap_future(keeper.submit(take))
            return answer(msgspec.json.encode({"device": device, "key": key}))
        except TwinwardError as error:
            return problem(error)

    return [
        Route("/v1/devices/{device}/claim", post_claim, methods=["POST"]),
        Route("/v1/orders", get_orders),
        Route("/v1/orders/{order}", post_answer, methods=["POST"]),
        Route("/v1/devices/{device}/state", post_state, methods=["POST"]),
    ]


def gate_routes(gate: GateDoor) -> list[Route]:
    """The guard's reader asks for an answer; a screen shows the gate's face."""

    async def post_code(request: Request) -> Response:
        try:
            require_key(request, (gate.asked.key_sha256,))
            asked = decode_code(await read_body(request))
            return answer(msgspec.json.encode(gate.check(asked.code)))
        except TwinwardError as error:
            return problem(error)

    async def get_face(request: Request) -> Response:
        try:
            require_key(request, (gate.asked.key_sha256,))
            return answer(msgspec.json.encode(gate.face()))
        except TwinwardError as error:
            return problem(error)

    return [
        Route("/v1/passes/check", post_code, methods=["POST"]),
        Route("/v1/gate", get_face),
    ]


def decode_code(body: bytes) -> Code:
    try:
        return msgspec.json.decode(body, type=Code)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(
            f"the body is no code: {error}",
            "send {code}: the text that was scanned",
            code="bad_body",
        ) from error


def decode(body: bytes) -> Batch:
    try:
        return msgspec.json.decode(without_constants(body), type=Batch)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(
            f"the body is no batch of readings: {error}",
            "send {device, items: [{boot, seq, type, occurred_at, value, unit}]}",
            code="bad_body",
        ) from error


def require_key(request: Request, digests: tuple[str, ...]) -> None:
    """UnknownCallerError where the device has keys and this is none of them."""
    if not any(digests):
        return
    given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    brought = hashlib.sha256(given.encode()).hexdigest()
    if not any(hmac.compare_digest(brought, one) for one in digests):
        raise UnknownCallerError("the device's key is missing or wrong", "send it as Bearer")
