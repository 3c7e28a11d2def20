"""The rows of rule bundles: each bundle, and which of them runs where."""

from __future__ import annotations

import hashlib
from datetime import datetime

import msgspec

from twinward.core.ports import Table

ROLLOUT = "rules"  # the one roll-out of a workspace


class RuleBundle(msgspec.Struct, frozen=True, kw_only=True):
    """One bundle; `id` is its version."""

    id: str
    area: str
    body: str
    digest: str
    count: int
    made_by: str
    made_at: datetime
    because: str


class RuleRollout(msgspec.Struct, frozen=True, kw_only=True):
    """Which bundle runs where: `stable` everywhere but where `staged` does. Empty: none."""

    id: str
    area: str
    number: int
    stable: str = ""
    staged: str = ""
    edges: tuple[str, ...] = ()
    share: float = 0.0
    before: str = ""  # what ran everywhere before `stable` did
    at: datetime
    by: str
    because: str

    def wanted_of(self, edge: str) -> str:
        """The bundle that an edge is to run."""
        return self.staged if self.staged and self.is_staged(edge) else self.stable

    def is_staged(self, edge: str) -> bool:
        """Named, or drawn by its id: a larger share holds all of a smaller one."""
        drawn = hashlib.sha256(f"{self.staged}/{edge}".encode()).digest()[:6]
        return edge in self.edges or int.from_bytes(drawn, "big") < self.share * 2**48


RULE_BUNDLES: Table[RuleBundle] = Table(
    name="rule_bundles", row=RuleBundle, columns=("made_at",), indexes=(("made_at",),)
)
RULE_ROLLOUTS: Table[RuleRollout] = Table(name="rule_rollouts", row=RuleRollout)
TABLES = (RULE_BUNDLES, RULE_ROLLOUTS)
