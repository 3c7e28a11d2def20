"""How things become bytes: CBOR, base45, base64url, bounded inflation; files that are there whole
or not at all.
"""
