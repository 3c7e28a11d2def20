"""A gate: what it remembers only grows newer, and holds nothing that could be joined."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from helpers.passes import NOON, Issuer
from twinward.core.errors import InputError
from twinward.security.passes import cose, tokens
from twinward.security.passes.gate import Gate, open_gate
from twinward.security.passes.verifier import VerifierPolicy

HOUR = timedelta(hours=1)


def test_the_gate_refuses_an_older_list_and_never_frees_an_index() -> None:
    issuer = Issuer()
    gate = Gate()
    gate.accept_trust(issuer.trust())
    gate.accept_list(issuer.status_list({7}, NOON + HOUR))
    with pytest.raises(InputError, match="older"):
        gate.accept_list(issuer.status_list(set(), NOON))
    gate.accept_list(issuer.status_list(set(), NOON + 2 * HOUR))  # a publisher's mistake
    text = tokens.to_text(issuer.issue())
    assert gate.verify(text, NOON + 3 * HOUR).why_class == "revoked"
    again = open_gate(gate.store())
    assert again.verify(text, NOON + 3 * HOUR).why_class == "revoked"
    assert again.verify(text, NOON - 2 * HOUR).why_class == "clock", "the floor outlives a restart"
    again.accept_trust(issuer.trust(version=2))
    with pytest.raises(InputError, match="older"):
        again.accept_trust(issuer.trust(version=1))


def test_another_issuers_list_or_root_is_refused() -> None:
    issuer, other = Issuer(), Issuer()
    gate = Gate()
    gate.accept_trust(issuer.trust())
    with pytest.raises(InputError, match="no key"):
        gate.accept_list(other.status_list())
    with pytest.raises(InputError, match="another root"):
        gate.accept_trust(other.trust(version=9))


def test_months_with_clock_faults_never_accept_what_a_seen_list_revoked() -> None:
    """120 days: lists come late, repeated or out of order; the gate's clock jumps about."""
    issuer = Issuer(days=200)
    rolls = iter(int.from_bytes(bytes([n * 37 % 251, n * 91 % 241]), "big") for n in range(100_000))
    gate, revoked, known = Gate(), set[int](), set[int]()
    gate.accept_trust(issuer.trust(days=300))
    lists: list[tuple[datetime, frozenset[int], bytes]] = []
    accepted = refused = 0
    for day in range(120):
        now = NOON + timedelta(days=day)
        revoked |= {next(rolls) % 64} if len(revoked) < 60 and day % 2 else set()
        lists.append((now, frozenset(revoked), issuer.status_list(revoked, now)))
        for _ in range(3):  # what the network brings: new, old or nothing
            number = next(rolls) % (2 * len(lists))
            if number < len(lists):
                try:
                    gate.accept_list(lists[number][2])
                    known |= lists[number][1]
                except InputError as error:
                    assert error.code == "older_list"
        skew = timedelta(days=(0, 0, 0, 2, -3, -30, 400)[next(rolls) % 7])
        for index in range(0, 64, 3):
            text = tokens.to_text(issuer.issue(at=now + skew, index=index))
            verdict = gate.verify(text, now + skew + HOUR)
            if index in known:
                assert verdict.answer != "ok", (day, index, verdict)
            accepted += verdict.answer == "ok"
            refused += verdict.why_class == "revoked"
        if day % 10 == 9:
            gate = open_gate(gate.store())
    assert accepted > 200 and refused > 200, "both kinds of answers were given"


def test_what_two_gates_store_cannot_be_joined() -> None:
    issuer = Issuer()
    stored = []
    one_person = [issuer.issue(at=NOON + timedelta(minutes=n), index=n) for n in range(8)]
    for place in range(2):
        gate = Gate(VerifierPolicy(place=f"gate {place}"))
        gate.accept_trust(issuer.trust())
        gate.accept_list(issuer.status_list())
        for token in one_person[place * 4 : place * 4 + 4]:
            gate.verify(tokens.to_text(token), NOON + HOUR)
        stored.append(gate.store())
        text = stored[-1].decode()
        for token in one_person:
            assert tokens.to_text(token) not in text
            assert token.hex() not in text
            assert cose.read_sign1(token).signature.hex() not in text
    assert gate.counts == {"2026-03-01T13:00Z": {"ok": 4}}, (
        "an hour and a count: nothing to join by"
    )
