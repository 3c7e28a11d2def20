"""What use cases ask of the city at hand: its zone."""

from __future__ import annotations

from twinward.citybase.columns import MANIFEST, read_manifest
from twinward.service.platform import Platform


def zone_of(platform: Platform) -> str:
    folder = platform.workspace / "city"
    return (
        read_manifest(folder).timezone
        if (folder / MANIFEST).exists()
        else str(platform.settings.timezone)
    )
