"""Names in Chinese characters beside names in pinyin: whether the letters may be said of the
characters. Many characters sound alike, so this offers a question and is never an answer.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from itertools import islice, product

from twinward.security.privacy.variants import SIMPLE

MOST_KEYS = 8  # ways to say one name by which it can be found
MOST_CHARACTERS = 6
# how the sound u with two dots is typed: Lv, Lyu and Lu are all Lü
UMLAUTS = ("v", "yu", "u")


@cache
def readings_of(character: str) -> tuple[str, ...]:
    """The sounds of one character in plain letters, the usual one first."""
    from pypinyin.constants import PINYIN_DICT  # a table of 42,000: only where it is needed

    found: dict[str, None] = {}
    for said in PINYIN_DICT.get(ord(character), "").split(","):
        marks = unicodedata.normalize("NFD", said)
        plain = "".join(c for c in marks if not unicodedata.combining(c) or c == "\u0308")
        forms = [plain.replace("u\u0308", u) for u in UMLAUTS] if "\u0308" in plain else [plain]
        found |= dict.fromkeys(form for form in forms if form.isascii() and form.isalpha())
    return tuple(found)


def is_character(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("CJK UNIFIED")


def characters_of(name: str) -> str:
    """The characters of a name in their simple form; nothing where others stand among them."""
    letters = [c for c in unicodedata.normalize("NFKC", name) if c.isalpha()]
    if not letters or not all(is_character(c) for c in letters):
        return ""
    return "".join(letters).translate(SIMPLE)


def letters_of(name: str) -> str:
    """A name in Latin letters without marks and blanks; u with two dots as v."""
    marks = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", name).casefold())
    plain = "".join(c for c in marks.replace("u\u0308", "v") if c.isalpha())
    return plain if plain.isascii() else ""


def sounds_like(one: str, other: str) -> bool:
    """Whether one name is in characters and the other may be its pinyin, the family name first or
    last.
    """
    characters, spelt = characters_of(one), letters_of(other)
    if not characters:
        characters, spelt = characters_of(other), letters_of(one)
    if not spelt or not 2 <= len(characters) <= MOST_CHARACTERS:
        return False
    return any(
        says(characters[turn:] + characters[:turn], spelt)
        for turn in range(min(3, len(characters)))
    )


def says(characters: str, spelt: str) -> bool:
    """Whether letters are the sounds of the characters in their order."""
    if not characters:
        return not spelt
    return any(
        spelt.startswith(sound) and says(characters[1:], spelt[len(sound) :])
        for sound in readings_of(characters[0])
    )


def sound_keys(name: str) -> list[str]:
    """The letters of a name in alphabetical order, by which either script finds the other."""
    characters = characters_of(name)
    if characters and len(characters) <= MOST_CHARACTERS:
        ways = product(*(readings_of(c) for c in characters))
        return sorted({"".join(sorted("".join(way))) for way in islice(ways, MOST_KEYS)} - {""})
    spelt = letters_of(name)
    return ["".join(sorted(spelt))] if spelt else []
