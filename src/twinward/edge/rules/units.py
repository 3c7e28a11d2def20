"""Units that senders write for one quantity, and the way from one to the other."""

from __future__ import annotations

import unicodedata

import msgspec


class Unit(msgspec.Struct, frozen=True):
    """`base` value = scale x value + offset, in the base unit of the quantity."""

    quantity: str
    scale: float
    offset: float = 0.0


_WORDS: dict[str, Unit] = {}


def fold_unit(word: str) -> str:
    """A unit in one spelling: without capitals, brackets and dots at its ends, signs for powers
    and full width as plain ones.
    """
    plain = unicodedata.normalize("NFKC", word).casefold().replace("\u2212", "-")
    for sign in ("^", "**"):
        plain = plain.replace(sign, "")
    for sign in ("·", "⋅", "*"):
        plain = plain.replace(sign, " ")
    return " ".join(plain.strip(" .[](){}" if len(plain.strip()) > 1 else " ").split()) or plain


def _say(quantity: str, scale: float, words: str, offset: float = 0.0) -> None:
    for word in words.split("|"):
        _WORDS[fold_unit(word)] = Unit(quantity, scale, offset)


# the exact factors of the international yard, pound and nautical mile; water at 1 kg/l
_say("length", 1.0, "m|metre|metres|meter|meters|mtr|mètre|mètres|metro|metros|metri|м|米")
_say("length", 0.01, "cm|centimetre|centimetres|centimeter|centimeters|zentimeter|см|厘米|公分")
_say("length", 0.001, "mm|millimetre|millimetres|millimeter|millimeters|мм|毫米")
_say("length", 0.1, "dm|decimetre|decimetres|decimeter|decimeters|分米")
_say("length", 1000.0, "km|kilometre|kilometres|kilometer|kilometers|公里|千米")
_say("length", 0.3048, "ft|foot|feet|'|英尺")
_say("length", 0.0254, 'in|inch|inches|"|英寸')
_say("length", 0.9144, "yd|yard|yards")
_say("temperature", 1.0, "c|°c|degc|deg_c|deg c|degrees c|degrees celsius|celsius|℃|摄氏度|cel")
_say("temperature", 5 / 9, "f|°f|degf|deg_f|deg f|fahrenheit|℉|[degf]", -32 * 5 / 9)
_say("temperature", 1.0, "k|kelvin", -273.15)
_say("speed", 1.0, "m/s|mps|m s-1|ms-1|m.s-1|m/sec|м/с|米/秒")
_say("speed", 1 / 3.6, "km/h|kmh|kph|km h-1|km/hr|км/ч|公里/小时")
_say("speed", 0.44704, "mph|mi/h")
_say("speed", 1852 / 3600, "kn|kt|kts|knot|knots")
_say("rain", 1.0, "mm rain|l/m2|l/m²|kg/m2|kg/m²")
_say("rain rate", 1.0, "mm/h|mmh|mm h-1|mm/hr|mm/hour|mm per hour|毫米/小时")
_say("rain rate", 1 / 24, "mm/d|mm/day|mm d-1")
_say("rain rate", 25.4, "in/h|in/hr")
_say("flow", 1.0, "m3/s|m³/s|cumec|cumecs|cms|立方米/秒")
_say("flow", 0.001, "l/s|litre/s|liter/s")
_say("flow", 1 / 3600, "m3/h|m³/h")
_say("flow", 0.3048**3, "ft3/s|cfs|ft³/s")
_say("share", 1.0, "%|percent|per cent|pct|%rh|百分比")
_say("share", 100.0, "1|ratio|fraction|share")
_say("share", 0.1, "‰|permille|per mille")
_say("sound", 1.0, "db|dba|db(a)|db a|decibel|decibels|dezibel|分贝")
_say(
    "concentration",
    1.0,
    "ug/m3|µg/m3|μg/m3|ug/m³|µg/m³|μg/m³|microgram/m3|ug m-3|µg m-3|微克/立方米",
)
_say("concentration", 1000.0, "mg/m3|mg/m³|毫克/立方米")
_say("time", 1.0, "s|sec|second|seconds|秒")
_say("time", 60.0, "min|minute|minutes|分钟")
_say("persons", 1.0, "persons|person|people|人")
_say("pressure", 1.0, "pa|pascal")
_say("pressure", 100.0, "hpa|mbar|mb|millibar")
_say("pressure", 1000.0, "kpa")
_say("pressure", 100_000.0, "bar")


def find_unit(word: str | None) -> Unit | None:
    """The unit that a word names, in any case and spelling known; None for another word."""
    return _WORDS.get(fold_unit(word or ""))


def convert(value: float, unit: str, to: str) -> float | None:
    """The value of `unit` in `to`; None when the words do not name units of one quantity."""
    factor = conversion(unit, to)
    return None if factor is None else value * factor[0] + factor[1]


def conversion(unit: str, to: str) -> tuple[float, float] | None:
    """(scale, offset) from `unit` to `to`; None when they do not name units of one quantity."""
    one, other = find_unit(unit), find_unit(to)
    if one is None or other is None or one.quantity != other.quantity:
        return None
    return one.scale / other.scale, (one.offset - other.offset) / other.scale
