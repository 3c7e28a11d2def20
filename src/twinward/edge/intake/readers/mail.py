"""Mail: when it was sent, what it says, what is attached. Who wrote it is not read."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage

from twinward.edge.intake.claim import Part
from twinward.edge.intake.readers.limits import UnreadableError
from twinward.edge.intake.readers.text import decode_text, read_html

HEADERS = (
    "from:",
    "received:",
    "date:",
    "subject:",
    "return-path:",
    "message-id:",
    "mime-version:",
)


def is_mail(data: bytes) -> bool:
    head = data[:2000].decode("latin-1").lower().splitlines()[:15]
    return sum(any(line.startswith(one) for one in HEADERS) for line in head) >= 2


def read_mail(
    data: bytes, inner: Callable[[bytes], tuple[str, list[Part], list[str]]]
) -> tuple[list[Part], list[str], datetime | None]:
    """(parts, notes, when it was sent); `inner` reads what is attached."""
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    parts: list[Part] = []
    notes: list[str] = []
    subject = str(message.get("subject") or "")
    if subject:
        parts.append(Part(name="subject", text=subject))
    body = message.get_body(("plain", "html"))
    if isinstance(body, EmailMessage):
        raw = body.get_payload(decode=True)
        content = raw if isinstance(raw, bytes) else b""
        charset = body.get_content_charset()
        html = body.get_content_type() == "text/html"
        text = read_html(content, charset)[0].text if html else decode_text(content, charset)
        parts.append(Part(name="body", text=quoted_away(text)))
    for number, attached in enumerate(message.iter_attachments(), 1):
        payload = attached.get_payload(decode=True)
        if not isinstance(payload, bytes):
            inside = attached.get_payload()
            nested = inside[0] if isinstance(inside, list) and inside else None
            payload = nested.as_bytes() if isinstance(nested, email.message.Message) else b""
        try:
            _, found, said = inner(payload)
        except UnreadableError as error:
            notes.append(f"attachment_{error.code}")
            continue
        notes += said
        parts += [
            Part(name=f"attachment {number}, {one.name}", text=one.text, how=one.how, sure=one.sure)
            for one in found
        ]
    return parts, notes, sent_at(message)


def sent_at(message: EmailMessage) -> datetime | None:
    try:
        found = getattr(message["date"], "datetime", None)
    except (ValueError, TypeError, IndexError):
        return None
    if not isinstance(found, datetime):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def quoted_away(text: str) -> str:
    """Without the lines that repeat an earlier mail."""
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(">"))
