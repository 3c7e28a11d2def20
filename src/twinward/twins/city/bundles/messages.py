"""What is asked of rule bundles and what then has happened. The rules are text here: `service` has
checked them, and an edge takes them only with the signature of its centre.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from twinward.core.messages import Command, Fact

Version = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$")]
EdgeId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.:-]{1,80}$")]
Reason = Annotated[str, msgspec.Meta(min_length=3, max_length=2000)]
Body = Annotated[str, msgspec.Meta(min_length=2, max_length=400_000)]


class KeepRuleBundle(Command, frozen=True, kw_only=True):
    """A bundle under a version that is given once; it runs nowhere yet."""

    bundle: Version
    body: Body
    digest: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    count: Annotated[int, msgspec.Meta(ge=1)]
    because: Reason


class RuleBundleKept(Fact, frozen=True, kw_only=True):
    bundle: str
    body: str
    digest: str
    count: int
    because: str


class RollOutRules(Command, frozen=True, kw_only=True):
    """The bundle runs at these edges, or at a share of all; with a share of 1 it runs everywhere,
    and is what a later one can be rolled back to.
    """

    bundle: Version
    edges: Annotated[tuple[EdgeId, ...], msgspec.Meta(max_length=1000)] = ()
    share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    because: Reason


class RulesRolledOut(Fact, frozen=True, kw_only=True):
    """`number` counts all roll-outs: an edge takes none that is older than the one it runs."""

    bundle: str
    edges: tuple[str, ...]
    share: float
    number: int
    because: str


class RollBackRules(Command, frozen=True, kw_only=True):
    """What is staged runs nowhere any more; where nothing is staged, the bundle before this one
    runs everywhere again.
    """

    because: Reason


class RulesRolledBack(Fact, frozen=True, kw_only=True):
    bundle: str  # that ran; `to` runs now, empty: the edges' own rules alone
    to: str
    number: int
    because: str
