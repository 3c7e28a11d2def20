"""Lists as pages: every list answers `items`, a cursor `next` that is null on the last page, and
its total where that costs nothing.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated

import msgspec
from fastapi import Query

from twinward.core.errors import InputError

MAX_PAGE = 10_000
MAX_OFFSET = 100_000_000
PageLimit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="how many items a page may hold")]
Cursor = Annotated[
    str | None, Query(max_length=200, description="`next` of the page before; absent: the first")
]
Schema = dict[str, object]


class Page(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One page of a list."""

    items: Sequence[object]
    next: str | None
    total: int | None = None


def write_cursor(offset: int) -> str:
    """Opaque to clients, so that what it holds may change."""
    return base64.urlsafe_b64encode(b"o%d" % offset).decode().rstrip("=")


def read_cursor(cursor: str | None, offset: int = 0) -> int:
    """Where the page starts: at the cursor, or without one at `offset`."""
    if cursor is None:
        return offset
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except (binascii.Error, ValueError):
        text = b""
    digits = text[1:]
    if text[:1] != b"o" or not digits.isdigit() or int(digits) > MAX_OFFSET:
        raise InputError(
            f"cursor must be `next` of an earlier page, got {cursor!r}",
            "leave it out to start at the first page",
            code="bad_cursor",
        )
    return int(digits)


def cut_page(whole: Sequence[object], limit: int, cursor: str | None) -> Page:
    """The page of a list that is known whole."""
    start = read_cursor(cursor)
    end = start + limit
    return Page(
        items=whole[start:end],
        next=write_cursor(end) if end < len(whole) else None,
        total=len(whole),
    )


def read_page(
    read: Callable[[int, int], Sequence[object]], limit: int, cursor: str | None, offset: int = 0
) -> Page:
    """The page of a list that is read in parts: `read(limit, offset)`, asked for one more to learn
    whether it goes on.
    """
    start = read_cursor(cursor, offset)
    found = read(limit + 1, start)
    return Page(items=found[:limit], next=write_cursor(start + limit) if found[limit:] else None)


def next_of(start: int, shown: int, total: int) -> str | None:
    """The cursor after a page of a list whose total is known."""
    return write_cursor(start + shown) if shown and start + shown < total else None


def page_schema(item: Schema, **more: Schema) -> Schema:
    """The schema of a page of such items, with what else the answer holds."""
    return {
        "type": "object",
        "required": ["items", "next", *more],
        "properties": {
            "items": {"type": "array", "items": item},
            "next": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "total": {"type": "integer"},
            **more,
        },
    }
