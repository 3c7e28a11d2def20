"""Names as people and machines write them: one form for each, and whether two are one person's."""

from __future__ import annotations

import re
import unicodedata
from itertools import permutations

from twinward.security.privacy.variants import SIMPLE

# what clerks write where nothing is known, in the languages of forms
NOBODY = frozenset({
    "na", "n/a", "n.a.", "nan", "nil", "none", "null", "unknown", "unk", "unknwn", "anonymous",
    "anon", "no document", "no id", "no passport", "no phone", "no name", "not known", "not given",
    "not available", "not applicable", "missing", "refused", "pending", "test", "xxx", "tbd", "tba",
    "无", "無", "无证件", "无证", "无身份证", "无电话", "没有", "不详", "不詳", "未知", "不明",
    "不知",     "未提供", "未填", "空", "佚名", "无名氏", "なし", "不明者", "없음", "미상", "불명",
    "unbekannt", "k.a.", "ka", "keine", "keine angabe", "kein", "ohne", "entfällt",
    "inconnu", "inconnue", "aucun", "aucune", "sans", "néant", "non connu", "sans papiers",
    "desconocido", "desconocida", "ninguno", "ninguna", "sin documento", "sin datos", "s/d", "s/n",
    "desconhecido", "desconhecida", "nenhum", "sem documento", "não informado", "nao informado",
    "sconosciuto", "sconosciuta", "nessuno", "nessuna", "нет", "неизвестно", "неизвестен",
    "без документа", "нет данных", "отсутствует", "غير معروف", "لا يوجد", "مجهول", "yok",
    "bilinmiyor", "onbekend", "geen", "okänd", "ukjent", "ukendt", "brak", "nieznany", "không có",
    "không rõ", "ไม่มี", "ไม่ทราบ", "पता नहीं", "नहीं", "tidak ada", "tidak diketahui",
})  # fmt: skip
DOTS = str.maketrans(dict.fromkeys("•‧∙⋅・･●．", "·"))
INVISIBLE = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
ARABIC_SIGNS = re.compile("[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]")
LETTERS = str.maketrans({
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i",
    "أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ة": "ه",
})  # fmt: skip
LATIN_MARKS = re.compile("[\u0300-\u036f]")
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
MOST_WORDS = 5
ALIKE_FROM = 6  # letters from which on one wrong letter may be a slip


def clean(text: str | None) -> str | None:
    """A text as it was meant, in one coding; None where it says that nothing is known."""
    if text is None:
        return None
    plain = INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    plain = " ".join(plain.split())
    bare = plain.casefold().strip(" .-_/\\?!*()[]#'\"·")
    forms = {bare, plain.casefold(), re.sub(r"[\s.]", "", bare)}
    if not bare or forms & NOBODY or not bare.strip("0 -./x"):
        return None
    return plain


def fold_name(name: str) -> str:
    """One form of a name for all codings of the same letters."""
    plain = INVISIBLE.sub("", unicodedata.normalize("NFKC", name)).translate(DOTS)
    plain = ARABIC_SIGNS.sub("", plain.casefold())
    plain = re.sub(r"\s*·\s*", "·", plain)
    return " ".join(unicodedata.normalize("NFC", plain).split())


def bare_name(name: str) -> tuple[str, ...]:
    """The words of a name without accents, in simple characters and in no order."""
    plain = LATIN_MARKS.sub("", unicodedata.normalize("NFD", fold_name(name)))
    plain = unicodedata.normalize("NFC", plain).translate(LETTERS).translate(SIMPLE)
    return tuple(sorted(word.replace("'", "").replace("’", "") for word in WORD.findall(plain)))


def script_of(name: str) -> str:
    """The script of the first letter: two scripts cannot be compared letter by letter."""
    for letter in name:
        word = unicodedata.name(letter, "").split(" ")[0]
        if word in (
            "LATIN",
            "CJK",
            "HIRAGANA",
            "KATAKANA",
            "HANGUL",
            "ARABIC",
            "CYRILLIC",
            "GREEK",
        ):
            return word
        if word and letter.isalpha():
            return word
    return ""


def compare_names(one: str | None, other: str | None) -> str:
    """same | bare (but for accents and order) | alike (a part, a slip) | unknown | other."""
    if not one or not other:
        return "unknown"
    if fold_name(one) == fold_name(other):
        return "same"
    a, b = bare_name(one), bare_name(other)
    if a == b or joined(one) == joined(other) or same_letters(a, b):
        return "bare"
    if script_of(one) != script_of(other):
        return "unknown"
    if is_part(a, b) or is_part(b, a):
        return "alike"
    left, right = joined(one), joined(other)
    long = min(len(left), len(right)) >= ALIKE_FROM
    return "alike" if long and one_slip(left, right) else "other"


def same_letters(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether two names are the same words in some order, written together or apart."""
    if max(len(a), len(b)) > MOST_WORDS or sorted("".join(a)) != sorted("".join(b)):
        return False
    return not {"".join(x) for x in permutations(a)}.isdisjoint("".join(x) for x in permutations(b))


def joined(name: str) -> str:
    """The letters of a name in their order, without blanks: Xiao Ming is Xiaoming."""
    plain = LATIN_MARKS.sub("", unicodedata.normalize("NFD", fold_name(name)))
    return "".join(WORD.findall(plain.translate(LETTERS).translate(SIMPLE)))


def is_part(few: tuple[str, ...], many: tuple[str, ...]) -> bool:
    """Whether each word of one name is in the other, an initial standing for its word."""
    left = list(many)
    for word in sorted(few, key=len, reverse=True):
        fitting = [x for x in left if x == word or (len(word) == 1 and x.startswith(word))]
        if not fitting:
            return False
        left.remove(fitting[0])
    return bool(few)


def one_slip(one: str, other: str) -> bool:
    """Whether one letter added, left out, changed or exchanged makes them equal."""
    if abs(len(one) - len(other)) > 1:
        return False
    start = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if start is None:
        return True
    a, b = one[start:], other[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])
