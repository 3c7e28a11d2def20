"""From text to claims, sentence by sentence, by words whose weights can be read; unsure is none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, tzinfo

import msgspec

from twinward.edge.intake.claim import FoundClaim, Part, ReadFile
from twinward.edge.intake.features import masked
from twinward.edge.intake.kinds import BASE, ClaimKind, Kinds, load_kinds, pattern_of
from twinward.edge.intake.numbers import find_numbers
from twinward.edge.intake.places import Gazetteer, PlaceMention
from twinward.edge.intake.times import find_time
from twinward.edge.intake.weighing import NONE, Weighed, load_weights
from twinward.security.privacy.scrubbing import scrub

MOST_CLAIMS = 500
MOST_LETTERS = 300_000  # of all parts that are looked at: a hundred pages
MOST_CLAUSES = 20  # of a sentence that are weighed by themselves
LONG_TEXT = "long_text"  # the note that says so
LONGEST_SPAN = 300
LEAST_SHARE, LEAST_CLAUSE = 0.3, 0.7  # of what was learnt: below it nothing is claimed
CLAUSE = re.compile(r"[^，,；;：:。.！!？?—]{3,}")
NEAR = 80  # letters between a quantity and the words that it counts
END = re.compile(r"(?<=[。！？!?；;])|(?<=[.])(?=\s+[A-Z\d\u4e00-\u9fff])|\n+")
# what calls somebody by name: it is not repeated in a claim
NAMED = re.compile(
    r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof)\.?\s+[A-Z][\w'’-]+(?:\s+[A-Z][\w'’-]+)?"
    r"|[\u4e00-\u9fff]{1,3}(?=(?:先生|女士|小姐|阿姨|大爷|大妈|奶奶|爷爷|老师|医生)(?![\u4e00-\u9fff]{0,1}院))"
    r"|(?<=姓名[:：])\s*[\u4e00-\u9fff·]{2,8}|(?<=联系人[:：])\s*[\u4e00-\u9fff·]{2,8}"
    r"|(?i:(?<=name: )|(?<=contact: )|(?<=reported by ))[A-Z][\w'’-]+(?:\s+[A-Z][\w'’-]+){0,2}"
)


class Sentence(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence of a part, with the places it names."""

    part: Part
    text: str
    places: list[PlaceMention]


def find_claims(
    read: ReadFile, gazetteer: Gazetteer, received: datetime, zone: tzinfo
) -> list[FoundClaim]:
    """Every claim of a file, the surest of those that say the same; at most `MOST_CLAIMS`."""
    written = read.sent_at or received
    kinds = load_kinds()
    found: dict[tuple[str, str, float | None], FoundClaim] = {}
    for part in read.parts:
        heading: PlaceMention | None = None
        before: PlaceMention | None = None
        near: list[str] = []
        day: datetime | None = None
        for text in split_sentences(part.text):
            places = gazetteer.find(text, near)
            near += [one.area for one in places if one.area and one.sure == 1.0]
            sentence = Sentence(part=part, text=text, places=places)
            at = find_time(text, written, zone)
            day = at or day
            for claim in claims_of(sentence, kinds, before or heading, at or day):
                key = (claim.kind, claim.area, claim.quantity)
                known = found.get(key)
                if known is None or known.confidence < claim.confidence:
                    found[key] = claim
            if places:
                before = places[-1]
                heading = heading or places[0]
            if len(found) >= MOST_CLAIMS:
                break
    return drop_vaguer(list(found.values()))[:MOST_CLAIMS]


def shorten(read: ReadFile) -> ReadFile:
    """The file as far as claims are looked for; what was left out is noted, never silent."""
    left = MOST_LETTERS
    parts = []
    for part in read.parts:
        if left <= 0:
            break
        parts.append(msgspec.structs.replace(part, text=part.text[:left]))
        left -= len(part.text)
    if left >= 0 and len(parts) == len(read.parts):
        return read
    return msgspec.structs.replace(read, parts=parts, notes=sorted({*read.notes, LONG_TEXT}))


def drop_vaguer(claims: list[FoundClaim]) -> list[FoundClaim]:
    """Without those that say of a kind and place less than another does: no quantity, or an area
    that contains a named one's.
    """
    return [
        one
        for one in claims
        if not any(
            other is not one
            and other.kind == one.kind
            and one.quantity is None
            and (
                (other.area == one.area and other.quantity is not None)
                or (other.area != one.area and other.area.startswith(one.area))
            )
            for other in claims
        )
    ]


def split_sentences(text: str) -> Iterator[str]:
    for one in END.split(text):
        plain = one.strip()
        if len(plain) > 1:
            for start in range(0, len(plain), 600):  # a text without a stop
                yield plain[start : start + 600]


def claims_of(
    sentence: Sentence, kinds: Kinds, before: PlaceMention | None, at: datetime | None
) -> Iterator[FoundClaim]:
    text = sentence.text
    if pattern_of(kinds.denied.anywhere).search(text):
        return
    for found in kinds_said(sentence):
        kind = kinds.get(found.kind)
        assert kind is not None  # the weights know no others
        span = find_words(text, kind, sentence.places) or (found.start, found.end)
        if not is_denied(text, span, kinds):
            yield make_claim(sentence, found, span, before, at, kinds)


