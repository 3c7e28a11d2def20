"""Words of case reports as clerks write them: statuses, ways of finding, and codes of areas that a
spreadsheet has spoilt.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from decimal import Decimal, InvalidOperation

_STATUSES = {
    "confirmed": "confirm|confirmed case|positive|pos|laboratory confirmed|lab confirmed|"
    "lab-confirmed|"
    "确诊|确诊病例|確診|確定|已确诊|阳性|陽性|bestätigt|laborbestätigt|positiv|confirmé|confirmée|"
    "positif|confirmado|confirmada|positivo|confermato|подтвержден|подтверждён|подтверждено|확진|"
    "bevestigd|doğrulanmış|potwierdzony",
    "suspected": "suspect|suspicious|possible|probable|presumptive|疑似|疑似病例|可疑|verdacht|"
    "verdachtsfall|wahrscheinlich|suspecté|suspecte|sospechoso|sospechosa|suspeito|suspeita|"
    "provável|sospetto|подозрение|подозрительный|의심",
    "asymptomatic": "asymptomatic case|no symptoms|without symptoms|无症状|无症状感染者|無症狀|"
    "無症状|"
    "asymptomatisch|asymptomatique|asintomático|asintomática|assintomático|assintomática|"
    "asintomatico|бессимптомный|무증상",
    "recovered": "recovery|cured|healed|discharged|治愈|康复|痊愈|出院|genesen|geheilt|guéri|"
    "guérie|"
    "rétabli|recuperado|recuperada|curado|guarito|выздоровел|выздоровевший|완치",
    "dead": "died|death|deceased|fatal|死亡|死者|病故|verstorben|gestorben|tot|décédé|décédée|mort|"
    "fallecido|fallecida|muerto|óbito|obito|morto|falecido|deceduto|умер|смерть|умерший|사망",
    "discarded": "discard|not a case|no case|non-case|non case|noncase|ruled out|excluded|排除|"
    "已排除|非病例|verworfen|ausgeschlossen|kein fall|écarté|exclu|descartado|descartada|scartato|"
    "исключен|снят",
}
_FOUND_IN = {
    "community": "in the community|social|社会面|社区|社會面|gemeinschaft|communauté|comunidad|"
    "comunidade|comunità",
    "control": "in control|quarantine|isolation|in quarantine|in isolation|under control|隔离管控|"
    "管控|隔离|隔離|quarantäne|quarantaine|cuarentena|quarentena",
    "unknown": "not known|n/a|na|-|?|不详|未知|不明|unbekannt|inconnu|desconocido|desconhecido",
}


def fold_word(text: str) -> str:
    """A word without capitals, blanks and signs at its ends, in one coding."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().strip(" .'\"_*").split())


def words_of(table: dict[str, str]) -> dict[str, str]:
    said = {fold_word(word): name for name, words in table.items() for word in words.split("|")}
    return said | {name: name for name in table}


WORDS = {"status": words_of(_STATUSES), "found_in": words_of(_FOUND_IN)}


def read_words(told: dict[str, object]) -> dict[str, object]:
    """The fields of a row with the words that messages know; what is none stays as it is."""
    found = dict(told)
    for field, words in WORDS.items():
        value = told.get(field)
        if isinstance(value, str):
            found[field] = words.get(fold_word(value), value)
    return found


def tidy_area(text: object, areas: Container[str]) -> tuple[object, str]:
    """The code of an area that is meant, and a note where something had to be put back: a number
    with decimals or an exponent, leading noughts that a spreadsheet has taken away.
    """
    if isinstance(text, float) and text.is_integer():
        text = int(text)
    said = unicodedata.normalize("NFKC", str(text)).strip(" '\"=\u200b\ufeff")
    if not isinstance(text, int) and said in areas:
        return said, ""
    plain = re.sub(r"[.,]0+$", "", said)
    if re.fullmatch(r"\d(?:[.,]\d+)?[eE]\+?\d+", said):
        try:
            number = Decimal(said.replace(",", "."))
        except InvalidOperation:
            return text, ""
        plain = f"{number:f}" if number == number.to_integral_value() else said
    if plain in areas:
        return plain, "" if isinstance(text, int) else "the area's code was written as a number"
    padded = [f"{'0' * n}{plain}" for n in (1, 2) if f"{'0' * n}{plain}" in areas]
    if plain.isdecimal() and len(padded) == 1:
        return padded[0], "the noughts in front of the area's code were put back"
    return text, ""
