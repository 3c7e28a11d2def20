"""JSON schemas of the console's answers, for the OpenAPI document that its client is generated from."""

from __future__ import annotations

from typing import Any

import msgspec

from twinward.service.console import Me, MyTasks, PublicPage, Trust
from twinward.service.ground import AreaName
from twinward.service.handovers import HandOvers
from twinward.service.map import PlaceColumns
from twinward.service.room import Room
from twinward.service.screen_rows import Screen

ANSWERS = (Screen, Room, Me, MyTasks, Trust, PublicPage, PlaceColumns, AreaName, HandOvers)


def schema_of_answers() -> dict[str, Any]:
    """Components by name."""
    _, components = msgspec.json.schema_components(ANSWERS, ref_template="#/components/schemas/{name}")
    return dict(components)
