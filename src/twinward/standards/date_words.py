"""Words around dates in the languages that forms come in: months, days of the week, eras, parts of
a month, and what a spreadsheet adds; each brought to one form before the date is read.
"""

from __future__ import annotations

import re
import unicodedata

_MISSING = (
    "- -- . ? / n/a na nan nat none null nil unknown unk missing 无 不详 未知 不明 没有 k.a. "
    "unbekannt keine inconnu desconocido desconhecido неизвестно 불명 なし #n/a #na #value! #ref! "
    "#num! #null! 0000-00-00 00.00.0000 00/00/0000 1900-01-00 1900/1/0 0/1/1900 00/01/1900 "
    "tbd pending ignored onbekend okänd ukjent ukendt nieznana sconosciuto bilinmiyor tidak"
)
MISSING = frozenset(_MISSING.split()) | {
    "not known",
    "not stated",
    "нет данных",
    "keine angabe",
    "no date",
    "tidak diketahui",
}
SYMPTOMLESS = (
    "asympt", "asimpt", "asint", "assint", "asymt", "no symptom", "without symptom", "symptom free",
    "symptom-free", "symptomless", "symptomfrei", "ohne symptom", "keine symptom", "sans sympt",
    "sin síntoma", "sin sintoma", "sem sintoma", "senza sintomi", "бессимптом", "无症状", "無症狀",
    "無症状", "무증상",
)  # fmt: skip
NAMES = (
    "january januar janvier januari enero janeiro gennaio январь января січень січня ocak styczeń "
    "stycznia tammikuu tammikuuta ιανουάριος ιανουαρίου leden ledna jänner janeiro",
    "february februar février februari febrero fevereiro febbraio февраль февраля лютий лютого "
    "şubat luty lutego helmikuu helmikuuta φεβρουάριος φεβρουαρίου únor února feber",
    "march märz mars maart marzo março март марта березень березня mart marzec marca maaliskuu "
    "maaliskuuta μάρτιος μαρτίου březen března mrz maret március",
    "april avril abril aprile апрель апреля квітень квітня nisan kwiecień kwietnia huhtikuu "
    "huhtikuuta απρίλιος απριλίου duben dubna április",
    "may mai maj mei mayo maio maggio май мая травень травня mayıs maja toukokuu toukokuuta μάιος "
    "μαΐου květen května május",
    "june juni juin junio junho giugno июнь июня червень червня haziran czerwiec czerwca kesäkuu "
    "kesäkuuta ιούνιος ιουνίου červen června június",
    "july juli juillet julio julho luglio июль июля липень липня temmuz lipiec lipca heinäkuu "
    "heinäkuuta ιούλιος ιουλίου červenec července július",
    "august août agosto augustus agustus август августа серпень серпня ağustos sierpień sierpnia "
    "elokuu elokuuta αύγουστος αυγούστου srpen srpna augusztus aout",
    "september septembre septiembre setembro settembre сентябрь сентября вересень вересня eylül "
    "wrzesień września syyskuu syyskuuta σεπτέμβριος σεπτεμβρίου září szeptember setiembre",
    "october oktober octobre octubre outubro ottobre октябрь октября жовтень жовтня ekim "
    "październik października lokakuu lokakuuta οκτώβριος οκτωβρίου říjen října október",
    "november novembre noviembre novembro ноябрь ноября kasım marraskuu marraskuuta νοέμβριος "
    "νοεμβρίου listopadu listopada nopember",
    "december dezember décembre diciembre dezembro dicembre декабрь декабря грудень грудня aralık "
    "grudzień grudnia joulukuu joulukuuta δεκέμβριος δεκεμβρίου prosinec prosince desember",
)  # "listopad" is November in Polish and Czech, October in Croatian: only as the former decline it
_WEEKDAYS = (
    "mon monday tue tues tuesday wed wednesday thu thur thurs thursday fri friday sat saturday sun "
    "sunday montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr "
    "lundi mardi mercredi jeudi vendredi samedi dimanche lunes martes miércoles jueves viernes "
    "sábado domingo segunda-feira terça-feira quarta-feira quinta-feira sexta-feira segunda terça "
    "quarta quinta sexta lunedì martedì mercoledì giovedì venerdì sabato domenica пн вт ср чт пт "
    "сб вс понедельник вторник среда четверг пятница суббота воскресенье maandag dinsdag woensdag "
    "donderdag vrijdag zaterdag zondag"
)
WEEKDAYS = frozenset(_WEEKDAYS.split())
_BEFORE = "on since from the of le el am den seit dated der am em desde dia dal il с от"
BEFORE = frozenset(_BEFORE.split())
ABOUT = re.compile(
    r"^(?:about|around|approx\.?|approximately|ca\.?|circa|um den|um|etwa|ungefähr|vers|environ|"
    r"cerca de|hacia|около|~|≈|约|大约|大概|約)\s*",
    re.I,
)
DOUBT = re.compile(
    r"\s*(?:\?+|\(\s*(?:\?+|approx\.?|approximate(?:ly)?|est\.?|estimated|about|ca\.?|约|大约)\s*\)|"
    r"approx\.?|左右|前后)$",
    re.I,
)
PARTS = {  # days of a month
    "early": (1, 10), "beginning of": (1, 10), "start of": (1, 10), "anfang": (1, 10),
    "début": (1, 10), "principios de": (1, 10), "início de": (1, 10), "mid": (11, 20),
    "middle of": (11, 20), "mid-": (11, 20), "mitte": (11, 20), "mi-": (11, 20),
    "mediados de": (11, 20), "meados de": (11, 20), "late": (21, 31), "end of": (21, 31),
    "ende": (21, 31), "fin": (21, 31), "finales de": (21, 31), "fim de": (21, 31),
}  # fmt: skip
ERAS = {
    "民國": 1911, "民国": 1911, "令和": 2018, "平成": 1988, "昭和": 1925,
    "佛历": -543, "พ.ศ.": -543,
}  # fmt: skip
DIGITS = {letter: n for n, letter in enumerate("〇一二三四五六七八九")} | {"零": 0, "○": 0}
HAN_DATE = re.compile(r"[〇零○一二三四五六七八九十]+(?=\s*[年月日号號])")
ERA = re.compile(rf"({'|'.join(ERAS)})\s*(\d{{1,4}}|元)\s*年?")
FORMULA = re.compile(r"^=\s*DATE\((\d{4})\s*[,;]\s*(\d{1,2})\s*[,;]\s*(\d{1,2})\)$", re.I)
HOUR_MARKS = {"上午": "am", "下午": "pm", "오전": "am", "오후": "pm", "凌晨": "am", "晚上": "pm"}


