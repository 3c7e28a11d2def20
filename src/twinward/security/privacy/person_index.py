"""Finds a person again: keyed hashes of what persons are known by, who may be one, who is one.

Nothing here can be read without the vault's key: a key of this index is a hash, and whoever shares
it is compared with what the vault has sealed.
"""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from collections.abc import Callable, Iterable, Sequence

import msgspec

from twinward.security.privacy.matching import Facts, MatchVerdict, judge, keys_of

TABLES = (
    "CREATE TABLE IF NOT EXISTS person_keys "
    "(lookup TEXT NOT NULL, subject TEXT NOT NULL, PRIMARY KEY (lookup, subject)) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS person_keys_by_subject ON person_keys (subject)",
    "CREATE TABLE IF NOT EXISTS likely_doubles (one TEXT NOT NULL, other TEXT NOT NULL, "
    "why TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'open', PRIMARY KEY (one, other))",
    "CREATE TABLE IF NOT EXISTS merged_persons "
    "(subject TEXT PRIMARY KEY, into_subject TEXT NOT NULL, why TEXT NOT NULL)",
)
MOST_COMPARED = 50  # persons who share a key; a switchboard or a shelter has more


class Double(msgspec.Struct, frozen=True, kw_only=True):
    """Two subjects who may be one person; `state` is open, merged or apart."""

    one: str
    other: str
    why: str
    state: str


class PersonMatch(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a statement is of: a known subject, or nobody yet; and whom it may be as well."""

    subject: str | None
    own: str | None = None  # under which it is kept, where that was merged into `subject`
    likely: tuple[tuple[str, str], ...] = ()  # subject, why


class Arriving:
    """The persons of one batch, who are not in the vault before the batch is stored."""

    def __init__(self) -> None:
        self.by_key: dict[str, list[str]] = {}
        self.facts: dict[str, list[Facts]] = {}

    def add(self, subject: str, facts: Facts, lookups: Iterable[str]) -> None:
        for lookup in lookups:
            self.by_key.setdefault(lookup, []).append(subject)
        self.facts.setdefault(subject, []).append(facts)


class PersonIndex:
    """The index in the vault's database; its callers hold the vault's lock where they write."""

    def __init__(
        self, db: sqlite3.Connection, secret: bytes, facts_of: Callable[[str], Sequence[Facts]]
    ) -> None:
        """`facts_of` reads what the vault knows of a subject."""
        self._db = db
        self._secret = secret
        self._facts_of = facts_of
        self.fresh = not db.execute(
            "SELECT 1 FROM sqlite_master WHERE name = 'person_keys'"
        ).fetchone()
        for statement in TABLES:
            db.execute(statement)

    def hashed(self, facts: Facts) -> list[str]:
        return [self.hash(key) for key in keys_of(facts)]

    def hash(self, text: str) -> str:
        return hmac.new(self._secret, b"person|" + text.encode(), hashlib.sha256).hexdigest()

    def find(self, facts: Facts, arriving: Arriving | None = None) -> PersonMatch:
        """Whom a statement is of, by everybody who shares something with it."""
        lookups = self.hashed(facts)
        seen: dict[str, list[Facts]] = {}
        for lookup in lookups:
            rows = self._db.execute(
                "SELECT subject FROM person_keys WHERE lookup = ? ORDER BY subject LIMIT ?",
                (lookup, MOST_COMPARED),
            ).fetchall()
            here = arriving.by_key.get(lookup, ())[:MOST_COMPARED] if arriving else ()
            for subject in (*(who for (who,) in rows), *here):
                if subject not in seen:
                    held = list(arriving.facts.get(subject, ())) if arriving else []
                    seen[subject] = [*self._facts_of(subject), *held]
        verdicts = {who: judge(facts, known) for who, known in seen.items() if known}
        return self._choose(facts, verdicts)

    def _choose(self, facts: Facts, verdicts: dict[str, MatchVerdict]) -> PersonMatch:
        same = sorted(who for who, verdict in verdicts.items() if verdict.word == "same")
        likely = [(who, v.why) for who, v in sorted(verdicts.items()) if v.word == "likely"]
        if not same:
            return PersonMatch(subject=None, likely=tuple(likely))
        chosen = self.follow(same[0])
        others = [who for who in same[1:] if self.follow(who) != chosen]
        likely += [(who, "what is known fits both") for who in others]
        return PersonMatch(subject=chosen, own=same[0], likely=tuple(likely))

    def note(self, subject: str, facts: Facts, likely: Iterable[tuple[str, str]]) -> None:
        """A statement is kept: it can be found, and whom it may be as well is offered."""
        self._db.executemany(
            "INSERT OR IGNORE INTO person_keys (lookup, subject) VALUES (?, ?)",
            [(lookup, subject) for lookup in self.hashed(facts)],
        )
        for other, why in likely:
            if self.follow(other) != self.follow(subject):
                pair = sorted((subject, other))
                self._db.execute(
                    "INSERT OR IGNORE INTO likely_doubles (one, other, why) VALUES (?, ?, ?)",
                    (*pair, why),
                )

    def follow(self, subject: str) -> str:
        """Whom a subject was merged into, or itself."""
        for _ in range(MOST_COMPARED):
            row = self._db.execute(
                "SELECT into_subject FROM merged_persons WHERE subject = ?", (subject,)
            ).fetchone()
            if row is None:
                break
            subject = row[0]
        return subject

    def list_merged(self, subject: str) -> list[str]:
        """Every subject that stands for the same person, this one first."""
        found = [subject]
        root = self.follow(subject)
        if root != subject:
            found.append(root)
        place = 0
        todo = [root]
        while place < len(todo) and place < MOST_COMPARED:
            rows = self._db.execute(
                "SELECT subject FROM merged_persons WHERE into_subject = ? ORDER BY subject",
                (todo[place],),
            ).fetchall()
            todo += [who for (who,) in rows]
            place += 1
        return list(dict.fromkeys([*found, *todo]))

    def list_doubles(self, state: str | None) -> list[Double]:
        rows = self._db.execute(
            "SELECT one, other, why, state FROM likely_doubles "
            "WHERE ? IS NULL OR state = ? ORDER BY one, other",
            (state, state),
        ).fetchall()
        return [Double(one=a, other=b, why=why, state=s) for a, b, why, s in rows]

    def settle(self, one: str, other: str, state: str, why: str) -> None:
        """Somebody has decided: one person (`merged`), or two (`apart`)."""
        pair = sorted((one, other))
        self._db.execute(
            "INSERT INTO likely_doubles (one, other, why, state) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (one, other) DO UPDATE SET state = excluded.state",
            (*pair, why, state),
        )

    def merge(self, subject: str, into: str, why: str) -> None:
        self._db.execute(
            "INSERT INTO merged_persons (subject, into_subject, why) VALUES (?, ?, ?)",
            (subject, into, why),
        )

    def unmerge(self, subject: str) -> str | None:
        """Undo a merge; whom the subject had been merged into."""
        row = self._db.execute(
            "DELETE FROM merged_persons WHERE subject = ? RETURNING into_subject", (subject,)
        ).fetchone()
        return row[0] if row else None

    def forget_gone(self) -> None:
        """What points to subjects that are no longer in the vault goes with them."""
        gone = "NOT IN (SELECT subject FROM identities)"
        self._db.execute(f"DELETE FROM person_keys WHERE subject {gone}")
        self._db.execute(f"DELETE FROM likely_doubles WHERE one {gone} OR other {gone}")
        self._db.execute(f"DELETE FROM merged_persons WHERE subject {gone} OR into_subject {gone}")
