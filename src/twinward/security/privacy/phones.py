"""Telephone numbers in one form, whatever the spelling: country code and digits."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib.resources import files

from twinward.security.privacy.names import clean

# country -> its code and the prefix that national numbers are written with at home
CODES = (
    "US1:1 CA1:1 RU7:8 KZ7:8 EG20:0 ZA27:0 GR30 NL31:0 BE32:0 FR33:0 ES34 HU36:06 IT39 RO40:0 "
    "CH41:0 AT43:0 GB44:0 DK45 SE46:0 NO47 PL48 DE49:0 PE51:0 MX52 CU53:0 AR54:0 BR55:0 CL56 "
    "CO57 VE58:0 MY60:0 AU61:0 ID62:0 PH63:0 NZ64:0 SG65 TH66:0 JP81:0 KR82:0 VN84:0 CN86:0 "
    "TR90:0 IN91:0 PK92:0 AF93:0 LK94:0 MM95:0 IR98:0 MA212:0 DZ213:0 TN216 LY218:0 SN221 "
    "ML223 CI225 BF226 NE227 TG228 BJ229 MU230 LR231:0 SL232:0 GH233:0 NG234:0 TD235 CF236 "
    "CM237 CV238 GA241 CG242 CD243:0 AO244 RW250:0 ET251:0 SO252:0 DJ253 KE254:0 TZ255:0 "
    "UG256:0 BI257 MZ258 ZM260:0 MG261:0 RE262:0 ZW263:0 NA264:0 MW265:0 LS266 BW267 SZ268 "
    "GI350 PT351 LU352 IE353:0 IS354 AL355:0 MT356 CY357 FI358:0 BG359:0 LT370:0 LV371 EE372 "
    "MD373:0 AM374:0 BY375:80 AD376 MC377 SM378 UA380:0 RS381:0 ME382:0 XK383:0 HR385:0 "
    "SI386:0 BA387:0 MK389:0 CZ420 SK421:0 LI423 GT502 SV503 HN504 NI505 CR506 PA507 HT509 "
    "BO591:0 GY592 EC593:0 PY595:0 SR597 UY598:0 TL670 BN673 PG675 TO676 SB677 VU678 FJ679 "
    "WS685 NC687 PF689 KP850:0 HK852 MO853 KH855:0 LA856:0 BD880:0 TW886:0 MV960 LB961:0 "
    "JO962:0 SY963:0 IQ964:0 KW965 SA966:0 YE967:0 OM968 PS970:0 AE971:0 IL972:0 BH973 QA974 "
    "BT975 MN976:0 NP977:0 TJ992:8 TM993:8 AZ994:0 GE995:0 KG996:0 UZ998:8 "
)
LEAST, MOST = 7, 15  # digits of a number with its country code, ITU-T E.164
SPOILT = re.compile(r"^\+?\d(?:[.,]\d+)?e\+?\d+$", re.I)
DECIMAL = re.compile(r"^(\+?\d{6,15})[.,]0+$")
LABEL = re.compile(
    r"^(?:tel(?:efon|ephone|éfono|efone)?|phone|mobile?|mob|cell(?:ular)?|handy|gsm|whatsapp|ph|тел|"
    r"телефон|电话|手机|電話|手機)\b[\s.:：]*|\([^()\d]+\)",
    re.I,
)
TYPED_LETTERS = re.compile(r"(?<=[\d\s-])[oO](?=[\d\s-]|$)|(?<=\d)[lI](?=\d)")
EXTENSION = re.compile(r"(?<!\s)\s*+(?:ext\.?|extension|x|转|分机|#)\s*+\d{1,6}$", re.I)


class Dialling:
    """How numbers are dialled at home: country code and trunk prefix."""

    def __init__(self, code: str = "", trunk: str = "") -> None:
        self.code = code
        self.trunk = trunk

    def normal(self, text: str | None) -> str | None:
        """`+` and digits; None where it is no number, or one that a spreadsheet has spoilt."""
        said = clean(text)
        if said is None or SPOILT.match(said):
            return None
        said = LABEL.sub("", said).strip()
        said = TYPED_LETTERS.sub(lambda one: "0" if one[0] in "oO" else "1", said)
        found = DECIMAL.match(said)
        said = found[1] if found else EXTENSION.sub("", said)
        several = re.split(r"[;,、/|]", said)
        said = several[0] if all(count(one) >= LEAST for one in several) else said
        said = said.replace("(0)", "")
        digits = re.sub(r"\D", "", said)
        if len(digits) < LEAST - 1 or len(set(digits)) < 2 or re.search(r"@|[^\W\d_]{3,}", said):
            return None
        whole = self._international(said, digits)
        return f"+{whole}" if LEAST <= len(whole) <= MOST else None

    def _international(self, said: str, digits: str) -> str:
        if said.lstrip(" ('").startswith("+"):
            return without_trunk(digits.lstrip("0"))
        if digits.startswith("00"):
            return without_trunk(digits[2:].lstrip("0"))
        if self.code == "1" and digits.startswith("011"):
            return digits[3:]
        if not self.code:
            return digits
        home = digits
        if self.trunk and home.startswith(self.trunk):
            home = home[len(self.trunk) :]
        elif home.startswith(self.code) and len(home) >= len(self.code) + 9:
            home = home[len(self.code) :]  # the code without its plus
        return self.code + home


def is_spoilt_phone(text: str | None) -> bool:
    """Whether a spreadsheet has rounded what was a number once: 1.38E+10."""
    return SPOILT.match(clean(text) or "") is not None


def without_trunk(digits: str) -> str:
    """Without the prefix of home that was left in behind the country code: +86 021 is +86 21."""
    for length in (1, 2, 3):
        home = next((one for one in table().values() if one.code == digits[:length]), None)
        if home is not None:
            rest = digits[length:]
            if rest.startswith(home.code) and len(rest) > MOST - 3:
                rest = rest[len(home.code) :]  # the code twice
            return home.code + (rest[1:] if home.trunk == "0" and rest.startswith("0") else rest)
    return digits


def count(text: str) -> int:
    return sum(letter.isdecimal() for letter in unicodedata.normalize("NFKC", text))


@cache
def table() -> dict[str, Dialling]:
    found = {}
    for word in CODES.split():
        country, rest = word[:2], word[2:]
        code, _, trunk = rest.partition(":")
        found[country] = Dialling(code, trunk)
    return found


@cache
def countries() -> dict[str, str]:
    """Time zone -> country, from the zone database."""
    text = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return {row[2]: row[0] for row in rows}


def dialling_of(zone: str, code: str = "") -> Dialling:
    """How numbers are dialled in a city: by the code that is named, else by where its zone is."""
    if code:
        plain = code.lstrip("+0")
        known = (one for one in table().values() if one.code == plain)
        return next(known, Dialling(plain, "0"))
    return table().get(countries().get(zone, ""), Dialling())
