"""POST /v1/commands: what is asked of the twins, many at a time, each accounted for."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
from fastapi import APIRouter, Request, Response

from twinward.api.http.authentication import caller_of
from twinward.api.http.problems import ERRORS
from twinward.api.http.responses import answer, read_body
from twinward.api.http.schemas import gives
from twinward.core.coding.texts import without_constants
from twinward.core.errors import UNREADABLE, InputError
from twinward.service.intake import commands
from twinward.service.platform import Caller, Platform

LIMIT_BYTES = 32_000_000
MAX_ITEMS = 10_000  # some 20 s of work, the loop's answers included
PART = 200  # items of one transaction; others wait for no more of them


class CommandBatch(msgspec.Struct, forbid_unknown_fields=True):
    """The body: items stay raw, so that one bad item spoils no other."""

    items: list[msgspec.Raw]
    source: Annotated[str, msgspec.Meta(min_length=1, max_length=120)] = "api"


BATCH = msgspec.json.Decoder(CommandBatch)


def decode_batch(body: bytes) -> CommandBatch:
    """The batch, or InputError when the body as a whole cannot be used."""
    try:
        batch = BATCH.decode(without_constants(body))
    except msgspec.ValidationError as error:
        raise InputError(
            f"not a batch: {error}", 'send {"items": [...]}', code="bad_batch"
        ) from error
    except UNREADABLE as error:
        raise InputError(
            f"not JSON: {error}", 'send {"items": [...]} as UTF-8 JSON', code="bad_json"
        ) from error
    if len(batch.items) > MAX_ITEMS:
        raise InputError(
            f"{len(batch.items):,} items at once",
            f"send at most {MAX_ITEMS:,} at a time",
            code="too_many_items",
        )
    return batch


async def ask_in_parts(
    platform: Platform, caller: Caller, batch: CommandBatch
) -> commands.BatchAccount:
    """A large batch a part at a time, in its order: what others ask comes in between."""
    parts = []
    for first in range(0, len(batch.items), PART):
        items = batch.items[first : first + PART]
        future = await asyncio.to_thread(commands.submit, platform, caller, items, batch.source)
        parts.append((first, await asyncio.wrap_future(future)))
    return commands.join_accounts(parts)


def describe_body() -> dict[str, object]:
    """The request body for OpenAPI: a batch of any of the commands."""
    schema: dict[str, object] = {
        "type": "object",
        "required": ["items"],
        "properties": {
            "items": {"type": "array", "items": {"oneOf": commands.command_references()}},
            "source": {"type": "string"},
        },
    }
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1", tags=["commands"])

    @routes.post(
        "/commands", responses=ERRORS | gives("BatchAccount"), openapi_extra=describe_body()
    )
    async def post_commands(request: Request) -> Response:
        """Ask for changes: `{items: [{id, type, …}]}` -> `{received, stored, duplicate,
        rejected}`.
        """
        caller = caller_of(platform, request)
        batch = decode_batch(await read_body(request, LIMIT_BYTES))
        if len(batch.items) <= PART:
            future = commands.submit(platform, caller, batch.items, batch.source)
            account = await asyncio.wrap_future(future)
        else:
            account = await ask_in_parts(platform, caller, batch)
        return answer(commands.say_account(account))

    return routes
