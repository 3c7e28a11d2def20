"""Slips on paper for receivers without a phone; each printing is on record."""

from __future__ import annotations

from collections.abc import Sequence

from twinward.core.errors import InputError
from twinward.report.slips import MOST_SLIPS, PrintedSlip, render_slips
from twinward.service.deliveries.parcels import tell_code
from twinward.service.platform import Caller, Platform


def print_slips(platform: Platform, caller: Caller, parcels: Sequence[str]) -> bytes:
    """A PDF with a page for each parcel; who carries one of them may not print it."""
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
            )
            for one in told
        ]
    )
