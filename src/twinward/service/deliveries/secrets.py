"""The depot's secrets: what codes and tickets are computed from, and the keys that sign manifests
and rules for the edges. They lie beside the vault's keys; nothing of them is in the log.
"""

from __future__ import annotations

import hashlib
import hmac
import os

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from twinward.core.coding.texts import to_base64url
from twinward.edge.agent.parcels import make_code
from twinward.security.privacy.vault import read_or_make
from twinward.service.platform import Platform
from twinward.twins.emergency.deliveries.rows import Parcel

FOLDER = "deliveries"
TICKET_BYTES = 18


def secret_of(platform: Platform) -> bytes:
    """32 bytes of this workspace, made when first asked for, readable by its owner alone."""
    folder = platform.workspace / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    return read_or_make(folder / "code.key", lambda: os.urandom(32))


def depot_key(platform: Platform) -> Ed25519PrivateKey:
    """The key that signs manifests; every holder knows its public half."""
    seed = hmac.new(secret_of(platform), b"depot", hashlib.sha256).digest()
    return Ed25519PrivateKey.from_private_bytes(seed)


def rules_key(platform: Platform) -> Ed25519PrivateKey:
    """The key that signs rules for the edges; each edge knows its public half."""
    seed = hmac.new(secret_of(platform), b"rules", hashlib.sha256).digest()
    return Ed25519PrivateKey.from_private_bytes(seed)


def code_of(platform: Platform, parcel: Parcel) -> str:
    """The code that is valid now: of this place and this round."""
    place = f"{parcel.area}/{parcel.place}/{parcel.to}"
    return make_code(secret_of(platform), parcel.id, place, parcel.round)


def ticket_of(platform: Platform, parcel: Parcel) -> str:
    """What proves that somebody is the receiver of a parcel, over all its rounds: 144 bits, given
    to them once.
    """
    told = f"ticket\x1f{parcel.id}\x1f{parcel.sent_at.isoformat()}".encode()
    made = hmac.new(secret_of(platform), told, hashlib.sha256).digest()
    return to_base64url(made[:TICKET_BYTES])


def is_ticket(platform: Platform, parcel: Parcel, ticket: str) -> bool:
    return hmac.compare_digest(ticket_of(platform, parcel).encode(), ticket.encode())
