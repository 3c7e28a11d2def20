"""The offline verifier: four answers from a token, a trust list, status lists and the time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from twinward.core.errors import InputError
from twinward.security.passes import cose, signatures, tokens
from twinward.security.passes.keys import Key
from twinward.security.passes.status_list import SignedStatusList
from twinward.security.passes.trust import TrustList

Answer = Literal["ok", "not_ok", "ask_a_person", "cannot_tell"]
VALID, INVALID, SUSPENDED = 0, 1, 2  # the draft's status types


class VerifierPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What a place decided beforehand. A list is good for `green_s`; after that each pass that has
    a status is checked by hand. `needs_list`: without a list no such pass is answered at all.
    """

    place: str = "gate"
    green_s: int = 7 * 86_400
    skew_s: int = 300
    needs_list: bool = False


class PassVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """One of four answers, the class of why, and how old the lists were. Nothing of the holder."""

    answer: Answer
    why_class: str
    kind: str | None = None
    until: datetime | None = None
    list_age_s: int | None = None
    policy: dict[str, str | int | bool] = {}


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """When a token was issued and is good; absent where its form has none."""

    issued_at: datetime | None
    valid_from: datetime | None
    until: datetime | None


class Verifier:
    """Holds the lists and answers; no network, no core, no memory of tokens."""

    def __init__(
        self,
        trust: TrustList,
        lists: Mapping[str, SignedStatusList] | None = None,
        policy: VerifierPolicy | None = None,
        floor: datetime | None = None,
    ) -> None:
        self.trust, self.lists = trust, dict(lists or {})
        self.policy = policy or VerifierPolicy()
        signed = [trust.issued_at, floor, *(one.issued_at for one in self.lists.values())]
        known = [at for at in signed if at is not None]
        self.floor = max(known) if known else None

    def verify_text(self, text: str, at: datetime) -> PassVerdict:
        """The answer to the text of a QR code."""
        try:
            return self.verify(tokens.read_text(text), at)
        except InputError:
            return self.say("not_ok", "format", at)

    def verify(self, token: bytes, at: datetime) -> PassVerdict:
        """The answer to one decoded pass of ours."""
        try:
            message = cose.read_sign1(token, own=True)
            known, signer = cose.find_signer(message, self.trust.keys)
            if signer is None or not signatures.is_low(message.signature):
                return self.unsigned(bool(known), at)
            made = tokens.read_pass(message)
        except InputError:
            return self.say("not_ok", "format", at)
        times = Times(issued_at=made.issued_at, valid_from=made.valid_from, until=made.until)
        return self.judge(signer, times, made.kind, made.address, made.index, at)

    def unsigned(self, known: bool, at: datetime) -> PassVerdict:
        """No key signed it: a key that is not known may be newer than an old trust list."""
        if known:
            return self.say("not_ok", "signature", at)
        stale = self.trust.is_stale(at)
        return self.say("cannot_tell" if stale else "not_ok", "unknown_key", at)

    def judge(
        self,
        signer: Key,
        times: Times,
        kind: str,
        address: str | None,
        index: int | None,
        at: datetime,
    ) -> PassVerdict:
        """The answer to a token whose signature is good."""
        listed = self.lists.get(address) if address is not None else None
        age = int((at - listed.issued_at).total_seconds()) if listed is not None else None
        found = (
            self._clock(times, at)
            or self._key(signer, times, at)
            or self._window(times, at)
            or self._status(times, signer.issuer, address, index, listed, at)
            or ("ok", "valid")
        )
        return self.say(found[0], found[1], at, kind=kind, until=times.until, age=age)

    def _clock(self, times: Times, at: datetime) -> tuple[Answer, str] | None:
        skew = timedelta(seconds=self.policy.skew_s)
        if self.floor is not None and at < self.floor - skew:
            return "cannot_tell", "clock"
        if times.issued_at is not None and times.issued_at > at + skew:
            return "cannot_tell", "clock"
        return None

    def _key(self, signer: Key, times: Times, at: datetime) -> tuple[Answer, str] | None:
        if signer.state == "compromised":
            return "ask_a_person", "key_compromised"
        moments = [times.issued_at or at, *([at] if signer.certificate else [])]
        for moment in moments:
            if (signer.not_before is not None and moment < signer.not_before) or (
                signer.not_after is not None and moment > signer.not_after
            ):
                return "not_ok", "key_window"
        return None

    def _window(self, times: Times, at: datetime) -> tuple[Answer, str] | None:
        skew = timedelta(seconds=self.policy.skew_s)
        if times.until is not None and at >= times.until:
            return "not_ok", "expired"
        if times.valid_from is not None and times.valid_from > at + skew:
            return "not_ok", "not_yet"
        return None

    def _status(
        self,
        times: Times,
        issuer: str,
        address: str | None,
        index: int | None,
        listed: SignedStatusList | None,
        at: datetime,
    ) -> tuple[Answer, str] | None:
        if self.trust.is_stale(at):
            return "ask_a_person", "trust_stale"
        if address is None or index is None:
            return None
        if listed is None:
            return self._without_list(times, at)
        if listed.signer is not None and listed.signer.issuer != issuer:
            return "cannot_tell", "list_issuer"
        try:
            status = listed.packed.status(index)
        except InputError:
            return "not_ok", "index"
        if status != VALID:
            return ("ask_a_person", "suspended") if status == SUSPENDED else ("not_ok", "revoked")
        old = (at - listed.issued_at).total_seconds() > self.policy.green_s
        if old or (listed.expires_at is not None and at >= listed.expires_at):
            return "ask_a_person", "list_stale"
        return None

    def _without_list(self, times: Times, at: datetime) -> tuple[Answer, str] | None:
        """A pass vouches for itself as long as a list of its own age would be good."""
        young = (
            times.issued_at is not None
            and (at - times.issued_at).total_seconds() <= self.policy.green_s
        )
        wrong = bool(self.lists)  # lists are at hand, but not the one that it names
        if self.policy.needs_list or not young or wrong:
            return "cannot_tell", "list_missing"
        return None

    def say(
        self,
        answer: Answer,
        why: str,
        at: datetime,
        *,
        kind: str | None = None,
        until: datetime | None = None,
        age: int | None = None,
    ) -> PassVerdict:
        """The verdict, with what the gate must show of its own state."""
        degraded = (age is not None and age > self.policy.green_s) or self.trust.is_stale(at)
        state: dict[str, str | int | bool] = {
            "place": self.policy.place,
            "green_s": self.policy.green_s,
            "needs_list": self.policy.needs_list,
            "state": "degraded: check by hand" if degraded else "green",
        }
        return PassVerdict(
            answer=answer, why_class=why, kind=kind, until=until, list_age_s=age, policy=state
        )
