"""The key ceremony as verbs use it: init, rotate, compromise, renew, show."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from twinward.core.errors import InputError
from twinward.security.passes.ceremony import SIGNER_LASTS, KeyStore, Register

PASSPHRASE = "TWINWARD_PASS_PHRASE"
FOLDER = "passes"


def open_store(folder: Path) -> KeyStore:
    """The issuer's signers; their files are locked when the environment has a passphrase."""
    phrase = os.environ.get(PASSPHRASE)
    return KeyStore(folder, phrase.encode() if phrase else None)


def run_ceremony(
    folder: Path,
    act: str,
    *,
    root: Path,
    at: datetime,
    issuer: str = "",
    kid: str = "",
    days: int = SIGNER_LASTS.days,
) -> dict[str, object]:
    """One act of the ceremony, and the keys after it."""
    store = open_store(folder)
    if act == "init":
        register = store.init(root, issuer or "city", at, days)
    elif act == "rotate":
        register = store.rotate(root, at, days)
    elif act == "compromise":
        register = store.compromise(root, kid, at, days)
    elif act == "renew":
        register = store.renew_trust(root, at)
    else:
        raise InputError(f"{act} is no act of the ceremony", code="bad_act")
    return describe_keys(folder, register) | {"root_file": str(root)}


def describe_keys(folder: Path, register: Register | None = None) -> dict[str, object]:
    """What is public of the keys."""
    store = open_store(folder)
    found = register or store.register()
    trust = store.trust()
    return {
        "issuer": found.issuer,
        "root": found.root["kid"],
        "trust_file": str(folder / "trust.json"),
        "trust_version": found.version,
        "trust_until": trust.expires_at,
        "signers": [
            {
                "kid": one.kid,
                "state": one.state,
                "from": datetime.fromtimestamp(one.not_before, UTC),
                "until": datetime.fromtimestamp(one.not_after, UTC),
            }
            for one in found.signers
        ],
    }


def export_trust(folder: Path) -> bytes:
    """The file that every verifier gets."""
    return open_store(folder).trust_file()
