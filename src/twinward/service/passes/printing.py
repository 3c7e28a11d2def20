"""Passes on paper, for those without a phone: one card, or a family's cards in one file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from twinward.core.errors import InputError
from twinward.report.passes import MOST_CARDS, PrintedPass, render_cards
from twinward.security.passes import cose, places, tokens
from twinward.security.passes.status_list import second
from twinward.standards.hcert import certificates, envelope

Lines = Sequence[tuple[str, str]]


def print_passes(texts: Sequence[str], *, issuer: str, zone: str) -> bytes:
    """A PDF with a page for each pass of ours; InputError for what is none."""
    if not 1 <= len(texts) <= MOST_CARDS:
        raise InputError(f"1 to {MOST_CARDS} passes fit in a file, got {len(texts)}")
    return render_cards([card_of(text, zone) for text in texts], issuer)


def local(at: datetime, zone: str) -> datetime:
    """An instant by the clock of a zone."""
    try:
        return at.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InputError(f"there is no time zone {zone!r}", "name one as Asia/Shanghai") from error


def card_of(text: str, zone: str) -> PrintedPass:
    """What is printed of a token: its kind, its end, its hint and journey."""
    if text.startswith(places.PREFIX):
        place = places.read_place(cose.read_sign1(places.read_text(text), own=True))
        lines: Lines = (
            (place.name, f"编号 {place.place}，第 {place.version} 版"),
            ("Scan; the visit stays with you", "扫码登记，记录只保存在您手中"),
            ("No phone? Sign the paper book", "没有手机可在登记簿上登记"),
        )
        until = local(place.until, zone)
        return PrintedPass(kind="place", token=text, until=until, zone=zone, lines=lines)
    if text.startswith(envelope.PREFIX):
        return certificate_card(text, zone)
    made = tokens.read_pass(cose.read_sign1(tokens.read_text(text), own=True))
    journey: Lines = ()
    if made.journey is not None:
        journey = ((f"From {made.journey[0]} to {made.journey[1]}", " → ".join(made.journey)),)
    return PrintedPass(
        kind=made.kind,
        token=text,
        until=local(made.until, zone),
        zone=zone,
        hint=made.holder,
        lines=journey,
    )


def certificate_card(text: str, zone: str) -> PrintedPass:
    """An EU certificate on paper: kind, end and code; name and birth are in the code alone."""
    claims = cose.read_claims(cose.read_sign1(envelope.read_envelope(text)))
    statement = certificates.read_statement(envelope.read_certificate(claims))
    until = claims.get(4)
    if type(until) is not int:
        raise InputError("the certificate does not say when it ends", code="bad_certificate")
    return PrintedPass(kind=statement.kind, token=text, until=local(second(until), zone), zone=zone)


def print_book(link: str, *, issuer: str) -> bytes:
    """The card of a pass book: its code opens the holder's page, with today's pass on it."""
    lines: Lines = (
        (
            "Scan it with your own phone: today's pass is on the page.",
            "用自己的手机扫码即可显示当日通行证。",
        ),
        ("Keep it like a key. Lost? Tell the street office.", "请像钥匙一样保管，遗失请告知街道。"),
    )
    return render_cards([PrintedPass(kind="book", token=link, lines=lines)], issuer)
