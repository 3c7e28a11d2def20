"""Signatures of tokens: the algorithm is the key's, never the token's; raw r and s only."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

Public = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey

# the order of P-256 (FIPS 186-4, D.1.2.3)
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
CURVES: dict[str, tuple[str, hashes.HashAlgorithm, int]] = {
    "ES256": ("secp256r1", hashes.SHA256(), 32),
    "ES384": ("secp384r1", hashes.SHA384(), 48),
    "ES512": ("secp521r1", hashes.SHA512(), 66),
}
RSA_HASHES: dict[str, hashes.HashAlgorithm] = {
    "256": hashes.SHA256(),
    "384": hashes.SHA384(),
    "512": hashes.SHA512(),
}
SHORTEST_RSA = 2048
ES256 = ec.ECDSA(hashes.SHA256())


def fits(alg: str, key: Public) -> bool:
    """Whether a key of this kind may be used with the algorithm at all."""
    if alg in CURVES:
        return isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == CURVES[alg][0]
    if alg == "EdDSA":
        return isinstance(key, ed25519.Ed25519PublicKey)
    known = alg[:2] in ("RS", "PS") and alg[2:] in RSA_HASHES
    return known and isinstance(key, rsa.RSAPublicKey) and key.key_size >= SHORTEST_RSA


def verify(alg: str, key: Public, message: bytes, signature: bytes) -> bool:
    """Whether the signature is the key's over the message; False for every malformed one."""
    if not fits(alg, key):
        return False
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            return _verify_curve(alg, key, message, signature)
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, message)
        else:
            digest = RSA_HASHES[alg[2:]]
            pss = padding.PSS(padding.MGF1(digest), digest.digest_size)
            key.verify(signature, message, pss if alg[0] == "P" else padding.PKCS1v15(), digest)
    except InvalidSignature:
        return False
    return True


def _verify_curve(
    alg: str, key: ec.EllipticCurvePublicKey, message: bytes, signature: bytes
) -> bool:
    _, digest, size = CURVES[alg]
    if len(signature) != 2 * size:
        return False
    r, s = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
    if not r or not s:
        return False
    key.verify(encode_dss_signature(r, s), message, ec.ECDSA(digest))
    return True


def sign(key: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    """The ES256 signature, r and s of 32 bytes each, s in its lower half: a pass has one form."""
    r, s = decode_dss_signature(key.sign(message, ES256))
    return r.to_bytes(32, "big") + min(s, ORDER - s).to_bytes(32, "big")


def is_low(signature: bytes) -> bool:
    """Whether s is in the lower half, as we sign."""
    return int.from_bytes(signature[32:], "big") <= ORDER // 2
