"""A signed POST to another system, with the key of the message as its idempotency key."""

from __future__ import annotations

import hashlib
import hmac
import re
import ssl
import zlib
from functools import cache

import httpx
import msgspec

from twinward.core.clock import format_time
from twinward.core.errors import UNREADABLE
from twinward.edge.orders.outlet import OutletMessage, OutletReceipt
from twinward.edge.orders.within import talk_within

WHOLE_S = 20.0
TIMEOUT = httpx.Timeout(10.0, connect=5.0)
MOST_ANSWER_BYTES = 64_000
GZIP_OR_ZLIB = 47  # window bits of zlib: either head is taken
PAGE = re.compile(rb"\s*(<!doctype html|<html)", re.IGNORECASE)
NO_ERROR: tuple[object, ...] = (None, "", 0, False, [], {}, "0", "none", "null")
NO_CODE: tuple[object, ...] = (None, "", 0, "0")
LEAST_ERROR = 400  # a `code` in the body, as of HTTP or above
PASSING = {408, 425, 429, 500, 502, 503, 504}


@cache
def trusted() -> ssl.SSLContext:
    """Read once: a tenth of a second for each message otherwise."""
    return httpx.create_ssl_context()


class Webhook:
    """`secret` signs the body: header `X-Twinward-Signature: sha256=…` (HMAC, RFC 2104).
    `within_s`: how long an answer may take as a whole; one that drips holds nobody up.
    """

    def __init__(
        self,
        secret: bytes,
        transport: httpx.BaseTransport | None = None,
        within_s: float = WHOLE_S,
    ) -> None:
        self._secret, self._transport, self._within_s = secret, transport, within_s

    def send(self, message: OutletMessage) -> OutletReceipt:
        body = msgspec.json.encode(
            {
                "key": message.key,
                "kind": message.kind,
                "about": message.about,
                "subject": message.subject,
                "text": message.text,
                "language": message.language,
                "created_at": format_time(message.created_at),
                "expires_at": format_time(message.expires_at),
            }
        )
        signature = hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        headers = {
            "content-type": "application/json",
            "accept-encoding": "identity",
            "idempotency-key": message.key,
            "x-twinward-signature": f"sha256={signature}",
        }
        return self._exchange(message.address, body, headers)

    def _exchange(self, address: str, body: bytes, headers: dict[str, str]) -> OutletReceipt:
        """The receipt of one request, or that there was no whole answer in time."""
        client = httpx.Client(
            timeout=TIMEOUT,
            follow_redirects=False,
            transport=self._transport,
            verify=trusted() if address.startswith("https:") else False,
        )

        def ask() -> OutletReceipt:
            try:
                with client.stream("POST", address, content=body, headers=headers) as answer:
                    return read_answer(answer.status_code, _first_bytes(answer))
            except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
                return OutletReceipt(state="refused", says=f"no address of the web: {error}")
            except httpx.HTTPError as error:  # the line, the name
                return OutletReceipt(state="failed", says=str(error) or "no answer", again=True)

        return talk_within(self._within_s, ask, client.close)

    def look_up(self, key: str) -> OutletReceipt | None:
        return None


def _first_bytes(answer: httpx.Response) -> bytes:
    """No more than an answer needs: what goes on for ever, also once unpacked, is cut."""
    if answer.is_stream_consumed:  # a transport of ours that had it whole
        return answer.content[:MOST_ANSWER_BYTES]
    raw = b""
    for part in answer.iter_raw(8192):
        raw += part
        if len(raw) > MOST_ANSWER_BYTES:
            break
    if answer.headers.get("content-encoding", "identity") == "identity":
        return raw
    try:  # we asked for it plain
        return zlib.decompressobj(GZIP_OR_ZLIB).decompress(raw, MOST_ANSWER_BYTES)
    except zlib.error:
        return b""


def read_answer(status: int, body: bytes) -> OutletReceipt:
    """Some systems answer 200 and say in the body that nothing was done; and who is not let out of
    a network gets 200 and a page to log in.
    """
    if not 200 <= status < 300:
        return OutletReceipt(state="failed", says=f"answered {status}", again=status in PASSING)
    if PAGE.match(body):
        says = f"answered {status}, and a web page: is there a login between?"
        return OutletReceipt(state="failed", says=says, again=True)
    try:
        told = msgspec.json.decode(body) if body.strip() else {}
    except UNREADABLE:
        told = {}
    if any(map(is_error, told if isinstance(told, list) else [told])):
        return OutletReceipt(state="failed", says=f"answered {status}, and an error in the body")
    return OutletReceipt(state="delivered", says=f"answered {status}")


def is_error(told: object) -> bool:
    """Whether an answer says that nothing was done, as the systems that we know of say it."""
    if not isinstance(told, dict):
        return False
    said = {str(name).lower().replace("_", ""): value for name, value in told.items()}
    code = said.get("code")
    return bool(
        any(said.get(name) not in NO_ERROR for name in ("error", "errors", "fault"))
        or any(said.get(name) not in NO_CODE for name in ("errcode", "errorcode"))
        or any(said.get(name) is False for name in ("ok", "success"))
        or str(said.get("status", "")).lower() in ("error", "failed", "failure", "rejected")
        or (isinstance(code, int) and code >= LEAST_ERROR)
    )
