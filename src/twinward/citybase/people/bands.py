"""Bands of ages and sizes as statistics offices write them, and the rows of a table that is a
distribution.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import numpy as np

from twinward.citybase.config import Source
from twinward.citybase.sources.files import source_path
from twinward.citybase.sources.ledger import SourceLedger
from twinward.citybase.sources.names import bare, is_total
from twinward.citybase.sources.numbers import plain_text
from twinward.citybase.sources.tables import read_table, to_text
from twinward.core.errors import InputError

UNIT = (
    r"(?:years? old|years?|yrs?\.?|y|jahren?|jahre "
    r"alt|ans?|anos?|años?|anni|lat|let|ar|yas|tahun|tuoi|лет|周岁|岁|歲|歳|才|세|"
    r"(?:persons?|people|personen|personnes?|personas?|pessoas?|persone|members?|人))"
)
OPEN = (
    r"(?:\+|and (?:over|above|older|more|up)|or (?:over|above|older|more)|plus|und "
    r"(?:älter|aelter|mehr|darüber)|oder (?:älter|mehr)|"
    r"et (?:plus|au-dessus)|ou (?:plus|mais|más)|y (?:más|mas)|e (?:mais|oltre|più)|o "
    r"(?:más|mas|più)|i więcej|i wiecej|ve üzeri|"
    r"及以上|以上|及以上者|and over)"
)
UNDER = (
    r"(?:<|under|less than|below|younger than|unter|moins de|menos de|menores de|meno "
    r"di|sotto|poniżej|altında|до)"
)
UP_TO = r"(?:≤|<=|up to|bis(?: zu)?|jusqu'à|até|hasta|fino a)"
OVER = r"(?:≥|>=|from|ab|à partir de|desde|a partir de|da|over or equal to)"
ABOVE = r"(?:>|over|above|older than|more than|über|plus de|más de|mas de|mais de|oltre|più di)"
FORMS = tuple(
    (kind, re.compile(form.replace("U?", rf"(?:\s*{UNIT})?"), re.IGNORECASE))
    for kind, form in (
        (
            "until",
            r"(\d{1,3})U?\s*(?:bis unter|to under|to less than|-\s*<|à moins de|a menos "
            r"de)\s*(\d{1,3})U?",
        ),
        ("until", r"\[\s*(\d{1,3})\s*[,;]\s*(\d{1,3})\s*[)\[]"),
        ("from", r"\[\s*(\d{1,3})\s*[,;]\s*\+?(?:inf|infinity|∞)\s*[)\]\[]"),
        (
            "range",
            r"(?:ages?|aged|age "
            r"group|von|de|da|from|between)?\s*(\d{1,3})U?\s*(?:-|–|—|‐|‑|−|~|～|〜|to|bis|à|a|au|and|и|至|到|\.\.)\s*(\d{1,3})U?",
        ),
        ("open", rf"(?:ages?|aged)?\s*(\d{{1,3}})U?\s*{OPEN}U?"),
        ("open", r"(?:ages?|aged)?\s*(\d{1,3})\s*-U?"),
        ("from", rf"(?:ages?|aged)?\s*{OVER}\s*(\d{{1,3}})U?"),
        ("above", rf"(?:ages?|aged)?\s*{ABOVE}\s*(\d{{1,3}})U?"),
        ("under", rf"(?:ages?|aged)?\s*{UNDER}\s*(\d{{1,3}}|one)U?"),
        ("under", r"(\d{1,3})U?\s*(?:以下|未満|未满|岁以下|歳未満)"),
        ("up_to", rf"{UP_TO}\s*(\d{{1,3}})U?"),
        (
            "up_to",
            r"(\d{1,3})U?\s*(?:and (?:under|below|younger)|or (?:under|younger|less)|及以下|und "
            r"jünger)",
        ),
        ("one", r"(?:ages?|aged)?\s*(\d{1,3})U?"),
    )
)
UNKNOWN_WORDS = (
    "unknown;not stated;not known;not reported;unspecified;missing;n a;na;none;unbekannt;"
    "ohne angabe;inconnu;non declare;desconocido;ignorado;sem declaracao;nao informado;"
    "sin especificar;sconosciuto;未知;不详;不明;年龄不详;未報告;other"
)
UNKNOWN = frozenset(UNKNOWN_WORDS.split(";"))


def parse_band(text: str, *, sizes: bool = False) -> tuple[int, int, bool] | None:
    """First, last, open of `7`, `0-4`, `85+`, `<5`, `under 1`, `65 ans et plus`; None for anything
    else.

    `sizes`: of households, which begin at 1 and have no months.
    """
    word = " ".join(plain_text(text).lower().split())
    if (
        re.fullmatch(
            r"(?:infants?|newborns?|babies|0 years|bebes|nourrissons?|säuglinge|婴儿)", word
        )
        and not sizes
    ):
        return 0, 0, False
    low = 1 if sizes else 0
    for kind, form in FORMS:
        match = form.fullmatch(word)
        if not match:
            continue
        first = 1 if match[1] == "one" else int(match[1])
        if kind in {"range", "until"}:
            last = int(match[2]) - (kind == "until")
            return (first, last, False) if first <= last else None
        found = {
            "one": (first, first, False),
            "open": (first, first, True),
            "from": (first, first, True),
            "above": (first + 1, first + 1, True),
            "under": (low, first - 1, False),
            "up_to": (low, first, False),
        }[kind]
        return found if found[0] <= found[1] else None
    return None


def is_unknown(word: str) -> bool:
    return not word or bare(word) in UNKNOWN


class BandRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a distribution."""

    word: str
    count: float
    line: int
    label: str

    def fault(self, what: str, advice: str) -> InputError:
        return InputError(
            f"{self.label}, line {self.line}: {self.word!r} {what}", advice, code="bad_band"
        )


def read_distribution(
    source: Source,
    word: str,
    count: str,
    word_key: str,
    count_key: str,
    base: Path,
    ledger: SourceLedger,
) -> list[BandRow]:
    """All rows of a table that is a distribution, without its row of totals; InputError for a
    count that is none.
    """
    table = read_table(source_path(source.file, base, ledger.label), source, ledger)
    words = [to_text(value) for value in table.column(word, word_key)]
    stated, values = table.column(count, count_key), table.numbers(count, count_key, whole=True)
    rows = [
        BandRow(word=w, count=float(v), line=n, label=ledger.label)
        for w, v, n in zip(words, values.tolist(), table.lines, strict=True)
    ]
    if ledger.rejected:
        raise InputError(
            f"{ledger.label}, line {ledger.rejected[0][0]}: {ledger.rejected[0][1]}",
            "mend the row: a distribution is used whole or not at all",
            code="bad_band",
        )
    kept = []
    for i, row in enumerate(rows):
        if not row.count >= 0:
            said = to_text(stated[i]) or "nothing"
            raise row.fault(f"has the count {said}", "mend the count, write 0 for nobody")
        rest = sum(other.count for other in rows if other is not row and not np.isnan(other.count))
        if (is_total(row.word) or not row.word) and abs(rest - row.count) <= 1 + 1e-6 * rest:
            ledger.reject(row.line, "the row of totals", table.row(i))
        elif is_total(row.word):
            raise row.fault(
                f"says {row.count:,.0f}, the other rows sum to {rest:,.0f}",
                "mend the rows or leave it out",
            )
        else:
            kept.append(row)
    ledger.require_some("write rows such as 0-4,1200 and 85+,300")
    return kept
