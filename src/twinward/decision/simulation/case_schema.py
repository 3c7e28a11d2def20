"""JSON Schema of a case file of one hazard."""

from __future__ import annotations

import msgspec

from twinward.decision.simulation.interface import GridSpec, Probe


def make_case_schema(hazard: str, settings: type[msgspec.Struct]) -> dict[str, object]:
    """The form of a case: what all share, and the section of its hazard."""
    found, parts = msgspec.json.schema_components(
        [GridSpec, Probe, settings], ref_template="#/$defs/{name}"
    )
    grid, probe, section = found
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{hazard} case without a city",
        "type": "object",
        "properties": {
            "hazard": {"const": hazard},
            "title": {"type": "string"},
            "source": {"type": "string"},
            "note": {"type": "string"},
            "until_s": {"type": "number", "exclusiveMinimum": 0},
            "every_s": {"type": "number", "exclusiveMinimum": 0},
            "grid": grid,
            hazard: section,
            "probes": {"type": "array", "items": probe},
        },
        "required": ["hazard", hazard],
        "$defs": parts,
    }
