"""Whether two statements are of one person: a document tells, a telephone alone never does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from twinward.core.errors import InputError
from twinward.security.privacy.documents import normal_document, without_zeros
from twinward.security.privacy.names import bare_name, clean, clean_name, compare_names, fold_name
from twinward.security.privacy.phones import Dialling
from twinward.security.privacy.sounds import sound_keys

RANK = {"same": 0, "bare": 1, "alike": 2, "sound": 3, "unknown": 4, "other": 5}
EQUAL = ("same", "bare")


class Identity(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person as they are known at the border. At least one of document, phone, name is needed.

    `issuer`: who gave the document, where its numbers count only there; `born`: a date as written;
    `reported_in`: the area of the report, where only a name is known.
    """

    name: str | None = None
    document: str | None = None
    phone: str | None = None
    address: str | None = None
    issuer: str | None = None
    born: str | None = None
    reported_in: str | None = None


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """One statement in the forms that are compared."""

    name: str | None
    document: str | None
    phone: str | None
    address: str | None
    issuer: str | None
    born: str | None
    reported_in: str | None

    @property
    def only_a_name(self) -> bool:
        return not (self.document or self.phone or self.address)


class MatchVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """same: one person; likely: somebody should look, for this reason; other: nothing in common."""

    word: Literal["same", "likely", "other"]
    why: str = ""


OTHER = MatchVerdict(word="other")


def facts_of(person: Identity, dialling: Dialling) -> Facts:
    """What is known of a person, one form for each; InputError where that is nobody."""
    address = clean(person.address)
    issuer = clean(person.issuer)
    found = Facts(
        name=clean_name(person.name),
        document=normal_document(person.document),
        phone=dialling.normal(person.phone),
        address=fold_name(address) if address else None,
        issuer=issuer.casefold() if issuer else None,
        born=clean(person.born),
        reported_in=person.reported_in,
    )
    if not (found.document or found.phone or found.name):
        raise InputError(
            "a person needs a document, a phone or a name",
            "words such as N/A, and numbers that a spreadsheet has rounded, name nobody; add one",
            code="no_identity",
        )
    return found


def keys_of(facts: Facts) -> list[str]:
    """What a person can be found by; whoever shares one is looked at, no more."""
    bare = " ".join(bare_name(facts.name)) if facts.name else ""
    found = []
    if facts.document:
        found += [f"document|{without_zeros(facts.document)}"]
    if facts.phone:
        found += [f"phone|{facts.phone}"]
    if bare and facts.address:
        found += [f"address|{bare}|{facts.address}"]
    if bare and facts.born:
        found += [f"born|{bare}|{facts.born}"]
    if bare and facts.only_a_name:
        found += [f"name|{bare}|{facts.reported_in or ''}"]
    beside = [facts.address, facts.born, facts.reported_in if facts.only_a_name else None]
    if any(beside):
        sounds = sound_keys(facts.name or "")
        found += [f"sound|{sound}|{other}" for sound in sounds for other in beside if other]
    return found


def word_of(facts: Facts, *, apart: bool) -> str:
    """What a new person is named after; `apart` where the document alone stands for another."""
    bare = " ".join(bare_name(facts.name)) if facts.name else ""
    if facts.document and apart:
        return f"{facts.document}|{facts.issuer or ''}|{bare}|{facts.phone or ''}"
    if facts.document:
        return facts.document
    if facts.phone:
        return f"{facts.phone}|{bare}" if bare else facts.phone
    if facts.address:
        return f"{fold_name(facts.name or '')}|{facts.address}"
    place = f"|{facts.reported_in}" if facts.reported_in else ""
    return f"{fold_name(facts.name or '')}|{place}"


def judge(new: Facts, known: Sequence[Facts]) -> MatchVerdict:
    """Whether a statement is of the person of whom the others are."""
    names = min((compare_names(new.name, one.name) for one in known), key=RANK.__getitem__)
    unborn = {one.born for one in known if one.born} if new.born else set()
    births_differ = bool(unborn) and new.born not in unborn
    documents = [one for one in known if one.document] if new.document else []
    if documents:
        return judge_document(new, documents, known, names, births_differ)
    if new.phone and any(one.phone == new.phone for one in known):
        nothing_else = all(not (one.name or one.document) for one in (new, *known))
        if (names in EQUAL and not births_differ) or nothing_else:
            return MatchVerdict(word="same")
        return MatchVerdict(word="likely", why="the same telephone")
    if new.address and any(one.address == new.address for one in known):
        if names == "same" and not births_differ:
            return MatchVerdict(word="same")
        if names in ("same", "bare", "alike"):
            return MatchVerdict(word="likely", why="nearly the same name at the same address")
        if names == "sound":
            return MatchVerdict(word="likely", why="one name in two scripts at the same address")
        return OTHER
    if names in ("same", "sound") and new.only_a_name and all(one.only_a_name for one in known):
        here = any(one.reported_in == new.reported_in for one in known)
        if names == "sound":
            why = "one name in two scripts in the same area"
            return MatchVerdict(word="likely", why=why) if here else OTHER
        return MatchVerdict(word="same") if here else OTHER
    if names in EQUAL and new.born and not births_differ and unborn:
        return MatchVerdict(word="likely", why="the same name and date of birth")
    if names == "sound" and new.born and not births_differ and unborn:
        return MatchVerdict(word="likely", why="one name in two scripts and the same date of birth")
    return OTHER


def judge_document(
    new: Facts, documents: Sequence[Facts], known: Sequence[Facts], names: str, births_differ: bool
) -> MatchVerdict:
    """Both have a document: the same one tells, unless name, birth or issuer speak against it."""
    same = [one for one in documents if one.document == new.document]
    issuers = {one.issuer for one in same if one.issuer}
    elsewhere = bool(new.issuer and issuers and new.issuer not in issuers)
    told = names in ("same", "bare", "alike", "sound")
    if same:
        if names == "other" or (not told and (elsewhere or births_differ)):
            why = "from another issuer" if elsewhere else "with another name or date of birth"
            return MatchVerdict(word="likely", why=f"the same document number {why}")
        return MatchVerdict(word="same")
    short = without_zeros(new.document or "")
    if any(without_zeros(one.document or "") == short for one in documents):
        if names in EQUAL:
            return MatchVerdict(word="same")
        return MatchVerdict(word="likely", why="the same document number but for noughts in front")
    phone = bool(new.phone) and any(one.phone == new.phone for one in known)
    if phone and told:
        return MatchVerdict(word="likely", why="the same name and telephone with another document")
    return MatchVerdict(word="likely", why="the same telephone") if phone else OTHER
