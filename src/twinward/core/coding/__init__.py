"""Codings of signed tokens: CBOR, base45, base64url, bounded inflation."""
