"""Rules that accept claims without a person: `intake.toml` of the workspace, each with who
authorised it. No file, no rule.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

import msgspec

from twinward.core.errors import InputError
from twinward.edge.intake.claim import FoundClaim

FILE = "intake.toml"
ADVICE = "see docs/howto/intake.md"


class AcceptRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Accepts claims of `kinds` from files of `sources` that are at least so sure, with a quantity
    of at most `most`.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    kinds: tuple[str, ...]
    sources: tuple[str, ...]
    confidence: Annotated[float, msgspec.Meta(ge=0.5, le=1)]
    most: float
    authorised_by: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]

    def takes(self, claim: FoundClaim, source: str) -> bool:
        return (
            claim.kind in self.kinds
            and source in self.sources
            and bool(claim.area)
            and claim.quantity is not None
            and claim.confidence >= self.confidence
            and claim.quantity <= self.most
        )


class IntakeRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    accept: tuple[AcceptRule, ...] = ()


def load_rules(workspace: Path) -> IntakeRules:
    """The workspace's rules; InputError `bad_intake_rules`."""
    path = workspace / FILE
    if not path.exists():
        return IntakeRules()
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), IntakeRules)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise InputError(f"{FILE}: {error}", ADVICE, code="bad_intake_rules") from error
