"""A signed POST to another system, with the key of the message as its idempotency key."""

from __future__ import annotations

import hashlib
import hmac
import threading

import httpx
import msgspec

from twinward.core.clock import format_time
from twinward.core.errors import UNREADABLE
from twinward.edge.orders.outlet import OutletMessage, OutletReceipt

WHOLE_S = 20.0
TIMEOUT = httpx.Timeout(10.0, connect=5.0)
MOST_ANSWER_BYTES = 64_000
PASSING = {408, 425, 429, 500, 502, 503, 504}


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
            "idempotency-key": message.key,
            "x-twinward-signature": f"sha256={signature}",
        }
        return self._exchange(message.address, body, headers)

    def _exchange(self, address: str, body: bytes, headers: dict[str, str]) -> OutletReceipt:
        """The receipt of one request, or that there was no whole answer in time."""
        client = httpx.Client(timeout=TIMEOUT, follow_redirects=False, transport=self._transport)
        told: list[OutletReceipt] = []

        def ask() -> None:
            try:
                with client.stream("POST", address, content=body, headers=headers) as answer:
                    told.append(read_answer(answer.status_code, b"".join(_first_bytes(answer))))
            except Exception as error:  # the line, the name, or the client that was shut meanwhile
                said = str(error) or type(error).__name__
                again = isinstance(error, httpx.HTTPError)
                told.append(OutletReceipt(state="failed", says=said, again=again))

        thread = threading.Thread(target=ask, name="webhook", daemon=True)
        thread.start()
        thread.join(self._within_s)
        late = not told
        client.close()
        if late:
            return OutletReceipt(
                state="failed", says=f"no whole answer within {self._within_s:g} s", again=True
            )
        return told[0]

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
