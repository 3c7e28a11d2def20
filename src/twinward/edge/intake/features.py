"""What a sentence is made of, for the reader of kinds: stems and pairs of Latin words, runs of one
to four Chinese letters, numbers as one sign, and the rules of `kinds.toml` whose words stand in it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files

from twinward.edge.intake.kinds import load_kinds

LONGEST_RUN = 4
RULE, RULE_COUNTS = "rule:", 0.3  # a rule was written by somebody who had examples before them
TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+(?:[.,:]\d+)*|[\u4e00-\u9fff]|[^\s\w]")
ENDINGS = "ational ations ation ingly ings ing edly ers ies ed es ly er s".split()  # noqa: SIM905


@cache
def load_forms() -> tuple[frozenset[str], dict[str, str]]:
    """(words that say little, the word of each form that shares no beginning with it)."""
    text = files("twinward.edge.intake.phrases").joinpath("forms.tsv").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    little = frozenset(word for name, forms in rows if name == "-" for word in forms.split())
    return little, {form: name for name, forms in rows for form in forms.split() if name != "-"}


def stem(word: str) -> str:
    """A word without its ending, as far as a few endings go: flooded and floods are one."""
    plain = load_forms()[1].get(word)
    if plain is not None:
        return plain
    plain = word.split("'")[0]
    for ending in ENDINGS:
        if plain.endswith(ending) and len(plain) - len(ending) >= 3:
            plain = plain.removesuffix(ending)
            break
    if len(plain) > 3 and plain[-1] == plain[-2] and plain[-1] not in "sl":
        plain = plain[:-1]
    return plain.removesuffix("e") if len(plain) > 3 else plain


def counts(name: str) -> float:
    """How much a feature counts for beside the others."""
    return RULE_COUNTS if name.startswith(RULE) else 1.0


def masked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text with places blanked out, letter for letter."""
    letters = list(text)
    for start, end in spans:
        letters[start:end] = "\u25a1" * (end - start)
    return "".join(letters)


def find_features(text: str) -> dict[str, tuple[int, int]]:
    """Each feature of a text and where it stands first."""
    found: dict[str, tuple[int, int]] = {}
    for name, start, end in _features(text):
        found.setdefault(name, (start, end))
    return found


def _features(text: str) -> Iterator[tuple[str, int, int]]:
    plain = (
        "".join(unicodedata.normalize("NFKC", one)[:1] or " " for one in text)
        .lower()
        .replace("’", "'")
    )
    words: list[tuple[str, int, int]] = []
    run: list[tuple[str, int, int]] = []
    for one in TOKEN.finditer(plain):
        token = one[0]
        if "\u4e00" <= token <= "\u9fff":
            run.append((token, one.start(), one.end()))
            continue
        if token[0].isdigit():
            yield "0", one.start(), one.end()
            token = "0"
            run.append((token, one.start(), one.end()))
        else:
            yield from _runs(run)
            run = []
        words.append(
            (stem(token) if token.isalpha() or "'" in token else token, one.start(), one.end())
        )
    yield from _runs(run)
    yield from _pairs(words)
    yield from _rules(text)


def _runs(run: list[tuple[str, int, int]]) -> Iterator[tuple[str, int, int]]:
    for first in range(len(run)):
        for count in range(1, min(LONGEST_RUN, len(run) - first) + 1):
            part = run[first : first + count]
            yield "".join(one[0] for one in part), part[0][1], part[-1][2]


def _pairs(words: list[tuple[str, int, int]]) -> Iterator[tuple[str, int, int]]:
    little = load_forms()[0]
    latin = [one for one in words if one[0][0].isalnum()]
    for at, (word, start, end) in enumerate(latin):
        if word not in little and word != "0":
            yield word, start, end
        for other, _, stop in latin[at + 1 : at + 2]:
            yield f"{word} {other}", start, stop
    told = [one for one in latin if one[0] not in little]
    for at, (word, start, _) in enumerate(told):
        for other, _, stop in told[at + 1 : at + 3]:
            yield f"{word}~{other}", start, stop


def _rules(text: str) -> Iterator[tuple[str, int, int]]:
    for kind in load_kinds().kind:
        if kind.id != "speech" and (hit := kind.words.search(text)) is not None:
            yield f"{RULE}{kind.id}", hit.start(), hit.end()
