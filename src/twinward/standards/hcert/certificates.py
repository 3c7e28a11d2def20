"""What an EU certificate must say (schema 1.3): one statement, of a test, vaccination, recovery."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import msgspec

from twinward.core.coding.cbor import Tag
from twinward.core.errors import InputError

KINDS = {"t": "test", "v": "vaccination", "r": "recovery"}
NEEDED = {
    "v": ("tg", "vp", "mp", "ma", "dn", "sd", "dt", "co", "is", "ci"),
    "t": ("tg", "tt", "sc", "tr", "co", "is", "ci"),
    "r": ("tg", "fr", "co", "is", "df", "du", "ci"),
}
BIRTH = re.compile(r"((19|20)\d\d(-\d\d){0,2}(T.*)?)?")
DETECTED = "260373001"  # SNOMED CT; 260415000 is "not detected"


class CertificateStatement(msgspec.Struct, frozen=True, kw_only=True):
    """The one statement of a certificate; `positive` a test that detected the agent."""

    kind: str
    certificate: str  # its unique identifier
    valid_from: datetime | None = None
    until: datetime | None = None
    positive: bool = False


def read_statement(found: dict[object, object]) -> CertificateStatement:
    """InputError unless the certificate is one of the schema."""
    found = _plain(found)
    version, name = found.get("ver"), found.get("nam")
    if not isinstance(version, str) or not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise _bad("ver is no version")
    if not isinstance(name, dict) or not isinstance(name.get("fnt"), str) or not name["fnt"]:
        raise _bad("nam has no fnt")
    birth = found.get("dob")
    if not isinstance(birth, str) or not BIRTH.fullmatch(birth):
        raise _bad("dob is no date of birth")
    groups = [letter for letter in KINDS if found.get(letter)]
    if len(groups) != 1:
        raise _bad("it has not just one of t, v, r")
    rows = found[groups[0]]
    if not isinstance(rows, list) or len(rows) != 1 or not isinstance(rows[0], dict):
        raise _bad(f"{groups[0]} has not just one statement")
    return _statement(groups[0], rows[0])


def _plain(value: object) -> dict[object, object]:
    """The certificate without CBOR tags on its dates, which some issuers write."""

    def untagged(one: object) -> object:
        if isinstance(one, Tag) and one.number in (0, 1004) and isinstance(one.value, str):
            return one.value
        if isinstance(one, dict):
            return {key: untagged(item) for key, item in one.items()}
        return [untagged(item) for item in one] if isinstance(one, list) else one

    found = untagged(value)
    assert isinstance(found, dict)
    return found


def _statement(letter: str, row: dict[object, object]) -> CertificateStatement:
    if missing := [name for name in NEEDED[letter] if row.get(name) in (None, "")]:
        raise _bad(f"{letter} lacks {', '.join(missing)}")
    texts = [name for name in NEEDED[letter] if name not in ("dn", "sd")]
    if any(not isinstance(row[name], str) for name in texts):
        raise _bad(f"{letter} has a field of another kind")
    made = CertificateStatement(kind=KINDS[letter], certificate=str(row["ci"]))
    if letter == "v":
        given, series = row["dn"], row["sd"]
        whole = type(given) is int and type(series) is int
        if not whole or not 0 < int(str(given)) <= 9 or not 0 < int(str(series)) <= 9:
            raise _bad("dn or sd is no number of doses")
        return msgspec.structs.replace(made, valid_from=_day(row["dt"]))
    if letter == "t":
        taken = _instant(row["sc"])
        return msgspec.structs.replace(made, valid_from=taken, positive=row["tr"] == DETECTED)
    _day(row["fr"])
    return msgspec.structs.replace(
        made, valid_from=_day(row["df"]), until=_day(row["du"]) + timedelta(days=1)
    )


def _day(value: object) -> datetime:
    try:
        found = date.fromisoformat(str(value)[:10])
    except ValueError as error:
        raise _bad(f"{value!r} is no day") from error
    return datetime(found.year, found.month, found.day, tzinfo=UTC)


def _instant(value: object) -> datetime:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise _bad(f"{value!r} is no time") from error
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _bad(why: str) -> InputError:
    return InputError(f"not a certificate of the schema: {why}", code="bad_certificate")


def make_certificate(
    kind: str, *, name: dict[str, str], birth: str, statement: dict[str, str | int]
) -> dict[object, object]:
    """A certificate of schema 1.3.0; checked before it is signed."""
    letter = next((one for one, word in KINDS.items() if word == kind), "")
    if not letter:
        raise _bad(f"kind {kind!r} is not test, vaccination or recovery")
    made: dict[object, object] = {
        "ver": "1.3.0",
        "nam": dict(name),
        "dob": birth,
        letter: [dict(statement)],
    }
    read_statement(made)
    return made
