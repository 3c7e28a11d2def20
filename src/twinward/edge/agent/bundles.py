"""The rules that this edge runs: its own, and on top of them the bundle that its centre has signed
for it. Anything else is refused, and what ran before goes on.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from twinward.core.errors import UNREADABLE, InputError, TwinwardError
from twinward.edge.agent.config import EdgeConfig
from twinward.edge.agent.store import EdgeStore
from twinward.edge.rules.evaluator import Evaluator
from twinward.edge.rules.rule import DeviceRule, RuleSignal, check_rules

MOST_RULES = 2000


class RulesOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an edge is to run. `number` never goes back: an old order that somebody kept changes
    nothing. `bundle` is its version; empty: the edge's own rules alone.
    """

    edge: str
    number: int
    bundle: str
    rules: tuple[DeviceRule, ...]


class RuleBook:
    """The order that is kept in the store, checked each time it is read."""

    def __init__(self, config: EdgeConfig, store: EdgeStore) -> None:
        self._config, self._store = config, store

    def number(self) -> int:
        """Of the order that is kept; 0: none."""
        return int(self._setting("rules_number") or 0)

    def take(self, raw: str) -> None:
        """Keeps an order; one that is refused is written down and changes nothing. InputError."""
        try:
            order = self._read(raw, self.number())
        except InputError as error:
            self._keep(rules_refused=f"{error.code}: {error.message}"[:300])
            raise
        self._keep(
            rules_order=raw,
            rules_number=str(order.number),
            rules_version=order.bundle,
            rules_refused="",
        )

    def rules(self) -> tuple[DeviceRule, ...]:
        """What is to run now: the edge's own alone where what is kept is not to be believed."""
        raw = self._setting("rules_order")
        if not raw:
            return self._config.rules
        try:
            return self._all(self._read(raw, 0))
        except InputError as error:
            said = f"{error.code}: {error.message}"[:300]
            if said != self._setting("rules_refused"):
                self._keep(rules_refused=said, rules_version="")
            return self._config.rules

    def _all(self, order: RulesOrder) -> tuple[DeviceRule, ...]:
        theirs = {one.id for one in order.rules}
        return (*(one for one in self._config.rules if one.id not in theirs), *order.rules)

    def _read(self, raw: str, after: int) -> RulesOrder:
        from twinward.edge.agent.parcels import read_signed  # the cryptography is loaded once asked

        key = self._config.edge.rules_key
        if not key:
            raise InputError(
                "this edge knows no key of its centre",
                "write edge.rules_key, as `twinward bundle key` shows it",
                code="no_rules_key",
            )
        try:
            order = msgspec.json.decode(read_signed(raw.encode(), key), type=RulesOrder)
        except (*UNREADABLE, msgspec.ValidationError) as error:
            raise InputError(f"not rules for an edge: {error}", code="bad_bundle") from error
        if order.edge != self._config.edge.id:
            raise InputError(
                f"these rules are for edge {order.edge}",
                "export them for this one",
                code="other_edge",
            )
        if order.number < after:
            raise InputError(
                f"order {order.number} is older than {after}, which this edge has",
                "nothing was changed",
                code="old_bundle",
            )
        self._check(order)
        return order

    def _check(self, order: RulesOrder) -> None:
        if len(order.rules) > MOST_RULES:
            raise InputError(f"more than {MOST_RULES} rules", "make fewer", code="bad_bundle")
        check_rules(self._all(order))
        known = {one.name for one in self._config.actions}
        for rule in order.rules:
            if rule.action and rule.action not in known:
                raise InputError(
                    f"rule {rule.id} does {rule.action!r}, which nobody has authorised here",
                    "write it into this edge's [[actions]], or leave it out of the bundle",
                    code="bad_bundle",
                )

    def _setting(self, name: str) -> str:
        row = self._store.db.execute("SELECT value FROM setting WHERE name=?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def _keep(self, **settings: str) -> None:
        self._store.db.executemany(
            "INSERT OR REPLACE INTO setting VALUES (?,?)", list(settings.items())
        )


def list_gone(old: Collection[DeviceRule], new: Collection[DeviceRule]) -> set[str]:
    """Rules that are no more, or mean something else: what they remember says nothing now. With a
    part goes the rule that combined it.
    """
    kept = {one.id: one for one in new}
    gone = {
        one.id
        for one in old
        if one.id not in kept or (kept[one.id].kind, kept[one.id].type) != (one.kind, one.type)
    }
    return gone | {one.id for one in old if gone & set(one.of)}


def change_rules(
    evaluator: Evaluator, rules: tuple[DeviceRule, ...], now_us: int
) -> tuple[Evaluator, set[str], list[RuleSignal]]:
    """The evaluator of other rules, those that are gone, and the end of their alarms; all others
    remember what they did.
    """
    gone = list_gone(evaluator.rules.values(), rules)
    ended = [
        RuleSignal(
            rule=rule.id,
            device=device,
            what="cleared",
            at_us=max(now_us, memory.last_us),
            severity=rule.escalate_to if memory.escalated else rule.severity,
            value=memory.value,
            began_us=memory.raised_us,
        )
        for (name, device), memory in evaluator.memories.items()
        if name in gone and memory.raised_us >= 0 and (rule := evaluator.rules.get(name))
    ]
    kept = {key: one for key, one in evaluator.memories.items() if key[0] not in gone}
    fresh = Evaluator(rules, kept, from_us=now_us)
    fresh.changed = {key for key in evaluator.changed if key[0] not in gone}
    return fresh, gone, ended


def apply_order(config: EdgeConfig, raw: str) -> tuple[str, int]:
    """An order that was carried here on a stick; the agent runs it at once where it runs. Version
    and number of rules; InputError.
    """
    store = EdgeStore(config.path(config.edge.store))
    try:
        book = RuleBook(config, store)
        refused: TwinwardError | None = None
        with store.transaction():
            try:
                book.take(raw)
            except InputError as error:
                refused = error  # that it was refused is kept
        if refused is not None:
            raise refused
        return book._setting("rules_version"), len(book.rules())
    finally:
        store.close()
