"""Chinese names by their sound: a name is found by what it may be read as in Latin letters,
whichever reading its characters have in it. None is ever shown: which one is right, no rule says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import msgspec

from twinward.library.loading import HOME, read_toml

HAN = re.compile(r"[\u3400-\u9fff]")
LEAST_LETTERS = 3  # shorter is the sound of half a city
# what English adds to a name for its kind; the sound of the kind itself is found all the same
KIND = re.compile(r"\s+(?:sub-?district|street|township|town|district|(?:metro\s+)?station)$")
ROAD = re.compile(r"\s+(?:rd|road)$")


class _Called(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    names: dict[str, str]


@lru_cache(maxsize=1)
def called() -> dict[str, str]:
    """What well-known places are called in English, and how their own names begin."""
    return read_toml(HOME / "called.toml", _Called).names


def letters_of(typed: str) -> str:
    """The letters of a sound as it is typed (folded): `Xin Zhuang Town` is `xinzhuang`, `Nanjing
    Road` is `nanjinglu`; empty for what is no sound.
    """
    bare = ROAD.sub("lu", KIND.sub("", typed))
    letters = re.sub(r"[\s'’-]+", "", bare).replace("ü", "v")
    return letters if letters.isascii() and letters.isalpha() else ""


@lru_cache(maxsize=8192)
def readings(character: str) -> tuple[str, ...]:
    """What a character may be read as, without tones; ü is told as v and as u."""
    from pypinyin import Style, pinyin  # a large table: only where a name is looked for by sound

    told = pinyin(character, style=Style.NORMAL, heteronym=True)[0]
    return tuple(dict.fromkeys([*told, *(one.replace("v", "u") for one in told)]))


def sounds_like(name: str, letters: str) -> int | None:
    """How a name is read by these letters from its beginning: 0 whole, 1 its beginning (the last
    syllable may be begun), None not at all.
    """
    open_ends = {0}
    for n, character in enumerate(name, 1):
        if not HAN.match(character):
            return None
        after, begun = set[int](), False
        for at in open_ends:
            for reading in readings(character):
                if letters.startswith(reading, at):
                    after.add(at + len(reading))
                elif reading.startswith(letters[at:]):
                    begun = True
        if len(letters) in after:
            return 0 if n == len(name) else 1
        if begun:
            return 1
        if not after:
            return None
        open_ends = after
    return None


def find_sounding(names: Sequence[str], typed: str) -> Iterator[tuple[int, int]]:
    """Which names may be read as what was typed, and how well: 0 whole, 1 their beginning."""
    letters = letters_of(typed)
    if len(letters) < LEAST_LETTERS:
        return
    for number, name in enumerate(names):
        score = sounds_like(name, letters)
        if score is not None:
            yield number, score
