"""What a sentence is about, weighed: each feature of it speaks for and against each kind, with a
weight learnt from `phrases/` and kept as a table that can be read. Unsure is no claim.
"""

from __future__ import annotations

import math
from functools import cache
from importlib.resources import files

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.edge.intake.features import counts, find_features

NONE = "none"
WEIGHTS = "weights.tsv"


class Weighed(msgspec.Struct, frozen=True, kw_only=True):
    """A kind, how much of what was learnt speaks for it (0 to 1), and the words that do so most."""

    kind: str
    share: float
    start: int
    end: int


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """The table: one row a feature, one column a kind; `bias` is what is thought of no words."""

    kinds: tuple[str, ...]
    rows: dict[str, int]
    table: NDArray[np.float32]
    bias: NDArray[np.float32]

    def weigh(self, text: str) -> list[Weighed]:
        """Every kind, the likeliest first."""
        found = {name: span for name, span in find_features(text).items() if name in self.rows}
        much = np.array([counts(name) for name in found], np.float32)
        at = [self.rows[name] for name in found]
        each = self.table[at] * much[:, None] / math.sqrt(max(len(at), 1))
        points = each.sum(axis=0) + self.bias
        shares = np.exp(points - points.max())
        shares /= shares.sum()
        spans = list(found.values())
        order = np.argsort(-shares)
        return [self._told(int(one), float(shares[one]), each[:, one], spans) for one in order]

    def _told(
        self, kind: int, share: float, points: NDArray[np.float32], spans: list[tuple[int, int]]
    ) -> Weighed:
        start = end = 0
        if spans:
            best = int(points.argmax())
            start, end = spans[best]
            for value, (begin, stop) in zip(points, spans, strict=True):
                if value > points[best] / 4 and begin <= end and start <= stop:
                    start, end = min(start, begin), max(end, stop)
        return Weighed(kind=self.kinds[kind], share=share, start=start, end=end)


@cache
def load_weights() -> Weights:
    """What this release has learnt."""
    text = files("twinward.edge.intake.phrases").joinpath(WEIGHTS).read_text("utf-8")
    head, bias, *lines = [line for line in text.splitlines() if not line.startswith("#")]
    kinds = tuple(head.split("\t")[1:])
    table = np.zeros((len(lines), len(kinds)), np.float32)
    rows: dict[str, int] = {}
    for number, line in enumerate(lines):
        name, *cells = line.split("\t")
        rows[name] = number
        for cell in cells:
            kind, _, value = cell.partition(":")
            table[number, int(kind)] = float(value)
    return Weights(
        kinds=kinds,
        rows=rows,
        table=table,
        bias=np.array([float(one) for one in bias.split("\t")[1:]], np.float32),
    )
