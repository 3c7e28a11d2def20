"""Passes: signatures and verifications a second of one core, size of a city's status list.

Run: python benchmarks/bench_passes.py. Times are CPU seconds of this process.
"""

from __future__ import annotations

import json
import os
import secrets
import statistics
import sys
import time
import zlib
from datetime import UTC, datetime, timedelta

import numpy as np
from cryptography.hazmat.primitives.asymmetric import ec

from twinward.security.passes.batch_signing import BatchPlan, ChunkSigner, Mould, bits_for
from twinward.security.passes.keys import write_jwk
from twinward.security.passes.status_list import pack, read_list, write_list
from twinward.security.passes.tokens import Pass, to_text, write_pass
from twinward.security.passes.trust import Signer, read_trust, write_trust
from twinward.security.passes.verifier import Verifier

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
RESIDENTS, SHARE = 25_000_000, 0.001
MANY = 20_000


def time_ahead(key: ec.EllipticCurvePrivateKey, kid: str) -> float:
    """CPU seconds a pass of a batch: signed, sealed, on the roll; the disk is not in it."""
    plan = BatchPlan(
        batch="batch-0000000000",
        kind="day",
        kid=kid,
        address="tw:2026w10.1",
        issued_at=AT,
        valid_from=AT,
        until=AT + timedelta(hours=30),
        bits=bits_for(RESIDENTS),
        passes=RESIDENTS,
    )
    keys = secrets.token_bytes(32), secrets.token_bytes(32)
    signer = ChunkSigner(plan=plan, mould=Mould(plan, key), batch_key=keys[0], book_key=keys[1])
    begun, chunks = time.process_time(), 3
    for number in range(chunks):
        subjects = [f"s-{number * plan.chunk + at:09}" for at in range(plan.chunk)]
        signer.sign(number, subjects)
    return (time.process_time() - begun) / (chunks * plan.chunk)


def main() -> None:
    root, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    jwk = write_jwk(key.public_key())
    jwk["kid"] = jwk["kid"][:8]
    start = int(AT.timestamp())
    signer = Signer(jwk=jwk, not_before=start, not_after=start + 31 * 86_400)
    trust = read_trust(write_trust(root, "City", (signer,), version=1, at=AT, lasts_s=45 * 86_400))

    statuses = np.zeros(RESIDENTS, np.uint8)
    chosen = np.random.default_rng(secrets.randbits(64)).choice(RESIDENTS, 25_000, replace=False)
    statuses[chosen] = 1
    begun = time.process_time()
    listed = write_list(
        key, jwk["kid"].encode(), "tw:city", pack(statuses), at=AT, ttl_s=600, lasts_s=14 * 86_400
    )
    list_s = time.process_time() - begun

    begun = time.process_time()
    made = [
        write_pass(
            key,
            jwk["kid"].encode(),
            Pass(
                kind="day",
                issued_at=AT,
                valid_from=AT,
                until=AT + timedelta(hours=24),
                address="tw:city",
                index=number * 1009 % RESIDENTS,
            ),
        )
        for number in range(MANY)
    ]
    sign_s = (time.process_time() - begun) / MANY

    ahead_s = time_ahead(key, jwk["kid"])
    verifier = Verifier(trust, {"tw:city": read_list(listed, trust.keys)})
    codes = [to_text(token) for token in made]
    now, taken = AT + timedelta(hours=1), []
    begun = time.process_time()
    for code in codes:
        one = time.perf_counter()
        assert verifier.verify_text(code, now).answer in ("ok", "not_ok")
        taken.append(time.perf_counter() - one)
    verify_s = (time.process_time() - begun) / MANY
    shown = {
        "load": os.getloadavg()[0],
        "token_bytes": statistics.median(map(len, made)),
        "code_letters": statistics.median(map(len, codes)),
        "verify_per_cpu_s": round(1 / verify_s),
        "verify_p99_ms_wall": round(float(np.quantile(taken, 0.99)) * 1e3, 2),
        "sign_per_cpu_s": round(1 / sign_s),
        "sign_25M_hours_two_cores": round(RESIDENTS * sign_s / 2 / 3600, 2),
        "sign_ahead_per_cpu_s": round(1 / ahead_s),
        "sign_ahead_25M_hours_two_cores": round(RESIDENTS * ahead_s / 2 / 3600, 2),
        "list_25M_bytes": len(listed),
        "list_25M_cpu_s": round(list_s, 1),
        "list_1M_bytes": len(zlib.compress(pack(statuses[:1_000_000]).data, 9)),
    }
    sys.stdout.write(json.dumps(shown, indent=1) + "\n")


if __name__ == "__main__":
    main()