def list_months() -> dict[str, int]:
    """Every beginning of three letters or more that only one month has, and every whole name."""
    found: dict[str, int] = {}
    twice: set[str] = set()
    for number, names in enumerate(NAMES, 1):
        for name in names.split():
            for end in range(3, len(name) + 1):
                word = name[:end]
                if found.setdefault(word, number) != number:
                    twice.add(word)
    whole = {name: number for number, names in enumerate(NAMES, 1) for name in names.split()}
    return {word: n for word, n in found.items() if word not in twice} | whole


MONTHS = list_months() | {
    "jun": 6, "jul": 7, "ene": 1, "янв": 1, "мар": 3, "may": 5, "juin": 6, "juil": 7, "ago": 8,
    "mar": 3, "gen": 1, "giu": 6, "lug": 7, "set": 9, "ott": 10, "dic": 12, "dez": 12, "out": 10,
    "okt": 10, "dec": 12, "déc": 12, "mag": 5, "mär": 3, "fév": 2, "fev": 2, "avr": 4, "abr": 4,
    "apr": 4, "aug": 8, "aoû": 8, "sep": 9, "sept": 9, "oct": 10, "nov": 11, "mai": 5, "mei": 5,
}  # fmt: skip


def find_month(word: str) -> int | None:
    """The month of a name in whole or short, in a dozen languages."""
    return MONTHS.get(word.casefold().rstrip("."))


def tidy(text: str) -> str:
    """A cell without what stands around a date: quotes, days of the week, words before it; eras
    and numbers in characters as the Western year and digits.
    """
    said = unicodedata.normalize("NFKC", text).replace("\u200b", "").strip().strip("'\"“”‘’`")
    said = said.strip()
    if found := FORMULA.match(said):
        return f"{found[1]}-{found[2]}-{found[3]}"
    said = HAN_DATE.sub(lambda found: str(read_han(found[0])), said)
    said = ERA.sub(lambda found: f"{western(found[1], found[2])}年", said)
    for mark, word in HOUR_MARKS.items():
        if mark in said:
            said = re.sub(rf"\s*{mark}\s*(\d+[:时時点시]\d+)(?:分|분)?", rf" \1 {word}", said)
    said = re.sub(r"(\d{1,2})\s*[时時点시]\s*(\d{1,2})\s*[分분]?", r" \1:\2", said)
    said = re.sub(
        r"(?<=[\s日号])(\d{1,2})[h.](\d{2})(?:\s*(?:uhr|h|min))?$", r"\1:\2", said, flags=re.I
    )
    said = re.sub(r"(?<=\d)\.\s+(?=\d)", ".", said)
    said = re.sub(r"[\s,]*(?:г\.?|года|года\.|р\.|r\.)$", "", said)
    return drop_words(said)


def drop_words(said: str) -> str:
    """Without the day of the week and the small words in front, and the `of` between."""
    while True:
        word, _, rest = said.partition(" ")
        plain = word.strip(".,").casefold()
        if rest and (plain in WEEKDAYS or plain in BEFORE):
            said = rest.strip()
            continue
        break
    said = re.sub(
        r"\s*[(（](?:[一-龥]{1,3}|mon|tue|wed|thu|fri|sat|sun)[)）]\s*", " ", said, flags=re.I
    )
    said = re.sub(r"\s*(?:星期|周|週|曜)[一二三四五六日天]\s*", " ", said)
    return re.sub(r"(?<=[\dhdt])\s+of\s+(?=[^\W\d])", " ", said).strip()


def read_han(text: str) -> int:
    """A number in characters: 二〇二六 is 2026, 十三 is 13, 二十 is 20."""
    if "十" not in text:
        return int("".join(str(DIGITS[letter]) for letter in text))
    tens, _, ones = text.partition("十")
    return 10 * DIGITS.get(tens, 1) + DIGITS.get(ones, 0)


def western(era: str, year: str) -> int:
    return ERAS[era] + (1 if year == "元" else int(year))
