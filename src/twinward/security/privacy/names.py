"""Names as people and machines write them: one form for each, and whether two are one person's."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from itertools import permutations

from twinward.security.privacy.sounds import sounds_like
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
    "id", "id card", "passport", "document", "dni", "ausweis", "身份证", "身分證",
    "护照", "護照", "证件",
    "undefined", "nd", "n.d.", "nr", "not avail", "no data", "none given", "no mobile", "see above",
    "same", "same as above", "ditto", "-do-", "id pending", "no id card", "without", "not provided",
    "not recorded", "not stated", "declined", "暂无", "無資料", "无资料", "待查", "待补", "待定",
    "不清楚", "不祥", "不知道", "未登记", "未登記", "未采集", "没带", "忘带", "无证件号",
    "无身份证号",
    "无手机", "无手机号", "无号码", "不适用", "不適用", "匿名", "无名", "某", "某某", "某某某",
    "同上",
    "男", "女", "拒绝", "保密", "모름", "해당없음", "없슴", "무명", "名無し", "該当なし",
    "nicht bekannt",
    "nicht angegeben", "nicht vorhanden", "liegt nicht vor", "namenlos", "kein telefon",
    "ohne angabe",
    "non renseigné", "non communiqué", "nc", "no consta", "no tiene", "no aplica", "sin número",
    "sin nombre", "sem número", "sem nome", "sem telefone", "não tem", "não consta",
    "não se aplica",
    "nessun documento", "non noto", "belirsiz", "yoktur", "не указано", "не указан", "отказ",
    "отказался", "неизвестна", "غير معروفة", "لا يعرف", "لا ينطبق", "بدون", "ללא", "לא ידוע", "אין",
    "अज्ञात", "उपलब्ध नहीं", "không", "không có số", "tidak tahu", "niet bekend", "onbekende", "ingen",
    "ej känd", "neznámý", "ismeretlen", "άγνωστο", "nepoznat", "brak danych", "nie dotyczy",
})  # fmt: skip
# words that name nobody, alone or beside each other: "unknown male", "Patient 3", "baby boy"
_ANYBODY = (
    "unknown unidentified unnamed anonymous person patient case contact male female man woman boy "
    "girl baby infant newborn child adult unbekannt unbekannte person patientin inconnu inconnue "
    "desconocido desconocida desconhecido john jane doe test tester no name n.n nn x y z mr mrs ms "
    "无名氏 新生儿 婴儿 患者 病人 男婴 女婴"
)
ANYBODY = frozenset(_ANYBODY.split())
DOTS = str.maketrans(dict.fromkeys("•‧∙⋅・･●．", "·"))
SIGNS = str.maketrans(
    dict.fromkeys("’‘‛ʼʻ`´", "'") | dict.fromkeys("‐‑‒–—−⁃", "-")
)  # one sign in many codings
TURNS = re.compile(
    "[\u202a-\u202e\u2066-\u2069]"
)  # turn a line round; address books copy them along
INVISIBLE = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
ARABIC_SIGNS = re.compile("[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]")
LETTERS = str.maketrans({
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i",
    "أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ة": "ه",
})  # fmt: skip
WRITTEN_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
VOWELS = re.compile("(?<!^)[aeiouy]")
UNHEARD = re.compile(r"(.)\1+")
LATIN_MARKS = re.compile("[\u0300-\u036f]")
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
LEAST_FILLER = 6  # digits; of fewer some are numbers
FILLERS = frozenset({"123456789", "1234567890", "0123456789", "987654321", "9876543210"})
HIDDEN = re.compile(r"[某＊*×]|^[xX\W_]+$")  # 张某, Zhang ***: part of a name is left out
MOST_WORDS = 5
ALIKE_FROM = 6  # letters from which on one wrong letter may be a slip


def one_line(text: str) -> str:
    """A text without what a copy brought along: line breaks, tabs, signs that turn it round."""
    return " ".join(TURNS.sub("", text).split())


def western(text: str) -> str:
    """A text with the digits of every script as 0 to 9."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(x)) if x.isdecimal() else x for x in text)


def clean(text: str | None) -> str | None:
    """A text as it was meant, in one coding; None where it says that nothing is known."""
    if text is None:
        return None
    plain = western(INVISIBLE.sub("", unicodedata.normalize("NFKC", text)))
    plain = " ".join(plain.split())
    bare = plain.casefold().strip(" .-_/\\?!*()[]#'\"·")
    forms = {bare, plain.casefold(), re.sub(r"[\s.]", "", bare)}
    if not bare or forms & NOBODY or not bare.strip("0 -./x") or is_filler(bare):
        return None
    return plain


def clean_name(text: str | None) -> str | None:
    """The same for the name of a person: words that anybody could be called name nobody."""
    plain = clean(text)
    if plain is None:
        return None
    words = [word for word in WORD.findall(plain.casefold()) if not word.isdecimal()]
    if not words or all(word in ANYBODY for word in words) or HIDDEN.search(plain):
        return None
    return plain


def is_filler(text: str) -> bool:
    """Whether digits stand there that fill a form which wants some: 99999, 123456789."""
    digits = re.sub(r"[\s-]", "", text)
    if not (digits.isascii() and digits.isdecimal() and len(digits) >= LEAST_FILLER):
        return False
    return len(set(digits)) == 1 or digits in FILLERS


def fold_name(name: str) -> str:
    """One form of a name for all codings of the same letters."""
    plain = INVISIBLE.sub("", unicodedata.normalize("NFKC", name)).translate(DOTS).translate(SIGNS)
    plain = ARABIC_SIGNS.sub("", plain.casefold().replace("i\u0307", "i"))
    plain = re.sub(r"(?<=[\u4e00-\u9fff])\.(?=[\u4e00-\u9fff])", "·", plain)
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
    """same | bare (but for accents and order) | alike (a part, a slip) | sound (one in characters,
    one in pinyin) | unknown | other.
    """
    if not one or not other:
        return "unknown"
    if fold_name(one) == fold_name(other):
        return "same"
    a, b = bare_name(one), bare_name(other)
    if a == b or joined(one) == joined(other) or same_letters(a, b):
        return "bare"
    if script_of(one) != script_of(other):
        return "sound" if sounds_like(one, other) else "unknown"
    if is_part(a, b) or is_part(b, a):
        return "alike"
    left, right = joined(one), joined(other)
    long = min(len(left), len(right)) >= ALIKE_FROM
    if long and (one_slip(left, right) or unfold(one) & unfold(other) or spelt_alike(a, b)):
        return "alike"
    return "other"


def unfold(name: str) -> set[str]:
    """A name's words with letters of two dots or a ring written out as well: Müller is Mueller."""
    plain = fold_name(name)
    told = {plain, plain.translate(WRITTEN_OUT)}
    return {"".join(sorted(bare_name(one))) for one in told}


def spelt_alike(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether long words differ in vowels and doubled letters alone: Mohammed is Muhamad."""
    left, right = (
        list((Counter(a) - Counter(b)).elements()),
        list((Counter(b) - Counter(a)).elements()),
    )
    if len(left) != len(right) or any(len(word) < ALIKE_FROM for word in (*left, *right)):
        return False
    one, other = (
        sorted(UNHEARD.sub(r"\1", VOWELS.sub("", word)) for word in x) for x in (left, right)
    )
    return one == other


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
