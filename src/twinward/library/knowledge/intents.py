"""What a question asks for: by words that say so, else by the example questions that it is most
like.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections import Counter
from functools import cache

from twinward.library.loading import HOME

# cosine to the nearest example from which a question is understood: where it names a thing, where
# it names none (ours)
LIKE_ENOUGH, VERY_LIKE = 0.2, 0.5
STOP = frozenset(
    ("the", "a", "an", "of", "in", "on", "to", "for", "and", "is", "are", "with", "by", "at", "it")
)


def stems(text: str) -> set[str]:
    words = re.findall(r"[a-z]+", text.lower())
    return {
        re.sub(r"(ations?|ating|ings?|ed|es|s|e)$", "", word) for word in words if word not in STOP
    }


def features(text: str) -> set[str]:
    """Stems of English words, and single and paired signs of Chinese."""
    found = stems(text)
    for run in re.findall(r"[\u4e00-\u9fff]+", text):
        found |= set(run) | {run[n : n + 2] for n in range(len(run) - 1)}
    return found


@cache
def examples() -> tuple[tuple[tuple[str, frozenset[str]], ...], dict[str, float]]:
    """(intent, features) of every example question, and how telling each feature is."""
    data: dict[str, list[str]] = tomllib.loads((HOME / "questions.toml").read_text("utf-8"))
    rows = tuple(
        (intent, frozenset(features(one))) for intent, told in data.items() for one in told
    )
    seen = Counter(word for _, words in rows for word in words)
    return rows, {word: math.log(1 + len(rows) / count) for word, count in seen.items()}


def nearest(question: str) -> list[tuple[str, float]]:
    """(intent, likeness of its likest example), the likest first; none that is not like enough."""
    rows, weight = examples()
    asked = features(question)
    rare = max(weight.values())
    size = math.sqrt(sum(weight.get(word, rare / 2) ** 2 for word in asked)) or 1.0
    best: dict[str, float] = {}
    for intent, words in rows:
        shared = sum(weight[word] ** 2 for word in asked & words)
        own = math.sqrt(sum(weight[word] ** 2 for word in words))
        best[intent] = max(best.get(intent, 0.0), shared / (size * own))
    found = [(name, value) for name, value in best.items() if value >= LIKE_ENOUGH]
    return sorted(found, key=lambda one: -one[1])
