"""The key ceremony: an offline root, signers that change each month, rotation and compromise."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from twinward.core.errors import UNREADABLE, AbsentError, ConflictError, InputError
from twinward.security.passes.keys import write_jwk
from twinward.security.passes.trust import Signer, TrustList, read_trust, write_trust

TRUST_FILE, REGISTER = "trust.json", "signers.json"
TRUST_LASTS = timedelta(days=45)
SIGNER_LASTS = timedelta(days=31)
OVERLAP = timedelta(days=2)
MOST_DAYS = 400


class Register(msgspec.Struct, frozen=True, kw_only=True):
    """What the issuer knows of its keys; private parts lie in files of their own."""

    issuer: str
    root: dict[str, str]
    version: int
    signers: tuple[Signer, ...]


class Signing(msgspec.Struct, frozen=True, kw_only=True):
    """The signer of now."""

    kid: bytes
    private: ec.EllipticCurvePrivateKey
    not_after: datetime


class KeyStore:
    """The folder of an issuer's signers; the root's private key is handed in when it is needed."""

    def __init__(self, folder: Path, passphrase: bytes | None = None) -> None:
        self.folder, self.passphrase = folder, passphrase

    def register(self) -> Register:
        try:
            return msgspec.json.decode((self.folder / REGISTER).read_bytes(), type=Register)
        except FileNotFoundError as error:
            raise AbsentError(
                "there are no pass keys yet", "make them with `twinward pass keys init`"
            ) from error
        except UNREADABLE as error:
            raise InputError("the register of signers is broken", "restore it") from error

    def trust_file(self) -> bytes:
        self.register()
        return (self.folder / TRUST_FILE).read_bytes()

    def trust(self) -> TrustList:
        return read_trust(self.trust_file())

    def init(self, root_file: Path, issuer: str, at: datetime, days: int) -> Register:
        """The root, its private key in `root_file` to be taken away, and the first signer."""
        if (self.folder / REGISTER).exists():
            raise ConflictError("pass keys exist", "rotate them instead", code="exists")
        root = ec.generate_private_key(ec.SECP256R1())
        self._write_private(root_file, root)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        public = write_jwk(root.public_key())
        fresh = Register(issuer=issuer, root=public, version=0, signers=())
        return self._publish(root, fresh, (self._new_signer(at, days),), at)

    def rotate(self, root_file: Path, at: datetime, days: int) -> Register:
        """A new signer; those before it retire in two days: what they signed stays good."""
        before, root = self._with_root(root_file)
        ends = int((at + OVERLAP).timestamp())
        old = tuple(
            msgspec.structs.replace(one, state="retired", not_after=min(one.not_after, ends))
            if one.state == "active"
            else one
            for one in before.signers
        )
        return self._publish(root, before, (*old, self._new_signer(at, days)), at)

    def compromise(self, root_file: Path, kid: str, at: datetime, days: int) -> Register:
        """A signer is in wrong hands: nothing it signed is believed, its file is destroyed, and
        another signs from now on.
        """
        before, root = self._with_root(root_file)
        if kid not in {one.kid for one in before.signers}:
            known = ", ".join(one.kid for one in before.signers)
            raise AbsentError(f"there is no signer {kid}", f"there are: {known}")
        old = tuple(
            msgspec.structs.replace(one, state="compromised") if one.kid == kid else one
            for one in before.signers
        )
        (self.folder / f"{kid}.pem").unlink(missing_ok=True)
        return self._publish(root, before, (*old, self._new_signer(at, days)), at)

    def renew_trust(self, root_file: Path, at: datetime) -> Register:
        """The same signers on a fresh list, before the old one expires."""
        before, root = self._with_root(root_file)
        return self._publish(root, before, before.signers, at)

    def signing(self, at: datetime) -> Signing:
        """The newest active signer whose window covers `at`."""
        now = int(at.timestamp())
        for one in reversed(self.register().signers):
            if one.state == "active" and one.not_before <= now < one.not_after:
                private = self._read_private(self.folder / f"{one.kid}.pem")
                end = datetime.fromtimestamp(one.not_after, UTC)
                return Signing(kid=one.kid.encode(), private=private, not_after=end)
        raise ConflictError(
            "no signer is in force", "rotate with `twinward pass keys rotate`", code="no_signer"
        )

    def _with_root(self, path: Path) -> tuple[Register, ec.EllipticCurvePrivateKey]:
        before, root = self.register(), self._read_private(path)
        if write_jwk(root.public_key())["kid"] != before.root["kid"]:
            raise InputError(f"{path} is not this issuer's root", "name the right file")
        return before, root

    def _publish(
        self,
        root: ec.EllipticCurvePrivateKey,
        before: Register,
        signers: tuple[Signer, ...],
        at: datetime,
    ) -> Register:
        fresh = msgspec.structs.replace(before, version=before.version + 1, signers=signers)
        trust = write_trust(
            root,
            fresh.issuer,
            signers,
            version=fresh.version,
            at=at,
            lasts_s=int(TRUST_LASTS.total_seconds()),
        )
        replace_file(self.folder / TRUST_FILE, trust, 0o644)
        replace_file(self.folder / REGISTER, msgspec.json.encode(fresh), 0o600)
        return fresh

    def _new_signer(self, at: datetime, days: int) -> Signer:
        if not 1 <= days <= MOST_DAYS:
            raise InputError(f"days must be 1 to {MOST_DAYS}, got {days}", code="bad_days")
        jwk = {"kid": "-"}
        while not jwk["kid"].isalnum():  # it names a file and is typed by people
            private = ec.generate_private_key(ec.SECP256R1())
            jwk = write_jwk(private.public_key())
            jwk["kid"] = jwk["kid"][:8]  # eight letters, the same in COSE and in JWS
        self._write_private(self.folder / f"{jwk['kid']}.pem", private)
        return Signer(
            jwk=jwk,
            not_before=int(at.timestamp()),
            not_after=int((at + timedelta(days=days)).timestamp()),
        )

    def _write_private(self, path: Path, key: ec.EllipticCurvePrivateKey) -> None:
        scheme: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if self.passphrase:
            scheme = serialization.BestAvailableEncryption(self.passphrase)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, scheme
        )
        if path.exists():
            raise ConflictError(f"{path.name} exists", "name another file", code="exists")
        try:
            replace_file(path, pem, 0o600)
        except OSError as error:
            raise InputError(f"{path} cannot be written: {error.strerror}") from error

    def _read_private(self, path: Path) -> ec.EllipticCurvePrivateKey:
        try:
            found = serialization.load_pem_private_key(path.read_bytes(), self.passphrase)
        except (OSError, ValueError, TypeError) as error:
            raise InputError(
                f"{path.name} holds no private key that can be opened",
                "name the file, and set TWINWARD_PASS_PHRASE when it is locked",
                code="bad_key_file",
            ) from error
        if not isinstance(found, ec.EllipticCurvePrivateKey):
            raise InputError(f"{path.name} holds another kind of key", code="bad_key_file")
        return found


def replace_file(path: Path, data: bytes, mode: int) -> None:
    """Written whole or not at all, never readable by others for a moment when `mode` is 600."""
    fresh = path.with_name(path.name + ".new")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)
