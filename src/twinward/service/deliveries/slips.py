"""Slips on paper for receivers without a phone; each printing is on record."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, urlsplit

from twinward.core.errors import InputError
from twinward.report.slips import MOST_SLIPS, PrintedSlip, render_slips
from twinward.service.deliveries.parcels import ParcelCode, tell_code
from twinward.service.platform import Caller, Platform


def link_of(site: str, told: ParcelCode) -> str:
    """The receiver's own page: number and ticket stand behind `#`, which no server is ever sent."""
    return f"{site}/parcel#{quote(told.parcel, safe='')}.{told.ticket}" if site else ""


def checked_site(site: str) -> str:
    """Where the page is reached, as https://city.example; InputError for anything else."""
    plain = site.rstrip("/")
    parts = urlsplit(plain)
    if site and (parts.scheme not in ("http", "https") or not parts.netloc or parts.fragment):
        raise InputError(
            f"{site[:80]!r} is no address of a site", "as https://city.example", code="bad_site"
        )
    return plain


def print_slips(
    platform: Platform, caller: Caller, parcels: Sequence[str], site: str = ""
) -> bytes:
    """A PDF with a page for each parcel; who carries one of them may not print it. With the
    address of a `site`, the receiver's own page stands on it as a square code too.
    """
    site = checked_site(site)
    if not 1 <= len(parcels) <= MOST_SLIPS:
        raise InputError(f"1 to {MOST_SLIPS} slips fit in a file, got {len(parcels)}")
    told = [tell_code(platform, caller, parcel, "paper") for parcel in parcels]
    zone = platform.reference.zone
    return render_slips(
        [
            PrintedSlip(
                parcel=one.parcel,
                code=one.code,
                place=one.place,
                area=one.area_name,
                until=one.expires_at.astimezone(zone),
                link=link_of(site, one),
            )
            for one in told
        ]
    )
