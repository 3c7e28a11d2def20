"""Keys of many persons in memory: by subject and day, and by the word that stands for them in the
database. Some ninety bytes each, so that a month of a city's reports stays small.
"""

from __future__ import annotations

import hmac
from array import array
from collections.abc import Callable, Iterator

KEY_BYTES = 16
WORD = "k:"  # what such a word begins with; earlier releases wrote the pseudonym itself
ENDED = 0  # of a day: the entry was taken out
NOBODY = 0xFFFF_FFFF
FEWEST_ENDED = 1_000  # entries taken out before the table is made anew


class Slots:
    """Numbers of things, found by a hash of each: open addressing, at most half full."""

    def __init__(self, hash_of: Callable[[int], int]) -> None:
        self._hash_of = hash_of
        self._slots = array("I", [NOBODY] * 64)
        self._count = 0

    def look(self, hashed: int) -> Iterator[int]:
        """What may have this hash."""
        mask = len(self._slots) - 1
        at = hashed & mask
        while (found := self._slots[at]) != NOBODY:
            yield found
            at = (at + 1) & mask

    def put(self, number: int) -> None:
        self._count += 1
        if 2 * self._count > len(self._slots):
            held = [one for one in self._slots if one != NOBODY]
            self._slots = array("I", [NOBODY]) * (2 * len(self._slots))
            for one in held:
                self._place(one)
        self._place(number)

    def _place(self, number: int) -> None:
        mask = len(self._slots) - 1
        at = self._hash_of(number) & mask
        while self._slots[at] != NOBODY:
            at = (at + 1) & mask
        self._slots[at] = number


class KeyTable:
    """Entries are numbered as they come; those of one subject are chained, the newest first."""

    def __init__(self) -> None:
        self._keys = bytearray()
        self._who = array("I")
        self._day = array("i")
        self._before = array("I")  # the subject's entry before this one
        self._hashes = array("Q")  # of the words of entries that were worked out
        self._ended = 0
        self._texts = bytearray()
        self._ends = array("Q")
        self._newest = array("I")  # of each subject
        self._subjects = Slots(lambda one: hash(self._text(one)))
        self._words = Slots(lambda one: self._hashes[one])

    def _text(self, who: int) -> bytes:
        return bytes(self._texts[self._ends[who - 1] if who else 0 : self._ends[who]])

    def _key(self, entry: int) -> bytes:
        return bytes(self._keys[entry * KEY_BYTES : (entry + 1) * KEY_BYTES])

    def _find(self, subject: str) -> int:
        text = subject.encode()
        for who in self._subjects.look(hash(text)):
            if self._text(who) == text:
                return who
        return NOBODY

    def _entries(self, subject: str) -> Iterator[int]:
        """A subject's entries, the newest first."""
        who = self._find(subject)
        entry = self._newest[who] if who != NOBODY else NOBODY
        while entry != NOBODY:
            if self._day[entry] != ENDED:
                yield entry
            entry = self._before[entry]

    def add(self, subject: str, day: int, key: bytes) -> None:
        """One more key of a subject for a day, given as its ordinal."""
        who = self._find(subject)
        if who == NOBODY:
            who = len(self._ends)
            self._texts += subject.encode()
            self._ends.append(len(self._texts))
            self._newest.append(NOBODY)
            self._subjects.put(who)
        self._before.append(self._newest[who])
        self._newest[who] = len(self._who)
        self._who.append(who)
        self._day.append(day)
        self._keys += key

    def get(self, subject: str, day: int) -> list[bytes]:
        """The keys of a subject for a day, the oldest first."""
        return [self._key(one) for one in self._entries(subject) if self._day[one] == day][::-1]

    def end(self, subject: str, day: int) -> None:
        """Take out all keys of a subject for a day, and their bytes."""
        for entry in list(self._entries(subject)):
            if self._day[entry] == day:
                self._day[entry] = ENDED
                self._keys[entry * KEY_BYTES : (entry + 1) * KEY_BYTES] = bytes(KEY_BYTES)
                self._ended += 1

    def is_worn(self) -> bool:
        """Whether much of it was taken out, so that it is worth making anew."""
        return self._ended >= FEWEST_ENDED and 4 * self._ended >= len(self._who)

    def subject_of(self, word: str) -> str | None:
        """Whom a word stands for."""
        self._work_out_words()
        for entry in self._words.look(hash_of_word(word)):
            if self._day[entry] != ENDED and word_of_key(self._key(entry)) == word:
                return self._text(self._who[entry]).decode()
        return None

    def words_of(self, subject: str) -> list[str]:
        """Every word that stands for a subject, the oldest first."""
        found = [word_of_key(self._key(one)) for one in self._entries(subject)]
        return list(dict.fromkeys(reversed(found)))

    def _work_out_words(self) -> None:
        for entry in range(len(self._hashes), len(self._who)):
            live = self._day[entry] != ENDED
            self._hashes.append(hash_of_word(word_of_key(self._key(entry))) if live else 0)
            if live:
                self._words.put(entry)

    def items(self) -> Iterator[tuple[str, int, bytes]]:
        """Subject, day and key of every entry."""
        for entry in range(len(self._who)):
            if self._day[entry] != ENDED:
                yield self._text(self._who[entry]).decode(), self._day[entry], self._key(entry)

    def anew(self) -> KeyTable:
        """The same without what was taken out: nothing of it stays in memory."""
        made = KeyTable()
        for subject, day, key in self.items():
            made.add(subject, day, key)
        return made


def word_of_key(key: bytes) -> str:
    """The word that stands for a person on one day, in the database and in the log."""
    return WORD + hmac.digest(key, b"name", "sha256")[:12].hex()


def hash_of_word(word: str) -> int:
    """64 bits of a word, which is random itself."""
    try:
        return int(word.removeprefix(WORD)[:16], 16)
    except ValueError:
        return 0
