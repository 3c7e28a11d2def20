"""Subjects that are no pseudonyms: a phone or identity number or an e-mail address stops here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from twinward.core.errors import InputError
from twinward.core.lazy import LazyModule
from twinward.core.texts import require_name
from twinward.security.privacy.documents import is_identity_number
from twinward.security.privacy.scrubbing import names_somebody

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc
    from numpy.typing import NDArray
else:
    np = LazyModule("numpy")
    pa = LazyModule("pyarrow")
    pc = LazyModule("pyarrow.compute")

MESSAGE = "the subject is a phone number, an identity number or an e-mail address"
OF_A_WORD = "this holds a phone number, an identity number or an e-mail address"
ADVICE = (
    "send a pseudonym instead; what names a person belongs in the field `person` of a case report"
)
# numbers with +, Chinese mobile numbers, resident identity numbers (GB 11643), e-mail addresses
DIRECT = r"^(?:\+\d[\d -]{6,18}\d|1[3-9]\d{9}|\d{17}[\dXx]|[\w.+-]+@[\w-]+\.[\w.-]+)$"
DIRECT_WORD = re.compile(DIRECT, re.ASCII)  # the same of one word, without an array around it
IDENTITY_DIGITS = 18
LEAST_MOBILE = 13_000_000_000


def direct_identities(subjects: pa.Array) -> NDArray[np.bool_]:
    """Which of an Arrow array of subjects (text or whole numbers) name a person; a null names
    nobody.
    """
    if pa.types.is_integer(subjects.type):
        if not len(subjects) or (pc.max(subjects).as_py() or 0) < LEAST_MOBILE:
            return np.zeros(len(subjects), np.bool_)
        subjects = subjects.cast(pa.string())
    found = (
        pc.match_substring_regex(subjects, DIRECT).fill_null(False).to_numpy(zero_copy_only=False)
    )
    for row in np.flatnonzero(found):
        found[row] = is_one(subjects[int(row)].as_py())
    return np.asarray(found)


def is_direct_identity(subject: str) -> bool:
    return DIRECT_WORD.fullmatch(subject) is not None and is_one(subject)


def is_one(text: str) -> bool:
    """Whether a word of that form is an identity: of 18 digits only where they check."""
    if len(text) == IDENTITY_DIGITS and text[:-1].isdigit():
        return is_identity_number(text)
    return True


def require_source(source: str, most: int = 200) -> None:
    """InputError unless the name of a source is one line of plain characters that names nobody:
    everybody sees it.
    """
    require_name("source", source, most)
    if is_direct_identity(source) or names_somebody(source):
        raise InputError(
            f"source: {OF_A_WORD}",
            "name the system that sends, not a person",
            code="direct_identity",
        )
