"""Masking: what may leave. Small counts are suppressed, persons' fields are taken out of events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# fields of a fact that point at one person; taken out wherever an event leaves without a scope
PERSONAL_FIELDS = frozenset({"subject", "case", "contact", "place", "onset", "question", "reason", "result"})


def suppress_small(counts: Mapping[str, int], k: int) -> dict[str, int | None]:
    """Counts below `k` (but not zero) become None; when exactly one would be, the next smallest goes with it.

    The complement keeps a reader who knows the total from subtracting his way back to the one hidden count.
    """
    small = [name for name, count in counts.items() if 0 < count < k]
    if len(small) == 1:
        others = sorted((count, name) for name, count in counts.items() if name not in small and count > 0)
        small += [name for _, name in others[:1]]
    return {name: None if name in small else count for name, count in counts.items()}


def mask_fact(fact: Mapping[str, Any], *, personal: bool) -> dict[str, Any]:
    """A fact as it may be shown to everybody with access to the stream: persons' fields left out."""
    if not personal:
        return dict(fact)
    return {name: value for name, value in fact.items() if name not in PERSONAL_FIELDS}