def kinds_said(sentence: Sentence) -> list[Weighed]:
    """What a sentence is about, as a whole or in one of its clauses, the surest of each kind."""
    if sentence.part.how == "speech":
        return [Weighed(kind="speech", share=1.0, start=0, end=len("speech present"))]
    text = masked(sentence.text, [(one.start, one.end) for one in sentence.places])
    weights = load_weights()
    clauses = [(one.start(), one.end()) for one in CLAUSE.finditer(text)]
    pieces = [(0, len(text), LEAST_SHARE)]
    if len(clauses) > 1:
        pieces += [(start, end, LEAST_CLAUSE) for start, end in clauses[:MOST_CLAUSES]]
    best: dict[str, Weighed] = {}
    for start, end, least in pieces:
        for one in weights.weigh(text[start:end])[:2]:
            known = best.get(one.kind)
            if one.share >= least and (known is None or known.share < one.share):
                best[one.kind] = moved(one, start)
    return [one for kind, one in best.items() if kind != NONE]


def moved(one: Weighed, by: int) -> Weighed:
    return Weighed(kind=one.kind, share=one.share, start=one.start + by, end=one.end + by)


def find_words(text: str, kind: ClaimKind, places: list[PlaceMention]) -> tuple[int, int] | None:
    """Where the words of a kind's rules stand first, outside the names of places."""
    at = 0
    while (found := kind.words.search(text, at)) is not None:
        begin, stop = found.span()
        inside = [
            one.end
            for one in places
            if begin < one.end and one.start < stop and not (begin < one.start and one.end < stop)
        ]
        if not inside:
            return found.span()
        at = max(min(max(inside), stop), begin + 1)
    return None


def is_denied(text: str, span: tuple[int, int], kinds: Kinds) -> bool:
    head, tail = text[max(0, span[0] - 40) : span[0]], text[span[1] : span[1] + 60]
    return bool(
        pattern_of(kinds.denied.before).search(head) or pattern_of(kinds.denied.after).search(tail)
    )


def make_claim(
    sentence: Sentence,
    found: Weighed,
    span: tuple[int, int],
    before: PlaceMention | None,
    at: datetime | None,
    kinds: Kinds,
) -> FoundClaim:
    text = sentence.text
    kind = kinds.get(found.kind)
    assert kind is not None
    place = nearest(sentence.places, span) or before
    here = bool(sentence.places)
    quantity = find_quantity(text, span, kind, kinds, sentence.places)
    sure = (
        0.3
        + 0.15 * found.share
        + (0.3 * place.sure if here and place else 0.15 * place.sure if place else 0.0)
    )
    sure += 0.1 * (quantity is not None) + 0.1 * (at is not None)
    shown, start, end = cut_span(text, span)
    return FoundClaim(
        kind=kind.id,
        area=place.area if place else "",
        place_text=place.text if place else "",
        at=at,
        quantity=quantity,
        unit=BASE[kind.unit] if quantity is not None else "",
        part=sentence.part.name,
        span=shown,
        start=start,
        end=end,
        extractor=f"words/2+{sentence.part.how}",
        confidence=round(min(sure, 0.95) * sentence.part.sure, 2),
    )


def nearest(places: list[PlaceMention], span: tuple[int, int]) -> PlaceMention | None:
    """Of the places that a sentence names the lowest of those nearest to the words of the claim:
    a district and a street in one breath are one address.
    """
    if not places:
        return None
    best = min(places, key=lambda one: min(abs(one.start - span[0]), abs(one.end - span[0])))
    inside = [
        one
        for one in places
        if one.area and best.area and (one.area.startswith(best.area)) and one.sure >= best.sure
    ]
    return max(inside, key=lambda one: len(one.area), default=best)


def find_quantity(
    text: str,
    span: tuple[int, int],
    kind: ClaimKind,
    kinds: Kinds,
    places: list[PlaceMention],
) -> float | None:
    """The number with a unit of this kind that stands nearest to its words."""
    if kind.unit == "length":
        for words, metres in kinds.depths.items():
            if pattern_of(words).search(text):
                return metres
    best: tuple[int, float] | None = None
    for start, end, value in find_numbers(text):
        if any(p.start <= start < p.end for p in places):
            continue
        for unit, factor in kinds.units[kind.unit].items():
            if not pattern_of(rf"\s{{0,2}}(?:{unit})").match(text, end):
                continue
            away = (
                0 if span[0] <= start <= span[1] else min(abs(start - span[1]), abs(span[0] - end))
            )
            if away <= NEAR and (best is None or away < best[0]):
                best = (away, value * factor)
            break
    return round(best[1], 4) if best is not None else None


def cut_span(text: str, span: tuple[int, int]) -> tuple[str, int, int]:
    """The sentence as it may be shown, and where the words of the claim stand in it: numbers and
    names of persons hidden, not longer than needed.
    """
    start = max(0, min(span[0] - LONGEST_SPAN // 3, len(text) - LONGEST_SPAN))
    cut = text[start : start + LONGEST_SPAN]
    head = hide(cut[: span[0] - start])
    words = hide(cut[span[0] - start : span[1] - start])
    whole = hide(cut)
    at = whole.find(words, max(0, len(head) - 12)) if words else -1
    return (whole, at, at + len(words)) if at >= 0 else (whole, 0, 0)


def hide(text: str) -> str:
    return scrub(NAMED.sub("[hidden]", text))
