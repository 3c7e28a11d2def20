"""One exchange with the centre: a batch posted, and its account held against what was sent."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Sequence

import httpx
import msgspec

from twinward.edge.agent.tokens import TokenKeeper

TIMEOUT = httpx.Timeout(30.0, connect=5.0)
CONFLICT = "conflict"
AS_A_WHOLE = (400, 413, 415, 422)  # the centre will not have the body; its items may be good


class BatchAnswer(msgspec.Struct):
    """What the centre says of a batch."""

    received: int
    stored: int
    duplicate: int
    rejected: list[dict[str, object]] = []
    conflicts: list[int] = []


class BatchOutcome(msgspec.Struct, frozen=True):
    """What became of a batch; a conflict (the centre keeps another body under that name, and
    counts a duplicate) is rejected here. `whole`: why the centre would not have it at all; empty:
    it had.
    """

    rejected: dict[int, str]
    duplicate: int = 0
    whole: str = ""


class Mismatch(Exception):
    """The centre's sum is not the sum of what was sent."""


class CentreLine:
    """Posts batches as one edge."""

    def __init__(self, edge: str, tokens: TokenKeeper) -> None:
        self.tokens = tokens
        self.skew_s: float | None = None
        self._head = b'{"source":' + msgspec.json.encode(edge) + b',"items":['

    def exchange(self, client: httpx.Client, bodies: Sequence[bytes]) -> BatchOutcome:
        """Accounted for item by item; raises where it must be sent again."""
        sent_at = time.time()
        response = self._post(client, self._head + b",".join(bodies) + b"]}")
        self._note_skew(response, sent_at)
        if response.status_code in AS_A_WHOLE:
            return BatchOutcome({}, whole=code_of(response))
        response.raise_for_status()
        answer = msgspec.json.decode(response.content, type=BatchAnswer)
        rejected = {int(str(one["index"])): str(one.get("code", "")) for one in answer.rejected}
        if (
            len(bodies) != answer.received
            or answer.received != answer.stored + answer.duplicate + len(rejected)
            or not all(0 <= index < len(bodies) for index in (*rejected, *answer.conflicts))
            or len(answer.conflicts) > answer.duplicate
        ):
            raise Mismatch(
                f"{len(bodies)} were sent; the centre counts {answer.received} received, "
                f"{answer.stored} stored, {answer.duplicate} known, {len(rejected)} rejected"
            )
        conflicts = dict.fromkeys(answer.conflicts, CONFLICT)
        return BatchOutcome(rejected | conflicts, answer.duplicate - len(conflicts))

    def _post(self, client: httpx.Client, body: bytes) -> httpx.Response:
        """The answer; a token that has run out is renewed once."""
        access = self.tokens.read()
        for _ in range(2):
            headers = {"content-type": "application/json"}
            if access:
                headers["authorization"] = f"Bearer {access}"
            response = client.post("/v1/observations", content=body, headers=headers)
            if response.status_code != 401 or not access:
                break
            access = self.tokens.renew(client, access)
        return response

    def _note_skew(self, response: httpx.Response, sent_at: float) -> None:
        """How far this machine's clock is ahead of the centre's, to the second."""
        told = response.headers.get("date", "")
        try:
            centre = email.utils.parsedate_to_datetime(told).timestamp() + 0.5
        except (TypeError, ValueError):
            return
        skew = (sent_at + time.time()) / 2 - centre
        self.skew_s = round(skew, 1) if abs(skew) > 1.0 else 0.0


def code_of(response: httpx.Response) -> str:
    try:
        return str(response.json().get("code", response.status_code))
    except (ValueError, AttributeError):
        return str(response.status_code)


def said_by(error: Exception) -> str:
    """Why nothing is sent, in a few words."""
    if isinstance(error, httpx.HTTPStatusError):
        return f"{error.response.status_code} {code_of(error.response)}"
    if isinstance(error, httpx.TransportError):
        return f"the centre is not reached ({str(error) or type(error).__name__})"
    return str(error) or type(error).__name__
