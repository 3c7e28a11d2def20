"""A signed POST to another system, with the key of the message as its idempotency key."""

from __future__ import annotations

import hashlib
import hmac

import httpx
import msgspec

from twinward.core.clock import format_time
from twinward.core.errors import UNREADABLE
from twinward.edge.orders.outlet import OutletMessage, OutletReceipt

TIMEOUT = httpx.Timeout(10.0, connect=5.0)
MOST_ANSWER_BYTES = 64_000
PASSING = {408, 425, 429, 500, 502, 503, 504}


class Webhook:
    """`secret` signs the body: header `X-Twinward-Signature: sha256=…` (HMAC, RFC 2104)."""

    def __init__(self, secret: bytes, transport: httpx.BaseTransport | None = None) -> None:
        self._secret = secret
        self._client = httpx.Client(timeout=TIMEOUT, follow_redirects=False, transport=transport)

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
            "idempotency-key": message.key,
            "x-twinward-signature": f"sha256={signature}",
        }
        try:
            with self._client.stream(
                "POST", message.address, content=body, headers=headers
            ) as answer:
                told = b"".join(_first_bytes(answer))
        except httpx.HTTPError as error:
            return OutletReceipt(
                state="failed", says=str(error) or type(error).__name__, again=True
            )
        return read_answer(answer.status_code, told)

    def look_up(self, key: str) -> OutletReceipt | None:
        return None


def _first_bytes(answer: httpx.Response) -> list[bytes]:
    """No more than an answer needs: what goes on for ever is cut."""
    parts: list[bytes] = []
    size = 0
    for part in answer.iter_bytes(8192):
        parts.append(part)
        size += len(part)
        if size > MOST_ANSWER_BYTES:
            break
    return parts


def read_answer(status: int, body: bytes) -> OutletReceipt:
    """Some systems answer 200 and say in the body that nothing was done."""
    if not 200 <= status < 300:
        return OutletReceipt(state="failed", says=f"answered {status}", again=status in PASSING)
    try:
        told = msgspec.json.decode(body) if body.strip() else {}
    except UNREADABLE:
        told = {}
    if isinstance(told, dict) and (told.get("error") or told.get("ok") is False):
        return OutletReceipt(state="failed", says=f"answered {status}, and an error in the body")
    return OutletReceipt(state="delivered", says=f"answered {status}")
